/**
 * Requests that write to the hub. A request that fails in a way that may pass is made again after a pause; the token goes
 * to the endpoint itself and nowhere else, and stands in no error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AppError, CancelledError, ModelError } from '../../errors.ts';
import { BrokenOff, isPassingStatus, networkFault, retryAfterMs, TransferFault } from './download-errors.ts';
import { fetchUrl } from './fetch-url.ts';
import { explainPushRefusal, HubRefusal } from './push-errors.ts';
import { parseAnswer, readAnswer } from './read-answer.ts';

export interface PushConnectionOptions {
  readonly endpoint: string;
  readonly token: string;
  /** The repository, for messages. */
  readonly id: string;
  /** How often a request is made again. */
  readonly retries: number;
  /** First pause between attempts, doubled each time up to 30 s; milliseconds. */
  readonly pauseMs: number;
  /** A connection that takes nothing and says nothing for so long counts as broken, milliseconds. */
  readonly stallMs: number;
  /** Whether to try again too when the hub was never reached. */
  readonly isPatient: boolean;
  /** Called before each pause, with why. */
  readonly onPause?: (reason: AppError) => void;
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
}

export interface PushRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Beside the token, which is added for the endpoint when `isSigned` is not set. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: () => string | AsyncIterable<Uint8Array>;
  /** The address carries its own proof of who asks: no token. */
  readonly isSigned?: boolean;
}

export interface PushAnswer {
  readonly headers: Headers;
  /** Parsed JSON; null where it is none. */
  readonly json: unknown;
}

const MAX_PAUSE_MS = 30_000;
/** A server that asks for a longer pause is told of instead of waited for. */
const MAX_RETRY_AFTER_MS = 300_000;
const MAX_REASON = 300;

export class PushConnection {
  readonly options: PushConnectionOptions;
  #hasReached = false;

  constructor(options: PushConnectionOptions) {
    this.options = options;
  }

  /** Gives the same connection for a repository whose name is known by now. */
  named(id: string): PushConnection {
    return id === this.options.id ? this : new PushConnection({ ...this.options, id });
  }

  /** Asks the hub with a JSON body, again where that may help. @throws {HubRefusal | TransferFault | CancelledError} */
  async ask(path: string, value: unknown, headers = JSON_HEADERS): Promise<unknown> {
    return await this.retrying(() => this.askOnce(path, value, headers));
  }

  async askOnce(path: string, value: unknown, headers = JSON_HEADERS): Promise<unknown> {
    const body = JSON.stringify(value);
    return (await this.once(`${this.options.endpoint}${path}`, { method: 'POST', headers, body: () => body })).json;
  }

  /** Does the work until it succeeds or fails for good. */
  async retrying<T>(work: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TransferFault)) throw error;
        await this.pause(failures, error);
      }
    }
  }

  /** Waits before another attempt. @throws the fault itself when there shall be none */
  async pause(failures: number, fault: TransferFault): Promise<void> {
    const { retries, pauseMs, isPatient, onPause, signal } = this.options;
    const wait = fault.retryAfterMs ?? 0;
    const isHopeless = fault.isUnreached && !this.#hasReached && !isPatient;
    if (failures > retries || isHopeless || wait > MAX_RETRY_AFTER_MS) throw fault;
    const pause = Math.max(wait, Math.min(MAX_PAUSE_MS, pauseMs * 2 ** (failures - 1)));
    onPause?.(fault.failure);
    await sleep(pause, undefined, { signal }).catch(() => {
      throw new CancelledError();
    });
  }

  /** Makes one request. @throws {TransferFault} when another attempt may help, {HubRefusal} when not */
  async once(url: string, request: PushRequest): Promise<PushAnswer> {
    const { fetch, signal, stallMs } = this.options;
    const stall = new AbortController();
    let timer = setTimeout(() => stall.abort(), stallMs);
    const keepGoing = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stall.abort(), stallMs);
    };
    try {
      const response = await fetchUrl(url, {
        method: request.method,
        headers: { ...this.#tokenHeaders(url, request), 'user-agent': 'bleubird', ...request.headers },
        body: request.body && (() => watched(request.body?.() ?? '', keepGoing)),
        fetch,
        signal: AbortSignal.any(signal === undefined ? [stall.signal] : [stall.signal, signal]),
      });
      this.#hasReached = true;
      keepGoing();
      const text = await readAnswer(response);
      if (response.ok) return { headers: response.headers, json: parseAnswer(text) };
      throw this.#refusal(url, response, text);
    } catch (cause) {
      if (cause instanceof HubRefusal || cause instanceof TransferFault) throw cause;
      if (signal?.aborted) throw new CancelledError();
      const broken = stall.signal.aborted ? new BrokenOff(`nothing happened for ${stallMs / 1000} s`) : cause;
      throw networkFault(ModelError, url, broken, 'sent');
    } finally {
      clearTimeout(timer);
    }
  }

  #tokenHeaders(url: string, { isSigned = false }: PushRequest): Record<string, string> {
    const { endpoint, token } = this.options;
    const isHome = new URL(url).origin === new URL(endpoint).origin;
    return isHome && !isSigned ? { authorization: `Bearer ${token}` } : {};
  }

  #refusal(url: string, { status, headers }: Response, text: string): TransferFault | HubRefusal {
    const { endpoint, id } = this.options;
    const failure = explainPushRefusal({ endpoint, id, url, status, reason: this.#reasonOf(headers, text) });
    if (!isPassingStatus(status)) return new HubRefusal(status, failure);
    return new TransferFault(failure, { retryAfterMs: retryAfterMs(headers, Date.now()) });
  }

  /** The server's own words; should it quote the token, that is left out. */
  #reasonOf(headers: Headers, text: string): string {
    const json = parseAnswer(text);
    const inBody = typeof json === 'object' && json !== null && 'error' in json ? json.error : '';
    const reason = headers.get('x-error-message') ?? (typeof inBody === 'string' ? inBody : '');
    return reason.replaceAll(this.options.token, '***').slice(0, MAX_REASON);
  }
}

const JSON_HEADERS: Readonly<Record<string, string>> = { 'content-type': 'application/json' };

function watched(body: string | AsyncIterable<Uint8Array>, onPiece: () => void): string | AsyncIterable<Uint8Array> {
  return typeof body === 'string' ? body : watchPieces(body, onPiece);
}

async function* watchPieces(body: AsyncIterable<Uint8Array>, onPiece: () => void): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    yield piece;
    onPiece();
  }
}
