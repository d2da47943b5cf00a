/** Reads the experiment of a stored run, which an older version of the program may have written. */
import type { Experiment } from '../engine/config/experiment.ts';
import { parseExperiment } from '../engine/config/parse-experiment.ts';
import type { RunRecord } from '../store/rows.ts';

/** Gives back the run's experiment, fields that it does not know yet at their defaults. @throws {ConfigError} */
export function storedExperiment({
  id,
  experiment,
  directory,
}: Pick<RunRecord, 'id' | 'experiment' | 'directory'>): Experiment {
  // JSON is YAML, but what an experiment leaves unset is not written in its file.
  const text = JSON.stringify(experiment, (_key, value: unknown) => (value === null ? undefined : value), 1);
  return parseExperiment(text, { fileName: `the experiment of run ${id}`, directory });
}
