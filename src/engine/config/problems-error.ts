/** The error that lists what is wrong with an experiment. */
import { ConfigError, type ConfigProblem } from '../../errors.ts';

export const MAX_SHOWN_PROBLEMS = 50;

/** Makes the error that lists the problems of an experiment, the first 50 in full. */
export function problemsError(fileName: string, problems: readonly ConfigProblem[]): ConfigError {
  const more = problems.length - MAX_SHOWN_PROBLEMS;
  const shown =
    more > 0 ? [...problems.slice(0, MAX_SHOWN_PROBLEMS), { path: '', message: `… and ${more} more` }] : problems;
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new ConfigError(`${fileName} has ${count}:`, shown, {
    hint: '`bleubird run --help-fields` lists every field with its unit, range and default.',
  });
}
