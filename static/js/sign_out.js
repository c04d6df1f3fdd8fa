// data-logout: the phone's store is locked before the session ends. data-sign-in: nobody's session is left, however it
// ended, and so no key.

const LOCK_MS = 2000;

async function lockStore() {
  const { lock } = await import("./field/store.js");
  await lock().catch(() => {}); // a browser that keeps nothing
}

function signOut(event) {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-logout]")) return;
  event.preventDefault();
  const limit = new Promise((resolve) => setTimeout(resolve, LOCK_MS));
  Promise.race([lockStore(), limit]).finally(() => form.submit());
}

document.addEventListener("submit", signOut);
if (document.querySelector("[data-sign-in]")) lockStore();
