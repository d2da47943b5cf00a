/** What the hub's refusals mean, in words and with a cure. The hub gives its reason in headers of its own. */
import type { AppError } from '../../errors.ts';
import type { ErrorKind } from './download-errors.ts';
import type { RepositoryName } from './hub-cache.ts';

export interface Refusal {
  readonly kind: ErrorKind;
  readonly endpoint: string;
  readonly repository: RepositoryName;
  readonly hasToken: boolean;
  /** What is wrong with that which stands in a token's place; null for nothing. */
  readonly tokenProblem: string | null;
  /** The file that was asked for, null for the repository as a whole. */
  readonly file: string | null;
  /** The server's own words, without the token; '' for none. */
  readonly reason: string;
  /** Gives a name that was probably meant, of a repository or a revision; null when none is near. */
  readonly nearest: (what: 'repository' | 'revision') => Promise<string | null>;
}

/** Gives the error for an answer of the hub, or null when its status alone says it all. */
export async function explainRefusal(response: Response, refusal: Refusal): Promise<AppError | null> {
  const { kind: Kind, endpoint, repository, hasToken, tokenProblem, file, reason } = refusal;
  const giveToken = tokenProblem === null ? GIVE_TOKEN : `${GIVE_TOKEN}: ${tokenProblem}`;
  const { id, type, revision } = repository;
  const { status, headers } = response;
  const code = headers.get('x-error-code');
  const named = `The ${type} ${id}`;
  const page = `${endpoint}/${type === 'dataset' ? 'datasets/' : ''}${id}`;

  if (code === 'GatedRepo') {
    return new Kind(`${named} is gated: its authors let in only who has accepted their terms.`, {
      hint: `Accept them at ${page}, then ${hasToken ? 'use a token of that account' : giveToken}.`,
    });
  }
  if (status === 401 && /invalid (credentials|username|token)/i.test(reason)) {
    return new Kind(`The hub ${endpoint} does not accept the token (401): ${reason}`, {
      hint: `Make a new one at ${endpoint}/settings/tokens and ${giveToken}; without one, public repositories are open.`,
    });
  }
  if (code === 'RevisionNotFound') {
    const meant = await refusal.nearest('revision');
    return new Kind(`${named} has no revision "${revision}".`, {
      hint: `${meant === null ? '' : `Did you mean ${id}@${meant}? `}${page}/tree/main lists its branches and tags.`,
    });
  }
  if (code === 'EntryNotFound') {
    return new Kind(`${named} has no file ${file ?? ''} at revision "${revision}".`, {
      hint: `${page}/tree/${revision} lists its files.`,
    });
  }
  // To those who may not see a private repository, the hub says the same as of one that is not there.
  if (code === 'RepoNotFound' || status === 401 || status === 404) {
    const meant = await refusal.nearest('repository');
    const access = hasToken ? 'if it is private, the token given may not read it' : `if it is private, ${giveToken}`;
    return new Kind(`${named} is not at ${endpoint}, or it is private (${status}).`, {
      hint: `${meant === null ? 'Check the name' : `Did you mean ${meant}?`}${meant === null ? '; ' : ' Otherwise, '}${access}.`,
    });
  }
  if (status === 403) {
    return new Kind(`The hub refuses the ${type} ${id} (403)${reason === '' ? '' : `: ${reason}`}.`, {
      hint: hasToken
        ? `The token needs the right to read ${id}: see ${endpoint}/settings/tokens.`
        : `To say who asks, ${giveToken}.`,
    });
  }
  if (status === 429) {
    return new Kind(`The hub ${endpoint} has had too many requests from here (429).`, {
      hint: `Wait a few minutes, then try again${hasToken ? '' : `; it allows more to those it knows: ${giveToken}`}.`,
    });
  }
  return null;
}

const GIVE_TOKEN = 'set HF_TOKEN, or log in with "hf auth login"';
