/** Puts checked values into the shape of an `Experiment`, and paths into absolute form. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { isDirectory } from '../files/file-kind.ts';
import { readHubReference } from '../hub/hub-id.ts';
import type { Experiment } from './experiment.ts';
import { corpusPaths, type FieldPath, findField } from './experiment-fields.ts';
import type { FieldValue } from './field.ts';

/**
 * Builds the experiment.
 *
 * @param values       one value for each field in use, checked
 * @param directoryOf  gives the folder that a relative path in a field starts from
 */
export function buildExperiment(
  values: ReadonlyMap<FieldPath, FieldValue>,
  directoryOf: (path: FieldPath) => string,
): Experiment {
  const root: Tree = {};
  for (const [path, value] of values) {
    setAt(root, path.split('.'), resolveValue(path, value, directoryOf(path)));
  }
  for (const corpus of corpusPaths) {
    if (values.get(`${corpus}.format`) === null) setAt(root, corpus.split('.'), null);
  }
  // The field table has every path of the type and `checkFields` gave each one a value of its kind.
  return root as unknown as Experiment;
}

interface Tree {
  [key: string]: FieldValue | Tree;
}

function setAt(tree: Tree, [key = '', ...rest]: readonly string[], value: FieldValue): void {
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const existing = tree[key];
  const branch = typeof existing === 'object' && existing !== null ? existing : {};
  tree[key] = branch;
  setAt(branch, rest, value);
}

function resolveValue(path: FieldPath, value: FieldValue, directory: string): FieldValue {
  if (typeof value !== 'string' || findField(path)?.kind !== 'path') return value;
  return path === 'model' ? resolveModelText(value, directory) : resolvePath(value, directory);
}

/** `run:<id>` and hub ids stay as they are; `owner/name` is a folder if there is one of that name. */
function resolveModelText(model: string, directory: string): string {
  if (model.startsWith('run:')) return model;
  const path = resolvePath(model, directory);
  return readHubReference(model) !== null && !isDirectory(path) ? model : path;
}

function resolvePath(path: string, directory: string): string {
  if (path === '~' || path.startsWith('~/')) return resolve(homedir(), path.slice(2));
  return resolve(directory, path);
}
