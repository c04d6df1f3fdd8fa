// data-unsent: one kept item beside where its case stands now, and what can be done: nothing of it is lost before its
// owner says so. ?item= names it.

import { timeWords } from "../base.js";
import { button, element } from "../dom.js";
import { newKey } from "./photos.js";
import { changed, find, forget, keep, replay } from "./queue.js";

const WORDS = ["words", "reason"];

function link(look, words, address) {
  const made = element("a", look, words);
  made.href = address;
  return made;
}

function fact(list, label, words) {
  if (words) list.append(element("dt", "", label), element("dd", "", words));
}

export function wordsOf({ fields }) {
  return fields.filter(([name, value]) => WORDS.includes(name) && value).map(([, value]) => value).join("\n");
}

function pictures({ photos, fields, pictures: address }) {
  const row = element("div", "photos photos-small");
  const arrived = fields.filter(([name]) => /photo/.test(name)).map(([, uuid]) => uuid);
  const kept = photos.map(({ uuid, data, type }) => (data ? new Blob([data], { type }) : uuid));
  for (const one of [...arrived, ...kept]) {
    const picture = element("img");
    picture.alt = "照片";
    picture.src = typeof one === "string" ? `${address}${one}-s.jpg` : URL.createObjectURL(one);
    row.append(picture);
  }
  return row;
}

function card(title, className) {
  const made = element("section", `card ${className}`);
  const head = element("header", "card-head");
  head.append(element("h2", "", title));
  const body = element("div", "card-body stack");
  made.append(head, body);
  return [made, body];
}

function mine(item) {
  const [made, body] = card("我做的", "unsent-mine");
  const list = element("dl", "facts");
  fact(list, "事项", item.doing);
  fact(list, "时间", timeWords(item.savedAt));
  fact(list, "说明", wordsOf(item));
  body.append(list);
  if (item.photos.length + item.sent) body.append(pictures(item));
  return made;
}

function theirs({ now }) {
  const [made, body] = card("案件现在", "unsent-now");
  const list = element("dl", "facts");
  fact(list, "状态", now.state);
  fact(list, "在办", now.waits_for);
  fact(list, "最近一步", [now.what, now.who].filter(Boolean).join("，"));
  fact(list, "时间", now.at && timeWords(Date.parse(now.at)));
  fact(list, "说明", now.text);
  body.append(list);
  return made;
}

// The words and photos as a comment on the same case: another move, so another key.
async function asComment(item) {
  const key = newKey();
  const photos = item.photos.map((photo) => ({ ...photo, name: "photos" }));
  const sent = item.fields.filter(([name]) => /photo/.test(name)).map(([, uuid]) => ["photos", uuid]);
  const words = `（${timeWords(item.savedAt)} 现场办理“${item.doing}”，未能送达）${wordsOf(item)}`;
  const { errors, now, reason, ...rest } = item;
  const comment = { ...rest, key, photos, doing: "留言", address: `${item.page}moves/comment/`, fields: [["key", key], ["words", words], ...sent] };
  if (!await keep(comment)) return;
  await forget(item.key, item.kind);
  await replay();
  location.assign(await find(key, comment.kind) ? "/field/unsent/" : item.page);
}

function steps(item) {
  const row = element("div", "unsent-steps");
  row.append(link("btn btn-primary", "看现在的案件", item.page));
  if (item.page.startsWith("/cases/") && item.doing !== "留言") row.append(button("btn", "改作留言", () => asComment(item)));
  const drop = button("btn btn-quiet", "放弃", async () => {
    if (drop.dataset.sure) {
      await forget(item.key, item.kind);
      return location.assign("/field/");
    }
    drop.dataset.sure = "1";
    drop.textContent = "确定放弃，文字和照片都删除";
    drop.className = "btn btn-danger";
  });
  row.append(drop);
  return row;
}

export async function startUnsent(root) {
  const place = root.querySelector("[data-unsent]");
  if (!place) return;
  const none = root.querySelector("[data-unsent-none]");
  document.addEventListener("queue:changed", ({ detail: { count, others } }) => (none.hidden = count + others.count > 0));
  const key = new URLSearchParams(location.search).get("item");
  const item = key && await find(key, "moves");
  if (!item?.now) return;
  const note = element("div", "note note-warning");
  note.role = "alert";
  note.append(element("p", "", `“${item.doing}”没有办成：${Object.values(item.errors ?? {}).flat().join(" ")} 您填写的都还在。`));
  const both = element("div", "unsent-both");
  both.append(mine(item), theirs(item));
  place.append(element("h2", "unsent-title", item.title), note, both, steps(item));
  place.hidden = false;
  root.querySelector("[data-queue-list]").remove(); // the one thing that is looked at
  await changed();
}
