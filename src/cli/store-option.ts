/** Where the store is, and opening it for a command. */
import { Option } from 'commander';
import { StoreError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { World } from './world.ts';

/** The option that every command with runs has. */
export function storeOption(): Option {
  return new Option('--store <folder>', 'folder of the runs (default: $BLEUBIRD_STORE, or .bleubird here)');
}

/** Gives the folder of the store: what was asked for, else BLEUBIRD_STORE, else `.bleubird`. */
export function storeDirectory({ env }: World, asked: string | undefined): string {
  return asked || env.BLEUBIRD_STORE || '.bleubird';
}

/**
 * Opens the store for writing, does the work and closes it. A store that is not there is made.
 *
 * @throws {StoreError}
 */
export async function withStore<T>(
  world: World,
  asked: string | undefined,
  work: (store: Store) => T | Promise<T>,
): Promise<T> {
  const { openStore } = await import('../store/open-store.ts');
  return use(openStore(storeDirectory(world, asked)), world, work);
}

/**
 * Opens the store for a program that stays, and closes it after the work.
 *
 * @param work  given what gives the store that lies there now, since a repair may put another in its place
 * @throws {StoreError}
 */
export async function withLastingStore<T>(
  world: World,
  asked: string | undefined,
  work: (current: () => Store) => Promise<T>,
): Promise<T> {
  const { LastingStore } = await import('../store/lasting-store.ts');
  const lasting = new LastingStore(storeDirectory(world, asked));
  try {
    for (const warning of lasting.current.warnings) world.output.warn(warning);
    return await work(() => lasting.current);
  } finally {
    lasting.close();
  }
}

/**
 * Opens the store to read, with the ends of its runs recorded: a run whose runner is dead is marked interrupted first.
 * Looking makes no store, and a store that may not be written can be looked at.
 *
 * @throws {StoreError}
 */
export async function withRuns<T>(
  world: World,
  asked: string | undefined,
  work: (store: Store) => T | Promise<T>,
): Promise<T> {
  const { openStore } = await import('../store/open-store.ts');
  const { abandonedRuns, reconcileRuns } = await import('../runner/reconcile-runs.ts');
  const directory = storeDirectory(world, asked);
  return use(await openToRead(world, asked), world, (store) => {
    const hasUnfinished = store.unfinishedRuns().length > 0;
    if (!hasUnfinished && abandonedRuns(store).length === 0) return work(store);
    try {
      const writable = openStore(directory);
      reconcileRuns(writable);
      writable.close();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (hasUnfinished) world.output.warn(`that runs ended without a word could not be recorded: ${error.message}`);
    }
    return work(store);
  });
}

/**
 * Opens the store to read; one of an older bleubird is upgraded first, which keeps a copy of it.
 *
 * @throws {StoreError}
 */
export async function openToRead(world: World, asked: string | undefined): Promise<Store> {
  const { openStore } = await import('../store/open-store.ts');
  const { OlderStoreError } = await import('../store/open-database.ts');
  const directory = storeDirectory(world, asked);
  try {
    return openStore(directory, { readOnly: true });
  } catch (error) {
    if (!(error instanceof OlderStoreError)) throw error;
    openStore(directory).close();
    world.output.note(`The store ${directory} was of an older bleubird and has been upgraded; a copy is kept in it.`);
    return openStore(directory, { readOnly: true });
  }
}

async function use<T>(store: Store, world: World, work: (store: Store) => T | Promise<T>): Promise<T> {
  try {
    for (const warning of store.warnings) world.output.warn(warning);
    return await work(store);
  } finally {
    store.close();
  }
}
