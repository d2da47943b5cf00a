/**
 * Brings one file from a web server to this disk: goes on where an earlier attempt stopped, tries again when the
 * connection breaks, checks what has arrived, and gives the file its name only when it is whole.
 */
import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, CancelledError, DataError } from '../../errors.ts';
import {
  BrokenOff,
  diskError,
  type ErrorKind,
  isPassingStatus,
  networkFault,
  retryAfterMs,
  statusError,
  TransferFault,
} from './download-errors.ts';
import { fetchUrl, publicUrl } from './fetch-url.ts';
import { withFileLock } from './file-lock.ts';
import { type ExpectedFile, inspectFile, PartialFile } from './partial-file.ts';

export interface DownloadOptions {
  readonly url: string;
  /** Where the file goes; its folder is made. Until it is whole it is `<destination>.incomplete`. */
  readonly destination: string;
  readonly expected?: ExpectedFile;
  /** Sent to the host of `url`; Authorization and Cookie to no other that it redirects to. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  /** Called as bytes arrive; `doneBytes` counts those of earlier attempts and falls when a server makes us begin anew. */
  onProgress?(doneBytes: number, totalBytes: number | null): void;
  /** Called when another process downloads the same file and this one waits for it. */
  onWait?(): void;
  readonly signal?: AbortSignal;
  /** Attempts after one another that may bring nothing before giving up; default 5. */
  readonly retries?: number;
  /** First pause between attempts, doubled each time up to 30 s; default 1,000. */
  readonly pauseMs?: number;
  /** A connection that brings nothing for so long counts as broken; default 30,000. */
  readonly stallMs?: number;
  /** Default `<destination>.lock`. */
  readonly lockPath?: string;
  /** What an error is for the user; default DataError. */
  readonly errorKind?: ErrorKind;
  /** Says more about a refusal than its status does; null to leave it. */
  explainRefusal?(response: Response): Promise<AppError | null>;
}

const OTHER_FILE = 'The file on the server has changed, or a proxy on the way answers in its place.';
const MAX_PAUSE_MS = 30_000;
/** A server that asks for a longer pause is told of instead of waited for. */
const MAX_RETRY_AFTER_MS = 300_000;

/**
 * Gives back the path and sha256 (hex) of the file, whole and on the disk. One that is there already and as expected is
 * not fetched again; one that is not as expected is replaced.
 *
 * @throws {AppError} of `errorKind` that says what failed and what helps; {CancelledError} when `signal` ends it. What has
 *   arrived stays and is continued next time.
 */
export async function downloadFile(options: DownloadOptions): Promise<{ path: string; sha256: string }> {
  const { destination, signal, errorKind: Kind = DataError } = options;
  try {
    await mkdir(dirname(destination), { recursive: true });
    const lock = { signal, onWait: () => options.onWait?.() };
    return await withFileLock(options.lockPath ?? `${destination}.lock`, () => downloadLocked(options, Kind), lock);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw diskError(Kind, destination, error) ?? error;
  }
}

async function downloadLocked(options: DownloadOptions, Kind: ErrorKind): Promise<{ path: string; sha256: string }> {
  const { url, destination, expected = {} } = options;
  const present = await inspectFile(destination, expected);
  if (present !== null && present.fault === null) return { path: destination, sha256: present.sha256 };

  const partial = await PartialFile.open(destination, url, expected);
  try {
    let isContinued = partial.length > 0;
    for (;;) {
      await transferAll(partial, options, Kind);
      const fault = partial.findFault();
      if (fault === null) return { path: destination, sha256: await partial.finish() };
      await partial.restart();
      if (!isContinued)
        throw new Kind(`What ${publicUrl(url)} sent is damaged or another file: ${fault}.`, {
          hint: 'Try again; if it stays so, the file on the server has changed or a proxy on the way replaces it.',
        });
      isContinued = false; // the damage may come from the bytes of an earlier time: once more, from the start
    }
  } finally {
    await partial.close();
  }
}

/** Attempt after attempt until all bytes are there. Only attempts that bring nothing count against the retries. */
async function transferAll(partial: PartialFile, options: DownloadOptions, Kind: ErrorKind): Promise<void> {
  const { retries = 5, pauseMs = 1_000, signal } = options;
  let furthest = partial.length;
  let hasReached = false;
  for (let failures = 0; ; ) {
    try {
      await transferOnce(partial, options, Kind);
      return;
    } catch (error) {
      if (signal?.aborted) throw new CancelledError();
      if (!(error instanceof TransferFault)) throw error;
      failures = partial.length > furthest ? 1 : failures + 1;
      furthest = Math.max(furthest, partial.length);
      hasReached ||= !error.isUnreached;
      const wait = error.retryAfterMs ?? 0;
      // A host that never answered is most likely not there: say so at once.
      if (failures > retries || !hasReached || wait > MAX_RETRY_AFTER_MS) throw error.failure;
      const pause = Math.max(wait, Math.min(MAX_PAUSE_MS, pauseMs * 2 ** (failures - 1)));
      await sleep(pause, undefined, { signal }).catch(() => {
        throw new CancelledError();
      });
    }
  }
}

/** @throws {TransferFault} when another attempt may help */
async function transferOnce(partial: PartialFile, options: DownloadOptions, Kind: ErrorKind): Promise<void> {
  const { url, expected = {}, signal, stallMs = 30_000 } = options;
  if (expected.sizeBytes !== undefined && partial.length > expected.sizeBytes) await partial.restart();
  if (partial.length > 0 && partial.length === expected.sizeBytes) return;

  const stall = new AbortController();
  let timer = setTimeout(() => stall.abort(), stallMs);
  const keepGoing = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stall.abort(), stallMs);
  };
  const signals = signal === undefined ? [stall.signal] : [stall.signal, signal];
  const onNetworkError = (cause: unknown) => {
    if (!stall.signal.aborted || signal?.aborted) return networkFault(Kind, url, cause);
    return networkFault(Kind, url, new BrokenOff(`nothing came for ${stallMs / 1000} s`));
  };
  try {
    const asked = partial.length;
    const response = await fetchUrl(url, {
      headers: { ...options.headers, 'accept-encoding': 'identity', ...rangeHeaders(partial) },
      fetch: options.fetch,
      signal: AbortSignal.any(signals),
    }).catch((cause: unknown) => {
      throw onNetworkError(cause);
    });
    const total = await prepare(partial, response, options, Kind);
    if (total === partial.length && asked > 0 && response.status === 416) return;
    options.onProgress?.(partial.length, total);
    await receive(partial, response, {
      beforeBytes: (count) => {
        if (total === null || partial.length + count <= total) return;
        throw new Kind(`${publicUrl(url)} goes on after ${total} bytes, which should be all.`, { hint: OTHER_FILE });
      },
      onBytes: () => {
        keepGoing();
        options.onProgress?.(partial.length, total);
      },
      onNetworkError,
    });
    if (total !== null && partial.length < total)
      throw onNetworkError(new BrokenOff(`only ${partial.length} of ${total} bytes came`));
  } finally {
    clearTimeout(timer);
  }
}

function rangeHeaders({ length, version }: PartialFile): Record<string, string> {
  if (length === 0) return {};
  return { range: `bytes=${length}-`, ...(version === null ? {} : { 'if-range': version.validator }) };
}

/** Looks at the answer and readies the partial file for its bytes. @returns the size of the whole, null when not said */
async function prepare(
  partial: PartialFile,
  response: Response,
  options: DownloadOptions,
  Kind: ErrorKind,
): Promise<number | null> {
  const { url, expected = {} } = options;
  const { status, headers } = response;
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const rangeTotal = range?.[2] === undefined || range[2] === '*' ? null : Number(range[2]);
  if (status === 416 && partial.length > 0) {
    await response.body?.cancel();
    if (rangeTotal === partial.length) return rangeTotal;
    await partial.restart();
    throw new TransferFault(statusError(Kind, url, response));
  }
  if (status === 206 && Number(range?.[1]) !== partial.length) {
    await response.body?.cancel();
    await partial.restart();
    throw new TransferFault(new Kind(`${publicUrl(url)} sent another part of the file than was asked for.`));
  }
  if (status !== 200 && status !== 206) throw await refusal(response, options, Kind);

  if (status === 200 && partial.length > 0) await partial.restart(); // another version, or a server without ranges
  const isEncoded = (headers.get('content-encoding') ?? 'identity') !== 'identity';
  const length = headers.get('content-length');
  const total = status === 206 ? rangeTotal : length === null || isEncoded ? null : Number(length);
  const etag = headers.get('etag');
  const validator = etag === null || etag.startsWith('W/') ? headers.get('last-modified') : etag;
  await partial.keepVersion(validator === null || isEncoded ? null : { url, validator });
  if (expected.sizeBytes !== undefined && total !== null && total !== expected.sizeBytes) {
    await response.body?.cancel();
    throw new Kind(`${publicUrl(url)} has ${total} bytes, expected ${expected.sizeBytes}.`, {
      hint: OTHER_FILE,
    });
  }
  await requireSpace(options.destination, (total ?? 0) - partial.length, Kind);
  return total ?? expected.sizeBytes ?? null;
}

async function refusal(
  response: Response,
  options: DownloadOptions,
  Kind: ErrorKind,
): Promise<TransferFault | AppError> {
  const { status, headers } = response;
  const explained = await options.explainRefusal?.(response);
  const error = explained ?? statusError(Kind, options.url, response);
  if (!response.bodyUsed) await response.body?.cancel();
  return isPassingStatus(status)
    ? new TransferFault(error, { retryAfterMs: retryAfterMs(headers, Date.now()) })
    : error;
}

async function receive(
  partial: PartialFile,
  response: Response,
  {
    beforeBytes,
    onBytes,
    onNetworkError,
  }: { beforeBytes: (count: number) => void; onBytes: () => void; onNetworkError: (cause: unknown) => Error },
): Promise<void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw onNetworkError(cause);
      });
      if (done) return;
      beforeBytes(value.length);
      await partial.append(value);
      onBytes();
    }
  } finally {
    await reader.cancel().catch(() => {}); // of a connection that is broken already
  }
}

/** Refuses what cannot fit before the first byte is written. */
async function requireSpace(destination: string, neededBytes: number, Kind: ErrorKind): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(destination));
  const free = bavail * bsize;
  if (neededBytes <= free) return;
  throw new Kind(`${destination} needs ${neededBytes} bytes more, and its disk has ${free} free.`, {
    hint: 'Free space there, then try again. HF_HOME moves the cache of the hub to another disk.',
  });
}
