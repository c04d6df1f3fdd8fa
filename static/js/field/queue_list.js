// data-queue-list: what still waits in this phone, since when and why, and what can be done about it.

import { timeWords } from "../base.js";
import { button, element } from "../dom.js";
import { forget, keep, replay } from "./queue.js";

function state(item) {
  if (item.errors) return Object.values(item.errors).flat().join(" ");
  if (item.reason) return `${item.reason}稍后自动再传。`;
  return navigator.onLine ? "等待上传" : "有信号时自动上传";
}

function card(item) {
  const made = element("div", "queue-item");
  made.append(
    element("strong", "", item.title || "未写说明"),
    element("small", "", `存于 ${timeWords(item.savedAt)} · ${item.photos.length + item.sent} 张照片`),
    element("p", item.errors ? "error" : "soft", state(item)),
  );
  const row = element("div", "row");
  if (item.errors && !item.isSpoilt) {
    const link = element("a", "btn", "改一改再报");
    link.href = `/field/report/?queued=${item.key}`;
    row.append(link);
  }
  if (!item.isSpoilt) row.append(button("btn", "现在上传", async () => {
    await keep({ ...item, errors: undefined });
    await replay();
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

function othersWords({ count, oldest }, owner, own) {
  const since = `（最早 ${timeWords(oldest)}）`;
  if (owner) return `${own ? "另有" : "有"} ${count} 条由其他同事存下${since}，由本人登录后上传。`;
  return `有 ${count} 条待上传${since}，由存下的人登录后上传。`;
}

export function startQueueList(root) {
  const list = root.querySelector("[data-queue-list]");
  if (!list) return;
  // What has arrived belongs into the lists below.
  document.addEventListener("queue:sent", () => location.reload());
  document.addEventListener("queue:changed", ({ detail: { items, others, owner } }) => {
    list.hidden = items.length + others.count === 0;
    const rest = others.count ? [element("p", "soft", othersWords(others, owner, items.length))] : [];
    list.replaceChildren(list.querySelector("h2"), ...items.map(card), ...rest);
  });
}
