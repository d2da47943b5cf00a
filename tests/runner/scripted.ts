/** The options of runs whose trainer follows a script. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeChecksums } from '../../src/engine/training/checksums.ts';
import { experiment } from '../store/run-events.ts';
import { demoModel } from '../support/demo-model.ts';

/** Gives back what runExperiment needs to run the script, beside store and signals. */
export function scripted(script: string) {
  // A file that is there; no script reads it.
  const corpus = { format: 'tsv', path: fileURLToPath(import.meta.url), source_column: 1, target_column: 2 } as const;
  return {
    experiment: { ...experiment, name: script, model: demoModel, data: { ...experiment.data, corpus } },
    trainerPath: fileURLToPath(new URL('scripted-trainer.ts', import.meta.url)),
  };
}

/** A folder that passes for a sound checkpoint. */
export async function writeCheckpoint(runDirectory: string, step: number): Promise<string> {
  const path = join(runDirectory, 'checkpoints', `checkpoint-${step}`);
  mkdirSync(path, { recursive: true });
  for (const name of ['model.safetensors', 'trainer_state.json']) writeFileSync(join(path, name), '{}');
  cpSync(join(demoModel, 'config.json'), join(path, 'config.json'));
  await writeChecksums(path);
  return path;
}
