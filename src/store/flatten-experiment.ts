/**
 * Gives back an experiment as one text for each field, by dotted path: `training.learning_rate` → `0.0003`. Null is the
 * empty text, as in the form a user fills in.
 */
export function flattenExperiment(experiment: unknown): Map<string, string> {
  const values = new Map<string, string>();
  const visit = (value: unknown, path: string) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path === '' ? key : `${path}.${key}`);
    } else if (value !== undefined) {
      values.set(path, textOf(value));
    }
  };
  visit(experiment, '');
  return values;
}

function textOf(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
