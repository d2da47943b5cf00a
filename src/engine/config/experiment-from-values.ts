/** Makes the experiment of a filled form. */
import { buildExperiment } from './build-experiment.ts';
import { checkFields } from './check-fields.ts';
import { type FormValues, giveValues } from './check-values.ts';
import type { Experiment } from './experiment.ts';
import { problemsError } from './problems-error.ts';

/**
 * Makes the experiment of a form's values.
 *
 * @param options.directory  folder that relative paths start from
 * @throws {ConfigError} that lists every problem
 */
export function experimentFromValues(values: FormValues, options: { readonly directory: string }): Experiment {
  const checked = checkFields(giveValues(values, options.directory));
  if (checked.problems.length > 0) throw problemsError('The experiment', checked.problems);
  const named = new Map(checked.values);
  if (named.get('name') === '') named.set('name', 'unnamed');
  return buildExperiment(named, () => options.directory);
}
