/** Thinning a series out: the chart of the rest must look like the chart of all. */
import { describe, expect, it } from 'vitest';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { MetricPoint } from '../../src/store/rows.ts';
import { newStore } from './new-store.ts';
import { newRun } from './run-events.ts';

/** A store whose run has this series. */
function storeWith(values: ReadonlyMap<number, number | null>) {
  const store = newStore();
  const writer = store.createRun(newRun({ id: 'r' }));
  const points = [...values].map(([step, value]) => ({ metric: 'loss', step, value }));
  // A second series and a second run, which must not shine through.
  const other = points.map(({ step }) => ({ metric: 'lo', step, value: 1e6 }));
  writer.record({ v: 1, seq: 1, time: 5, event: { type: 'metrics', points: [...points, ...other] } });
  store.createRun(newRun({ id: 's' })).record({ v: 1, seq: 1, time: 5, event: { type: 'metrics', points: other } });
  return store;
}

const extremes = (points: readonly MetricPoint[]) => {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  return [Math.min(...values), Math.max(...values)];
};
const wave = new Map(Array.from({ length: 5_000 }, (_, index) => [index * 3 + 10, Math.sin(index / 40)]));

describe('a series', () => {
  it('comes whole and in order of steps when it is short enough', () => {
    const store = storeWith(new Map([...wave].slice(0, 50).reverse()));
    const series = store.metricSeries('r', 'loss', 50);
    expect(series.map(({ step, value }) => [step, value])).toEqual([...wave].slice(0, 50));
    expect(store.metricSeries('r', 'loss')).toHaveLength(50);
    expect(store.metricSeries('r', 'nothing', 50)).toEqual([]);
    expect(store.metricSeries('nobody', 'loss', 50)).toEqual([]);
  });

  it.each([4, 5, 17, 200, 4_999])('thinned to %i points keeps its ends, its extremes and the limit', (maxPoints) => {
    const series = storeWith(wave).metricSeries('r', 'loss', maxPoints);
    expect(series.length).toBeLessThanOrEqual(maxPoints);
    expect(series.length).toBeGreaterThan(maxPoints / 2);
    expect(series[0]?.step).toBe(10);
    expect(series.at(-1)?.step).toBe(4_999 * 3 + 10);
    expect(extremes(series)).toEqual([Math.min(...wave.values()), Math.max(...wave.values())]);
    expect(series.map(({ step }) => step)).toEqual(series.map(({ step }) => step).sort((a, b) => a - b));
    for (const { step, value } of series) expect(value).toBe(wave.get(step));
  });

  it('keeps a single peak and a single NaN anywhere', () => {
    const spiky = new Map<number, number | null>(wave)
      .set(7_000 * 2 - 10 + 30, null)
      .set(1_210, 99)
      .set(2_710, -99);
    expect(spiky.size).toBeGreaterThanOrEqual(5_000);
    const series = storeWith(spiky).metricSeries('r', 'loss', 60);
    expect(extremes(series)).toEqual([-99, 99]);
    expect(series.filter(({ value }) => value === null)).toHaveLength(1);
    expect(series.length).toBeLessThanOrEqual(60);
  });

  it('with long gaps between its steps keeps what there is', () => {
    const gappy = new Map([...Array(30).keys()].map((index) => [index < 15 ? index : index * 1_000_000, index]));
    const series = storeWith(gappy).metricSeries('r', 'loss', 10);
    expect(series[0]).toMatchObject({ step: 0, value: 0 });
    expect(series.at(-1)).toMatchObject({ step: 29_000_000, value: 29 });
    expect(series.length).toBeLessThanOrEqual(10);
  });

  it('cannot be thinned to fewer than 4 points', () => {
    expect(() => storeWith(wave).metricSeries('r', 'loss', 3)).toThrow('maxPoints is 3; expected 4 or more');
  });

  it('read again and again while its run goes on is what a first reading gives', () => {
    const store = newStore();
    const writer = store.createRun(newRun({ id: 'r' }));
    const write = (event: TrainerEvent) =>
      writer.record({ v: 1, seq: writer.lastSeq + 1, time: writer.lastSeq, event });
    const go = (from: number, to: number, offset = 0) => {
      const steps = Array.from({ length: to - from }, (_, index) => from + index);
      const value = (step: number) => (step % 97 === 0 ? null : Math.sin(step / 7) * (step % 13) + offset);
      write({ type: 'metrics', points: steps.map((step) => ({ metric: 'loss', step, value: value(step) })) });
    };
    const expectFresh = () => {
      const reader = openStore(store.directory, { readOnly: true });
      expect(store.metricSeries('r', 'loss', 40)).toEqual(reader.metricSeries('r', 'loss', 40));
      reader.close();
    };
    for (let step = 0; step < 3_000; step += 101) {
      go(step, step + 101);
      expectFresh();
    }
    write({ type: 'resumed', step: 1_500, checkpoint: 'checkpoint-1500' });
    expectFresh();
    go(1_501, 3_200, 5);
    expectFresh();
    expect(store.metricSeries('r', 'loss', 40).some(({ value }) => value !== null && value > 15)).toBe(true);
  });
});
