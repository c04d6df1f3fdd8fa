// How the phone's scripts send something to the server: every such request is made here.

import { byItself } from "../base.js";

export function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

// The server answers, but not now: too much to do (then there are seconds to wait), or no room. `sentence` says which.
export class NotNow extends Error {
  constructor(sentence, seconds) {
    super(sentence);
    Object.assign(this, { sentence, seconds });
  }
}

// The same answer, or NotNow.
export async function orNotNow(answer) {
  if (answer.status < 500 && answer.status !== 429) return answer;
  const { detail = "系统暂时不可用。" } = await answer.json().catch(() => ({}));
  throw new NotNow(detail, Number(answer.headers.get("Retry-After") ?? 0));
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
