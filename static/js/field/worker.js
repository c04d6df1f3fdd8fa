// The service worker, one for the whole site, so that it can answer every page that must open without signal. It works
// only over HTTPS (or on localhost); without it the pages work as long as there is signal.

async function leaveEarlier(workers) {
  const all = await workers.getRegistrations();
  await Promise.all(all.filter(({ scope }) => new URL(scope).pathname === "/field/").map((one) => one.unregister()));
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("shell-")).map((name) => caches.delete(name)));
}

export async function startWorker() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  try {
    await leaveEarlier(workers);
    await workers.register("/sw.js");
  } catch {
    // a browser that allows none
  }
}
