// data-queue-list: what still waits in this phone, since when and why, and what can be done about it.

import { timeWords } from "../base.js";
import { button, element } from "../dom.js";
import { forget, keep, replay } from "./queue.js";

function state(item, isSignedOut) {
  if (item.errors) return Object.values(item.errors).flat().join(" ");
  if (isSignedOut) return "登录已过期，重新登录后自动上传。";
  if (item.reason) return `${item.reason}稍后自动再传。`;
  return navigator.onLine ? "等待上传" : "有信号时自动上传";
}

function link(words, address) {
  const made = element("a", "btn", words);
  made.href = address;
  return made;
}

function count({ photos, sent }) {
  return photos.length + sent ? ` · ${photos.length + sent} 张照片` : "";
}

// Where what was refused is put right, or what has moved on is looked at.
function way(item) {
  if (item.isSpoilt || !item.errors) return null;
  if (item.kind === "reports") return link("改一改再报", `/field/report/?queued=${item.key}`);
  if (item.now) return link("看是怎么回事", `/field/unsent/?item=${item.key}`);
  return item.page ? link("改一改再办", `${item.address}?queued=${item.key}`) : null;
}

function card(item, isSignedOut) {
  const made = element("div", "queue-item");
  made.append(
    element("strong", "", [item.kind === "moves" && item.doing, item.title || "未写说明"].filter(Boolean).join("：")),
    element("small", "", `存于 ${timeWords(item.savedAt)}${count(item)}`),
    element("p", item.errors ? "error" : "soft", state(item, isSignedOut)),
  );
  const row = element("div", "row");
  const next = way(item);
  if (next) row.append(next);
  if (isSignedOut && !item.errors) row.append(link("重新登录", `/login/?next=${encodeURIComponent("/field/")}`));
  else if (!item.isSpoilt && !item.now) row.append(button("btn", "现在上传", async () => {
    await keep({ ...item, errors: undefined });
    await replay();
  }));
  const remove = button("btn btn-quiet", "删除", () => {
    if (remove.dataset.sure) return forget(item.key, item.kind);
    remove.dataset.sure = "1";
    remove.textContent = item.kind === "moves" ? "确定删除，不再办理" : "确定删除，不再上报";
    remove.className = "btn btn-danger";
  });
  row.append(remove);
  made.append(row);
  return made;
}

function othersWords({ count: number, oldest }, owner, own) {
  const since = `（最早 ${timeWords(oldest)}）`;
  if (owner) return `${own ? "另有" : "有"} ${number} 条由其他同事存下${since}，由本人登录后上传。`;
  return `有 ${number} 条待上传${since}，由存下的人登录后上传。`;
}

export function startQueueList(root) {
  const list = root.querySelector("[data-queue-list]");
  if (!list) return;
  // What has arrived belongs into the lists below; a page that took this list away goes on by itself (unsent.js).
  document.addEventListener("queue:sent", () => list.isConnected && location.reload());
  document.addEventListener("queue:changed", ({ detail: { items, others, owner, isSignedOut } }) => {
    list.hidden = items.length + others.count === 0;
    const rest = others.count ? [element("p", "soft", othersWords(others, owner, items.length))] : [];
    list.replaceChildren(list.querySelector("h2"), ...items.map((item) => card(item, isSignedOut)), ...rest);
  });
}
