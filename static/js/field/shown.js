// Small things of the phone's pages: no broken picture, putting the site among the apps.

// A picture that does not come is a grey box with its words, whatever the reason.
function hideBroken({ target }) {
  if (!target.matches?.("img")) return;
  target.hidden = true;
  target.closest("a, figure, article")?.classList.add("has-no-picture");
}

export function startShown(root) {
  document.addEventListener("error", hideBroken, { capture: true });
  for (const picture of root.querySelectorAll("img")) {
    if (picture.complete && !picture.naturalWidth && picture.loading !== "lazy") hideBroken({ target: picture });
  }
}

// The browser offers once a page load; the button is there from then on.
export function startInstall(root) {
  const button = root.querySelector("[data-install]");
  addEventListener("beforeinstallprompt", (event) => {
    if (!button) return;
    event.preventDefault();
    button.hidden = false;
    button.onclick = async () => {
      event.prompt();
      if ((await event.userChoice).outcome === "accepted") button.hidden = true;
    };
  });
}
