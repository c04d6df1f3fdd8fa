// Every request of the pages' scripts is made here; htmx and the service worker make their own.

// Goes with whatever a page asks for by itself: renewing is no activity of a person (governance/sessions.py).
const byItself = { "X-By-Itself": "1" };

function csrfToken() {
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

// Throws without a connection, and where the sign-in page came instead of an answer.
export async function get(url, { accept = "application/json", isByItself, signal } = {}) {
  const answer = await fetch(url, { headers: { Accept: accept, ...(isByItself && byItself) }, signal });
  if (answer.redirected) throw new Error("signed out");
  return answer;
}

// What the server says, or null where it could not be asked or did not answer the question.
export async function getJson(url, options) {
  try {
    const answer = await get(url, options);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
