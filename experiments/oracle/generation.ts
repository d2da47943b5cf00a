/** bleubird's side of generation.py: `node generation.ts TASK.json DEVICE` prints the outputs of each case as JSON, a line each. */
import { readFileSync } from 'node:fs';
import { openBackend } from '../../src/engine/backend/open-backend.ts';
import type { DeviceName, GenerationConfig } from '../../src/engine/config/experiment.ts';
import { generateAll } from '../../src/engine/decoding/generate-all.ts';
import { resolveGenerationSettings } from '../../src/engine/decoding/generation-settings.ts';
import { loadModel } from '../../src/engine/model/load-model.ts';
import { readGenerationConfig } from '../../src/engine/model/model-directory.ts';

interface Task {
  readonly folder: string;
  readonly sources: readonly (readonly number[])[];
  readonly compatibility: GenerationConfig['compatibility'];
  /** Keys of generation_config.json. */
  readonly cases: readonly Readonly<Record<string, unknown>>[];
}

const [path = '', device = 'wasm'] = process.argv.slice(2);
const { folder, sources, compatibility, cases } = JSON.parse(readFileSync(path, 'utf8')) as Task;
await openBackend(device as DeviceName, { precision: 'f32', threads: 1 });
const model = await loadModel(folder);
const fromModel = await readGenerationConfig(folder);
const none = { num_beams: null, max_length: null, length_penalty: null, early_stopping: null, compatibility };

for (const given of cases) {
  const settings = resolveGenerationSettings({ ...fromModel, ...given }, none, model);
  const found: (readonly number[])[] = sources.map(() => []);
  for await (const batch of generateAll({ model, sources, settings, batchSize: 32 })) {
    for (const { index, ids } of batch) found[index] = ids;
  }
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
