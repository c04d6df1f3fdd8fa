// [data-near]: the page of what is near asks again with where the phone is, to a kilometre; the exact position stays here.

import { here, mayAsk } from "./cards.js";

const COARSE = 2; // places behind the point of a degree: about a kilometre

export async function startNear(root) {
  const head = root.querySelector("[data-near]");
  if (!head) return;
  const [find, told] = [head.querySelector("[data-near-find]"), head.querySelector("[data-near-told]")];
  find.hidden = false;
  const go = async () => {
    told.textContent = "正在定位……";
    try {
      const [longitude, latitude] = await here();
      location.replace(`${head.dataset.near}?lon=${longitude.toFixed(COARSE)}&lat=${latitude.toFixed(COARSE)}`);
    } catch (problem) {
      told.textContent = problem.message;
    }
  };
  find.addEventListener("click", go);
  // Who came back from the position to the grid wants the grid.
  if (!document.referrer.includes(`${head.dataset.near}?`) && (await mayAsk())) go();
}
