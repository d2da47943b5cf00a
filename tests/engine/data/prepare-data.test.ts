import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { CorpusSpec } from '../../../src/engine/config/experiment.ts';
import { describeData } from '../../../src/engine/data/describe-data.ts';
import { packBatch } from '../../../src/engine/data/pack-batch.ts';
import { prepareData } from '../../../src/engine/data/prepare-data.ts';
import { MarianTokenizer } from '../../../src/engine/text/marian-tokenizer.ts';
import { dataConfig } from '../../support/experiment.ts';
import { temporaryFiles } from './temporary-files.ts';

const tokenizer = await MarianTokenizer.load(
  fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url)),
);
const tsv = (path: string): CorpusSpec => ({ format: 'tsv', path, source_column: 1, target_column: 2 });

const numbered = (from: number, to: number): string =>
  Array.from(
    { length: to - from },
    (_, index) => `Open file ${from + index}\tOuvrir le fichier ${from + index}\n`,
  ).join('');

describe('prepared data', () => {
  it('is held out of the corpus in the order of datasets, side by side with its texts', async () => {
    await using files = await temporaryFiles({ 'a.tsv': numbered(0, 10) });
    const data = await prepareData(dataConfig({ corpus: tsv(files.path('a.tsv')), validation_size: 2 }), tokenizer);
    // numpy.random.default_rng(42).permutation(10) is 5 6 0 7 3 2 4 9 1 8: the first two are held out.
    expect(data.validationPairs.map(({ line }) => line - 1)).toEqual([5, 6]);
    expect(data.trainPairs.map(({ line }) => line - 1)).toEqual([0, 7, 3, 2, 4, 9, 1, 8]);
    expect(data.train.map(({ targetIds }) => tokenizer.decode(targetIds))).toEqual(
      data.trainPairs.map(({ target }) => target),
    );
    expect(data.validation.map(({ sourceIds }) => tokenizer.decode(sourceIds, { useSourceTokenizer: true }))).toEqual([
      'Open file 5',
      'Open file 6',
    ]);
    expect(data).toMatchObject({ truncatedSources: 0, truncatedTargets: 0, validationCorpus: null });
    expect(data.dataHash).toBe(data.corpus.sha256);
    expect(data.train[0]?.sourceIds.at(-1)).toBe(tokenizer.eosTokenId);
  });

  it('keeps the first pairs of each side where it is told how many', async () => {
    await using files = await temporaryFiles({ 'a.tsv': numbered(0, 10) });
    const limits = { validation_size: 3, max_train_samples: 2, max_eval_samples: 1 };
    const data = await prepareData(dataConfig({ corpus: tsv(files.path('a.tsv')), ...limits }), tokenizer);
    expect(data.trainPairs.map(({ line }) => line - 1)).toEqual([7, 3]);
    expect(data.validationPairs.map(({ line }) => line - 1)).toEqual([5]);
    expect([data.train.length, data.validation.length]).toEqual([2, 1]);
  });

  it('takes validation from a corpus of its own, and then all of the other for training', async () => {
    await using files = await temporaryFiles({
      'a.tsv': `${numbered(0, 3)}lonely\n`,
      'b.tsv': `alone\n${numbered(7, 9)}`,
    });
    const config = dataConfig({ corpus: tsv(files.path('a.tsv')), validation_corpus: tsv(files.path('b.tsv')) });
    const data = await prepareData(config, tokenizer);
    expect(data.trainPairs).toEqual(data.corpus.pairs);
    expect(data.validationPairs.map(({ source }) => source)).toEqual(['Open file 7', 'Open file 8']);
    expect(data.problems.map(({ file, line }) => [file, line])).toEqual([
      [files.path('a.tsv'), 4],
      [files.path('b.tsv'), 1],
    ]);
    expect(data.problemCounts).toEqual({ unpaired: 2 });
    const alone = await prepareData(dataConfig({ corpus: config.corpus }), tokenizer);
    expect(data.dataHash).not.toBe(alone.dataHash);
  });

  it('puts the prefix before sources only and counts what is cut and unknown', async () => {
    await using files = await temporaryFiles({ 'a.tsv': 'Open\tOuvrir le fichier maintenant\nSave \u{1f600}\tOui\n' });
    const corpus = tsv(files.path('a.tsv'));
    const config = dataConfig({
      corpus,
      validation_corpus: corpus,
      max_target_length: 3,
      source_prefix: 'translate: ',
    });
    const data = await prepareData(config, tokenizer);
    // Both sides hold the corpus once, so each count is twice what one pass over it finds.
    expect(data).toMatchObject({ truncatedSources: 0, truncatedTargets: 2 });
    expect(data.train[0]?.targetIds).toHaveLength(3);
    expect(data.train[0]?.targetIds.at(-1)).toBe(tokenizer.eosTokenId);
    expect(tokenizer.decode(data.train[0]?.sourceIds ?? [], { useSourceTokenizer: true })).toBe('translate: Open');
    expect(data.validationPairs[0]?.source).toBe('Open');
  });

  it('refuses a share that leaves nothing', async () => {
    await using files = await temporaryFiles({ 'a.tsv': numbered(0, 4) });
    const config = dataConfig({ corpus: tsv(files.path('a.tsv')), train_size: 0.2 });
    await expect(prepareData(config, tokenizer)).rejects.toThrow('train_size 0.2 of 4 pairs leave none for training.');
  });

  it('tells of what was left out where too few are left', async () => {
    await using files = await temporaryFiles({ 'a.tsv': 'Open\tOuvrir\n\nClose\n\xe9' });
    const config = dataConfig({ corpus: tsv(files.path('a.tsv')), validation_size: 0.34 });
    await expect(prepareData(config, tokenizer)).rejects.toThrow(
      `validation_size 0.34 of 1 pairs leave none for training. Of the corpus, 3 lines were left out, the first being ${files.path('a.tsv')}, line 2 (unpaired: 1 column; expected at least 2).`,
    );
  });
});

describe('the description of data', () => {
  it('measures both sides before anything is cut, and shows examples', async () => {
    await using files = await temporaryFiles({
      'a.tsv': '\ufeffOpen\tOuvrir\n\tOui\nOpen Open\tNon \u{1f600}\nlonely\n',
    });
    const corpus = tsv(files.path('a.tsv'));
    const config = dataConfig({ corpus, validation_corpus: corpus, max_source_length: 2 });
    const described = await describeData(config, tokenizer, 1);
    const lengths = ['Open', '', 'Open Open'].map((text) => tokenizer.encodeSource(text).ids.length);
    expect(lengths).toEqual([2, 1, 3]);
    expect(described.train.source).toEqual({
      pieces: 6,
      meanLength: 2,
      lengths: { min: 1, median: 2, p90: 3, p99: 3, max: 3 },
      maxLength: 2,
      truncated: 1,
      truncatedShare: 1 / 3,
      unknownPieces: 0,
      unknownShare: 0,
    });
    expect(described.train.target.unknownPieces).toBe(1);
    expect(described.train.target.unknownShare).toBe(1 / described.train.target.pieces);
    expect(described.validation).toEqual(described.train);
    expect(described.corpora).toEqual([
      { name: 'a.tsv', pairs: 3 },
      { name: 'a.tsv', pairs: 3 },
    ]);
    expect(described.problemCounts).toEqual({ empty: 2, unpaired: 2 });
    expect(described.notes).toHaveLength(2);
    expect(described.examples).toEqual([
      { source: 'Open', target: 'Ouvrir', line: 1, sourcePieces: ['▁Open', '</s>'], targetPieces: ['▁Ouvrir', '</s>'] },
    ]);
  });
});

describe('a batch', () => {
  it('has the sources, and the labels, one after the other without padding', () => {
    const batch = packBatch([
      { sourceIds: [5, 0], targetIds: [6, 7, 0] },
      { sourceIds: [1, 2, 3, 0], targetIds: [] },
      { sourceIds: [9], targetIds: [0] },
    ]);
    expect(batch).toEqual({
      source: { ids: Int32Array.of(5, 0, 1, 2, 3, 0, 9), starts: Int32Array.of(0, 2, 6, 7) },
      labels: { ids: Int32Array.of(6, 7, 0, 0), starts: Int32Array.of(0, 3, 3, 4) },
    });
  });

  it('needs an example', () => {
    expect(() => packBatch([])).toThrow('A batch needs at least one example.');
  });
});
