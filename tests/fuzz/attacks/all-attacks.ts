import type { Attack } from './attack.ts';
import { corpusAttacks } from './corpus-attacks.ts';
import { modelAttacks } from './model-attacks.ts';
import { runAttacks } from './run-attacks.ts';

/** Every hostile file of ours. */
export const allAttacks: readonly Attack[] = [...modelAttacks, ...runAttacks, ...corpusAttacks];
