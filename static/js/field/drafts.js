// What is typed and taken on the phone survives reload, back, a call and a killed browser: kept in the encrypted store
// while somebody writes, one draft for each form's address, put back with a quiet line, and gone when the form is sent
// or its person clears it. A draft has the key of its form: sent twice it is done once.

import { button, element } from "../dom.js";
import { announce } from "../position.js";
import { fill, packed } from "./form_state.js";
import { forget, get, put } from "./store.js";

const AFTER_MS = 400;
const FORMS = "form[data-outbox], form[data-report]";
const TYPED = "textarea, select, input:not([type=hidden])";
// Seen, not typed; and where a check is made is where the phone is now. A report lies where it was begun.
const NOT_BACK = ["leg", "device_time", "claimed_at", "outside_seen"];
const PLACE = ["position_longitude", "position_latitude", "position_source"];

const drafts = new WeakMap(); // form → Draft

// One that is put right from the list of what waits is another one than what was begun anew.
function addressOf(form) {
  const queued = new URLSearchParams(location.search).get("queued");
  return new URL(form.action).pathname + (queued ? `?queued=${queued}` : "");
}

// Where it was begun, and by whose word; the device says no more to it unless it is asked.
export function placeAgain(form) {
  const { position_longitude: longitude, position_latitude: latitude, position_source: source } = form.elements;
  if (!longitude?.value || !latitude?.value) return;
  announce({ longitude: Number(longitude.value), latitude: Number(latitude.value), source: source?.value || "pin", isKept: true });
}

class Draft {
  constructor(form) {
    this.form = form;
    this.address = addressOf(form);
    this.save = this.save.bind(this);
    this.touched = new Set(); // before the draft was put back: what is typed meanwhile stays
    form.addEventListener("input", ({ target }) => {
      this.touched.add(target.name);
      this.later();
    });
    form.addEventListener("change", () => this.later());
    for (const kept of form.querySelectorAll("[data-photos-kept]")) {
      new MutationObserver(() => this.later()).observe(kept, { childList: true, subtree: true });
    }
    addEventListener("pagehide", () => this.isDirty && this.save());
    document.addEventListener("visibilitychange", () => document.hidden && this.isDirty && this.save());
  }

  later() {
    this.isDirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.save, AFTER_MS);
  }

  save() {
    clearTimeout(this.timer);
    this.isDirty = false;
    this.saving = this.write();
    return this.saving;
  }

  async write() {
    if (!this.form.isConnected) return;
    const { owner, savedAt, ...typed } = await packed(this.form);
    if (!this.isDone) await put("drafts", this.address, typed, savedAt);
  }

  async restore() {
    const found = (await get("drafts", this.address))?.value;
    if (!found) return;
    const isReport = this.form.matches("[data-report]");
    fill(this.form, found, [...NOT_BACK, ...this.touched, ...(isReport ? [] : PLACE)]);
    if (isReport) placeAgain(this.form);
    const line = element("p", "draft-told", "已恢复未完成的填写 · ");
    line.role = "status";
    line.append(button("link", "清空", async () => {
      await this.drop();
      location.reload();
    }));
    this.form.prepend(line);
  }

  async drop() {
    clearTimeout(this.timer);
    this.isDirty = false;
    this.isDone = true;
    await this.saving; // what is being written would come back
    await forget("drafts", this.address);
  }
}

// The form has been taken, or waits under its key: nothing is left to be written on.
export async function forgetDraft(form) {
  await drafts.get(form)?.drop();
}

// The form came back: what is in it is a draft again.
export async function saveDraft(form) {
  const draft = drafts.get(form);
  if (!draft) return;
  draft.isDone = false;
  await draft.save();
}

export async function startDrafts(root) {
  const isQueued = new URLSearchParams(location.search).has("queued");
  for (const form of root.querySelectorAll(FORMS)) {
    if (drafts.has(form) || !form.querySelector(TYPED)) continue;
    drafts.set(form, new Draft(form));
    if (!isQueued) await drafts.get(form).restore();
  }
}
