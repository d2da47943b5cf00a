import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  BLEU,
  bootstrapConfidence,
  bootstrapConfidenceAsync,
  CHRF,
  type Metric,
  type PairedTestType,
  pairedTestOfStatistics,
  pairedTestOfStatisticsAsync,
  type Score,
  TER,
} from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';
import { packRows, unpackRows } from '../../../src/sacrebleu-ts/src/worker/resampling-job.ts';
import { runInWorker } from '../../../src/sacrebleu-ts/src/worker/run-in-worker.ts';

const references = Array.from({ length: 500 }, (_, index) => `the cat ${index % 7} sat on mat ${index % 13} at home`);
const baseline = references.map((line, index) => (index % 3 === 0 ? line.replace('sat', 'lay') : line));
const other = references.map((line, index) => (index % 4 === 0 ? line.replace('home', 'the sea') : line));
const metrics: readonly Metric<Score>[] = [
  new BLEU({ smoothMethod: 'add-k', smoothValue: 2, maxNgramOrder: 3 }),
  new CHRF({ wordOrder: 2, beta: 3, epsSmoothing: true }),
  new TER(),
];
const kept = {
  systems: ['baseline', 'other'],
  metrics: metrics.map((metric) => ({
    metric,
    statistics: [baseline, other].map((hypotheses) => metric.corpusStatistics(hypotheses, [references])),
  })),
};
const rows = kept.metrics[0]?.statistics[0] ?? [];

describe('a resampling in a worker thread', () => {
  it.each<PairedTestType>(['bs', 'ar'])('gives what it gives here, and tells how far it is: %s', async (type) => {
    const shares: number[] = [];
    const input = { ...kept, type, nSamples: 4_000, nArConfidence: 100, profile: 'py312_np1' } as const;
    const there = await pairedTestOfStatisticsAsync({ ...input, onProgress: (share) => shares.push(share) });
    expect(there).toEqual(pairedTestOfStatistics(input));
    expect(shares.at(-1)).toBe(1);
  });

  it('gives a confidence interval too', async () => {
    const options = { nBootstrap: 20_000, seed: 99n } as const;
    const metric = metrics[0] ?? new BLEU();
    expect(await bootstrapConfidenceAsync(metric, rows, options)).toEqual(bootstrapConfidence(metric, rows, options));
    const job = { type: 'confidence', scoring: { type: 'ter' }, rows: packRows([[1, 2]]), options } as const;
    expect(await runInWorker(job, {})).toEqual({ mean: 50, ci: 0 });
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(new Error('enough'));
    const input = { ...kept, type: 'bs', nSamples: 10_000_000, signal: stop.signal, onProgress } as const;
    await expect(pairedTestOfStatisticsAsync(input)).rejects.toThrow('enough');
  });

  it('meets here what it fails at there', async () => {
    const options = { nBootstrap: 1_000_000, seed: -1 };
    await expect(bootstrapConfidenceAsync(new TER(), rows, options)).rejects.toThrow('seed is -1; expected a whole');
  });

  it('leaves nothing behind that keeps the process alive', () => {
    const index = fileURLToPath(new URL('../../../src/sacrebleu-ts/src/index.ts', import.meta.url));
    const program = `
      import { TER, bootstrapConfidenceAsync } from ${JSON.stringify(index)};
      const rows = Array.from({ length: 1000 }, (_, index) => [index % 3, 7]);
      const { mean } = await bootstrapConfidenceAsync(new TER(), rows, { nBootstrap: 6000 });
      process.stdout.write(mean.toFixed(1));`;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', program], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect({ stdout, status }).toEqual({ stdout: '14.3', status: 0 });
  });

  it('keeps rows as they were', () => {
    expect(
      unpackRows(
        packRows([
          [1, 2.5],
          [3, 4],
        ]),
      ),
    ).toEqual([
      [1, 2.5],
      [3, 4],
    ]);
    expect(unpackRows(packRows([]))).toEqual([]);
  });
});
