/** The open store of a program that stays for hours, in which a repair may put another file in its place. */
import { openStore } from './open-store.ts';
import type { Store } from './store.ts';

export class LastingStore {
  readonly #directory: string;
  #store: Store;

  /** Opens the store in `directory`, as `openStore` does. @throws {StoreError} */
  constructor(directory: string) {
    this.#directory = directory;
    this.#store = openStore(directory);
  }

  /** The store that lies there now, to be asked for each time; whoever made this closes it. @throws {StoreError} */
  get current(): Store {
    if (!this.#store.isReplaced()) return this.#store;
    const next = openStore(this.#directory);
    this.#store.close();
    this.#store = next;
    return next;
  }

  close(): void {
    this.#store.close();
  }
}
