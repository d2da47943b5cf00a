import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Experiment } from '../../../src/engine/config/experiment.ts';
import { parseExperiment } from '../../../src/engine/config/parse-experiment.ts';
import { ConfigError } from '../../../src/errors.ts';

const minimal = `
model: ./models/small
data:
  corpus: { format: moses, source: a.en, target: a.fr }
  source_lang: en
  target_lang: fr
`;

function parse(text: string, overrides: readonly string[] = []): Experiment {
  return parseExperiment(text, { fileName: 'some/try.yaml', directory: '/exp', overrides });
}

function problemsOf(text: string, overrides: readonly string[] = []): string {
  try {
    parse(text, overrides);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('The experiment was accepted.');
}

describe('an experiment file', () => {
  it("gets Hugging Face's defaults for all that it does not say", () => {
    // transformers 5: Seq2SeqTrainingArguments(output_dir='x'); save_strategy and evaluation are bleubird's own.
    expect(parse(minimal)).toEqual({
      name: 'try',
      description: '',
      model: '/exp/models/small',
      device: 'auto',
      from_scratch: false,
      precision: 'auto',
      threads: null,
      data: {
        corpus: { format: 'moses', source: '/exp/a.en', target: '/exp/a.fr' },
        validation_corpus: null,
        source_lang: 'en',
        target_lang: 'fr',
        train_size: null,
        validation_size: 0.1,
        split_seed: 42,
        source_prefix: '',
        max_source_length: 128,
        max_target_length: 128,
        max_train_samples: null,
        max_eval_samples: null,
      },
      training: {
        learning_rate: 5e-5,
        per_device_train_batch_size: 8,
        per_device_eval_batch_size: 8,
        gradient_accumulation_steps: 1,
        num_train_epochs: 3,
        max_steps: -1,
        weight_decay: 0,
        adam_beta1: 0.9,
        adam_beta2: 0.999,
        adam_epsilon: 1e-8,
        max_grad_norm: 1,
        lr_scheduler_type: 'linear',
        warmup_steps: 0,
        warmup_ratio: 0,
        label_smoothing_factor: 0,
        dropout: null,
        group_by_length: false,
        logging_strategy: 'steps',
        logging_first_step: false,
        logging_steps: 500,
        eval_strategy: 'no',
        eval_steps: 500,
        predict_with_generate: true,
        save_strategy: 'epoch',
        save_steps: 500,
        save_total_limit: null,
        load_best_model_at_end: false,
        metric_for_best_model: null,
        greater_is_better: null,
        early_stopping_patience: null,
        early_stopping_threshold: 0,
        push_to_hub: false,
        hub_model_id: null,
        hub_private_repo: null,
        hub_strategy: 'every_save',
        compatibility: 'transformers-4',
        seed: 42,
      },
      generation: {
        num_beams: null,
        max_length: null,
        length_penalty: null,
        early_stopping: null,
        compatibility: 'transformers-4',
      },
      evaluation: { before: true, after: true, references: 'decoded' },
    } satisfies Experiment);
  });

  it.each([
    ['2e-5', 2e-5],
    ['1e-3', 1e-3],
    ['3E-5', 3e-5],
    ['.5', 0.5],
    ['0', 0],
    ['+1e-4', 1e-4],
  ])('reads %s as a number', (text, value) => {
    expect(parse(`${minimal}training: {learning_rate: ${text}}`).training.learning_rate).toBe(value);
    expect(parse(minimal, [`training.learning_rate=${text}`]).training.learning_rate).toBe(value);
  });

  it('reads no as the word, so that a strategy or Norwegian can be written plainly', () => {
    const experiment = parse(`${minimal.replace('target_lang: fr', 'target_lang: no')}training: {save_strategy: no}`);
    expect(experiment.training.save_strategy).toBe('no');
    expect(experiment.data.target_lang).toBe('no');
  });

  it('keeps the spaces of a source prefix', () => {
    const text = minimal.replace('  source_lang', '  source_prefix: ">>fra<< "\n  source_lang');
    expect(parse(text).data.source_prefix).toBe('>>fra<< ');
    expect(parse(minimal, ['data.source_prefix=to French: ']).data.source_prefix).toBe('to French: ');
  });

  it.each([
    ['false', false],
    ['true', true],
    ['never', 'never'],
    ['null', null],
  ])('reads early_stopping %s', (text, value) => {
    expect(parse(`${minimal}generation: {early_stopping: ${text}}`).generation.early_stopping).toBe(value);
    expect(parse(minimal, [`generation.early_stopping=${text}`]).generation.early_stopping).toBe(value);
  });

  it('takes empty sections as nothing given', () => {
    expect(parse(`${minimal}training:\ngeneration:\n`)).toEqual(parse(minimal));
  });

  it('reads a CSV corpus by name or number, a comma and a header being the default', () => {
    const set = (...settings: string[]) =>
      parse(
        minimal,
        ['format=csv', 'path=v.csv', ...settings].map((each) => `data.validation_corpus.${each}`),
      ).data.validation_corpus;
    expect(set('source_header=en', 'target_column=1')).toMatchObject({
      format: 'csv',
      delimiter: 'comma',
      has_header: true,
      source_header: 'en',
      target_header: '',
      target_column: 1,
    });
    expect(set('has_header=false')).toMatchObject({ has_header: false, source_column: 1, target_column: 2 });
  });

  it.each(['tmx', 'po', 'mo', 'xliff'])('reads a corpus in %s by its path', (format) => {
    const overrides = [`data.validation_corpus.format=${format}`, 'data.validation_corpus.path=/memories'];
    expect(parse(minimal, overrides).data.validation_corpus).toEqual({ format, path: '/memories' });
  });

  it('reads a dataset of the hub, an OPUS corpus to download and parquet, with their defaults', () => {
    const corpus = (...overrides: string[]) =>
      parse(
        minimal,
        overrides.map((each) => `data.validation_corpus.${each}`),
      ).data.validation_corpus;
    const fields = { source_field: null, target_field: null };
    expect(corpus('format=hub', 'id=Helsinki-NLP/kde4')).toEqual({
      format: 'hub',
      id: 'Helsinki-NLP/kde4',
      revision: 'main',
      config: null,
      split: 'train',
      ...fields,
    });
    expect(corpus('format=opus', 'name=KDE4')).toEqual({
      format: 'opus',
      name: 'KDE4',
      version: null,
      directory: null,
    });
    expect(corpus('format=parquet', 'path=a', 'source_field=text.en')).toEqual({
      format: 'parquet',
      path: '/exp/a',
      ...fields,
      source_field: 'text.en',
    });
    expect(() => corpus('format=hub', 'id=a b')).toThrow('is "a b"; expected a dataset such as Helsinki-NLP/kde4');
    expect(() => corpus('format=parquet', 'path=a', 'source_field=x', 'target_field=x')).toThrow(
      'data.validation_corpus.target_field: is x, the same as source_field',
    );
  });

  it('reads each corpus format and a corpus of its own for validation', () => {
    const text = `
model: run:abc
data:
  corpus: {format: tsv, path: ../t.tsv.gz, source_column: 2, target_column: 3}
  validation_corpus: {format: opus, name: KDE4, directory: /data/kde}
  source_lang: en
  target_lang: fr`;
    const { data, model } = parse(text);
    expect(model).toBe('run:abc');
    expect(data.corpus).toEqual({ format: 'tsv', path: '/t.tsv.gz', source_column: 2, target_column: 3 });
    expect(data.validation_corpus).toEqual({ format: 'opus', name: 'KDE4', version: null, directory: '/data/kde' });
    expect([data.train_size, data.validation_size]).toEqual([null, null]);
    expect(parse(text, ['data.corpus.format=jsonl', 'data.validation_corpus=null'].slice(1)).data).toMatchObject({
      validation_corpus: null,
      validation_size: 0.1,
    });
  });

  it('takes owner/name for a folder when there is one, and for a hub id otherwise', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bleubird-config-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    mkdirSync(join(directory, 'models/demo'), { recursive: true });
    writeFileSync(join(directory, 'models/file'), '');
    const model = (name: string) =>
      parseExperiment(minimal.replace('./models/small', name), { fileName: 'x.yaml', directory }).model;
    expect(model('models/demo')).toBe(join(directory, 'models/demo'));
    expect(model('models/file')).toBe('models/file');
    expect(model('Helsinki-NLP/opus-mt-en-fr')).toBe('Helsinki-NLP/opus-mt-en-fr');
    expect(model('~/models/mine')).toBe(join(homedir(), 'models/mine'));
    expect(model('a/b/c')).toBe(join(directory, 'a/b/c'));
  });

  it('lets overrides win, relative to the folder they were typed in', () => {
    const experiment = parseExperiment(minimal, {
      fileName: 'x.yaml',
      directory: '/exp',
      overrides: ['model=./mine', 'training.seed=7', 'name=a=b'],
      overrideDirectory: '/here',
    });
    expect(experiment.model).toBe('/here/mine');
    expect(experiment.training.seed).toBe(7);
    expect(experiment.name).toBe('a=b');
    expect(experiment.data.corpus).toMatchObject({ source: '/exp/a.en' });
  });
});

describe('a wrong experiment file', () => {
  it('is told every problem at once, with lines and nearest names', () => {
    const text = `name: x
modle: ./m
data:
  corpus:
    format: moses
    source: a.en
    path: b.tsv
  source_lang: english language
  target_lang: fr
  train_size: 0.9
  validation_size: 0.3
training:
  learnig_rate: 2e-5
  num_train_epochs: three
  adam_beta2: 1
  save_strategy: false
  batch_size: 4
  fp16: true
  dataloader_num_workers: 2
  order: huggingface
  optim: adafactor
learning_rate: 1
`;
    expect(problemsOf(text, ['training.seed=-1', 'training.sed=1', 'nonsense'])).toBe(
      `some/try.yaml has 19 problems:
  modle: unknown field; did you mean model? (line 2)
  training.learnig_rate: unknown field; did you mean training.learning_rate? (line 13)
  training.batch_size: unknown field; did you mean training.per_device_train_batch_size? (line 17)
  training.fp16: unknown field, not needed: precision, beside model and device, is auto, f32 or bf16 (line 18)
  training.dataloader_num_workers: unknown field, not needed: all pairs are tokenized once and held in memory (line 19)
  training.order: unknown field, not needed: the order of batches is always Trainer's, drawn from training.seed; see training.group_by_length (line 20)
  training.optim: unknown field, not needed: the optimizer is always AdamW; see training.adam_beta1, adam_beta2, adam_epsilon and weight_decay (line 21)
  learning_rate: unknown field; did you mean training.learning_rate? (line 22)
  training.sed: unknown field; did you mean training.seed? (--set)
  --set: "nonsense"; expected path=value
  model: is missing; expected a path
  data.corpus.target: is missing; expected a path
  data.corpus.path: does not belong to format moses, which has the fields source, target (line 7)
  data.source_lang: is "english language"; expected a language code such as en or pt-br (line 8)
  training.num_train_epochs: is "three"; expected a number above 0 (line 14)
  training.adam_beta2: is 1; expected a number from 0, below 1 (line 15)
  training.save_strategy: is false; expected one of no, epoch, steps, best (line 16)
  training.seed: is -1; expected a whole number from 0 to 4294967295 (--set)
  data.validation_size: is 0.3, which with data.train_size 0.9 makes more than the whole; expected a sum of at most 1 (line 11)`,
    );
  });

  it.each<[what: string, addition: string, message: string]>([
    [
      'a number in quotes',
      'training: {learning_rate: "2e-5"}',
      'is "2e-5"; expected a number from 0 to 1, without quotes',
    ],
    ['a word in place of a number', 'training: {seed: abc}', 'training.seed: is "abc"; expected a whole number'],
    ['a fraction in place of a count', 'training: {logging_steps: 1.5}', 'is 1.5; expected a whole number, 1 or more'],
    ['not a number', 'training: {learning_rate: .nan}', 'is NaN; expected a number'],
    ['infinity', 'training: {weight_decay: .inf}', 'is Infinity; expected a number, 0 or more'],
    ['a number past exactness', 'training: {logging_steps: 99999999999999999999}', 'expected a whole number'],
    ['no value', 'training: {seed: }', 'training.seed: has no value; expected a whole number'],
    ['a list', 'training: {seed: [1]}', 'is a list; expected a whole number'],
    ['a mapping', 'training: {seed: {a: 1}}', 'is a mapping; expected a whole number'],
    ['a value for a section', 'training: 3', 'training: is 3; expected a mapping of fields'],
    ['a list for a section', 'training: []', 'training: is a list; expected a mapping of fields'],
    ['text for a switch', 'evaluation: {before: yes}', 'is "yes"; expected true or false'],
    ['a word outside a choice', 'training: {eval_strategy: epochs}', 'is "epochs"; expected one of no, epoch, steps'],
    ['a number for a name', 'name: 42', 'name: is 42; expected text, so put it in quotes'],
    ['a name of two lines', 'name: "a\\nb"', 'name: holds a line break or control character'],
    ['an escape in a name', 'name: "a\\e[31mb"', 'name: holds a line break or control character'],
    ['a value below the range', 'training: {label_smoothing_factor: -0.1}', 'expected a number from 0, below 1'],
    ['no beams', 'generation: {num_beams: 0}', 'is 0; expected a whole number from 1 to 64 or nothing (null)'],
    ['a key given twice', 'training: {seed: 1, seed: 2}', 'training.seed: is given twice (line 6)'],
    ['a strange key', '? [a, b]\n: 1', 'a complex key: unknown field'],
    ['a merge key', 'training: {<<: 1}', 'training.<<: unknown field; known here: learning_rate'],
    ['a key of the prototype', '__proto__: {a: 1}', '__proto__: unknown field'],
    ['a name of Object', 'constructor: 1', 'constructor: unknown field'],
    ['an old name', 'training: {evaluation_strategy: epoch}', 'did you mean training.eval_strategy?'],
    ['a key in another section', 'training: {num_beams: 1}', 'did you mean generation.num_beams?'],
    [
      'max_steps 0',
      'training: {max_steps: 0}',
      'is 0; expected a number of steps, or -1 to train for num_train_epochs',
    ],
    ['two warm-ups', 'training: {warmup_steps: 5, warmup_ratio: 0.1}', 'give one of the two'],
    [
      'a constant schedule with warm-up',
      'training: {lr_scheduler_type: constant, warmup_steps: 5}',
      'is constant, which has no warm-up; use constant_with_warmup',
    ],
    ['no eval_steps', 'training: {eval_strategy: steps}', 'is missing; training.eval_strategy steps needs it'],
    [
      'a push to nowhere',
      'training: {push_to_hub: true}',
      'training.hub_model_id: is missing; training.push_to_hub needs it',
    ],
    [
      'a push of what is not saved',
      'training: {push_to_hub: true, hub_model_id: me/model, save_strategy: "no"}',
      'training.save_strategy: is no; training.push_to_hub pushes what is saved',
    ],
    [
      'a secret in a file',
      'training: {hub_token: hf_x}',
      'training.hub_token: unknown field, not wanted in a file that is shared: set HF_TOKEN, or log in with "hf auth login"',
    ],
    [
      'a repository that is not pushed to',
      'training: {hub_model_id: me/model}',
      'training.hub_model_id: is me/model while training.push_to_hub is false',
    ],
    [
      'a beam option in greedy search',
      'generation: {num_beams: 1, length_penalty: 0.6}',
      'has no meaning in greedy search: remove it, or set generation.num_beams above 1',
    ],
  ])('is told of %s', (_what, addition, message) => {
    expect(problemsOf(minimal.trimStart() + addition)).toContain(message);
  });

  it('is told of a name or a description that is too long, in characters, wherever it comes from', () => {
    const text = (name: string, description: string) => `name: ${name}\ndescription: ${description}${minimal}`;
    expect(problemsOf(text('x'.repeat(257), 'y'.repeat(4_097)))).toBe(
      `some/try.yaml has 2 problems:
  name: has 257 characters; expected at most 256 (line 1)
  description: has 4097 characters; expected at most 4096 (line 2)`,
    );
    expect(problemsOf(minimal, [`name=${'x'.repeat(100_000)}`])).toContain('name: has 100000 characters; expected');
    const longest = parse(text('\u{1f41f}'.repeat(256), 'y'.repeat(4_096)));
    expect([...longest.name]).toHaveLength(256);
  });

  it('is told once of a repository that is none', () => {
    const problems = problemsOf(`${minimal.trimStart()}training: {push_to_hub: true, hub_model_id: "a b"}`);
    expect(problems.split('training.hub_model_id')).toHaveLength(2);
    expect(problems).toContain(
      'training.hub_model_id: is "a b"; expected a repository such as owner/name or nothing (null)',
    );
  });

  it.each([
    ['data.train_size=1', 'is 1; expected a share below 1 or a whole number of pairs above 1'],
    ['data.validation_size=2.5', 'is 2.5; expected a share below 1 or a whole number'],
    ['data.validation_size=0', 'is 0; expected a number above 0 or nothing (null) (--set)'],
    ['data.target_lang=en', 'data.target_lang: is en, the same as data.source_lang'],
    [
      'data.corpus.format=docx',
      'is "docx"; expected one of moses, tsv, csv, json, jsonl, parquet, hub, opus, tmx, po, mo, xliff, typescript-catalogue (--set)',
    ],
    ['data.corpus.source=', 'data.corpus.source: is empty; expected a path (--set)'],
    ['data.corpus=x', 'is a section; set one of its fields, such as data.corpus.format (--set)'],
    ['data.validation_corpus.path=x', 'has no meaning without data.validation_corpus.format (--set)'],
    ['training.learning_rate=0x10', 'is "0x10"; expected a number'],
    ['training.seed=', 'is empty; expected a whole number'],
    ['=3', '"=3"; expected path=value'],
  ])('is told of --set %s', (override, message) => {
    expect(problemsOf(minimal, [override])).toContain(message);
  });

  it('is told that a corpus for validation leaves nothing to hold out', () => {
    const overrides = [
      'data.validation_corpus.format=jsonl',
      'data.validation_corpus.path=v.jsonl',
      'data.validation_size=0.2',
    ];
    expect(problemsOf(minimal, overrides)).toContain('has no meaning beside data.validation_corpus');
  });

  it.each([
    [
      ['source_header=en', 'has_header=false'],
      'data.validation_corpus.source_header: is en while has_header is false; columns without a header have numbers only',
    ],
    [
      ['source_header=en', 'target_header=en'],
      'data.validation_corpus.target_header: is en, the same as source_header',
    ],
    [['target_column=1'], 'data.validation_corpus.target_column: is 1, the same as source_column'],
    [['delimiter=pipe'], 'data.validation_corpus.delimiter: is "pipe"; expected one of comma, semicolon, tab'],
  ])('is told of CSV columns that cannot be found: %j', (settings, message) => {
    const overrides = ['format=csv', 'path=v.csv', ...settings].map((each) => `data.validation_corpus.${each}`);
    expect(problemsOf(minimal, overrides)).toContain(message);
  });

  it('is told that both columns are the same', () => {
    const overrides = [
      'data.validation_corpus.format=tsv',
      'data.validation_corpus.path=v',
      'data.validation_corpus.target_column=1',
    ];
    expect(problemsOf(minimal, overrides)).toContain(
      'data.validation_corpus.target_column: is 1, the same as source_column',
    );
  });

  it.each([
    ['', 'some/try.yaml is empty; expected the fields of an experiment.'],
    ['# only a remark\n', 'some/try.yaml is empty'],
    ['null', 'some/try.yaml is empty'],
    ['- a\n- b', 'some/try.yaml holds a list; expected a mapping of fields such as "model: …".'],
    ['just words', 'some/try.yaml holds "just words"; expected a mapping'],
    ['model: "unclosed', 'some/try.yaml is not valid YAML:\n  line 1: Missing closing "quote'],
    ['model: x\n\tdata: 1', 'some/try.yaml is not valid YAML:\n  line 2: '],
    ['model: a\n---\nmodel: b', 'some/try.yaml is not valid YAML:\n  line 2: Source contains multiple documents'],
    ['model: *nowhere', 'model: names an anchor that is not there (line 1)'],
    ['model: !!js/function "x"', 'some/try.yaml is not valid YAML:\n  line 1: Unresolved tag'],
  ])('%j is refused', (text, message) => {
    expect(problemsOf(text)).toContain(message);
  });

  it.each([
    ['a huge file', `name: ${'x'.repeat(300_000)}`, 'is too large for an experiment file: more than 64 KiB.'],
    ['brackets in brackets', '['.repeat(60_000), 'is nested too deeply for an experiment file.'],
    ['lists in lists', `${'- '.repeat(30_000)}a`, /is nested too deeply|holds a list/],
    ['very many unknown keys', Array.from({ length: 5_000 }, (_, i) => `k${i}: 1`).join('\n'), '… and 4954 more'],
  ])('%s is refused within seconds', (_what, text, message) => {
    const start = process.cpuUsage();
    expect(problemsOf(text)).toMatch(message);
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
  });

  it('reads through anchors and aliases without expanding them', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 12; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(9)
          .fill(i === 1 ? '*a' : `*a${i - 1}`)
          .join(',')}]`,
      );
    bomb.push('training: {seed: *a11}');
    expect(problemsOf(bomb.join('\n'))).toContain('training.seed: is a list');
    const shared = `
model: m/x/y
data:
  corpus: &corpus {format: jsonl, path: a.jsonl}
  validation_corpus: *corpus
  source_lang: en
  target_lang: fr`;
    expect(parse(shared).data.validation_corpus).toMatchObject({ format: 'jsonl', path: '/exp/a.jsonl' });
  });
});
