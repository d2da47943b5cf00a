/** Fields of `data`: the corpora, how they are split and how long a sentence may be. */
import { HUB_ID } from '../hub/hub-id.ts';
import {
  booleanField,
  choiceField,
  type FieldDescription,
  integerField,
  numberField,
  pathField,
  textField,
} from './field.ts';

const data = { group: 'data' } as const;
const language = {
  ...data,
  isRequired: true,
  pattern: { expression: /^[A-Za-z][A-Za-z0-9_-]*$/, expected: 'a language code such as en or pt-br' },
} as const;
const size = {
  ...data,
  min: 0,
  excludesMin: true,
  isNullable: true,
  default: null,
  unit: 'pairs or share',
} as const;

export const dataFields = {
  ...corpusFields('data.corpus', 'Corpus', true),
  ...corpusFields('data.validation_corpus', 'Validation corpus', false),
  'data.source_lang': textField({
    ...language,
    label: 'Source language',
    description: 'Language translated from, as the corpus names it.',
  }),
  'data.target_lang': textField({
    ...language,
    label: 'Target language',
    description: 'Language translated into, as the corpus names it.',
  }),
  'data.train_size': numberField({
    ...size,
    label: 'Training part',
    description:
      'Pairs to train on: a share of the corpus below 1, or a count. The rest of the other part if not given.',
  }),
  'data.validation_size': numberField({
    ...size,
    label: 'Held-out part',
    description:
      'Pairs held out for validation (test_size of train_test_split): a share below 1, or a count. 0.1 when neither part is given.',
  }),
  'data.split_seed': integerField({
    ...data,
    label: 'Split seed',
    description: 'Decides which pairs are held out, exactly as the seed of datasets.train_test_split.',
    default: 42,
    min: 0,
    max: 2 ** 32 - 1,
  }),
  'data.source_prefix': textField({
    ...data,
    label: 'Source prefix',
    description: 'Put before each source text, for models that want one: ">>fra<< ".',
  }),
  'data.max_source_length': integerField({
    ...data,
    label: 'Longest source',
    description: 'Sources are cut on the right beyond this, end piece included; `bleubird data` counts how many.',
    unit: 'pieces',
    default: 128,
    min: 2,
  }),
  'data.max_target_length': integerField({
    ...data,
    label: 'Longest target',
    description: 'Targets are cut on the right beyond this, end piece included.',
    unit: 'pieces',
    default: 128,
    min: 2,
  }),
  'data.max_train_samples': integerField({
    ...data,
    label: 'At most, training',
    description: 'Train on the first so many pairs of the training part only.',
    unit: 'pairs',
    isNullable: true,
    min: 1,
  }),
  'data.max_eval_samples': integerField({
    ...data,
    label: 'At most, validation',
    description: 'Evaluate on the first so many pairs of the held-out part only.',
    unit: 'pairs',
    isNullable: true,
    min: 1,
  }),
};

type CorpusKey =
  | 'format'
  | 'source'
  | 'target'
  | 'path'
  | 'delimiter'
  | 'has_header'
  | 'source_header'
  | 'target_header'
  | 'source_column'
  | 'target_column'
  | 'id'
  | 'revision'
  | 'config'
  | 'split'
  | 'field'
  | 'source_field'
  | 'target_field'
  | 'name'
  | 'version'
  | 'directory';

/** The fields of one corpus; which of them count depends on its format. */
function corpusFields<P extends string>(
  prefix: P,
  label: string,
  isRequired: boolean,
): Record<`${P}.${CorpusKey}`, FieldDescription> {
  const fields: Record<CorpusKey, FieldDescription> = {
    format: choiceField({
      ...data,
      label: `${label} format`,
      description: isRequired
        ? 'moses: two aligned text files; tsv: columns; csv: columns with quoting; jsonl: {"translation": {…}} lines; ' +
          'json: an array of such objects; ' +
          'parquet: as datasets writes it; hub: a dataset of the Hugging Face hub; opus: a corpus of OPUS, downloaded or ' +
          'from disk; tmx: translation memories; po, mo: gettext catalogues; xliff: XLIFF 1.2 or 2; ' +
          'typescript-catalogue: the messages of the installed typescript package.'
        : 'A corpus of its own for validation, in one of the formats of data.corpus. Nothing: hold out a part of data.corpus.',
      choices: [
        'moses',
        'tsv',
        'csv',
        'json',
        'jsonl',
        'parquet',
        'hub',
        'opus',
        'tmx',
        'po',
        'mo',
        'xliff',
        'typescript-catalogue',
      ],
      isRequired,
      isNullable: !isRequired,
    }),
    source: pathField({
      ...data,
      label: `${label} source`,
      description: 'Text file with one source sentence a line.',
      isRequired: true,
      formats: ['moses'],
    }),
    target: pathField({
      ...data,
      label: `${label} target`,
      description: 'Text file with the translations, line by line.',
      isRequired: true,
      formats: ['moses'],
    }),
    path: pathField({
      ...data,
      label: `${label} file`,
      description:
        'The file; .gz is read through. For parquet, tmx, po, mo and xliff also a folder with such files at any depth.',
      isRequired: true,
      formats: ['tsv', 'csv', 'json', 'jsonl', 'parquet', 'tmx', 'po', 'mo', 'xliff'],
    }),
    delimiter: choiceField({
      ...data,
      label: `${label} delimiter`,
      description: 'What stands between the columns; spreadsheets of many languages write semicolons.',
      choices: ['comma', 'semicolon', 'tab'],
      default: 'comma',
      formats: ['csv'],
    }),
    has_header: booleanField({
      ...data,
      label: `${label} has header`,
      description: 'Whether the first row names the columns; it is no pair then.',
      default: true,
      formats: ['csv'],
    }),
    source_header: textField({
      ...data,
      label: `${label} source header`,
      description:
        'Name of the column of the source sentence; a dot leads into a column of JSON. Nothing: the column of the number.',
      formats: ['csv'],
    }),
    target_header: textField({
      ...data,
      label: `${label} target header`,
      description:
        'Name of the column of the translation; a dot leads into a column of JSON. Nothing: the column of the number.',
      formats: ['csv'],
    }),
    source_column: integerField({
      ...data,
      label: `${label} source column`,
      description: 'Column of the source sentence, the first being 1.',
      default: 1,
      min: 1,
      formats: ['tsv', 'csv'],
    }),
    target_column: integerField({
      ...data,
      label: `${label} target column`,
      description: 'Column of the translation, the first being 1.',
      default: 2,
      min: 1,
      formats: ['tsv', 'csv'],
    }),
    id: textField({
      ...data,
      label: `${label} dataset`,
      description: 'Dataset of the Hugging Face hub; HF_ENDPOINT, HF_TOKEN, HF_HUB_CACHE and HF_HUB_OFFLINE count.',
      isRequired: true,
      pattern: { expression: HUB_ID, expected: 'a dataset such as Helsinki-NLP/kde4' },
      formats: ['hub'],
    }),
    revision: textField({
      ...data,
      label: `${label} revision`,
      description:
        'Branch, tag or commit of the dataset. A commit makes a run repeatable; refs/convert/parquet often helps.',
      default: 'main',
      pattern: { expression: /^[\w-][\w./-]*$/, expected: 'a branch, tag or commit' },
      formats: ['hub'],
    }),
    config: textField({
      ...data,
      label: `${label} subset`,
      description:
        'Configuration of the dataset. Nothing: the one named as the languages (en-fr, fr-en), or its only one.',
      default: null,
      isNullable: true,
      formats: ['hub'],
    }),
    split: textField({
      ...data,
      label: `${label} split`,
      description: 'Split of the dataset to read.',
      default: 'train',
      pattern: { expression: /^[\w.-]+$/, expected: 'a split such as train' },
      formats: ['hub'],
    }),
    field: textField({
      ...data,
      label: `${label} field`,
      description:
        'Field of the outermost object that holds the rows, as load_dataset has it. Nothing: the file is the array.',
      default: null,
      isNullable: true,
      formats: ['json'],
    }),
    source_field: sentenceField('source', `${label} source field`),
    target_field: sentenceField('target', `${label} target field`),
    name: textField({
      ...data,
      label: `${label} name`,
      description: 'Name of the OPUS corpus as in its file names: KDE4 for KDE4.en-fr.en.',
      isRequired: true,
      pattern: { expression: /^[A-Za-z0-9][A-Za-z0-9._-]*$/, expected: 'a corpus name such as KDE4' },
      formats: ['opus'],
    }),
    version: textField({
      ...data,
      label: `${label} version`,
      description: 'Release of the OPUS corpus to download. Nothing: v2 for KDE4; others have to be named.',
      default: null,
      isNullable: true,
      pattern: { expression: /^[A-Za-z0-9][A-Za-z0-9._-]*$/, expected: 'a version such as v2' },
      formats: ['opus'],
    }),
    directory: pathField({
      ...data,
      label: `${label} folder`,
      description:
        'Folder with the two Moses files of the OPUS corpus, or the zip they come in: en-fr.txt.zip. ' +
        'Nothing, or a folder without them: downloaded once, to $BLEUBIRD_CACHE/opus (~/.cache/bleubird/opus).',
      isNullable: true,
      formats: ['opus'],
    }),
  };
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [`${prefix}.${key}`, field])) as Record<
    `${P}.${CorpusKey}`,
    FieldDescription
  >;
}

/** The column or key of one sentence in rows that have names. */
function sentenceField(side: 'source' | 'target', label: string): FieldDescription {
  return textField({
    ...data,
    label,
    description:
      `Column or key of the ${side} sentence; a dot leads into a struct, or JSON kept as text. Nothing: "translation.<${side}_lang>", as ` +
      'datasets has it. CSV files of the hub need it: a name of their header.',
    default: null,
    isNullable: true,
    formats: ['json', 'jsonl', 'parquet', 'hub'],
  });
}
