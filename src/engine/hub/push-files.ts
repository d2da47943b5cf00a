/**
 * Pushes files to a repository of the Hugging Face hub as one commit, as huggingface_hub does: preupload, large files into
 * the storage, commit. Each commit names its parent, so that an answer that was lost is no second commit, and others'
 * commits in between are seen.
 *
 * The package @huggingface/hub (2.17.5) is not used for this: it makes each request once, tells no progress under Node,
 * sends unchanged files again, leaves out the LFS protocol's verification, knows neither HF_ENDPOINT nor HF_TOKEN, and puts
 * addresses with their signatures into its errors.
 */
import * as z from 'zod';
import { type AppError, type AppErrorOptions, ConfigError, ModelError } from '../../errors.ts';
import { TransferFault } from './download-errors.ts';
import { HubClient } from './hub-client.ts';
import { requireEndpoint, requireName } from './hub-files.ts';
import { findHubToken, readHubSettings } from './hub-settings.ts';
import { PushConnection } from './push-connection.ts';
import { GIVE_TOKEN, HubRefusal } from './push-errors.ts';
import { type LocalFile, type PushFile, readLocalFile, readWhole } from './push-file.ts';
import { notAHub, pushLargeFiles } from './push-large-files.ts';
import { makeRepository } from './push-repository.ts';

export interface PushOptions {
  /** `owner/name`, or a name under the owner of the token; made where it is not there. */
  readonly id: string;
  /** Branch, made where it is not there; default main. */
  readonly branch?: string;
  /** Whether a repository that is made is private; null leaves it to its owner's default. */
  readonly isPrivate: boolean | null;
  readonly files: readonly PushFile[];
  /** First line of the commit's message. */
  readonly message: string;
  /** Where HF_ENDPOINT and the token are read from. */
  readonly env: NodeJS.ProcessEnv;
  /** Called as bytes of large files leave. */
  onProgress?(doneBytes: number, totalBytes: number): void;
  onWarning?(message: string): void;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
  /** How often each request is made again; default 5. */
  readonly retries?: number;
  /** First pause between attempts, doubled each time up to 30 s; default 1,000. */
  readonly pauseMs?: number;
  /** A connection on which nothing happens for so long counts as broken; default 60,000. */
  readonly stallMs?: number;
  /** Try again too while the hub cannot be reached at all. */
  readonly isPatient?: boolean;
  /** Called before each pause after which a request is made again, with why. */
  onPause?(reason: AppError): void;
}

export interface PushedCommit {
  /** `owner/name`. */
  readonly id: string;
  readonly branch: string;
  readonly commit: string;
  readonly url: string;
  /** False when the branch had all files already: then it is the branch's newest commit. */
  readonly isNew: boolean;
  /** Size of the large files that were sent. */
  readonly sentBytes: number;
}

/** How often a commit is tried while others commit. */
const COMMITS = 5;
/** Files that one preupload may name. */
const FILES_AT_ONCE = 256;

const preuploadAnswer = z.object({
  files: z.array(
    z.object({ path: z.string(), uploadMode: z.enum(['lfs', 'regular']), shouldIgnore: z.boolean().default(false) }),
  ),
});
const commitAnswer = z.object({ commitOid: z.string().regex(/^[0-9a-f]{7,64}$/) });

/**
 * Pushes the files; what the branch has besides stays.
 *
 * @throws {ConfigError} without a token, or where HF_HUB_OFFLINE is set; {ModelError} when the hub refuses or cannot be
 *   reached; {CancelledError} when `signal` ends it
 */
export async function pushFiles(options: PushOptions): Promise<PushedCommit> {
  const local: LocalFile[] = [];
  for (const file of options.files) local.push(await readLocalFile(file));
  return await withConnection(options, async (connection, client) => {
    const id = await makeRepository(connection, client, options);
    return await commitFiles({ connection: connection.named(id), client, id, local, options });
  });
}

/**
 * Makes the repository where it is not there, so that it is known early whether it can be pushed to.
 *
 * @returns its whole name, `owner/name`
 * @throws as pushFiles
 */
export async function prepareRepository(options: Omit<PushOptions, 'files' | 'message'>): Promise<string> {
  return await withConnection(options, (connection, client) => makeRepository(connection, client, options));
}

/** Checks that a push is possible as far as this machine can tell. @throws {ConfigError} that says what is missing */
export function requirePushable(
  id: string,
  env: NodeJS.ProcessEnv,
  branch = 'main',
): { endpoint: string; token: string } {
  const { endpoint, isOffline } = readHubSettings(env);
  const Kind = ConfigProblemError;
  requireName({ id, type: 'model', revision: branch }, Kind);
  requireEndpoint(endpoint, Kind);
  if (isOffline) throw new Kind('HF_HUB_OFFLINE forbids to push to the hub.', { hint: 'Unset it.' });
  const { token, problem } = findHubToken(env);
  if (token !== null) return { endpoint, token };
  throw new Kind(`A push to ${endpoint} needs a token, and ${problem ?? 'there is none'}.`, {
    hint: `Make one that may write at ${endpoint}/settings/tokens, and ${GIVE_TOKEN}.`,
  });
}

class ConfigProblemError extends ConfigError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super(message, [], options);
  }
}

async function withConnection<T>(
  options: Omit<PushOptions, 'files' | 'message'>,
  work: (connection: PushConnection, client: HubClient) => Promise<T>,
): Promise<T> {
  const { id, branch, env, fetch, signal, onPause } = options;
  const { retries = 5, pauseMs = 1_000, stallMs = 60_000, isPatient = false } = options;
  const hub = requirePushable(id, env, branch);
  const { lookUpTimeoutMs } = readHubSettings(env);
  const connection = new PushConnection({
    ...hub,
    id,
    retries,
    pauseMs,
    stallMs,
    isPatient,
    onPause,
    fetch,
    signal,
  });
  const client = new HubClient({ ...hub, lookUpTimeoutMs, errorKind: ModelError, fetch, signal });
  try {
    return await work(connection, client);
  } catch (error) {
    throw error instanceof HubRefusal || error instanceof TransferFault ? error.failure : error;
  }
}

interface CommitContext {
  readonly connection: PushConnection;
  readonly client: HubClient;
  readonly id: string;
  readonly local: readonly LocalFile[];
  readonly options: PushOptions;
}

/** Commits on what the branch is now, again when it has moved on, or when it is not known whether it has. */
async function commitFiles(context: CommitContext): Promise<PushedCommit> {
  const { connection, client, id, local, options } = context;
  const { branch = 'main' } = options;
  let sentBytes = 0;
  for (let attempt = 1; ; attempt++) {
    const { commit: parent, files } = await connection.retrying(() =>
      client.list({ id, type: 'model', revision: branch }, 1),
    );
    const present = new Map(files.map(({ name, etag }) => [name, etag]));
    const changed = local.filter(({ name, sha256, gitSha1 }) => ![sha256, gitSha1].includes(present.get(name) ?? ''));
    const uploads = await chooseUploads(context, changed);
    const large = uploads.filter(({ isLarge }) => isLarge).map(({ file }) => file);
    sentBytes += await pushLargeFiles(connection, large, { branch, onProgress: options.onProgress });
    if (uploads.length === 0) {
      const url = commitUrl(connection, id, parent);
      return { id, branch, commit: parent, url, isNew: attempt > 1, sentBytes };
    }
    try {
      const commit = await commitOnce(context, parent, uploads);
      return { id, branch, commit, url: commitUrl(connection, id, commit), isNew: true, sentBytes };
    } catch (error) {
      await waitForAnotherCommit(connection, attempt, error);
    }
  }
}

/** @throws the error itself when another attempt would not help */
async function waitForAnotherCommit(connection: PushConnection, attempt: number, error: unknown): Promise<void> {
  if (error instanceof TransferFault) return await connection.pause(attempt, error);
  const hasMovedOn = error instanceof HubRefusal && (error.status === 409 || error.status === 412);
  if (!hasMovedOn || attempt === COMMITS) throw error;
}

interface Upload {
  readonly file: LocalFile;
  /** Goes into the storage; otherwise into the commit itself. */
  readonly isLarge: boolean;
}

/** Asks the hub which files are large ones to it; what the repository ignores is left out. */
async function chooseUploads(
  { connection, id, options }: CommitContext,
  files: readonly LocalFile[],
): Promise<Upload[]> {
  const uploads: Upload[] = [];
  for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
    const some = files.slice(at, at + FILES_AT_ONCE);
    const answer = preuploadAnswer.safeParse(
      await connection.ask(`/api/models/${id}/preupload/${encodeURIComponent(options.branch ?? 'main')}`, {
        files: some.map(({ name, sample, sizeBytes }) => ({
          path: name,
          sample: sample.toString('base64'),
          size: sizeBytes,
        })),
      }),
    );
    for (const file of some) {
      const told = answer.data?.files.find(({ path }) => path === file.name);
      if (told === undefined) throw notAHub(connection.options.endpoint, `no word on ${file.name}`);
      // The storage takes no empty files.
      if (!told.shouldIgnore) uploads.push({ file, isLarge: told.uploadMode === 'lfs' && file.sizeBytes > 0 });
      else options.onWarning?.(`${file.name} is not pushed: the .gitignore of ${id} names it.`);
    }
  }
  return uploads;
}

/** Makes the commit. Not made again by itself: a lost answer may have been of a commit. @returns its name */
async function commitOnce(
  { connection, id, options }: CommitContext,
  parentCommit: string,
  uploads: readonly Upload[],
): Promise<string> {
  const { endpoint } = connection.options;
  const lines: unknown[] = [{ key: 'header', value: { summary: options.message, description: '', parentCommit } }];
  for (const { file, isLarge } of uploads) {
    const { name: path, sha256: oid, sizeBytes: size } = file;
    if (isLarge) lines.push({ key: 'lfsFile', value: { path, algo: 'sha256', oid, size } });
    else {
      const content = (await readWhole(file)).toString('base64');
      lines.push({ key: 'file', value: { content, path, encoding: 'base64' } });
    }
  }
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const { json } = await connection.once(
    `${endpoint}/api/models/${id}/commit/${encodeURIComponent(options.branch ?? 'main')}`,
    { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: () => body },
  );
  const answer = commitAnswer.safeParse(json);
  if (answer.success) return answer.data.commitOid;
  throw notAHub(endpoint, 'no commit');
}

function commitUrl({ options }: PushConnection, id: string, commit: string): string {
  return `${options.endpoint}/${id}/commit/${commit}`;
}
