// data-outbox: the form of a move is first saved in the phone, then sent; errors come to their fields, nothing is lost.
// data-outbox says of what it is, data-doing what is done, data-page where the matter is shown.

import { element } from "../dom.js";
import { forgetDraft, saveDraft } from "./drafts.js";
import { blank, fill, packed, refusedAt } from "./form_state.js";
import { find, forget, keep, sendPatiently } from "./queue.js";

const VIBRATION_MS = 40;
const NOT_KEPT = "浏览器也不能存在本机。请留在本页，稍后再按一次。";

async function submit(event) {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-outbox]")) return;
  event.preventDefault();
  const errors = blank(form);
  if (Object.keys(errors).length) return release(form, errors);
  const { outbox: title, doing, page } = form.dataset;
  const address = new URL(form.action).pathname;
  const pictures = form.querySelector("[data-photos-input]")?.dataset.address ?? "/photos/";
  const item = { ...await packed(form), kind: "moves", address, pictures, title, doing, page };
  const isKept = await keep(item);
  if (isKept) await forgetDraft(form);
  let isLeft = false; // the person has been told that it goes on by itself
  const letGo = () => {
    isLeft = true;
    showKept(form, item, { isSending: true });
  };
  await finish(form, item, await sendPatiently(item, isKept && letGo), isKept, isLeft);
}

async function finish(form, item, { url, errors, now, login, reason, key }, isKept, isLeft) {
  if (key) form.elements.key.value = key; // the old one is used
  if (url) {
    await forget(item.key, item.kind);
    navigator.vibrate?.(VIBRATION_MS);
    location.assign(url);
  } else if (now && isKept) {
    await keep({ ...item, errors, now });
    location.assign(`/field/unsent/?item=${item.key}`);
  } else if (errors && isLeft) {
    const fields = item.fields.map(([name, value]) => [name, name === "key" && key ? key : value]);
    await keep({ ...item, fields, errors });
    location.assign(`${item.address}?queued=${item.key}`);
  } else if (errors) {
    await saveDraft(form);
    await forget(item.key, item.kind);
    release(form, errors);
  } else if (isKept) {
    await keep({ ...item, reason });
    showKept(form, item, { login, reason });
  } else release(form, { __all__: [`${login ? "登录已过期，" : reason ?? "没有信号，"}${NOT_KEPT}`] });
}

// It may be pressed again; base.js lets a form go once.
function release(form, errors) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  refusedAt(form, errors);
}

// In the place of the form: how it is with what was saved.
const shownFor = new WeakMap(); // form → what stands in its place

function showKept(form, { doing, page }, { login, reason, isSending }) {
  const shown = element("div", "state state-kept");
  shown.role = "status";
  const title = login ? "登录已过期" : reason ? "没有送上去" : "没有信号";
  const rest = login ? "重新登录后自动送出。" : reason ? `${reason}打开本应用时自动再送。` : "有信号时自动送出。";
  if (isSending) {
    shown.append(element("h2", "", `“${doing}”已保存，自动上传`), element("p", "", "可以离开本页，打开本应用就接着传；结果在待办和消息里看。"));
  } else {
    shown.append(
      element("h2", "", `${title}，“${doing}”已存在这台手机里`),
      element("p", "", `文字、照片和时间都在，别人看不到。${rest}请不要清除浏览器数据。`),
    );
  }
  const row = element("div", "row");
  const [words, href] = login ? ["重新登录", `/login/?next=${encodeURIComponent(location.pathname)}`] : ["回到待办", "/field/"];
  for (const [label, address, look] of [["看这件", page, "btn"], [words, href, "btn btn-primary"]]) {
    const link = element("a", look, label);
    link.href = address;
    row.append(link);
  }
  shown.append(row);
  (shownFor.get(form) ?? form.closest(".move-form, .field-action, .call-card .card-body") ?? form).replaceWith(shown);
  shownFor.set(form, shown);
  shown.scrollIntoView({ block: "center" });
}

// Opened from the list of what waits: what was refused comes back, to be put right. Nothing was written under its key.
export async function reopen() {
  const key = new URLSearchParams(location.search).get("queued");
  const form = document.querySelector(`form[data-outbox][action="${CSS.escape(location.pathname)}"]`);
  const item = key && form && await find(key, "moves");
  if (!item) return;
  fill(form, item, ["leg"]);
  refusedAt(form, item.errors ?? {});
}

export function startMoves() {
  reopen();
  // After base.js, which asks first and lets a form go once.
  document.addEventListener("submit", submit);
}
