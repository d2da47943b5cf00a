/** Where the program's own files are, as TypeScript in a clone and as JavaScript once built. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program's entry, to be started as `node <path>`. */
export const binPath = fileURLToPath(new URL(`./bin${extname(import.meta.url)}`, import.meta.url));

/** The folder of the experiments that come along. */
export const ownExperiments = fileURLToPath(new URL('../../experiments', import.meta.url));
