/** What there is to take out of a store, each as a table: runs, metrics, evaluations, sentences. */
import type { RunRecord } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import { scoreSentences } from '../sentence-scores.ts';
import type { Cell } from './table-formats.ts';

export interface ExportedTable {
  readonly columns: readonly string[];
  /** Read run by run: a store may hold more than memory does. */
  rows(): Iterable<readonly Cell[]>;
}

export const tableNames = ['metrics', 'runs', 'evaluations', 'sentences'] as const;

export type TableName = (typeof tableNames)[number];

/** Gives a table of the runs, in their order. Times are ISO 8601 in UTC, losses nats, scores 0 to 100. */
export function exportedTable(name: TableName, store: Store, runs: readonly RunRecord[]): ExportedTable {
  return makers[name](store, runs);
}

const makers: Readonly<Record<TableName, (store: Store, runs: readonly RunRecord[]) => ExportedTable>> = {
  metrics: metricsTable,
  runs: runsTable,
  evaluations: evaluationsTable,
  sentences: sentencesTable,
};

/** A row a step that has a number, a column a metric. */
function metricsTable(store: Store, runs: readonly RunRecord[]): ExportedTable {
  const namesOf = new Map(runs.map(({ id }) => [id, store.metricNames(id)]));
  const metrics = [...new Set([...namesOf.values()].flat())].sort();
  function* rowsOf(id: string): Generator<readonly Cell[]> {
    const steps = new Map<number, { time: number; values: Map<string, number> }>();
    for (const metric of namesOf.get(id) ?? []) {
      for (const { step, time, value } of store.metricSeries(id, metric)) {
        const row = steps.get(step) ?? { time, values: new Map() };
        row.time = Math.max(row.time, time);
        row.values.set(metric, value ?? Number.NaN);
        steps.set(step, row);
      }
    }
    for (const [step, { time, values }] of [...steps].sort(([a], [b]) => a - b)) {
      yield [id, step, iso(time), ...metrics.map((metric) => values.get(metric) ?? null)];
    }
  }
  return {
    columns: ['run', 'step', 'time', ...metrics],
    *rows() {
      for (const { id } of runs) yield* rowsOf(id);
    },
  };
}

/** A row a run: scores, and every setting in a column of its own. */
function runsTable(store: Store, runs: readonly RunRecord[]): ExportedTable {
  const settingsOf = new Map(runs.map(({ id }) => [id, store.parameters(id)]));
  const paths = [...new Set([...settingsOf.values()].flatMap(Object.keys))].filter((path) => !OWN_COLUMNS.has(path));
  return {
    columns: [...RUN_COLUMNS, ...paths],
    *rows() {
      for (const run of runs) {
        const { id, name, state, createdAt, startedAt, endedAt, earlierMs, device, step, totalSteps, loss } = run;
        const seconds = startedAt === null || endedAt === null ? null : (earlierMs + endedAt - startedAt) / 1000;
        const settings = settingsOf.get(id);
        yield [
          id,
          name,
          state,
          iso(createdAt),
          seconds,
          device,
          step,
          totalSteps,
          loss,
          run.bleuBefore,
          run.bleuAfter,
          run.bleuDelta,
          ...paths.map((path) => settings?.[path] ?? null),
        ];
      }
    },
  };
}

const RUN_COLUMNS = [
  'run',
  'name',
  'state',
  'created',
  'seconds',
  'device_used',
  'step',
  'total_steps',
  'loss',
  'bleu_before',
  'bleu_after',
  'bleu_gain',
];
const OWN_COLUMNS = new Set(['name']);

/** A row an evaluation: scores with all they rest on. */
function evaluationsTable(store: Store, runs: readonly RunRecord[]): ExportedTable {
  return {
    columns: EVALUATION_COLUMNS,
    *rows() {
      for (const { id } of runs) {
        for (const { stage, step, epoch, time, sentences, bleu, decoding, ...rest } of store.evaluations(id)) {
          yield [
            id,
            stage,
            step,
            epoch,
            iso(time),
            sentences,
            rest.loss,
            rest.lossPerToken,
            bleu?.score ?? null,
            bleu?.brevityPenalty ?? null,
            bleu?.systemLength ?? null,
            bleu?.referenceLength ?? null,
            bleu?.signature ?? null,
            decoding?.numBeams ?? null,
            decoding?.maxLength ?? null,
            decoding?.lengthPenalty ?? null,
            decoding === null ? null : String(decoding.earlyStopping),
            decoding?.references ?? null,
            rest.durationSeconds,
          ];
        }
      }
    },
  };
}

const EVALUATION_COLUMNS = [
  'run',
  'stage',
  'step',
  'epoch',
  'time',
  'sentences',
  'loss',
  'loss_per_piece',
  'bleu',
  'brevity_penalty',
  'system_length',
  'reference_length',
  'signature',
  'num_beams',
  'max_length',
  'length_penalty',
  'early_stopping',
  'references',
  'seconds',
];

/** A row a validation sentence, with sentence BLEU before and after. */
function sentencesTable(store: Store, runs: readonly RunRecord[]): ExportedTable {
  return {
    columns: ['run', 'index', 'source', 'reference', 'before', 'after', 'bleu_before', 'bleu_after'],
    *rows() {
      for (const { id } of runs) {
        for (const sentence of scoreSentences(store.translations(id))) {
          const { index, source, reference, before, after, bleuBefore, bleuAfter } = sentence;
          yield [id, index, source, reference, before, after, bleuBefore, bleuAfter];
        }
      }
    },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
