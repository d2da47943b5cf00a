import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chooseDatasetFiles } from '../../../src/engine/data/dataset-files.ts';
import { DataError } from '../../../src/errors.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };
const question = { id: 'org/set', readme: null, config: null, split: 'train' };
const choose = (files: string[], given: { readme?: string; config?: string; split?: string } = {}) =>
  chooseDatasetFiles({ ...question, files, ...given }, languages);
const configs = (yaml: string): string => `---\nlicense: mit\n${yaml}\n---\n# A dataset\n`;

interface Layout {
  readonly files: string[];
  /** What README.md says, where it does. */
  readonly dataFiles?: unknown;
  /** What `datasets` takes for each split. */
  readonly splits: Record<string, string[]>;
}
const layouts: Layout[] = JSON.parse(readFileSync('tests/fixtures/parquet/layouts.json', 'utf8'));

function failure(files: string[], given: { readme?: string; config?: string; split?: string } = {}): DataError {
  try {
    choose(files, given);
  } catch (error) {
    if (error instanceof DataError) return error;
  }
  throw new Error('expected a DataError');
}

describe('the files of a dataset', () => {
  it('are the shards of the split, in order', () => {
    const files = [
      'README.md',
      'data/train-00001-of-00002.parquet',
      'data/test-00000-of-00001.parquet',
      'data/train-00000-of-00002.parquet',
    ];
    expect(choose(files)).toEqual({
      kind: 'parquet',
      files: ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet'],
      config: null,
    });
    expect(choose(files, { split: 'test' }).files).toEqual(['data/test-00000-of-00001.parquet']);
  });

  it('are those of the folder named as the languages, either way round', () => {
    const files = ['bs-en/train-00000-of-00001.parquet', 'en-fr/train-00000-of-00001.parquet'];
    expect(choose(files)).toMatchObject({ files: ['en-fr/train-00000-of-00001.parquet'], config: 'en-fr' });
    expect(chooseDatasetFiles({ ...question, files }, { source_lang: 'fr', target_lang: 'en' }).files).toEqual([
      'en-fr/train-00000-of-00001.parquet',
    ]);
    expect(choose(files, { config: 'bs-en' }).files).toEqual(['bs-en/train-00000-of-00001.parquet']);
  });

  it.each(layouts.map((layout) => [layout.files.join(' '), layout] as const))(
    'are those that datasets chooses from %s',
    (_, { files, dataFiles, splits }) => {
      const readme = configs(`configs: ${JSON.stringify([{ config_name: 'default', data_files: dataFiles }])}`);
      for (const [split, expected] of Object.entries(splits)) {
        expect(choose(files, { split, ...(dataFiles === undefined ? {} : { readme }) }).files).toEqual(expected);
      }
    },
  );

  it('are those README.md names', () => {
    const files = ['a/one.jsonl', 'a/two.jsonl', 'a/deep/three.jsonl', 'b/x1.csv', 'b/x2.csv', 'en-fr/part-1.parquet'];
    const readme = configs(
      [
        'configs:',
        '- config_name: en-fr',
        '  data_files:',
        '  - split: train',
        '    path: [a/two.jsonl, "a/o*.jsonl"]',
        '  - split: test',
        '    path: a/**/*.jsonl',
        '- config_name: other',
        '  data_dir: b',
        '  data_files: "x[12].csv"',
      ].join('\n'),
    );
    expect(choose(files, { readme })).toEqual({
      kind: 'jsonl',
      files: ['a/two.jsonl', 'a/one.jsonl'],
      config: 'en-fr',
    });
    expect(choose(files, { readme, split: 'test' }).files).toEqual([
      'a/deep/three.jsonl',
      'a/one.jsonl',
      'a/two.jsonl',
    ]);
    expect(choose(files, { readme, config: 'other' })).toMatchObject({ kind: 'csv', files: ['b/x1.csv', 'b/x2.csv'] });
    expect(failure(files, { readme, config: 'none' }).message).toBe(
      'The dataset org/set has no configuration "none"; it has en-fr, other.',
    );
  });

  it('are those of the default configuration, or of the only one', () => {
    const two = configs(
      'configs:\n- {config_name: a, data_files: a.csv}\n- {config_name: b, data_files: b.csv, default: true}',
    );
    expect(choose(['a.csv', 'b.csv'], { readme: two }).files).toEqual(['b.csv']);
    const one = configs('configs:\n- {config_name: a, data_files: a.csv}');
    expect(choose(['a.csv', 'b.csv'], { readme: one }).files).toEqual(['a.csv']);
    const none = configs('configs:\n- {config_name: a, data_files: a.csv}\n- {config_name: b, data_files: b.csv}');
    const { message, hint } = failure(['a.csv', 'b.csv'], { readme: none });
    expect(message).toBe('The dataset org/set has several configurations: a, b; expected one to be chosen.');
    expect(hint).toBe('Set data.corpus.config.');
  });

  it('are no descriptions, hidden files or caches', () => {
    expect(choose(['dataset_infos.json', '.cache/train.jsonl', '__x__/train.jsonl', 'train.jsonl']).files).toEqual([
      'train.jsonl',
    ]);
  });

  it('are refused where there is only a script, and the way out is told', () => {
    const { message, hint } = failure(['README.md', 'kde4.py', 'dataset_infos.json']);
    expect(message).toBe(
      'The dataset org/set is made by a Python script, kde4.py, which is not run; expected files in parquet, JSONL, CSV or TSV.',
    );
    expect(hint).toContain('refs/convert/parquet');
    expect(failure(['model.bin']).message).toBe(
      'The dataset org/set has no file that can be read; expected files in parquet, JSONL, CSV or TSV.',
    );
  });

  it('are refused where the split is not there, or not whole', () => {
    expect(failure(['train.csv', 'test.csv'], { split: 'dev' }).message).toBe(
      'The dataset org/set has no split "dev"; it has train, test.',
    );
    expect(failure(['data/train-00000-of-00002.parquet']).message).toBe(
      'The dataset org/set is not complete: of data/train-*-of-00002.parquet there are 1 files; expected 2.',
    );
  });

  it('are refused where README.md makes no sense', () => {
    expect(failure(['a.csv'], { readme: configs('configs: {a: 1}') }).message).toMatch(
      /^README\.md of the dataset org\/set has configs that cannot be read: configs: /,
    );
    expect(failure(['a.csv'], { readme: configs('configs: [') }).message).toMatch(/begins with no sound YAML: /);
    expect(choose(['a.csv'], { readme: '# No header\n' }).files).toEqual(['a.csv']);
  });

  it('are told of without any word of the YAML library, which would show the text as it is', async () => {
    const warnings: unknown[] = [];
    const hear = (warning: unknown) => warnings.push(warning);
    process.on('warning', hear);
    const readme = configs('x: !y "\u001b]0;title\u0007"\nconfigs: [{config_name: a, data_files: a.csv}]');
    expect(choose(['a.csv'], { readme }).config).toBe('a');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  it('are refused in few words where README.md is nested without end, however often it is asked', () => {
    for (const opening of ['[', '{a: ', '- ', '? ', 'a: ', '[{a: ']) {
      for (const times of [2_000, 4_000, 100_000]) {
        const { message } = failure(['a.csv'], { readme: configs(`x: ${opening.repeat(times)}`) });
        expect(message).toMatch(/begins with no sound YAML: it is nested too deeply\.$/);
      }
    }
    const nowhere = failure(['a.csv'], { readme: configs(`x: *${'a'.repeat(1_000_000)}`) });
    expect(nowhere.message).toMatch(/begins with no sound YAML: .*Unresolved alias/);
    expect(nowhere.message.length).toBeLessThan(500);
  });

  it('are found in README.md with very many keys', () => {
    const keys = Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n');
    const start = process.cpuUsage();
    expect(
      choose(['a.csv'], { readme: configs(`${keys}\nconfigs: [{config_name: a, data_files: a.csv}]`) }).config,
    ).toBe('a');
    // Each compared with each would take a quarter of a minute.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(8);
  }, 60_000);

  it('are refused where README.md has patterns that take too long', () => {
    const files = Array.from({ length: 1_000 }, (_, index) => `${'a'.repeat(200)}${index}.csv`);
    const patterns = (count: number) => Array.from({ length: count }, (_, index) => `${'*a'.repeat(100)}${index}b`);
    const given = (count: number) =>
      configs(`configs: ${JSON.stringify([{ config_name: 'a', data_files: patterns(count) }])}`);
    expect(failure(files, { readme: given(1) }).message).toContain('has no split "train"');
    const { message, hint } = failure(files, { readme: given(1_000) });
    expect(message).toBe(
      'README.md of the dataset org/set names its files by patterns that take too long to follow; expected fewer, or with fewer stars.',
    );
    expect(hint).toContain('data.corpus.path');
  });

  it('are refused in few words, however many and long the names of splits and folders are', () => {
    const splits = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`split${index}`, 'a.csv']));
    const readme = configs(`configs: ${JSON.stringify([{ config_name: 'a', data_files: splits }])}`);
    expect(failure(['a.csv'], { readme }).message).toMatch(/it has split0, .*, split39 and more\.$/);
    const deep = `${'a/'.repeat(2_000)}b.csv`;
    expect(failure([deep], { config: 'b' }).message).toMatch(/it has a, a\/a, .* and more\.$/);
    expect(choose([deep], { config: 'a/a' }).files).toEqual([deep]);
    const long = configs(`configs: ${JSON.stringify([{ config_name: 'a', data_files: { ['x'.repeat(10_000)]: 1 } }])}`);
    expect(failure(['a.csv'], { readme: long }).message.length).toBeLessThan(500);
  });

  it('are found by words in names of any length', () => {
    const start = process.cpuUsage();
    const long = '-dev'.repeat(100_000);
    for (const name of [`${long}.csv`, `${long}/a.csv`])
      expect(choose([name, 'a.csv'], { split: 'validation' }).files).toEqual([name]);
    // Where the rest of a name is looked at anew at each word, a minute.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(8);
  });
});
