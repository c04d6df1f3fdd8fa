// [data-ways]: ways into the map apps; the one that was taken last stands first and alone, the others behind it.

const KEY = "way";

export function startWays(root) {
  for (const box of root.querySelectorAll("[data-ways]:not([data-started])")) {
    box.dataset.started = "";
    const last = localStorage.getItem(KEY);
    const links = [...box.querySelectorAll("[data-way]")];
    for (const link of links) link.addEventListener("click", () => localStorage.setItem(KEY, link.dataset.way));
    const known = links.find((link) => link.dataset.way === last);
    if (!known) continue;
    const again = known.cloneNode(true);
    again.classList.add("way-again");
    again.lastChild.textContent = `导航（${known.textContent.trim()}）`;
    box.before(again);
    box.querySelector("summary").lastChild.textContent = "换一个";
  }
}
