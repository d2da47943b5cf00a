/** Asks the hub which files a repository has and under which names the cache keeps them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AppError, CancelledError } from '../../errors.ts';
import { nearestName } from '../config/nearest-name.ts';
import {
  type ErrorKind,
  isPassingStatus,
  networkFault,
  retryAfterMs,
  statusError,
  TransferFault,
} from './download-errors.ts';
import { fetchUrl, publicUrl } from './fetch-url.ts';
import type { RepositoryName } from './hub-cache.ts';
import { explainRefusal } from './hub-errors.ts';
import { parseAnswer, readAnswer } from './read-answer.ts';

export interface HubClientOptions {
  readonly endpoint: string;
  readonly token: string | null;
  /** Why there is none although there should be. */
  readonly tokenProblem?: string | null;
  readonly lookUpTimeoutMs: number;
  readonly errorKind: ErrorKind;
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
}

/** A file of a repository. */
export interface HubFile {
  readonly name: string;
  readonly sizeBytes: number | null;
  /** Name of its content in the cache: sha256 of a large file, git's name of a small one; null when not told. */
  readonly etag: string | null;
}

export interface Listing {
  readonly commit: string;
  /** Null when the hub does not tell. */
  readonly isPrivate: boolean | null;
  readonly files: readonly HubFile[];
}

const MAX_WAIT_MS = 60_000;
const MAX_REASON = 300;

export class HubClient {
  readonly #options: HubClientOptions;

  constructor(options: HubClientOptions) {
    this.#options = options;
  }

  get headers(): Record<string, string> {
    const { token } = this.#options;
    return { 'user-agent': 'bleubird', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  }

  /**
   * Gives the commit that a revision stands for, and its files.
   *
   * @param attempts  how often to ask a hub that is in trouble
   * @throws {TransferFault} when the hub cannot be asked now; an error of the given kind when it refuses
   */
  async list(repository: RepositoryName, attempts: number): Promise<Listing> {
    const { id, type, revision } = repository;
    const path = `/api/${type}s/${id}/revision/${encodeURIComponent(revision)}?blobs=true`;
    const response = await this.#ask(path, repository, { attempts });
    const text = await readAnswer(response).catch((cause: unknown) => {
      throw networkFault(this.#options.errorKind, `${this.#options.endpoint}${path}`, cause);
    });
    const listing = parseListing(parseAnswer(text));
    if (listing !== null) return listing;
    throw new this.#options.errorKind(`${this.#options.endpoint} did not answer as a hub does: no commit, no files.`, {
      hint: 'Check HF_ENDPOINT, and whether a proxy on the way wants a login.',
    });
  }

  /** Gives size and cache name of a file whose listing does not tell them. */
  async describe(repository: RepositoryName, name: string, commit: string): Promise<HubFile> {
    const path = filePath(repository, commit, name);
    const response = await this.#ask(path, repository, { attempts: 5, method: 'HEAD', file: name });
    const { headers } = response;
    const etag = cleanEtag(headers.get('x-linked-etag') ?? headers.get('etag'));
    const size = headers.get('x-linked-size') ?? (response.status === 200 ? headers.get('content-length') : null);
    if (etag !== null) return { name, etag, sizeBytes: size === null ? null : Number(size) };
    throw new this.#options.errorKind(`${this.fileUrl(repository, commit, name)} has no ETag to know its content by.`, {
      hint: 'Check HF_ENDPOINT: the server there does not answer as a hub does.',
    });
  }

  fileUrl(repository: RepositoryName, commit: string, name: string): string {
    return `${this.#options.endpoint}${filePath(repository, commit, name)}`;
  }

  /** Puts a refusal into words; null when the status alone says it all. */
  async explain(response: Response, repository: RepositoryName, file: string | null): Promise<AppError | null> {
    const { endpoint, token, tokenProblem = null, errorKind: kind } = this.#options;
    const nearest = async (what: 'repository' | 'revision') => await this.#nearest(what, repository);
    // Should the server quote the token, that is left out.
    const said = response.headers.get('x-error-message') ?? '';
    const reason = (token === null ? said : said.replaceAll(token, '***')).slice(0, MAX_REASON);
    return await explainRefusal(response, {
      kind,
      endpoint,
      repository,
      hasToken: token !== null,
      tokenProblem,
      file,
      reason,
      nearest,
    });
  }

  async #ask(
    path: string,
    repository: RepositoryName,
    { attempts, method = 'GET', file = null }: { attempts: number; method?: 'GET' | 'HEAD'; file?: string | null },
  ): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#request(path, method);
        if (response.status < 400) return response;
        const error = (await this.explain(response, repository, file)) ?? this.#statusError(path, response);
        await response.body?.cancel();
        if (!isPassingStatus(response.status)) throw error;
        throw new TransferFault(error, { retryAfterMs: retryAfterMs(response.headers, Date.now()) });
      } catch (error) {
        if (!(error instanceof TransferFault)) throw error;
        const wait = error.retryAfterMs ?? 2 ** (attempt - 1) * 500;
        if (attempt >= attempts || error.isUnreached || wait > MAX_WAIT_MS) throw error;
        await sleep(wait, undefined, { signal: this.#options.signal }).catch(() => {
          throw new CancelledError();
        });
      }
    }
  }

  async #request(path: string, method: 'GET' | 'HEAD'): Promise<Response> {
    const { endpoint, lookUpTimeoutMs, signal, errorKind, fetch } = this.#options;
    const url = `${endpoint}${path}`;
    const timeout = AbortSignal.timeout(lookUpTimeoutMs);
    try {
      return await fetchUrl(url, {
        method,
        headers: { ...this.headers, 'accept-encoding': 'identity' },
        fetch,
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        staysHome: true,
      });
    } catch (cause) {
      if (signal?.aborted) throw new CancelledError();
      if (!timeout.aborted) throw networkFault(errorKind, url, cause);
      const message = `${publicUrl(url)} did not answer within ${lookUpTimeoutMs / 1000} s.`;
      const hint = 'Check the network and HF_ENDPOINT; HF_HUB_ETAG_TIMEOUT sets the seconds to wait.';
      throw new TransferFault(new errorKind(message, { cause, hint }));
    }
  }

  #statusError(path: string, response: Response): AppError {
    return statusError(this.#options.errorKind, `${this.#options.endpoint}${path}`, response);
  }

  /** Advice only: when the hub does not give it, there is none. */
  async #nearest(what: 'repository' | 'revision', { id, type, revision }: RepositoryName): Promise<string | null> {
    const name = id.split('/').at(-1) ?? id;
    const path =
      what === 'revision' ? `/api/${type}s/${id}/refs` : `/api/${type}s?search=${encodeURIComponent(name)}&limit=20`;
    const answer: unknown = await this.#request(path, 'GET').then(
      async (response) => parseAnswer(await readAnswer(response).catch(() => '')),
      () => null,
    );
    if (what === 'revision') {
      const { branches, tags } = asRecord(answer);
      return nearestName(revision, [...namesOf(branches, 'name'), ...namesOf(tags, 'name')]);
    }
    const ids = namesOf(answer, 'id');
    return nearestName(id, ids) ?? ids.find((found) => found.split('/').at(-1) === name) ?? null;
  }
}

function filePath({ id, type }: RepositoryName, commit: string, name: string): string {
  const path = name.split('/').map(encodeURIComponent).join('/');
  return `/${type === 'dataset' ? 'datasets/' : ''}${id}/resolve/${encodeURIComponent(commit)}/${path}`;
}

/** Reads the hub's answer. Names become paths on this disk: one that would lead out of its folder is no listing. */
function parseListing(answer: unknown): Listing | null {
  const { sha, siblings, private: isPrivate } = asRecord(answer);
  if (typeof sha !== 'string' || !/^[0-9a-f]{7,64}$/.test(sha) || !Array.isArray(siblings)) return null;
  const files = siblings.map((sibling): HubFile | null => {
    const { rfilename: name, size, blobId, lfs } = asRecord(sibling);
    if (typeof name !== 'string' || !isSafeName(name)) return null;
    const { sha256, size: largeSize } = asRecord(lfs);
    const etag = cleanEtag(typeof sha256 === 'string' ? sha256 : blobId);
    const bytes = typeof largeSize === 'number' ? largeSize : size;
    return { name, etag, sizeBytes: typeof bytes === 'number' ? bytes : null };
  });
  if (!files.every((file) => file !== null)) return null;
  return { commit: sha, isPrivate: typeof isPrivate === 'boolean' ? isPrivate : null, files };
}

/** Whether a name of the server's is a path below the folder it is put into. */
function isSafeName(name: string): boolean {
  return (
    name.length <= MOST_OF_A_NAME &&
    !/[\\\0:]/.test(name) &&
    name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** Longer paths no system takes; what is asked of each folder of one would take time with the square of its length. */
const MOST_OF_A_NAME = 4096;

/** An ETag without its quotes, if it can be the name of a file. */
function cleanEtag(etag: unknown): string | null {
  if (typeof etag !== 'string') return null;
  const name = etag.replace(/^W\//, '').replaceAll('"', '');
  return /^[\w-][\w.-]*$/.test(name) ? name : null;
}

function namesOf(list: unknown, key: string): string[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry) => asRecord(entry)[key]).filter((name) => typeof name === 'string');
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
