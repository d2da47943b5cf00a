import {
  BLEU,
  bootstrapConfidence,
  CHRF,
  DefaultRng,
  pairedTest,
  pairedTestAsync,
  pairedTestOfStatistics,
  TER,
} from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';

const refs = [['the cat sat on the mat', 'a dog ran in the park', 'birds fly south', 'we went home late']];
const systems = [
  {
    name: 'baseline',
    hypotheses: ['the cat sat on a mat', 'a dog ran in the park', 'birds fly north', 'we went home'],
  },
  { name: 'other', hypotheses: ['the cat sat', 'the dog ran into the park', 'birds fly south', 'we came home late'] },
];
const input = { metrics: [new BLEU(), new CHRF(), new TER()], systems, refs, type: 'bs', nSamples: 200 } as const;

describe('a paired test', () => {
  it('gives from kept statistics what it gives from texts', () => {
    const metrics = input.metrics.map((metric) => ({
      metric,
      statistics: systems.map(({ hypotheses }) => metric.corpusStatistics(hypotheses, refs)),
    }));
    const names = systems.map(({ name }) => name);
    const kept = pairedTestOfStatistics({ metrics, systems: names, type: 'bs', nSamples: 200 });
    expect(kept).toEqual(pairedTest(input));
  });

  it('gives the same with and without turns for other work, and tells how far it is', async () => {
    const shares: number[] = [];
    const result = await pairedTestAsync({ ...input, nSamples: 2000, onProgress: (share) => shares.push(share) });
    expect(result).toEqual(pairedTest({ ...input, nSamples: 2000 }));
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((left, right) => left - right));
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(new Error('enough'));
    const running = pairedTestAsync({ ...input, nSamples: 1_000_000, signal: stop.signal, onProgress });
    await expect(running).rejects.toThrow('enough');
  });

  it('refuses what it cannot test', () => {
    expect(() => pairedTest({ ...input, systems: systems.slice(1) })).toThrow(
      'A paired test needs two systems or more',
    );
    expect(() => pairedTest({ ...input, metrics: [] })).toThrow('A paired test needs a metric.');
    expect(() => pairedTest({ ...input, nSamples: 1.5 })).toThrow(
      'nSamples is 1.5; expected a whole number, 0 or more.',
    );
    expect(() => pairedTest({ ...input, seed: -1 })).toThrow('seed is -1; expected a whole number, 0 or more');
    expect(() => bootstrapConfidence(new BLEU(), [], { nBootstrap: 10 })).toThrow('There are no segments to resample.');
    expect(() => bootstrapConfidence(new BLEU(), [[1]], { nBootstrap: 0 })).toThrow('nBootstrap is 0');
    expect(() => new DefaultRng(1).fillIntegers(new Int32Array(1), 0)).toThrow('bound is 0; expected 1 to 2^31.');
  });
});
