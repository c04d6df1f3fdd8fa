// A form made on the spot (data-at): how far the position is from the case, and beyond data-far-metres the question why;
// with data-without-fix also where the position is the last one of the phone, or none.
// data-phrases: chips that write what people say again and again; without a script they are not there.

import { metresBetween, metresInWords } from "./distance.js";

const WITHOUT_FIX = ["为什么没有定位", "如：地下车库收不到信号"];

function startAway(form) {
  const [longitude, latitude] = form.querySelectorAll("[data-position] input");
  if (!longitude) return;
  const scope = form.closest(".move-form") ?? form;
  const [away, question] = [scope.querySelector("[data-away]"), form.querySelector("[data-far-reason]")];
  const at = form.dataset.at.split(",").map(Number);
  const most = Number(form.dataset.farMetres) || Infinity;
  const label = question?.querySelector("label").textContent.trim();
  const example = question?.querySelector("input").placeholder;
  const tell = () => {
    const source = form.elements.position_source?.value;
    const isRough = "withoutFix" in form.dataset && ["last_fix", "none"].includes(source);
    const isThere = longitude.value && latitude.value;
    if (!isThere && !isRough) return;
    const metres = isThere && metresBetween(at, [Number(longitude.value), Number(latitude.value)]);
    const isFar = isRough || metres > most;
    if (away) away.textContent = isThere ? `${isRough ? "上次定位" : ""}距案件 ${metresInWords(metres)}` : "没有定位";
    away?.classList.toggle("is-far", isFar);
    for (const number of [longitude, latitude]) number.required = source !== "none";
    if (!question) return;
    question.hidden = !isFar;
    const why = question.querySelector("input");
    [question.querySelector("label").textContent, why.placeholder] = isRough ? WITHOUT_FIX : [label, example];
    why.required = isFar;
  };
  tell();
  document.addEventListener("position:changed", () => setTimeout(tell)); // after the numbers are filled in
}

function startPhrases(row) {
  const field = document.getElementById(row.dataset.phrases);
  row.hidden = false;
  row.addEventListener("click", ({ target }) => {
    if (!target.matches("button")) return;
    const written = field.value.trim();
    field.value = `${written}${written && !/[。！？；，]$/.test(written) ? "，" : ""}${target.textContent}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

export function startOnSpot(root) {
  for (const form of root.querySelectorAll("form[data-at]:not([data-on-spot])")) {
    form.dataset.onSpot = "";
    startAway(form);
  }
  for (const row of root.querySelectorAll("[data-phrases][hidden]")) startPhrases(row);
}
