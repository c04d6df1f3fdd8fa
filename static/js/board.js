// The wall screen renews its numbers, list and map by itself, and says so when it no longer can.

import { get } from "./http.js";

const PARTS = "[data-refresh-part]";

async function renew() {
  const page = await get(location.href, { accept: "text/html", isByItself: true });
  if (page.status === 403) return location.reload(); // ended: nothing may stay on the screen
  if (!page.ok) throw new Error("no fresh page");
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
  for (const old of document.querySelectorAll(PARTS)) {
    const part = fresh.querySelector(`[data-refresh-part="${old.dataset.refreshPart}"]`);
    if (part) old.replaceWith(part);
  }
  document.dispatchEvent(new CustomEvent("board:renewed"));
}

function admitAge() {
  const stamp = document.querySelector('[data-refresh-part="as-of"]');
  if (!stamp || stamp.classList.contains("late-red")) return;
  stamp.classList.add("clock", "late-red");
  stamp.append("，更新中断，请检查网络");
}

const board = document.querySelector("[data-refresh]");
if (board) setInterval(() => renew().catch(admitAge), Number(board.dataset.refresh) * 1000);
