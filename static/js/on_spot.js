// A form made on the spot (data-at): how far the position is from the case, and beyond data-far-metres the question why.
// data-phrases: chips that write what people say again and again; without a script they are not there.

import { metresBetween, metresInWords } from "./distance.js";

function startAway(form) {
  const [longitude, latitude] = form.querySelectorAll("[data-position] input");
  if (!longitude) return;
  const scope = form.closest(".move-form") ?? form;
  const [away, question] = [scope.querySelector("[data-away]"), form.querySelector("[data-far-reason]")];
  const at = form.dataset.at.split(",").map(Number);
  const most = Number(form.dataset.farMetres) || Infinity;
  const tell = () => {
    if (!longitude.value || !latitude.value) return;
    const metres = metresBetween(at, [Number(longitude.value), Number(latitude.value)]);
    if (away) away.textContent = `距案件 ${metresInWords(metres)}`;
    away?.classList.toggle("is-far", metres > most);
    if (!question) return;
    question.hidden = metres <= most;
    question.querySelector("input").required = !question.hidden;
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
