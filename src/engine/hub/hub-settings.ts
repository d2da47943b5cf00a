/** What the environment says about the Hugging Face hub, read as huggingface_hub's constants.py reads it. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface HubSettings {
  /** Address of the hub or of a mirror, without a slash at its end. */
  readonly endpoint: string;
  /** Folder of the cache, that holds `models--ORG--NAME` and the like. */
  readonly cacheDirectory: string;
  readonly isOffline: boolean;
  /** How long a look-up may take, milliseconds. */
  readonly lookUpTimeoutMs: number;
  /** A download that brings nothing for so long has broken off, milliseconds. */
  readonly stallMs: number;
}

/** Gives the settings of an environment. */
export function readHubSettings(env: NodeJS.ProcessEnv): HubSettings {
  return {
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    cacheDirectory: hubCacheDirectory(env),
    isOffline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
    lookUpTimeoutMs: seconds(env.HF_HUB_ETAG_TIMEOUT, 10) * 1000,
    stallMs: seconds(env.HF_HUB_DOWNLOAD_TIMEOUT, 10) * 1000,
  };
}

/** Gives the folder of the cache. */
function hubCacheDirectory(env: NodeJS.ProcessEnv): string {
  const explicit = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE;
  return explicit ? expandPath(explicit, env) : join(hubHome(env), 'hub');
}

/** A token, or what is wrong with that which stands in its place. */
export type FoundToken =
  | { readonly token: string; readonly problem: null }
  | { readonly token: null; readonly problem: string | null };

/**
 * Gives the token that says who asks, or null: HF_TOKEN, then the file that `hf auth login` writes. The first of them that
 * holds anything counts: one that is malformed is told of, not passed over for another's. It is a secret: only for a request
 * to the endpoint's own host, never for a log, an error or the store.
 */
export function findHubToken(env: NodeJS.ProcessEnv): FoundToken {
  const none: FoundToken = { token: null, problem: null };
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return none;
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const found = readToken(env[name] ?? '', name);
    if (found !== null) return found;
  }
  const path = env.HF_TOKEN_PATH ? expandPath(env.HF_TOKEN_PATH, env) : join(hubHome(env), 'token');
  try {
    return readToken(readFileSync(path, 'utf8'), `the file ${path}`) ?? none;
  } catch {
    return none; // none there, or none for us: what needs a token will be refused and says so
  }
}

function hubHome(env: NodeJS.ProcessEnv): string {
  const userCache = env.XDG_CACHE_HOME || join(homeOf(env), '.cache');
  return expandPath(env.HF_HOME || join(userCache, 'huggingface'), env);
}

/** As Python's expanduser and expandvars. */
function expandPath(path: string, env: NodeJS.ProcessEnv): string {
  const atHome = path === '~' || path.startsWith('~/') ? join(homeOf(env), path.slice(1)) : path;
  return atHome.replaceAll(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, plain, braced) => env[plain ?? braced] ?? whole);
}

function homeOf(env: NodeJS.ProcessEnv): string {
  return env.HOME || homedir();
}

/** Line breaks come along when a token is pasted. @returns null when there is nothing at all */
function readToken(text: string, place: string): FoundToken | null {
  const token = text.replaceAll(/[\r\n]/g, '').trim();
  if (token === '') return null;
  // What a header cannot carry is no token.
  if (/^[\x21-\x7e]+$/.test(token)) return { token, problem: null };
  const fault = /\s/.test(token) ? 'there is a space in it' : 'it has a character that no token has';
  return { token: null, problem: `what stands in ${place} is malformed: ${fault}` };
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes((value ?? '').toUpperCase());
}

function seconds(value: string | undefined, otherwise: number): number {
  const number = Number(value);
  return value !== undefined && number > 0 ? number : otherwise;
}
