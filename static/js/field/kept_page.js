// data-kept-page: what the worker answers where a page cannot be reached. Shows the page as this phone keeps it, if it
// does, and says from when it is.

import { timeWords } from "../base.js";
import { element } from "../dom.js";
import { startDrafts } from "./drafts.js";
import { reopen } from "./moves.js";
import { keptPage, showPage } from "./pages.js";
import { changed } from "./queue.js";
import { startQueueList } from "./queue_list.js";
import { all, owner } from "./store.js";

// Addresses that do something, or lead on: said apart, as nothing of them can be kept.
const WORDS = {
  "/login/": ["没有信号，暂时不能登录", "有信号后再登录。这台手机里待上传的都还在。"],
  "/logout/": ["没有信号，还没有退出", "这台手机里留存的已经清除；有信号后请再退出一次。"],
};

// The case's own page was kept before the moves that wait: it says so, does not offer them again, and leads on to the
// forms of what follows.
async function leadOn(main, items) {
  const here = items.filter(({ page }) => page === location.pathname);
  if (!here.length) return;
  for (const { address } of here) {
    for (const one of main.querySelectorAll(`form[action="${CSS.escape(address)}"], a[href="${CSS.escape(address)}"]`)) one.remove();
  }
  const note = element("div", "note note-warning");
  note.append(element("p", "", `${here.map(({ doing }) => `“${doing}”`).join("、")}已存在这台手机里，等待上传。`));
  const row = element("nav", "moves-more");
  row.ariaLabel = "接着办";
  const done = here.map(({ address }) => address);
  for (const { key, value } of await all("pages")) {
    if (!value || !key.startsWith(`${location.pathname}moves/`) || done.includes(key)) continue;
    if (main.querySelector(`a[href="${CSS.escape(key)}"]`)) continue;
    const link = element("a", "btn", value.heading);
    link.href = key;
    row.append(link);
  }
  main.querySelector(".kept-at").after(note, ...(row.children.length ? [row] : []));
}

export async function startKeptPage(root) {
  const main = root.querySelector("[data-kept-page]");
  if (!main || location.pathname === "/field/offline/") return;
  if (location.pathname === "/") return location.replace("/field/");
  const page = await keptPage(location);
  if (!page) {
    const [title, words] = WORDS[location.pathname] ?? [];
    if (title) [main.querySelector("h2").textContent, main.querySelector(".state p").textContent] = [title, words];
    main.hidden = false;
    return;
  }
  await showPage(main, page);
  main.prepend(element("p", "kept-at", `没有信号，这是 ${timeWords(page.savedAt)} 存下的内容`));
  main.hidden = false;
  startQueueList(main);
  await reopen();
  await startDrafts(main);
  document.addEventListener("queue:changed", ({ detail: { items } }) => leadOn(main, items), { once: true });
  await changed();
}
