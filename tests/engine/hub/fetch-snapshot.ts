/** Run as a process of its own: fetches the model in its argument, and says where it is. */
import { snapshot } from '../../../src/engine/hub/hub-files.ts';
import { modelFilesOf } from '../../../src/engine/hub/model-files.ts';

const id = process.argv[2] ?? '';
const directory = await snapshot({ id, type: 'model', revision: 'main', files: modelFilesOf, env: process.env });
process.send?.(directory, () => process.exit(0));
