/** Makes the repository and the branch that a push goes to, where they are not there. */
import * as z from 'zod';
import { ModelError } from '../../errors.ts';
import { TransferFault } from './download-errors.ts';
import type { HubClient } from './hub-client.ts';
import type { PushConnection } from './push-connection.ts';
import { HubRefusal } from './push-errors.ts';
import { notAHub } from './push-large-files.ts';

export interface RepositoryWish {
  readonly id: string;
  readonly branch?: string;
  readonly isPrivate: boolean | null;
}

const whoami = z.object({ name: z.string().regex(/^[\w-][\w.-]*$/) });

/**
 * Gives the whole name of the repository, `owner/name`.
 *
 * @throws {ModelError} when it shall be private and is there for everybody to see; {HubRefusal | TransferFault}
 */
export async function makeRepository(
  connection: PushConnection,
  client: HubClient,
  { id: asked, branch = 'main', isPrivate }: RepositoryWish,
): Promise<string> {
  const id = asked.includes('/') ? asked : `${await ownerOfToken(connection)}/${asked}`;
  const named = connection.named(id);
  const isThere = await createRepository(named, client, id, isPrivate);
  if (isThere && isPrivate === true) {
    const listing = await named.retrying(() => client.list({ id, type: 'model', revision: 'main' }, 1));
    if (listing.isPrivate === false)
      throw new ModelError(`${id} shall be private, and is there already for everybody to see.`, {
        hint: `Make it private at ${named.options.endpoint}/${id}/settings, or push to another one.`,
      });
  }
  if (branch !== 'main') await createBranch(named, id, branch);
  return id;
}

async function ownerOfToken(connection: PushConnection): Promise<string> {
  const { endpoint } = connection.options;
  const { json } = await connection.retrying(() => connection.once(`${endpoint}/api/whoami-v2`, { method: 'GET' }));
  const answer = whoami.safeParse(json);
  if (answer.success) return answer.data.name;
  throw notAHub(endpoint, 'no name of the token’s owner');
}

/** @returns whether it was there already */
async function createRepository(
  connection: PushConnection,
  client: HubClient,
  id: string,
  isPrivate: boolean | null,
): Promise<boolean> {
  const [organization, name] = id.split('/');
  const visibility = isPrivate === null ? {} : { visibility: isPrivate ? 'private' : 'public' };
  try {
    await connection.retrying(async () => {
      try {
        await connection.askOnce('/api/repos/create', { type: 'model', name, organization, ...visibility });
      } catch (error) {
        // Not that it is there, but that the owner's other repositories are being made.
        const isBusy = error instanceof HubRefusal && error.status === 409 && /in progress/.test(error.message);
        throw isBusy ? new TransferFault(error.failure) : error;
      }
    });
    return false;
  } catch (error) {
    if (!(error instanceof HubRefusal)) throw error;
    if (error.status === 409) return true;
    // A token that may write to this repository need not be one that may make others: as huggingface_hub, look for it.
    if (![401, 402, 403].includes(error.status)) throw error;
    const isThere = await client.list({ id, type: 'model', revision: 'main' }, 1).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
    throw error;
  }
}

async function createBranch(connection: PushConnection, id: string, branch: string): Promise<void> {
  try {
    await connection.ask(`/api/models/${id}/branch/${encodeURIComponent(branch)}`, {});
  } catch (error) {
    if (!(error instanceof HubRefusal && error.status === 409)) throw error;
  }
}
