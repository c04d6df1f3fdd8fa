// The desk: a row opens its case in the pane beside the list, and the address keeps up; without this module the row
// is a link to the case's own page.

import { forgetOnce } from "./base.js";

const WIDE = "(min-width: 900px)";

function addressOf(uuid) {
  const url = new URL(location.href);
  url.searchParams.set("case", uuid);
  return url;
}

function mark(uuid) {
  for (const row of document.querySelectorAll("[data-case-list] [data-case]")) {
    if (row.dataset.case === uuid) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function open(row) {
  const uuid = row.dataset.case;
  // The address first: the server reads from it where a move shall return to.
  history.pushState({ case: uuid }, "", addressOf(uuid));
  mark(uuid);
  row.focus({ preventScroll: true });
  htmx.ajax("GET", row.getAttribute("href"), { target: "#main", swap: "innerHTML" }).then(() => {
    document.getElementById("main").scrollTop = 0;
    document.querySelector(".panes").classList.add("has-case");
  });
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-case-list] a[data-case]");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !matchMedia(WIDE).matches) return;
  event.preventDefault();
  open(row);
});

// "Not now" and Escape close a form that was opened in place; the keys go on where they were.
function closeMove() {
  document.getElementById("move").replaceChildren();
  document.getElementById("main").focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("#move [data-move-close]");
  if (!link) return;
  event.preventDefault();
  closeMove();
});

// Before a menu or a dialog that is open closes by the same key, which is then all it does.
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (document.querySelector("dialog[open], details[data-menu][open]")) return;
  if (document.querySelector("#move > *")) closeMove();
}, { capture: true });

// A form that was opened in place is sent from there: what is wrong with it is said where it stands, beside the case.
// Registered after what asks once and what lets a form go once (base.js).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-case-page] #move form[method=post]")) return;
  event.preventDefault();
  htmx.ajax("POST", form.getAttribute("action"), { source: form, target: "#move", swap: "innerHTML" }).finally(forgetOnce);
});

// A refused form, or the case as it has become meanwhile, comes as a piece of the page whatever its status.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const isForm = detail.requestConfig.verb === "post" && detail.requestConfig.elt.matches("form");
  if (!isForm || !detail.xhr.getResponseHeader("Content-Type")?.startsWith("text/html")) return;
  Object.assign(detail, { shouldSwap: true, isError: false });
});

// Ctrl+Enter sends the form that was opened in place.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.ctrlKey || event.isComposing) return;
  event.target.closest("#move form[method=post]")?.requestSubmit();
});

// The line that says what the move leads to names the unit that is chosen.
document.addEventListener("change", ({ target }) => {
  const line = target.matches("select[name=unit]") && target.closest("form").querySelector("[data-outcome] span");
  if (line) line.textContent = line.textContent.replace(/^将交：[^；]*/, () => `将交：${target.selectedOptions[0].text}`);
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id !== "move") return;
  document.querySelector(".moves-rest[open]")?.removeAttribute("open");
  // The form stands right below the head of the case, which stays in sight.
  target.closest(".pane").scrollTop = 0;
  const wrong = target.querySelector(".is-wrong");
  (wrong ?? target).querySelector("input:not([type=hidden]), textarea, select:not([hidden])")?.focus({ preventScroll: true });
});

addEventListener("popstate", () => location.reload());

// A case that was opened by its address is brought into view in its list.
document.querySelector("[data-case-list] [aria-current]")?.scrollIntoView({ block: "nearest" });
