import { fileURLToPath } from 'node:url';

/** The folder of the model that comes with the repository. */
export const demoModel = fileURLToPath(new URL('../../experiments/models/demo-en-fr', import.meta.url));
