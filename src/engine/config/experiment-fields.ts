/**
 * Every field of the experiment file, in the order of a file: the single source of defaults, ranges, units and words.
 * A field that `Experiment` has and this table lacks does not compile.
 */
import { dataFields } from './data-fields.ts';
import type { Experiment } from './experiment.ts';
import { experimentLevelFields } from './experiment-level-fields.ts';
import type { FieldDescription, FieldValue } from './field.ts';
import { trainingFields } from './training-fields.ts';

/** Dotted paths of all values in T, those of every member where T is a union. */
type LeafPath<T> = T extends unknown
  ? {
      [K in keyof T & string]: [T[K]] extends [FieldValue] ? K : `${K}.${LeafPath<Exclude<T[K], null>>}`;
    }[keyof T & string]
  : never;

export type FieldPath = LeafPath<Experiment>;

export interface ExperimentField extends FieldDescription {
  /** Dotted path, as `--set` and messages write it: `training.learning_rate`. */
  readonly path: FieldPath;
}

const { name, description, model, device, ...outputFields } = experimentLevelFields;

const descriptions: Readonly<Record<FieldPath, FieldDescription>> = {
  name,
  description,
  model,
  device,
  ...dataFields,
  ...trainingFields,
  ...outputFields,
};

/** Every field, in the order of a file. */
export const experimentFields: readonly ExperimentField[] = (
  Object.entries(descriptions) as [FieldPath, FieldDescription][]
).map(([path, description]) => ({ path, ...description }));

const fieldsByPath: ReadonlyMap<string, ExperimentField> = new Map(
  experimentFields.map((field) => [field.path, field]),
);

/** Gives the field at a dotted path, or undefined. */
export function findField(path: string): ExperimentField | undefined {
  return fieldsByPath.get(path);
}

/** Paths that hold fields but are none themselves: `data`, `data.corpus`, `training` … */
export const sectionPaths: ReadonlySet<string> = new Set(
  experimentFields.flatMap(({ path }) => {
    const parts = path.split('.');
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
  }),
);

/** The two places where a corpus can stand. */
export const corpusPaths = ['data.corpus', 'data.validation_corpus'] as const;

/**
 * Tells whether a field has a meaning beside the others: the fields of a corpus depend on its format.
 *
 * @param formatOf  gives the corpus format at a path such as `data.corpus`, null where there is none
 */
export function isFieldInUse(
  field: ExperimentField,
  formatOf: (corpusPath: (typeof corpusPaths)[number]) => string | null,
): boolean {
  if (field.formats === null) return true;
  const corpus = corpusPaths.find((path) => field.path.startsWith(`${path}.`));
  const format = corpus === undefined ? null : formatOf(corpus);
  return format !== null && field.formats.includes(format);
}
