// The words of what is pointed at. Where nothing can hover, the first tap tells and the second one follows the link.

import { element } from "../dom.js";

const GAP = 10;
const HIGH = 80;

export function follow(figure) {
  const picture = figure.querySelector(".chart-picture");
  const tip = element("div", "chart-tip");
  tip.hidden = true;
  picture.after(tip);
  let shown = null;

  const show = (target) => {
    shown = target;
    tip.hidden = !target;
    if (!target) return;
    const { title, lines } = target.told;
    tip.replaceChildren(element("strong", "", title), ...lines.map((line) => element("span", "", line)));
    if (isTouched() && target.matches("a")) tip.append(element("span", "soft", "再按一次看清单"));
    place(tip, target.getBoundingClientRect(), figure.getBoundingClientRect());
  };
  picture.addEventListener("pointerover", ({ target }) => !isTouched() && show(target.closest(".chart-target")));
  picture.addEventListener("pointerleave", () => !isTouched() && show(null));
  picture.addEventListener("click", (event) => {
    const target = event.target.closest(".chart-target");
    if (!isTouched() || target === shown) return;
    event.preventDefault();
    show(target);
  });
}

function isTouched() {
  return matchMedia("(hover: none)").matches;
}

// Above a low target, or below where there is no room; beside a high one. Never outside the card.
function place(tip, target, card) {
  if (target.height > HIGH) return placeBeside(tip, target, card);
  const middle = target.left - card.left + target.width / 2;
  const left = Math.min(Math.max(middle - tip.offsetWidth / 2, 0), card.width - tip.offsetWidth);
  const above = target.top - card.top - tip.offsetHeight - GAP;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 0 ? above : target.bottom - card.top + GAP}px`;
}

function placeBeside(tip, target, card) {
  const right = target.right - card.left + GAP;
  const hasRoom = right + tip.offsetWidth < card.width;
  tip.style.left = `${hasRoom ? right : Math.max(target.left - card.left - GAP - tip.offsetWidth, 0)}px`;
  tip.style.top = `${target.top - card.top}px`;
}
