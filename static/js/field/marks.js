// Cases on the map without signal, or where they cannot be had: the last ones that a map of this phone showed, with the
// time from when they are. They lie in the store of their person; the outlines under them are kept by the worker.

import { timeWords } from "../base.js";
import { get, put } from "./store.js";

export function startMarks() {
  document.addEventListener("marks:loaded", ({ detail }) => put("marks", "last", detail));
  document.addEventListener("marks:away", async ({ detail: { show } }) => {
    const kept = await get("marks", "last");
    const why = navigator.onLine ? "案件暂时取不到" : "没有信号";
    if (kept?.value) show(kept.value, `${why}，案件是 ${timeWords(kept.savedAt)} 的`);
  });
}
