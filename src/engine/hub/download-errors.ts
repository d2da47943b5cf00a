/** What can go wrong on the way of a file from a server to this disk, each with its words and its cure. */
import { STATUS_CODES } from 'node:http';
import { AppError, type AppErrorOptions } from '../../errors.ts';
import { errorCode } from '../files/system-error.ts';
import { publicUrl, RedirectError } from './fetch-url.ts';

/** The kind of error a caller wants: ModelError for models, DataError for corpora. */
export type ErrorKind = new (message: string, options?: AppErrorOptions) => AppError;

/** An attempt that failed in a way that may pass: tried again, and when that does not help, shown as `failure`. */
export class TransferFault extends Error {
  readonly failure: AppError;
  /** Whether the server was never reached at all. */
  readonly isUnreached: boolean;
  /** What the server asked to wait, milliseconds. */
  readonly retryAfterMs: number | null;

  constructor(failure: AppError, options: { isUnreached?: boolean; retryAfterMs?: number | null } = {}) {
    super(failure.message);
    this.failure = failure;
    this.isUnreached = options.isUnreached ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** A connection that ended, or seems to have, without the system calling it an error. */
export class BrokenOff extends Error {}

/** Whether an answer of this status may be another one soon. */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Says what a server's refusal means. */
export function statusError(Kind: ErrorKind, url: string, response: Response): AppError {
  const { status } = response;
  // What the server calls it may be anything, the token included.
  const statusText = STATUS_CODES[status] ?? '';
  const where = publicUrl(url);
  const answer = `${status}${statusText === '' ? '' : ` ${statusText}`}`;
  return new Kind(`${where} could not be downloaded: the server answered ${answer}.`, { hint: hintForStatus(status) });
}

function hintForStatus(status: number): string {
  if (status === 401 || status === 403) return 'The server wants to know who asks, or refuses this file to you.';
  if (status === 404 || status === 410) return 'Check the address: there is no such file on that server.';
  if (status === 429) return 'Too many requests came from here: wait a few minutes, then try again.';
  if (status >= 500) return 'The server is in trouble: try again later. What has arrived is kept and continued.';
  return 'Check the address, and whether the server expects something else.';
}

/** How long the server asks to wait, milliseconds: Retry-After in seconds or as a date; null when it does not say. */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Puts an error that `fetch` threw, or the body of a response, into words. */
export function networkFault(
  Kind: ErrorKind,
  url: string,
  cause: unknown,
  done: 'fetched' | 'sent' = 'fetched',
): TransferFault | AppError {
  const { host } = new URL(url);
  if (cause instanceof RedirectError)
    return new Kind(`${cause.message}.`, { cause, hint: 'Check the address, and a proxy on the way to it.' });
  const code = systemCode(cause);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const failure = new Kind(`The host ${host} is not known here (${code}).`, { cause, hint: UNREACHED });
    return new TransferFault(failure, { isUnreached: true });
  }
  if (code !== null && UNREACHED_CODES.has(code)) {
    const failure = new Kind(`The host ${host} cannot be reached (${code}).`, { cause, hint: UNREACHED });
    return new TransferFault(failure, { isUnreached: true });
  }
  if (code !== null && /CERT|^ERR_TLS|SELF_SIGNED|UNABLE_TO_/.test(code)) {
    const hint = 'Behind a proxy that opens TLS, name its certificate in NODE_EXTRA_CA_CERTS.';
    return new Kind(`The certificate of ${host} is not trusted (${code}).`, { cause, hint });
  }
  if (code === null && !(cause instanceof BrokenOff)) {
    const hint = 'Check the address.';
    return new Kind(`${publicUrl(url)} cannot be ${done} (${innermost(cause)}).`, { cause, hint });
  }
  const why = code ?? innermost(cause);
  const failure = new Kind(`The connection to ${host} broke off while ${publicUrl(url)} was ${done} (${why}).`, {
    cause,
    hint: `Try again: ${done === 'sent' ? 'whole files that have arrived are not sent again' : 'what has arrived is kept and continued'}.`,
  });
  return new TransferFault(failure);
}

const UNREACHED =
  'Check the network. Behind a proxy, set HTTPS_PROXY and NODE_USE_ENV_PROXY=1; for a mirror of the hub, HF_ENDPOINT.';
const UNREACHED_CODES = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** Says why this disk does not take a file. @returns null when `cause` is no error of the system */
export function diskError(Kind: ErrorKind, path: string, cause: unknown): AppError | null {
  const code = systemCode(cause);
  if (code === null) return null;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new Kind(`${path} cannot be written: ${isFull ? 'the disk is full' : wordsOf(cause)} (${code}).`, {
    cause,
    hint: isFull
      ? 'Free space there, then try again: what has arrived is kept and continued. HF_HOME moves the cache to another disk.'
      : 'Check that the folder may be written. HF_HOME moves the cache of the hub to another folder.',
  });
}

/** The innermost system code, such as `ECONNRESET`: fetch wraps it in a TypeError. */
function systemCode(error: unknown): string | null {
  for (let at = error; at instanceof Error && !(at instanceof AppError); at = at.cause) {
    const code = errorCode(at) ?? (at instanceof AggregateError ? systemCode(at.errors[0]) : null);
    if (code !== null) return code;
  }
  return null;
}

function innermost(error: unknown): string {
  return error instanceof Error
    ? error.cause instanceof Error
      ? innermost(error.cause)
      : error.message
    : String(error);
}

function wordsOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/^[A-Z0-9_]+: /, '').replace(/, \w+ '.*$/, '');
}
