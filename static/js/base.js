// Behaviour of all pages, each part started by a data attribute; all pages work without it.

import { button, element, startEverywhere } from "./dom.js";

const STAY_MS = 6000;

function press(target) {
  if (target.matches("input, select, textarea")) target.focus();
  else target.click();
}

// data-toast: leaves by itself; data-toast="stay" waits for data-toast-close.
function startToasts(root) {
  for (const toast of root.querySelectorAll("[data-toast]")) {
    if (toast.dataset.toast !== "stay") setTimeout(() => toast.remove(), STAY_MS);
    toast.querySelector("[data-toast-close]")?.addEventListener("click", () => toast.remove());
  }
}

// data-autosubmit: a filter form sends itself when a choice changes; its button is then only for words.
function startAutosubmit(root) {
  for (const form of root.querySelectorAll("form[data-autosubmit]")) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select, [type=checkbox], [type=radio], [type=date]")) form.requestSubmit();
    });
    // Empty filters would only lengthen the address that people send to each other.
    form.addEventListener("formdata", ({ formData }) => {
      for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
    });
  }
}

// data-once: a second press while the first is under way does nothing.
function guardOnce(event) {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-once]")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-busy", "true");
}

export function forgetOnce() {
  for (const form of document.querySelectorAll("form[data-once][data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  }
}

function openDialog(className, label, ...children) {
  const dialog = element("dialog", className);
  dialog.ariaLabel = label;
  dialog.append(...children);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// data-confirm="consequence in words" on a form or on its button: asks once.
function askFirst(event) {
  const form = event.target;
  const submitter = event.submitter;
  const words = submitter?.dataset.confirm || form.dataset.confirm;
  if (!words || form.dataset.confirmed) return delete form.dataset.confirmed;
  event.preventDefault();
  const row = element("div", "row");
  const dialog = openDialog("", "请确认", element("p", "", words), row);
  const proceed = () => {
    dialog.close();
    form.dataset.confirmed = "1";
    form.requestSubmit(submitter ?? undefined);
  };
  row.append(
    button("btn", "先不做", () => dialog.close()),
    button("btn btn-danger", submitter?.textContent.trim() || "确定", proceed),
  );
}

// data-photo: opens the picture over the page instead of leaving it.
function openPhoto(event) {
  const link = event.target.closest("a[data-photo]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const picture = element("img");
  picture.src = link.href;
  picture.alt = link.querySelector("img")?.alt ?? "";
  const row = element("div", "row");
  const dialog = openDialog("viewer", "照片", picture, row);
  row.append(element("span", "soft", picture.alt), button("btn push", "关闭", () => dialog.close()));
}

// data-key="d": the letter presses the element, unless somebody is typing.
function pressByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
  if (event.key === "j" || event.key === "k") return walkList(event.key === "j" ? 1 : -1);
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  press(target);
}

// j and k walk along the list of cases.
function walkList(step) {
  const rows = [...document.querySelectorAll("a.case-row")];
  const here = rows.findIndex((row) => row === document.activeElement);
  const start = here >= 0 ? here : rows.findIndex((row) => row.hasAttribute("aria-current"));
  rows[Math.min(Math.max(start + step, 0), rows.length - 1)]?.focus();
}

// data-menu: a click elsewhere or Escape closes it.
function closeMenus(event) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (event.key === "Escape" || (event.type === "click" && !menu.contains(event.target))) menu.open = false;
  }
}

// data-keep-scroll: a pane stands where it stood when the same list is opened again.
function keepScroll() {
  for (const pane of document.querySelectorAll("[data-keep-scroll]")) {
    const key = `scroll:${pane.id}:${location.search}`;
    pane.scrollTop = Number(sessionStorage.getItem(key) ?? 0);
    addEventListener("pagehide", () => sessionStorage.setItem(key, pane.scrollTop));
  }
}

// Why a piece did not come, in the server's words where it has some.
function sentenceOf(xhr) {
  try {
    return JSON.parse(xhr.responseText).detail;
  } catch {
    return "没有连上系统，请稍后再试。"; // the proxy's page, or no answer at all
  }
}

// A piece that did not come changes nothing on the page, and a note says why; a whole pane says it in its place.
function sayFailed({ detail: { xhr, target } }) {
  const note = element("div", "note note-error");
  if (target.id === "main") {
    note.role = "alert";
    note.append(element("p", "", `没有打开：${sentenceOf(xhr)}`));
    const body = element("div", "card-body");
    body.append(note);
    return target.replaceChildren(body);
  }
  const toasts = document.querySelector(".toasts") ?? document.body.appendChild(element("div", "toasts"));
  toasts.role = "status";
  note.append(element("p", "", `${sentenceOf(xhr)}本页填写的内容还在。`), button("note-close", "×", () => note.remove()));
  note.lastChild.ariaLabel = "关闭";
  toasts.replaceChildren(note);
}

function showNet() {
  document.documentElement.classList.toggle("is-offline", !navigator.onLine);
}

// The offline queue tells its length and age, how much of others is there, and whether anything can be kept (docs/look.md).
function showQueue({ detail: { count, oldest, others = { count: 0 }, isKeeping = true, isSignedOut } }) {
  const strip = document.querySelector("[data-strip]");
  if (!strip) return;
  strip.classList.toggle("has-queue", count + others.count > 0);
  strip.querySelector("[data-strip-queue]").textContent =
    count && isSignedOut ? `登录已过期，${count} 条待上传`
      : count ? `${count} 条待上传，最早 ${timeWords(oldest)}` : others.count ? `${others.count} 条他人待上传` : "没有待上传";
  strip.querySelector("[data-strip-offline]").textContent = isKeeping ? "离线可上报" : "离线，本机不能存";
}

// A time in milliseconds since 1970, as people say it.
export function timeWords(milliseconds) {
  const [time, now] = [new Date(milliseconds), new Date()];
  const two = (number) => String(number).padStart(2, "0");
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (time.toDateString() === now.toDateString()) return `今天 ${clock}`;
  return `${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

function start(root) {
  startToasts(root);
  startAutosubmit(root);
}

startEverywhere(start);
keepScroll();
showNet();
addEventListener("online", showNet);
addEventListener("offline", showNet);
addEventListener("pageshow", forgetOnce);
document.addEventListener("queue:changed", showQueue);
document.addEventListener("submit", askFirst);
document.addEventListener("submit", guardOnce);
document.addEventListener("click", openPhoto);
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
document.addEventListener("keydown", pressByKey);
document.addEventListener("htmx:responseError", sayFailed);
document.addEventListener("htmx:sendError", sayFailed);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
