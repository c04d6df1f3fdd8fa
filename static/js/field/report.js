// data-report: the report is first saved in the phone, then sent; errors come to their fields, nothing is lost.

import { forgetDraft, placeAgain, saveDraft } from "./drafts.js";
import { packed } from "./form_state.js";
import { newKey, photosOf } from "./photos.js";
import { find, forget, keep, sendPatiently } from "./queue.js";
import { get, put } from "./store.js";
import { element } from "../dom.js";
import { get as fetched } from "../http.js";

const VIBRATION_MS = 80;
const MUST = {
  position: ["position_longitude", "请定位，或在地图上点选位置。"],
  category: ["category", "请选择类别。"],
  words: ["words", "请说明是什么问题。"],
};
// Answers to what was asked: asked again where a report comes back.
const ASKED = ["nearby_seen", "outside_seen", "same_as"];
const PAIRED = ["before_photo", "after_photo"];
const PAIR = { before_photo: "请拍一张处置前的照片。", after_photo: "请拍一张处置后的照片。" };
const NOT_KEPT = "没有信号，浏览器也不能存在本机。请留在本页，有信号时再按一次。";
const NOT_KEPT_LATER = "浏览器也不能存在本机。请留在本页，稍后再按一次。";
const NOT_KEPT_LOGIN = "登录已过期，浏览器也不能存在本机。请留在本页，在另一个页面登录后再按一次。";

// Nobody can be asked later whether it is the same as a case nearby.
function seen(item) {
  if (!item.fields.some(([name]) => name === "nearby_seen")) item.fields.push(["nearby_seen", "1"]);
  return item;
}

class Report {
  constructor(form) {
    this.form = form;
    this.nearby = form.querySelector("[data-nearby-list]");
    this.label = form.querySelector("[data-send-label]");
    this.mark = form.querySelector("[data-proposed]");
    // A page that was kept by the browser would bring its old key along.
    if (!("askedAgain" in form.dataset)) form.elements.key.value = newKey() ?? form.elements.key.value;
    form.addEventListener("submit", (event) => this.submit(event));
    form.addEventListener("input", ({ target }) => this.typed(target));
    form.addEventListener("change", ({ target }) => this.changed(target));
    this.nearby.addEventListener("click", (event) => this.answerNearby(event));
    document.addEventListener("position:changed", () => this.moved());
    document.addEventListener("position:told", ({ detail }) => this.told(detail));
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    document.addEventListener("categories:own", ({ detail }) => detail.isRecalled || put("page", "categories", detail));
    document.addEventListener("categories:missing", () => this.recallOwn());
    this.fill();
    this.offerHandled();
  }

  // Without signal: what this person had often when there was one.
  async recallOwn() {
    const own = (await get("page", "categories"))?.value;
    if (own) document.dispatchEvent(new CustomEvent("categories:own", { detail: { ...own, isRecalled: true } }));
  }

  get handled() {
    return Boolean(this.form.elements.handled?.checked);
  }

  // The page that the phone kept is everybody's: whether this person may settle on the spot was noted with signal.
  async offerHandled() {
    const toggle = this.form.querySelector("[data-handled-toggle]");
    if (toggle?.hidden) toggle.hidden = !(await get("page", "report"))?.value?.handled;
  }

  changed(target) {
    this.clearError(target.name);
    if (target.name === "handled") this.switchPhotos();
    if (target.name !== "category") return;
    this.look();
    this.propose();
  }

  typed({ name }) {
    this.clearError(name);
    if (name === "words") this.mark.hidden = true;
    if (name === "address") this.propose();
  }

  moved() {
    this.form.elements.outside_seen.value = "";
    this.look();
  }

  told(place) {
    this.place = place?.grid?.name ?? "";
    this.isOutside = Boolean(place?.outside);
    if (place?.outside === false) this.form.elements.outside_seen.value = "1";
    this.propose();
  }

  // Where the category speaks for itself nothing need be typed; what the worker has written is left alone.
  propose() {
    const { words, category, address, proposed } = this.form.elements;
    const chosen = category.value && category.selectedOptions[0];
    if (!chosen || (words.value.trim() && words.value !== proposed.value)) return;
    const sentence = chosen.parentElement.dataset.proposes ?? "{}。";
    proposed.value = `${address.value.trim() || this.place || ""}${sentence.replace("{}", chosen.textContent.trim())}`;
    words.value = proposed.value;
    this.mark.hidden = false;
    this.clearError("words");
  }

  // The first picture of what was then settled on the spot is the picture before.
  switchPhotos() {
    const [site, before] = ["photos", "before_photo"].map((name) => this.box(name));
    const first = site?.querySelector(".is-kept input");
    if (!this.handled || !first || before.querySelector(".photo-kept")) return;
    photosOf(before).show(first.value);
    first.closest(".photo-kept").remove();
    photosOf(site).keepWaiting();
  }

  box(name) {
    return this.form.querySelector(`[data-photos-input][data-name="${name}"]`);
  }

  // Open cases of the same category nearby, as soon as it is chosen.
  async look() {
    const { position_longitude: lon, position_latitude: lat, category } = this.form.elements;
    if (!lon.value || !lat.value || !category.value) return;
    const query = new URLSearchParams({ lon: lon.value, lat: lat.value, category: category.value });
    try {
      const answer = await fetched(`${this.form.dataset.nearby}?${query}`, { accept: "text/html" });
      if (answer.ok) this.nearby.innerHTML = (await answer.text()).trim();
    } catch {
      return; // without signal nobody can tell
    }
    this.nameButton();
  }

  answerNearby(event) {
    if (!event.target.closest("[data-not-same]")) return;
    event.preventDefault();
    this.nearby.replaceChildren(this.nearby.querySelector("[name=nearby_seen]")); // asked once
    this.nameButton();
  }

  nameButton() {
    this.label.textContent = this.nearby.querySelector(".nearby") ? "不是，上报" : "上报";
  }

  async submit(event) {
    event.preventDefault();
    const same = event.submitter?.name === "same_as" && event.submitter.value;
    if (this.busy || !this.isComplete(same)) return;
    this.setBusy(true);
    const item = await this.pack();
    if (same) item.fields.push(["same_as", same]);
    const isKept = await keep(item);
    if (isKept) await forgetDraft(this.form);
    await this.finish(item, await sendPatiently(item, isKept && (() => this.letGo(item))), isKept);
    this.setBusy(false);
  }

  // The worker may go: whoever opens the next page goes on with what is saved.
  async letGo(item) {
    this.isLeft = true;
    this.showKept("sending");
    this.tellProgress(item.photos);
    await keep(seen(item));
  }

  async finish(item, { url, errors, nearby, login, reason, key }, isKept) {
    if (key) this.form.elements.key.value = key; // the old one is used
    if (url) {
      await forget(item.key);
      navigator.vibrate?.(VIBRATION_MS);
      location.assign(url);
    } else if ((errors || nearby) && this.isLeft) {
      await keep({ ...item, errors: errors ?? { __all__: ["附近有同类案件。"] } });
      location.assign(`/field/report/?queued=${item.key}`);
    } else if (errors || nearby) {
      await saveDraft(this.form);
      await forget(item.key);
      if (nearby) await this.look();
      this.showErrors(errors ?? {});
    } else if (isKept) {
      await keep({ ...seen(item), reason });
      this.showKept(login ? "login" : reason ? "later" : "offline", reason);
    } else this.showErrors({ __all__: [login ? NOT_KEPT_LOGIN : reason ? `${reason}${NOT_KEPT_LATER}` : NOT_KEPT] });
  }

  async pack() {
    this.form.elements.device_time.value = new Date().toISOString();
    const item = await packed(this.form, this.handled ? ["photos"] : PAIRED);
    const chosen = this.form.elements.category.selectedOptions[0]?.textContent.trim() ?? "";
    item.title = [chosen, this.form.elements.words.value].filter(Boolean).join("：").slice(0, 60);
    return item;
  }

  // Opened from the queue: what was refused comes back, to be put right.
  async fill() {
    const key = new URLSearchParams(location.search).get("queued");
    const item = key && await find(key);
    if (!item) return;
    for (const [name, value] of item.fields) {
      const field = this.form.elements[name];
      if (this.box(name)) photosOf(this.box(name)).show(value);
      else if (field?.type === "checkbox") field.checked = true;
      else if (field && !ASKED.includes(name)) field.value = value;
    }
    this.form.elements.category.dispatchEvent(new Event("change", { bubbles: true }));
    for (const { name, uuid, type, data } of item.photos) {
      const photos = photosOf(this.box(name));
      if (uuid) photos.show(uuid);
      else photos.add([new File([data], "photo.jpg", { type })]);
    }
    placeAgain(this.form);
    this.showErrors(item.errors ?? {});
  }

  // Of what is reported already only words are asked.
  isComplete(same) {
    const errors = {};
    for (const [name, [field, sentence]] of Object.entries(MUST)) {
      if (!(same && name !== "words") && !this.form.elements[field].value.trim()) errors[name] = [sentence];
    }
    for (const [name, sentence] of Object.entries(this.handled && !same ? PAIR : {})) {
      if (!this.box(name).querySelector(".photo-kept")) errors[name] = [sentence];
    }
    if (!same && this.isOutside && !this.form.elements.outside_seen.value) errors.outside = [this.form.dataset.outside];
    this.showErrors(errors);
    return Object.keys(errors).length === 0;
  }

  showErrors(errors) {
    for (const box of this.form.querySelectorAll("[data-errors-for]")) {
      const sentences = errors[box.dataset.errorsFor] ?? [];
      box.replaceChildren(...sentences.map((sentence) => element("p", "error", sentence)));
      box.closest(".field-box")?.classList.toggle("is-wrong", sentences.length > 0);
    }
    if (errors.outside) this.form.elements.outside_seen.value = "1"; // asked once
    this.form.querySelector(".error")?.closest("div").scrollIntoView({ block: "center" });
  }

  clearError(name) {
    const box = this.form.querySelector(`[data-errors-for="${CSS.escape(name || "-")}"]`);
    box?.replaceChildren();
    box?.closest(".field-box")?.classList.remove("is-wrong");
  }

  // In the place of the form: how it is with what was saved.
  showKept(how, reason) {
    const shown = element("section", "stack");
    shown.append(this.form.querySelector(`[data-kept=${how}]`).content.cloneNode(true));
    if (reason) shown.querySelector("[data-reason]").textContent = reason;
    (this.kept ?? this.form).replaceWith(shown);
    this.kept = shown;
    scrollTo(0, 0);
  }

  tellProgress(photos) {
    const shares = new Map(photos.map(({ key, uuid }) => [key, uuid ? 1 : 0]));
    document.addEventListener("photo:progress", ({ detail: { key, share } }) => {
      const line = this.kept.querySelector("[data-progress]");
      if (!line || !shares.has(key)) return;
      shares.set(key, share);
      const all = [...shares.values()].reduce((sum, one) => sum + one, 0) / shares.size;
      line.textContent = `照片已传 ${Math.round(all * 100)}%`;
    });
  }

  setBusy(busy) {
    this.busy = busy;
    const button = this.label.closest("button");
    button.ariaBusy = busy ? "true" : null;
    if (busy) this.label.textContent = "正在上报……";
    else this.nameButton();
  }
}

export function startReport(root) {
  const form = root.querySelector("[data-report]");
  if (form) new Report(form);
  const told = root.querySelector("[data-may-handle]");
  if (told) put("page", "report", { handled: told.dataset.mayHandle === "yes" });
}
