// How the phone's scripts send something to the server: every such request is made here.

import { byItself } from "../base.js";

export function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

// isByItself: nobody has pressed anything. A redirect is never followed: it would lead to the sign-in page.
export function post(url, { body, headers, ms, isByItself } = {}) {
  return fetch(url, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": csrfToken(), Accept: "application/json", ...(isByItself && byItself), ...headers },
    redirect: "manual",
    signal: ms ? AbortSignal.timeout(ms) : undefined,
  });
}
