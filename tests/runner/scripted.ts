/** The options of runs whose trainer follows a script. */
import { fileURLToPath } from 'node:url';
import { experiment } from '../store/run-events.ts';

export const demoModel = fileURLToPath(new URL('../../experiments/models/demo-en-fr', import.meta.url));

/** Gives back what runExperiment needs to run the script, beside store and signals. */
export function scripted(script: string) {
  return {
    experiment: { ...experiment, name: script, model: demoModel },
    trainerPath: fileURLToPath(new URL('scripted-trainer.ts', import.meta.url)),
  };
}
