// What somebody has put into a form of the phone: taken out of it to be kept, put back, and what is still blank.

import { element } from "../dom.js";
import { newKey, photosOf } from "./photos.js";
import { owner } from "./store.js";

const NEVER = ["csrfmiddlewaretoken"];
const SENTENCES = { photos: "请至少拍一张照片。", position: "请定位，或在地图上点选位置。", far_reason: "离案件较远，请说明为什么不在现场。" };
const WITHOUT_FIX = { far_reason: "没有收到现场定位，请说明原因。" };
const BLANK = "请填写这一项。";

// {key, owner, savedAt, fields, photos, sent}: photos that have not arrived as bytes, those that have as fields.
export async function packed(form, leaveOut = []) {
  const boxes = [...form.querySelectorAll("[data-photos-input]")].filter((box) => !leaveOut.includes(box.dataset.name));
  // First what is on its way, then what has arrived: a picture that arrives in between is in both, under the same id.
  const onTheirWay = await Promise.all(boxes.map((box) => photosOf(box).pending()));
  const data = new FormData(form);
  const item = { key: data.get("key"), owner: await owner(), savedAt: Date.now(), fields: [], photos: [] };
  for (const [name, value] of data) {
    if (typeof value === "string" && !NEVER.includes(name) && !leaveOut.includes(name)) item.fields.push([name, value]);
  }
  item.sent = item.fields.filter(([name]) => /photo/.test(name)).length;
  for (const [at, { dataset: { name } }] of boxes.entries()) {
    for (const { file, key } of onTheirWay[at]) {
      item.photos.push({ name, key: key ?? newKey(), type: file.type, data: await file.arrayBuffer() });
    }
  }
  return item;
}

function boxOf(form, name) {
  return form.querySelector(`[data-photos-input][data-name="${CSS.escape(name)}"]`);
}

// The fields and photos of a kept item, back in the form; `not` names fields that stay as they are.
export function fill(form, { fields, photos }, not = []) {
  for (const [name, value] of fields) {
    if (not.includes(name)) continue;
    const field = form.elements[name];
    if (boxOf(form, name)) photosOf(boxOf(form, name)).show(value);
    else if (field instanceof RadioNodeList) for (const one of field) one.checked ||= one.value === value;
    else if (field?.type === "checkbox") field.checked = true;
    else if (field) field.value = value;
    if (field?.type !== "hidden") field?.dispatchEvent?.(new Event("change", { bubbles: true }));
  }
  for (const { name, uuid, key, type, data } of photos) {
    const shown = boxOf(form, name) && photosOf(boxOf(form, name));
    if (!shown) continue;
    if (uuid) shown.show(uuid);
    else shown.add([Object.assign(new File([data], "photo.jpg", { type }), { key })]);
  }
}

// What is needed and not there, as the server would say it, {field: [sentence]}: without signal it cannot be asked.
export function blank(form) {
  const errors = {};
  const isRough = ["last_fix", "none"].includes(form.elements.position_source?.value);
  const sentences = { ...SENTENCES, ...(isRough && WITHOUT_FIX) };
  for (const field of form.querySelectorAll("[required]")) {
    const name = field.name.replace(/_(longitude|latitude)$/, "");
    if (!isGiven(form, field)) errors[name] = [sentences[name] ?? BLANK];
  }
  return errors;
}

function isGiven(form, field) {
  const photos = field.closest("[data-photos-input]");
  if (photos) return Boolean(photos.querySelector(".photo-kept"));
  if (["radio", "checkbox"].includes(field.type)) return Boolean(form.querySelector(`[name="${CSS.escape(field.name)}"]:checked`));
  return Boolean(field.value.trim());
}

// Sentences at their fields, what is about no single one above the form.
export function refusedAt(form, errors) {
  form.querySelectorAll("[data-refused]").forEach((shown) => shown.remove());
  form.querySelectorAll(".field-box.is-wrong").forEach((box) => box.classList.remove("is-wrong"));
  for (const [name, sentences] of Object.entries(errors)) {
    const quoted = CSS.escape(name);
    const box = form.querySelector(`[name="${quoted}"], [name^="${quoted}_"], [data-name="${quoted}"]`)?.closest(".field-box");
    const shown = element("div", box ? "" : "note note-error");
    shown.dataset.refused = name;
    shown.role = "alert";
    shown.append(...sentences.map((sentence) => element("p", box ? "error" : "", sentence)));
    box?.closest("[hidden]")?.removeAttribute("hidden");
    if (box) box.append(shown);
    else form.prepend(shown);
    box?.classList.add("is-wrong");
  }
  form.querySelector("[data-refused]")?.scrollIntoView({ block: "center" });
}
