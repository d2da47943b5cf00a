/** Rows with names, such as JSON objects and the rows of a table, to sentences. */
import type { SentenceFields } from '../config/experiment.ts';
import type { LineProblem } from '../run/protocol.ts';
import type { Languages } from './corpus-format.ts';

/** Where the two sentences of a row lie: a name, or names with dots between that lead inwards, into JSON kept as text too. */
export interface SentencePaths {
  readonly source: string;
  readonly target: string;
}

/** What is wrong with a row. */
export type RowProblem = Pick<LineProblem, 'reason' | 'detail'>;

const MAX_NAMES_SHOWN = 20;

/** The paths a corpus asks for; without any, `translation.<language>` as `datasets` has it. */
export function sentencePaths(
  { source_field, target_field }: SentenceFields,
  { source_lang, target_lang }: Languages,
): SentencePaths {
  return { source: source_field ?? `translation.${source_lang}`, target: target_field ?? `translation.${target_lang}` };
}

/** Gives the two sentences of a row, or why it has none. */
export function pairOfRow(row: unknown, paths: SentencePaths): { source: string; target: string } | RowProblem {
  const sides = [findPlace(row, paths.source), findPlace(row, paths.target)] as const;
  const missing = [];
  for (const place of sides) {
    if (place.parent === null)
      return { reason: 'malformed', detail: `no object${place.under}${describeNames(row, paths)}` };
    if (!Object.hasOwn(place.parent, place.key)) missing.push(place);
  }
  const [first] = missing;
  if (first !== undefined) {
    const found = Object.keys(first.parent ?? {}).slice(0, MAX_NAMES_SHOWN);
    const detail = `no ${quoted(missing.map(({ key }) => key))}; it has ${quoted(found) || 'nothing'}`;
    return { reason: 'unpaired', detail };
  }
  const [source, target] = sides.map(({ parent, key }) => parent?.[key]);
  if (source === null || target === null) {
    const empty = sides.filter(({ parent, key }) => parent?.[key] === null).map(({ key }) => key);
    return { reason: 'unpaired', detail: `${quoted(empty)} ${empty.length === 1 ? 'is' : 'are'} null` };
  }
  if (typeof source !== 'string' || typeof target !== 'string') {
    return { reason: 'malformed', detail: 'a translation is not a string' };
  }
  if (!source.isWellFormed() || !target.isWellFormed()) {
    return { reason: 'malformed', detail: 'half of a surrogate pair, which is no character' };
  }
  return { source, target };
}

/** The names a row has, where the one that leads inwards is not among them. */
function describeNames(row: unknown, paths: SentencePaths): string {
  if (!isObject(row) || [paths.source, paths.target].some((path) => Object.hasOwn(row, path.split('.')[0] ?? '')))
    return '';
  return `; the row has ${quoted(Object.keys(row).slice(0, MAX_NAMES_SHOWN)) || 'nothing'}`;
}

/** For rows whose sentences lie elsewhere. */
export const FIELD_CURE = 'Set source_field and target_field of the corpus to the names that hold the sentences.';

/** Names in quotation marks. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(' and ');
}

interface Place {
  /** The object that should have the value; null where there is none. */
  readonly parent: Readonly<Record<string, unknown>> | null;
  readonly key: string;
  /** Where the parent was looked for, to follow a message. */
  readonly under: string;
}

function findPlace(row: unknown, path: string): Place {
  let value = row;
  let key = path;
  let under = path.includes('.') ? ` under ${JSON.stringify(path.slice(0, path.indexOf('.')))}` : '';
  for (;;) {
    const parent = isObject(value) ? value : null;
    if (parent === null) return { parent, key, under };
    const dot = key.indexOf('.');
    // A name with a dot in it counts before what the dot may lead to.
    if (dot < 0 || Object.hasOwn(parent, key)) return { parent, key, under: '' };
    const name = key.slice(0, dot);
    const inner = Object.hasOwn(parent, name) ? parent[name] : undefined;
    const isText = typeof inner === 'string';
    if (isText && value === row) under += '; its text is no JSON object';
    value = isText ? parsed(inner) : inner;
    key = key.slice(dot + 1);
  }
}

/** The value of a JSON document; null where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
