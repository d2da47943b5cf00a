/**
 * Repositories of the Hugging Face hub on this disk, in huggingface_hub's own cache.
 *
 * The package @huggingface/hub (2.17.5) is not used for this: its download takes a repository whole, begins every file
 * anew, compares no checksum, takes no lock, prints to the console, and reads neither HF_HUB_OFFLINE, HF_ENDPOINT nor a
 * token. Files of the xet storage come by plain HTTP, which the hub keeps for all clients that do not ask for xet.
 */
import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type AppError, DataError, ModelError } from '../../errors.ts';
import { diskError, type ErrorKind, TransferFault } from './download-errors.ts';
import { downloadFile } from './download-file.ts';
import { CachedRepository, type RepositoryName, tagCache } from './hub-cache.ts';
import { HubClient, type HubFile } from './hub-client.ts';
import { HUB_ID } from './hub-id.ts';
import { findHubToken, type HubSettings, readHubSettings } from './hub-settings.ts';
import type { ExpectedFile } from './partial-file.ts';

export interface SnapshotOptions extends RepositoryName {
  /** Gives the names of the files that are wanted, of all that the repository has. */
  readonly files: (all: readonly string[]) => ReadonlySet<string>;
  readonly env: NodeJS.ProcessEnv;
  /** Called as bytes arrive; the total is of the wanted files that were not here, null when the hub does not tell it. */
  onProgress?(doneBytes: number, totalBytes: number | null): void;
  /** Called when the cache stands in for a hub that cannot be asked, and when another process fetches the same file. */
  onWarning?(message: string): void;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
}

export type { RepositoryName } from './hub-cache.ts';

const DOWNLOADS_AT_ONCE = 4;

/**
 * Gives the folder of a repository's files at a revision, fetching what is wanted and not here.
 *
 * A branch or tag is looked up at the hub each time. When the hub cannot be asked, the version that was looked up last is
 * given with a warning; with HF_HUB_OFFLINE, without one.
 *
 * @throws {ModelError | DataError} by `type`, when it is neither there nor here; {CancelledError} when `signal` ends it
 */
export async function snapshot(options: SnapshotOptions): Promise<string> {
  const { type, env } = options;
  const Kind: ErrorKind = type === 'model' ? ModelError : DataError;
  requireName(options, Kind);
  const settings = readHubSettings(env);
  const cache = new CachedRepository(settings.cacheDirectory, options);
  const cached = findCached(options);
  if (settings.isOffline) {
    if (cached !== null) return cached;
    throw offlineError(options, settings, Kind);
  }

  const client = openClient(options, settings, Kind);
  try {
    const { commit, files } = await client.list(options, cached === null ? 5 : 1);
    const wanted = chooseFiles(files, options, Kind);
    await fetchMissing(wanted, { commit, cache, client, settings, options, Kind });
    return cache.snapshot(commit);
  } catch (error) {
    if (!(error instanceof TransferFault)) throw error;
    if (cached === null) throw error.failure;
    options.onWarning?.(`${error.failure.message} The version in the cache is used: ${cached}.`);
    return cached;
  }
}

/**
 * Asks the hub whether it has the repository at that revision, with files that are wanted.
 *
 * @throws {ModelError | DataError} by `type`, when it has not or cannot be asked
 */
export async function lookUpRepository(options: Omit<SnapshotOptions, 'onProgress' | 'onWarning'>): Promise<void> {
  const Kind: ErrorKind = options.type === 'model' ? ModelError : DataError;
  requireName(options, Kind);
  const client = openClient(options, readHubSettings(options.env), Kind);
  try {
    chooseFiles((await client.list(options, 2)).files, options, Kind);
  } catch (error) {
    throw error instanceof TransferFault ? error.failure : error;
  }
}

/** Gives the folder of a repository in the cache and the files in it, without asking the hub; null when it is not here. */
export function findCachedSnapshot({
  env,
  ...name
}: RepositoryName & Pick<SnapshotOptions, 'env'>): { directory: string; names: readonly string[] } | null {
  const directory = new CachedRepository(readHubSettings(env).cacheDirectory, name).findSnapshot(name.revision);
  return directory === null ? null : { directory, names: listFiles(directory) };
}

function findCached(options: SnapshotOptions): string | null {
  const cached = findCachedSnapshot(options);
  return cached !== null && options.files(cached.names).size > 0 ? cached.directory : null;
}

function openClient(
  { env, fetch, signal }: Pick<SnapshotOptions, 'env' | 'fetch' | 'signal'>,
  { endpoint, lookUpTimeoutMs }: HubSettings,
  Kind: ErrorKind,
): HubClient {
  requireEndpoint(endpoint, Kind);
  const { token, problem: tokenProblem } = findHubToken(env);
  return new HubClient({ endpoint, token, tokenProblem, lookUpTimeoutMs, errorKind: Kind, fetch, signal });
}

interface FetchContext {
  readonly commit: string;
  readonly cache: CachedRepository;
  readonly client: HubClient;
  readonly settings: HubSettings;
  readonly options: SnapshotOptions;
  readonly Kind: ErrorKind;
}

/** Fetches contents first and shows them as files after: a folder that is there is whole. */
async function fetchMissing(wanted: readonly HubFile[], context: FetchContext): Promise<void> {
  const { commit, cache, client, settings, options, Kind } = context;
  let isComplete = false;
  try {
    const missing = wanted.filter(({ name, sizeBytes }) => !isThere(join(cache.snapshot(commit), name), sizeBytes));
    isComplete = missing.length === 0;
    const described = await inParallel(missing, async (file) =>
      file.etag === null ? await client.describe(options, file.name, commit) : file,
    );
    const absent = distinct(described).filter(({ etag, sizeBytes }) => !isThere(cache.blob(etag ?? ''), sizeBytes));
    if (absent.length > 0) tagCache(settings.cacheDirectory);
    await downloadAll(absent, context);
    for (const { name, etag } of described) cache.link(commit, name, etag ?? '');
    cache.writeRef(options.revision, commit);
  } catch (error) {
    if (isComplete) return; // a cache that may only be read, but has it all
    throw diskError(Kind, cache.directory, error) ?? error;
  }
}

async function downloadAll(files: readonly HubFile[], context: FetchContext): Promise<void> {
  const { commit, cache, client, settings, options, Kind } = context;
  let doneBytes = 0;
  const total = sumOf(files.map(({ sizeBytes }) => sizeBytes));
  // The first failure ends the others, which keep what they have.
  const failed = new AbortController();
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([failed.signal, options.signal]);
  let failure: unknown;
  await inParallel(files, async ({ name, etag, sizeBytes }) => {
    if (failed.signal.aborted) return;
    let before = 0;
    try {
      await downloadFile({
        url: client.fileUrl(options, commit, name),
        destination: cache.blob(etag ?? ''),
        lockPath: cache.lock(etag ?? ''),
        expected: expectationOf(etag ?? '', sizeBytes),
        headers: client.headers,
        stallMs: settings.stallMs,
        errorKind: Kind,
        fetch: options.fetch,
        signal,
        onProgress: (now) => {
          doneBytes += now - before;
          before = now;
          options.onProgress?.(doneBytes, total);
        },
        onWait: () => options.onWarning?.(`Another process is fetching ${options.id}/${name}: waiting for it.`),
        explainRefusal: async (response) => await client.explain(response, options, name),
      });
    } catch (error) {
      if (!failed.signal.aborted) failure = error;
      failed.abort();
    }
  });
  if (failure !== undefined) throw failure;
}

/** What the name of a content says of it: sha256 for large files, git's sha1 for small ones. */
function expectationOf(etag: string, sizeBytes: number | null): ExpectedFile {
  const size = sizeBytes === null ? {} : { sizeBytes };
  if (/^[0-9a-f]{64}$/.test(etag)) return { ...size, sha256: etag };
  return /^[0-9a-f]{40}$/.test(etag) && sizeBytes !== null ? { ...size, gitSha1: etag } : size;
}

function chooseFiles(files: readonly HubFile[], options: SnapshotOptions, Kind: ErrorKind): HubFile[] {
  const names = files.map(({ name }) => name);
  const chosen = options.files(names);
  const wanted = files.filter(({ name }) => chosen.has(name));
  if (wanted.length > 0) return wanted;
  const holds = names.length === 0 ? 'no file' : `${names.slice(0, 12).join(', ')}${names.length > 12 ? ' …' : ''}`;
  throw new Kind(
    `The ${options.type} ${options.id}@${options.revision} has none of the files wanted; it has ${holds}.`,
    {
      hint: `Check that it is a ${options.type} of the kind wanted, and its revision.`,
    },
  );
}

/** @throws {Kind} for what cannot name a repository and its revision */
export function requireName({ id, revision, type }: RepositoryName, Kind: ErrorKind): void {
  const isName = HUB_ID.test(id) && !/--|\.\./.test(id);
  if (!isName)
    throw new Kind(`"${id}" is not the name of a ${type} on the hub.`, { hint: 'Write it as organisation/name.' });
  if (/^[\w-][\w./-]*$/.test(revision) && !revision.split('/').some((part) => part === '' || part === '..')) return;
  throw new Kind(`"${revision}" is not a revision of ${id}.`, { hint: 'Give a branch, a tag or a commit.' });
}

/** @throws {Kind} for what cannot be a hub's address */
export function requireEndpoint(endpoint: string, Kind: ErrorKind): void {
  const url = URL.parse(endpoint);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return;
  throw new Kind('HF_ENDPOINT is not the address of a web server.', {
    hint: 'Write it as https://host, without a user name or password; a token belongs into HF_TOKEN.',
  });
}

function offlineError(options: SnapshotOptions, { cacheDirectory }: HubSettings, Kind: ErrorKind): AppError {
  const { id, type, revision } = options;
  const named = revision === 'main' ? id : `${id}@${revision}`;
  return new Kind(
    `The ${type} ${named} is not in the cache ${cacheDirectory}, and HF_HUB_OFFLINE forbids to fetch it.`,
    {
      hint: `Unset HF_HUB_OFFLINE, or run "bleubird fetch ${named}${type === 'dataset' ? ' --dataset' : ''}" where there is a network and copy the folder ${new CachedRepository('', options).directory} into this cache.`,
    },
  );
}

/** Gives the names of the files below a folder, sorted; links that lead nowhere left out. */
export function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && isThere(join(entry.parentPath, entry.name), null))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** Whether a file, or what a link leads to, is here and of that size. */
function isThere(path: string, sizeBytes: number | null): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && (sizeBytes === null || found.size === sizeBytes);
}

/** One of each content: two names may share one. */
function distinct(files: readonly HubFile[]): HubFile[] {
  return [...new Map(files.map((file) => [file.etag, file])).values()];
}

function sumOf(sizes: readonly (number | null)[]): number | null {
  return sizes.reduce<number | null>((sum, size) => (sum === null || size === null ? null : sum + size), 0);
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, worker));
  return results;
}
