import { describe, expect, it } from 'vitest';
import { readRunDetail } from '../../../src/ui/state/run-detail.ts';
import { fixtureRun, fixtureServices } from '../support/fixture-services.ts';

describe('readRunDetail', () => {
  it('gives null for a run the store does not have', () => {
    expect(readRunDetail(fixtureServices([]), 'x', null, false)).toBeNull();
  });

  it('gives back the very same object while nothing changes', () => {
    const services = fixtureServices([fixtureRun('a', { state: 'running', step: 10 })]);
    const first = readRunDetail(services, 'a', null, false);
    expect(readRunDetail(services, 'a', first, false)).toBe(first);
  });

  it('keeps the parts that did not change', () => {
    const run = fixtureRun('a', { state: 'running', step: 10 });
    const services = fixtureServices([run]);
    const first = readRunDetail(services, 'a', null, false);
    run.record = { ...run.record, step: 11 };
    run.series = { ...run.series, loss: [...(run.series.loss ?? []), { step: 11, value: 2, time: 0 }] };
    run.samples = structuredClone(run.samples);
    const second = readRunDetail(services, 'a', first, false);
    expect(second).not.toBe(first);
    expect(second?.series.loss).toHaveLength(11);
    expect(second?.samples).toBe(first?.samples);
    expect(second?.series.learning_rate).toBe(first?.series.learning_rate);
  });

  it('reads of a run that has ended and is unchanged nothing but its record', () => {
    const services = fixtureServices([fixtureRun('a')]);
    const first = readRunDetail(services, 'a', null, false);
    const reads = services.calls.metricSeries;
    expect(readRunDetail(services, 'a', first, false)).toBe(first);
    expect(services.calls.metricSeries).toBe(reads);
  });

  it('reads translations only when they are wanted, and again only after another evaluation', () => {
    const run = fixtureRun('a', { state: 'running', step: 10, after: null });
    const services = fixtureServices([run]);
    const without = readRunDetail(services, 'a', null, false);
    expect(without?.translations).toEqual([]);
    const first = readRunDetail(services, 'a', without, true);
    expect(first?.translations).toHaveLength(5);
    run.record = { ...run.record, step: 11 };
    const second = readRunDetail(services, 'a', first, true);
    expect(services.calls.translations).toBe(1);
    run.evaluations = fixtureRun('a').evaluations;
    run.translations = fixtureRun('a').translations;
    expect(readRunDetail(services, 'a', second, true)?.translations[0]?.after).toBe("Impossible d'ouvrir le fichier.");
  });
});
