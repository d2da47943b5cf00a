/**
 * Which files of a dataset repository hold a split: as its README.md says under `configs`, or as `datasets` guesses from
 * their names. A folder may stand for a configuration too.
 */
import * as z from 'zod';
import { DataError } from '../../errors.ts';
import { parseYamlDocument } from '../files/parse-yaml.ts';
import { isYamlNestedTooDeeply } from '../files/yaml-depth.ts';
import type { Languages } from './corpus-format.ts';
import { Glob } from './glob.ts';

export interface DatasetQuestion {
  /** How messages name the dataset. */
  readonly id: string;
  /** Paths of all files of the repository, with slashes. */
  readonly files: readonly string[];
  /** Text of README.md; null where there is none. */
  readonly readme: string | null;
  readonly config: string | null;
  readonly split: string;
}

export type DatasetFileKind = 'parquet' | 'jsonl' | 'csv' | 'tsv';

export interface DatasetFiles {
  readonly kind: DatasetFileKind;
  /** In the order of their names. */
  readonly files: readonly string[];
  /** Name of the configuration; null where the dataset has none. */
  readonly config: string | null;
}

const KINDS: readonly [DatasetFileKind, RegExp][] = [
  ['parquet', /\.parquet$/i],
  ['jsonl', /\.(jsonl|ndjson|json)(\.gz)?$/i],
  ['csv', /\.csv(\.gz)?$/i],
  ['tsv', /\.tsv(\.gz)?$/i],
];

/** Files in JSON that are no data; the list of `datasets`. */
const NO_DATA = new Set(['config.json', 'dataset_info.json', 'dataset_infos.json', 'dataset_dict.json', 'state.json']);

/** Words that `datasets` knows a split by, in the names of files and folders. */
const SPLIT_WORDS: Readonly<Record<string, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['validation', 'valid', 'dev', 'val'],
  test: ['test', 'testing', 'eval', 'evaluation'],
};

/** `datasets`' data_files.py: the word stands alone, between the ends of a name and what parts words. In the folders: */
const FOLDER_PATTERNS: readonly ((word: string) => string)[] = [
  (word) => `(?:^|/)${word}/`,
  (word) => `(?:^|/)${word}[-._ 0-9]`,
  (word) => `[-._ 0-9]${word}/`,
  (word) => `[-._ 0-9]${word}[-._ 0-9]`,
];
/** And in the name of the file. */
const NAME_PATTERNS: readonly ((word: string) => string)[] = [
  (word) => `^${word}[-._ 0-9]`,
  (word) => `[-._ 0-9]${word}[-._ 0-9]`,
];

const configsSchema = z.object({
  configs: z
    .array(
      z.object({
        config_name: z.string(),
        data_files: z
          .union([
            z.string(),
            z.array(z.string()),
            z.array(z.object({ split: z.coerce.string(), path: z.union([z.string(), z.array(z.string())]) })),
            z.record(z.string(), z.union([z.string(), z.array(z.string())])),
          ])
          .optional(),
        data_dir: z.string().optional(),
        default: z.boolean().optional(),
      }),
    )
    .min(1),
});

type Config = z.infer<typeof configsSchema>['configs'][number];

/**
 * Chooses the files of a split.
 * @param languages  decide between configurations where none is asked for
 * @throws {DataError} when there is no such configuration or split, or no file that can be read
 */
export function chooseDatasetFiles(question: DatasetQuestion, languages: Languages | null = null): DatasetFiles {
  const files = question.files.filter((file) => kindOf(file) !== null).sort();
  if (files.length === 0) throw noDataError(question);
  const configs = readConfigs(question);
  const name = chooseName(question, configs === null ? foldersOf(files) : namesOf(configs), languages, configs);
  const config = configs?.find((each) => each.config_name === name);
  const base = config?.data_dir ?? (configs === null && name !== null ? name : '');
  const prefix = base === '' || base === '.' ? '' : `${base.replace(/^\.?\/|\/$/g, '')}/`;
  const inside = files.filter((file) => file.startsWith(prefix));
  const splits =
    config?.data_files === undefined
      ? guessSplits(inside, prefix)
      : namedSplits(config.data_files, inside, prefix, question.id);
  const found = [...(splits.get(question.split) ?? [])];
  if (found.length === 0) {
    const where = name === null ? '' : `, configuration ${name},`;
    const known = [...splits].filter(([, each]) => each.size > 0).map(([split]) => split);
    throw new DataError(
      `The dataset ${question.id}${where} has no split ${JSON.stringify(question.split)}; it has ${listed(known) || 'none that can be read'}.`,
      { hint: 'Set data.corpus.split.' },
    );
  }
  const kind = KINDS.find(([each]) => found.some((file) => kindOf(file) === each))?.[0] ?? 'parquet';
  const ofKind = found.filter((file) => kindOf(file) === kind);
  requireAllShards(question.id, ofKind);
  return { kind, files: ofKind, config: name };
}

/** A cache may hold some of `train-00000-of-00002.parquet` and its like only. */
function requireAllShards(id: string, files: readonly string[]): void {
  const counts = new Map<string, number>();
  const shard = /-\d{5}-of-(\d{5})/;
  for (const file of files) {
    const series = shard.test(file) ? file.replace(shard, '-*-of-$1') : null;
    if (series !== null) counts.set(series, (counts.get(series) ?? 0) + 1);
  }
  for (const [series, count] of counts) {
    const expected = Number(/-of-(\d{5})/.exec(series)?.[1]);
    if (count !== expected) {
      throw new DataError(
        `The dataset ${id} is not complete: of ${series} there are ${count} files; expected ${expected}.`,
      );
    }
  }
}

/** The configuration to read: that asked for, that named as the languages, the default one or the only one. */
function chooseName(
  { id, config }: DatasetQuestion,
  names: ConfigNames,
  languages: Languages | null,
  configs: readonly Config[] | null,
): string | null {
  const hint = 'Set data.corpus.config.';
  if (config !== null) {
    if (names.has(config)) return config;
    const known = listed(names) || 'none';
    throw new DataError(`The dataset ${id} has no configuration ${JSON.stringify(config)}; it has ${known}.`, { hint });
  }
  const [from, to] = [languages?.source_lang, languages?.target_lang];
  const pairs = [`${from}-${to}`, `${to}-${from}`];
  const ofLanguages = pairs.find((pair) => names.has(pair));
  if (ofLanguages !== undefined) return ofLanguages;
  // Folders that were not asked for are no configurations: they may be splits.
  if (configs === null) return null;
  const byDefault = configs.find((each) => each.default === true || each.config_name === 'default');
  if (byDefault !== undefined) return byDefault.config_name;
  if (configs.length === 1) return configs[0]?.config_name ?? null;
  throw new DataError(`The dataset ${id} has several configurations: ${listed(names)}; expected one to be chosen.`, {
    hint,
  });
}

/** The names that configurations have; each is made only when it is asked for. */
interface ConfigNames extends Iterable<string> {
  has(name: string): boolean;
}

function namesOf(configs: readonly Config[]): ConfigNames {
  return new Set(configs.map((each) => each.config_name));
}

/** Every folder that holds data at any depth. All of them would be much longer together than the paths they are from. */
function foldersOf(files: readonly string[]): ConfigNames {
  return {
    has: (name) => files.some((file) => file.startsWith(`${name}/`)),
    *[Symbol.iterator]() {
      for (const file of files) {
        for (let end = file.indexOf('/'); end !== -1; end = file.indexOf('/', end + 1)) yield file.slice(0, end);
      }
    },
  };
}

/** The first names as an error may list them. */
function listed(names: Iterable<string>): string {
  const some = new Set<string>();
  for (const name of names) {
    if (some.size === MOST_NAMES && !some.has(name)) return `${[...some].join(', ')} and more`;
    some.add(name);
  }
  return [...some].join(', ');
}

const MOST_NAMES = 40;

function readConfigs({ id, readme }: DatasetQuestion): readonly Config[] | null {
  const header = /^---\r?\n(.*?)\r?\n---\s*(?:\n|$)/s.exec(readme ?? '')?.[1];
  if (header === undefined) return null;
  const metadata = parseHeader(id, header);
  if (typeof metadata !== 'object' || metadata === null || !Object.hasOwn(metadata, 'configs')) return null;
  const parsed = configsSchema.safeParse(metadata);
  if (parsed.success) return parsed.data.configs;
  const [issue] = parsed.error.issues;
  throw new DataError(
    `README.md of the dataset ${id} has configs that cannot be read: ${`${issue?.path.join('.')}: ${issue?.message}`.slice(0, MOST_OF_A_MESSAGE)}.`,
  );
}

function parseHeader(id: string, header: string): unknown {
  const unsound = (why: string, cause?: unknown) =>
    new DataError(`README.md of the dataset ${id} begins with no sound YAML: ${why}`, { cause });
  if (isYamlNestedTooDeeply(header)) throw unsound('it is nested too deeply.');
  try {
    // Warnings would go past us to the terminal, with the text they are about as it is; looking for keys that stand twice
    // takes time with the square of their number.
    const document = parseYamlDocument(header, { logLevel: 'error', prettyErrors: false, uniqueKeys: false });
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw unsound(message.slice(0, MOST_OF_A_MESSAGE), cause);
  }
}

/** What stands in the text may be quoted in full, however long it is. */
const MOST_OF_A_MESSAGE = 300;

/** What README.md says: a split to patterns, or patterns alone for `train`. */
function namedSplits(
  given: NonNullable<Config['data_files']>,
  files: readonly string[],
  prefix: string,
  id: string,
): Map<string, ReadonlySet<string>> {
  const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);
  const entries: [string, readonly string[]][] =
    typeof given === 'string'
      ? [['train', [given]]]
      : Array.isArray(given)
        ? given.map((each) => (typeof each === 'string' ? ['train', [each]] : [each.split, list(each.path)]))
        : Object.entries(given).map(([split, path]) => [split, list(path)]);
  const splits = new Map<string, Set<string>>();
  const all = new Set(files);
  const work = { steps: 0 };
  for (const [split, patterns] of entries) {
    const matched = splits.get(split) ?? new Set();
    splits.set(split, matched);
    for (const pattern of new Set(patterns)) {
      const glob = new Glob(prefix + pattern.replace(/^\.\//, ''));
      if (glob.literal !== null) {
        if (all.has(glob.literal)) matched.add(glob.literal);
        continue;
      }
      for (const file of files) {
        if (glob.matches(file, work)) matched.add(file);
        if (work.steps > MOST_STEPS) throw tooMuchWorkError(id);
      }
    }
  }
  return splits;
}

/** Some seconds; a pattern with a star takes 6 million where 100,000 files begin as it does. */
const MOST_STEPS = 100_000_000;

function tooMuchWorkError(id: string): DataError {
  return new DataError(
    `README.md of the dataset ${id} names its files by patterns that take too long to follow; expected fewer, or with fewer stars.`,
    { hint: 'Download the files of the dataset, and give them as data.corpus.path.' },
  );
}

/** `datasets`' guesses in their order: numbered shards in data/, folders, file names, and all for `train`. */
function guessSplits(files: readonly string[], prefix: string): Map<string, ReadonlySet<string>> {
  const shards = new Map<string, Set<string>>();
  for (const file of files) {
    const split = /^data\/([\w.]+)-\d{5}-of-\d{5}[^/]*\./.exec(file.slice(prefix.length))?.[1];
    if (split !== undefined) shards.set(split, (shards.get(split) ?? new Set()).add(file));
  }
  const nameStart = (file: string) => file.lastIndexOf('/') + 1;
  const guesses = [
    shards,
    splitsByWords(files, (file) => file.slice(prefix.length, nameStart(file)), FOLDER_PATTERNS),
    splitsByWords(files, (file) => file.slice(nameStart(file)), NAME_PATTERNS),
  ];
  return guesses.find((splits) => splits.size > 0) ?? new Map([['train', new Set(files)]]);
}

/** Word by word, pattern by pattern; a file may belong to two splits. */
function splitsByWords(
  files: readonly string[],
  partOf: (file: string) => string,
  patterns: readonly ((word: string) => string)[],
): Map<string, ReadonlySet<string>> {
  const splits = new Map<string, ReadonlySet<string>>();
  for (const [split, words] of Object.entries(SPLIT_WORDS)) {
    const expressions = words.flatMap((word) => patterns.map((pattern) => new RegExp(pattern(word))));
    const found = expressions.flatMap((expression) => files.filter((file) => expression.test(partOf(file))));
    if (found.length > 0) splits.set(split, new Set(found));
  }
  return splits;
}

function kindOf(file: string): DatasetFileKind | null {
  const name = file.slice(file.lastIndexOf('/') + 1);
  // Files and folders that begin with a dot or two lines are nobody's data.
  if (NO_DATA.has(name) || file.split('/').some((part) => part.startsWith('.') || part.startsWith('__'))) return null;
  return KINDS.find(([, expression]) => expression.test(name))?.[0] ?? null;
}

function noDataError({ id, files }: DatasetQuestion): DataError {
  const script = files.find((file) => /^[^/]+\.py$/.test(file));
  const expected = 'expected files in parquet, JSONL, CSV or TSV';
  if (script === undefined) return new DataError(`The dataset ${id} has no file that can be read; ${expected}.`);
  return new DataError(`The dataset ${id} is made by a Python script, ${script}, which is not run; ${expected}.`, {
    hint: 'The hub converts many of them: try data.corpus.revision refs/convert/parquet.',
  });
}
