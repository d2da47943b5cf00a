/** Sends what the keyboard writes to the store: key by key, and pasted text as a whole. */
import { useInput, usePaste } from 'ink';
import { keyPresses } from '../key-names.ts';
import type { UiStore } from '../ui-store.ts';

export function useKeyboard(store: UiStore): void {
  useInput((input, key) => {
    for (const press of keyPresses(input, key)) store.dispatch({ type: 'key', press });
  });
  usePaste((text) => store.dispatch({ type: 'pasted', text }));
}
