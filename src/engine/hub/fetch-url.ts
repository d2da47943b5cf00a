/**
 * One HTTP request, redirects followed by hand: a secret goes to the host it was meant for and to no other. Downloads of
 * large files are redirected to storage hosts whose addresses carry a signature of their own.
 */

export interface FetchUrlOptions {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** Gives what is sent, anew for each redirect; its length belongs into the headers where it is a stream. */
  readonly body?: () => string | AsyncIterable<Uint8Array>;
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  /** Give back a redirect to another host instead of following it: the hub says in it what the storage does not know. */
  readonly staysHome?: boolean;
}

/** Headers that prove who asks. */
const SECRET_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Those that keep method and body. */
const SAME_REQUEST = new Set([307, 308]);
const MAX_REDIRECTS = 10;

/** A server's answer that cannot be followed; no network error, so trying again would not help. */
export class RedirectError extends Error {}

/**
 * Asks for `url` and gives back the first answer that is no redirect, whatever its status.
 *
 * @throws what `fetch` throws when there is no answer; {RedirectError} when the redirects lead nowhere
 */
export async function fetchUrl(
  url: string,
  { method = 'GET', headers = {}, body, fetch: fetchOnce = fetch, signal, staysHome = false }: FetchUrlOptions = {},
): Promise<Response> {
  const redirected = body === undefined ? REDIRECTS : SAME_REQUEST;
  let at = new URL(url);
  const home = at.origin;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const sent = at.origin === home ? headers : withoutSecrets(headers);
    const init = { method, headers: { ...sent }, redirect: 'manual', signal: signal ?? null } as const;
    const response = await fetchOnce(at, body === undefined ? init : { ...init, body: body(), duplex: 'half' });
    const location = redirected.has(response.status) ? response.headers.get('location') : null;
    if (location === null) return response;
    const target = redirectTarget(location, at);
    if (staysHome && target.origin !== home) return response;
    await response.body?.cancel();
    at = target;
  }
  throw new RedirectError(`${publicUrl(url)} redirects more than ${MAX_REDIRECTS} times`);
}

/** An address as it may be shown: without query and credentials, where signatures and passwords stand. */
export function publicUrl(url: string | URL): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function redirectTarget(location: string, from: URL): URL {
  const target = URL.parse(location, from.href);
  if (target === null || (target.protocol !== 'https:' && target.protocol !== 'http:')) {
    throw new RedirectError(`${publicUrl(from)} redirects to an address that is not one of the web`);
  }
  // fetch would refuse it, and quote it in full.
  if (target.username === '' && target.password === '') return target;
  throw new RedirectError(`${publicUrl(from)} redirects to an address with a user name or password in it`);
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.has(name.toLowerCase())));
}
