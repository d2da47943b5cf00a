/** Settings of several runs side by side. */

export interface SettingRow {
  readonly path: string;
  /** One per run, in the order of the runs; null where a run does not have the setting. */
  readonly values: readonly (string | null)[];
  readonly isDifferent: boolean;
}

// Names of a run, not settings: they always differ and say nothing.
const NAMES = new Set(['name', 'description']);

/** Every setting of the runs, sections together, in the order in which they first appear. */
export function compareSettings(runs: readonly Readonly<Record<string, string>>[]): SettingRow[] {
  const paths = [...new Set(runs.flatMap((parameters) => Object.keys(parameters)))];
  return paths.map((path) => {
    const values = runs.map((parameters) => parameters[path] ?? null);
    return { path, values, isDifferent: !NAMES.has(path) && new Set(values).size > 1 };
  });
}
