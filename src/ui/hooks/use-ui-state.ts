/** The state of the UI in a component: drawn again when it changes. */
import { useSyncExternalStore } from 'react';
import type { UiState } from '../state/ui-state.ts';
import type { UiStore } from '../ui-store.ts';

export function useUiState(store: UiStore): UiState {
  return useSyncExternalStore(store.subscribe, store.getState);
}
