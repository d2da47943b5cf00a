/** What the hub's answers to a push mean, in words and with a cure. */
import { type AppError, ModelError } from '../../errors.ts';
import { publicUrl } from './fetch-url.ts';

/** An answer that will not be another one soon: thrown inside a push, shown to the user as `failure`. */
export class HubRefusal extends Error {
  readonly status: number;
  readonly failure: AppError;

  constructor(status: number, failure: AppError) {
    super(failure.message);
    this.status = status;
    this.failure = failure;
  }
}

export interface PushRefusal {
  readonly endpoint: string;
  /** `owner/name`. */
  readonly id: string;
  readonly url: string;
  readonly status: number;
  /** The server's own words; '' for none. */
  readonly reason: string;
}

/** Gives the error for an answer. */
export function explainPushRefusal({ endpoint, id, url, status, reason }: PushRefusal): ModelError {
  const said = reason === '' ? '.' : `: ${reason.replace(/\.$/, '')}.`;
  switch (status) {
    case 401:
      return new ModelError(`The hub ${endpoint} does not accept the token (401)${said}`, {
        hint: `Make one that may write at ${endpoint}/settings/tokens, and ${GIVE_TOKEN}.`,
      });
    case 403:
      return new ModelError(`The hub does not let this token write to ${id} (403)${said}`, {
        hint: `The token needs the right to write to ${id}: see ${endpoint}/settings/tokens. In an organisation, its role does too.`,
      });
    case 404:
      return new ModelError(`${id} is not at ${endpoint}, or is hidden from this token (404)${said}`, {
        hint: 'Check the name of the repository and whose token it is.',
      });
    case 409:
    case 412:
      return new ModelError(`Others write to ${id} at the same time, again and again (${status})${said}`, {
        hint: 'Try again in a while.',
      });
    case 413:
      return new ModelError(`A file is larger than ${new URL(url).host} takes (413)${said}`);
    case 429:
      return new ModelError(`${new URL(url).host} has had too many requests from here (429)${said}`, {
        hint: 'Wait a few minutes, then push again: whole files that have arrived are not sent again.',
      });
  }
  return new ModelError(`${publicUrl(url)} refused what was sent to it (${status})${said}`, {
    hint: status >= 500 ? 'The server is in trouble: push again later.' : undefined,
  });
}

export const GIVE_TOKEN = 'set HF_TOKEN, or log in with "hf auth login"';
