// data-queue-list: what still waits in this phone, since when and why, and what can be done about it.

import { timeWords } from "../base.js";
import { forget, keep, replay } from "./queue.js";

function node(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(className, text, onClick) {
  const made = node("button", className, text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

function state(item, owner) {
  if (item.errors) return Object.values(item.errors).flat().join(" ");
  if (owner && item.owner !== owner) return "由另一位同事存下，由本人登录后上传。";
  return navigator.onLine ? "等待上传" : "有信号时自动上传";
}

function card(item, owner) {
  const made = node("div", "queue-item");
  const since = timeWords(new Date(item.savedAt), new Date());
  made.append(
    node("strong", "", item.title || "未写说明"),
    node("small", "", `存于 ${since} · ${item.photos.length + item.sent} 张照片`),
    node("p", item.errors ? "error" : "soft", state(item, owner)),
  );
  const row = node("div", "row");
  const ours = owner === item.owner;
  if (ours && item.errors) {
    const link = node("a", "btn", "改一改再报");
    link.href = `/field/report/?queued=${item.key}`;
    row.append(link);
  }
  if (ours) row.append(button("btn", "现在上传", async () => {
    await keep({ ...item, errors: undefined });
    await replay(owner);
  }));
  const remove = button("btn btn-quiet", "删除", () => {
    if (remove.dataset.sure) return forget(item.key);
    remove.dataset.sure = "1";
    remove.textContent = "确定删除，不再上报";
    remove.className = "btn btn-danger";
  });
  row.append(remove);
  made.append(row);
  return made;
}

export function startQueueList(root) {
  const list = root.querySelector("[data-queue-list]");
  if (!list) return;
  const owner = list.dataset.owner;
  // What has arrived belongs into the lists below.
  document.addEventListener("queue:sent", () => location.reload());
  document.addEventListener("queue:changed", ({ detail: { items } }) => {
    list.hidden = items.length === 0;
    list.replaceChildren(list.querySelector("h2"), ...items.map((item) => card(item, owner)));
  });
}
