/** The options of runs whose trainer follows a script. */
import { fileURLToPath } from 'node:url';
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
