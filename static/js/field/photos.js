// data-photos-input: every picture is made small and sent at once, under a key of its own. What is not there yet stays in
// the file field for the plain form; the queue takes it along under the same key.

import { button, element } from "../dom.js";
import { upload } from "./upload.js";

const LONGEST_SIDE = 1600;
const SMALL_BYTES = 600000;
const TRIES = 3;

// Browsers make keys over HTTPS or on localhost only.
export function newKey() {
  return crypto.randomUUID?.();
}

// A phone's picture has ten times the pixels that are kept; sending them would cost the worker a minute.
async function shrunk(file) {
  if (file.size <= SMALL_BYTES) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = element("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
    return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file; // a format that this browser can't read; the server can
  }
}

class Photos {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector("input[type=file]");
    this.kept = box.querySelector("[data-photos-kept]");
    this.most = this.input.multiple ? 9 : 1;
    this.address = box.dataset.address;
    this.waiting = new Map(); // file → {shown, key}
    this.shrinking = new Set(); // promises
    for (const shown of this.kept.children) this.addRemoval(shown);
    this.input.addEventListener("change", () => this.add([...this.input.files]));
    document.addEventListener("photo:progress", ({ detail: { key, share } }) => {
      for (const one of this.waiting.values()) if (one.key === key) this.say(one.shown, `上传 ${Math.round(share * 100)}%`);
    });
  }

  add(files) {
    this.box.querySelector(".error")?.remove();
    if (this.most === 1) this.clear();
    const room = this.most - this.kept.children.length;
    for (const file of files.slice(0, room)) this.take(file);
    if (files.length > room) this.complain(`最多 ${this.most} 张照片。`);
    this.keepWaiting();
  }

  // A picture that was kept comes back with the key it had (`key` on its file).
  async take(original) {
    const one = { shown: this.thumbnail(URL.createObjectURL(original), "上传中"), key: original.key ?? newKey() };
    this.waiting.set(original, one);
    const making = shrunk(original);
    this.shrinking.add(making);
    const file = await making;
    this.shrinking.delete(making);
    if (!this.waiting.delete(original)) return;
    this.waiting.set(file, one);
    this.keepWaiting();
    await this.send(file, one);
  }

  async send(file, { shown, key }) {
    try {
      const { uuid, refused, login } = await this.persist(file, key, shown);
      if (login) return this.say(shown, "随单上传");
      if (!this.waiting.delete(file)) return;
      if (refused) {
        shown.remove();
        this.complain(refused);
      } else this.confirm(shown, uuid);
    } catch ({ sentence }) {
      this.say(shown, "随单上传");
      if (sentence) this.complain(sentence);
    }
    this.keepWaiting();
  }

  // Comes back as often as the server asks for it; the form does not wait for that.
  async persist(file, key, shown) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await upload(file, key, this.told(), { address: this.address });
      } catch (problem) {
        if (!problem.seconds || tries === TRIES || !this.waiting.has(file)) throw problem;
        this.say(shown, "排队上传");
        await new Promise((resolve) => setTimeout(resolve, problem.seconds * 1000));
      }
    }
  }

  // What is still on its way, as it is sent: [{file, key}]. Under its key it is the same picture, whoever goes on with it.
  async pending() {
    await Promise.all(this.shrinking);
    await null; // what was made small takes its place
    return Array.from(this.waiting, ([file, { key }]) => ({ file, key }));
  }

  confirm(shown, uuid) {
    const id = element("input");
    Object.assign(id, { type: "hidden", name: this.box.dataset.name, value: uuid });
    shown.append(id);
    shown.classList.add("is-kept");
    if (shown.classList.contains("is-unseen")) shown.querySelector("img").src = this.thumbOf(uuid);
    this.say(shown, "已上传");
  }

  // A picture that the server has already, by its id.
  show(uuid) {
    this.confirm(this.thumbnail(this.thumbOf(uuid), ""), uuid);
    this.keepWaiting();
  }

  thumbOf(uuid) {
    return `${this.address}${uuid}-s.jpg`;
  }

  thumbnail(url, state) {
    const shown = element("span", "photo-kept");
    const picture = element("img");
    // A format that this browser can't show (HEIC): the server's thumbnail comes, until then a grey box.
    picture.addEventListener("error", () => shown.classList.add("is-unseen"));
    picture.addEventListener("load", () => shown.classList.remove("is-unseen"));
    Object.assign(picture, { src: url, alt: "照片" });
    shown.append(picture, element("small", "", state));
    this.addRemoval(shown);
    this.kept.append(shown);
    return shown;
  }

  addRemoval(shown) {
    const remove = button("photo-remove", "×", () => {
      for (const [file, one] of this.waiting) if (one.shown === shown) this.waiting.delete(file);
      shown.remove();
      this.keepWaiting();
    });
    remove.ariaLabel = "去掉这张照片";
    shown.append(remove);
  }

  say(shown, state) {
    shown.querySelector("small").textContent = state;
  }

  complain(sentence) {
    this.box.append(element("p", "error", sentence));
  }

  clear() {
    this.waiting.clear();
    this.kept.replaceChildren();
  }

  told() {
    const owner = document.querySelector("[data-owner]")?.dataset.owner;
    const box = this.input.form?.querySelector("[data-position]");
    const [longitude, latitude] = [...(box?.querySelectorAll("input") ?? [])].map(({ value }) => value);
    return { longitude, latitude, owner };
  }

  keepWaiting() {
    const files = new DataTransfer();
    for (const file of this.waiting.keys()) files.items.add(file);
    this.input.files = files.files;
    this.box.classList.toggle("has-photos", this.kept.children.length > 0);
    this.box.closest(".field-box")?.classList.remove("is-wrong");
  }
}

const started = new WeakMap(); // box → Photos

export function photosOf(box) {
  return started.get(box);
}

export function startPhotos(root) {
  for (const box of root.querySelectorAll("[data-photos-input]")) {
    if (!started.has(box)) started.set(box, new Photos(box));
  }
}
