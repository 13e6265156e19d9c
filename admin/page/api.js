// The REST interface beside this page.

// Not document.baseURI: it may have a password in it, which fetch() refuses.
const base = new URL('../', location.origin + location.pathname).href;

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.body = body;
  }
}

function unreachable() {
  return new Problem(0, { detail: 'The server cannot be reached.' });
}

export const url = (names) => base + names.map(encodeURIComponent).join('/');

async function send(method, names, query = {}, signal) {
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value != null));
  const headers = { Accept: 'application/json, text/plain' };
  if (method !== 'GET') headers['X-MobileSync-Admin'] = '1';
  try {
    return await fetch(url(names) + (parameters.size ? `?${parameters}` : ''), { method, headers, signal, cache: 'no-store' });
  } catch (error) {
    throw error.name === 'AbortError' ? error : unreachable();
  }
}

async function json(method, names, query, signal) {
  const response = await send(method, names, query, signal);
  const isJson = /json/.test(response.headers.get('Content-Type') ?? '');
  const body = isJson ? await response.json().catch(() => ({})) : {};
  if (response.ok) return body;
  if (response.status === 401) body.detail = 'You are no longer signed in: load the page again.';
  throw new Problem(response.status, body);
}

export const get = (names, query, signal) => json('GET', names, query, signal);
export const post = (names, query) => json('POST', names, query);
export const remove = (names, query) => json('DELETE', names, query);

export async function text(names, signal) {
  const response = await send('GET', names, {}, signal);
  if (!response.ok) throw new Problem(response.status, {});
  return response.text();
}

// What this server offers: an older or a newer one may have other routes than this page knows.
let offered;

export async function offer(signal) {
  offered ??= await get([], {}, signal);
  return { node: offered.node, has: (route) => offered.routes.includes(route) };
}

// All pages of a list, up to about `most` entries. { list, isComplete }
export async function pages(names, member, query, most, signal) {
  const list = [];
  let next = null;
  do {
    const page = await get(names, { ...query, limit: 1000, after: next }, signal);
    list.push(...page[member]);
    next = page.next;
  } while (next && list.length < most);
  return { list, isComplete: !next };
}
