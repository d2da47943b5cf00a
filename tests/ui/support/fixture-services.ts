/**
 * Services over plain objects in memory: a test double of our own interface, with runs in every state.
 * Numbers are made up but plausible; time stands still unless a test moves it.
 */
import { checkValues } from '../../../src/engine/config/check-values.ts';
import { StoreError } from '../../../src/errors.ts';
import type {
  CheckpointRow,
  EvaluationRow,
  EventRow,
  MetricPoint,
  RunRecord,
  RunState,
  SampleRow,
  TranslationRow,
} from '../../../src/store/rows.ts';
import type { Preset, TestedSystem, UiServices } from '../../../src/ui/services.ts';
import { bleu, evaluationRow, greedy, SIGNATURE } from '../../support/evaluation.ts';

export const NOW = Date.UTC(2026, 8, 1, 12, 0, 0);

/** Everything the double knows of one run. */
export interface FixtureRun {
  record: RunRecord;
  parameters: Record<string, string>;
  series: Readonly<Record<string, MetricPoint[]>>;
  evaluations: EvaluationRow[];
  translations: TranslationRow[];
  samples: SampleRow[];
  checkpoints: CheckpointRow[];
  events: EventRow[];
}

export interface FixtureServices extends UiServices {
  readonly runs: FixtureRun[];
  readonly presetList: Preset[];
  /** Values every started run was given. */
  readonly started: Readonly<Record<string, string>>[];
  /** Values written to files, by path. */
  readonly written: Map<string, Readonly<Record<string, string>>>;
  readonly stopped: string[];
  readonly resumed: string[];
  /** How often each service was called. */
  readonly calls: Record<string, number>;
  time: number;
  /** When set, reading throws a StoreError with these words. */
  failure: string | null;
  /** When set, startRun waits for it. */
  startGate: Promise<void> | null;
  startFailure: Error | null;
  /** The runs of every test that was asked for. */
  readonly tested: (readonly string[])[];
  /** When set, testRuns waits for it. */
  testGate: Promise<void> | null;
}

const SENTENCES: readonly (readonly [string, string, string, string])[] = [
  [
    'Could not open the file.',
    "Impossible d'ouvrir le fichier.",
    'Ne pas ouvrir la file.',
    "Impossible d'ouvrir le fichier.",
  ],
  [
    'The type is not supported.',
    "Le type n'est pas pris en charge.",
    'Le genre est pas supporté.',
    "Le type n'est pas pris en charge.",
  ],
  ['Expected an argument.', 'Argument attendu.', 'A attendu un argument.', 'Argument attendu.'],
  ['Save the changes?', 'Enregistrer les modifications ?', 'Sauver les changes ?', 'Enregistrer les modifications ?'],
  [
    '日本語のファイル 🐦 is wide.',
    'Le fichier 日本語 🐦 est large.',
    'Fichier 日本語 large.',
    'Le fichier 日本語 🐦 est large.',
  ],
];

export interface RunOptions {
  readonly name?: string;
  readonly state?: RunState;
  readonly before?: number | null;
  readonly after?: number | null;
  readonly step?: number;
  readonly totalSteps?: number | null;
  readonly ageMs?: number;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly signature?: string;
  readonly numBeams?: number;
  /** How fast the loss falls, in steps. */
  readonly decay?: number;
  /** Turns the final translations into others. */
  readonly translate?: (after: string, index: number) => string;
  readonly record?: Partial<RunRecord>;
}

/** A run with curves, evaluations and sentences that fit its state. */
export function fixtureRun(id: string, options: RunOptions = {}): FixtureRun {
  const { name = id, state = 'completed', before = 20.8, after = 53.8, totalSteps = 300, ageMs = 3_600_000 } = options;
  const step = options.step ?? totalSteps ?? 0;
  const createdAt = NOW - ageMs;
  const isEnded = state !== 'running' && state !== 'pending';
  const loss = curve(
    step,
    (x) => 1.2 + 3.1 * Math.exp(-x / (options.decay ?? 70)) + 0.12 * Math.sin(x * 1.7),
    createdAt,
  );
  const record: RunRecord = {
    id,
    name,
    state,
    createdAt,
    startedAt: state === 'pending' ? null : createdAt + 1_000,
    endedAt: isEnded ? createdAt + 400_000 : null,
    earlierMs: 0,
    stopRequestedAt: null,
    heartbeatAt: isEnded ? createdAt + 400_000 : NOW,
    model: 'experiments/models/demo-en-fr',
    device: state === 'pending' ? null : 'wasm',
    seed: 42,
    phase: isEnded ? null : 'training',
    step,
    totalSteps,
    etaSeconds: isEnded ? null : 192,
    samplesPerSecond: state === 'pending' ? null : 86.4,
    loss: loss.at(-1)?.value ?? null,
    bleuBefore: before,
    bleuAfter: after,
    bleuDelta: before === null || after === null ? null : after - before,
    experiment: {},
    runner: null,
    trainerPid: isEnded ? null : 4242,
    versions: { bleubird: '0.1.0' },
    gitCommit: null,
    gitDirty: null,
    lockfileHash: null,
    dataHash: 'd0'.repeat(32),
    trainSize: 2150,
    validationSize: 250,
    parameterCount: 3_400_000,
    directory: `/runs/${id}`,
    resumedFrom: null,
    parentRun: null,
    endReason:
      state === 'failed' ? 'The loss became NaN at step 120.' : state === 'completed' ? 'All steps were done.' : null,
    endHint: state === 'failed' ? 'Lower training.learning_rate.' : null,
    exitCode: state === 'failed' ? 7 : null,
    signal: null,
    stderrTail: null,
    ...options.record,
  };
  const evaluation = (stage: EvaluationRow['stage'], score: number, loss: number): EvaluationRow =>
    evaluationRow({
      id: stage === 'before' ? 1 : 2,
      runId: id,
      stage,
      step: stage === 'before' ? 0 : step,
      epoch: stage === 'before' ? 0 : 3,
      sentences: 250,
      loss,
      lossPerToken: loss,
      bleu: bleu(score, { signature: options.signature ?? SIGNATURE }),
      decoding: greedy({ numBeams: options.numBeams ?? 1 }),
      time: createdAt + 2_000,
    });
  const translate = options.translate ?? ((text: string) => text);
  return {
    record,
    parameters: {
      name,
      model: record.model,
      'data.corpus.format': 'typescript-catalogue',
      'training.learning_rate': '1e-3',
      'training.num_train_epochs': '3',
      'training.seed': '42',
      ...options.parameters,
    },
    series: { loss, learning_rate: curve(step, (x) => 1e-3 * (1 - x / ((totalSteps ?? 0) + 1)), createdAt) },
    evaluations: [
      ...(before === null ? [] : [evaluation('before', before, 4.31)]),
      ...(after === null ? [] : [evaluation('after', after, 1.33)]),
    ],
    translations:
      before === null
        ? []
        : SENTENCES.map(([source, reference, untouched, tuned], index) => ({
            index,
            source,
            reference,
            before: untouched,
            after: after === null ? null : translate(tuned, index),
          })),
    samples: SENTENCES.slice(0, 3).map(([source, reference, , hypothesis], index) => ({
      step: step - (2 - index) * 10,
      index,
      source,
      reference,
      hypothesis,
      time: createdAt + 5_000,
    })),
    checkpoints:
      state === 'pending'
        ? []
        : [
            {
              step,
              epoch: 3,
              path: `/runs/${id}/checkpoint-${step}`,
              sizeBytes: 40_900_000,
              createdAt: createdAt + 300_000,
              removedAt: null,
            },
          ],
    events: [
      { seq: 1, time: createdAt, type: 'ready', text: 'wasm with SIMD and threads' },
      { seq: 2, time: createdAt + 1_000, type: 'warning', text: '3 sources were cut at 128 pieces' },
      { seq: 3, time: createdAt + 2_000, type: 'phase', text: 'training' },
    ],
  };
}

/** Runs in every state, the newest first by their age. */
export function sampleRuns(): FixtureRun[] {
  return [
    fixtureRun('k3x9', { name: 'quickstart', state: 'running', step: 134, after: null, ageMs: 95_000 }),
    fixtureRun('b7q2', {
      name: 'quickstart lr 3e-4',
      parameters: { 'training.learning_rate': '3e-4' },
      decay: 160,
      after: 47.1,
      translate: (text, index) => (index % 2 === 0 ? text.replace('fichier', 'dossier') : text),
    }),
    fixtureRun('m2d8', { name: 'quickstart lr 1e-3', ageMs: 7_200_000 }),
    fixtureRun('f0a1', { name: 'too-hot', state: 'failed', step: 120, after: null, ageMs: 86_400_000 }),
    fixtureRun('s5t5', {
      name: 'kde4-en-fr',
      state: 'stopped',
      step: 1200,
      totalSteps: 17_733,
      before: 39.3,
      after: null,
      ageMs: 3 * 86_400_000,
    }),
    fixtureRun('i8u4', {
      name: 'night-run',
      state: 'interrupted',
      step: 260,
      before: 20.8,
      after: null,
      ageMs: 9 * 86_400_000,
    }),
    fixtureRun('w1w1', { name: 'worse', before: 39.3, after: 38.1, ageMs: 30 * 86_400_000 }),
  ];
}

const QUICKSTART: Preset = {
  name: 'quickstart',
  description: 'Fine-tunes the small demo model on the messages of the TypeScript compiler; minutes on any machine.',
  path: 'experiments/quickstart.yaml',
  values: {
    name: 'quickstart',
    model: 'experiments/models/demo-en-fr',
    'data.corpus.format': 'typescript-catalogue',
    'data.source_lang': 'en',
    'data.target_lang': 'fr',
    'data.validation_size': '250',
    'training.learning_rate': '1e-3',
  },
};

const KDE4: Preset = {
  name: 'kde4-en-fr',
  description: "The Hugging Face course's recipe: opus-mt-en-fr on KDE4.",
  path: 'experiments/kde4-en-fr.yaml',
  values: {
    ...QUICKSTART.values,
    name: 'kde4-en-fr',
    model: 'Helsinki-NLP/opus-mt-en-fr',
    'training.learning_rate': '2e-5',
  },
};

/** Services that know these runs. */
export function fixtureServices(runs: FixtureRun[] = sampleRuns()): FixtureServices {
  const calls: Record<string, number> = {};
  const counted = <T>(name: string, read: () => T): T => {
    calls[name] = (calls[name] ?? 0) + 1;
    if (services.failure !== null) throw new StoreError(services.failure, { hint: 'Close the other program.' });
    return read();
  };
  const find = (id: string) => runs.find(({ record }) => record.id === id);
  const change = (id: string, changes: Partial<RunRecord>) => {
    const run = find(id);
    if (run !== undefined) run.record = { ...run.record, ...changes };
  };
  const services: FixtureServices = {
    runs,
    presetList: [QUICKSTART, KDE4],
    started: [],
    written: new Map(),
    stopped: [],
    resumed: [],
    calls,
    time: NOW,
    failure: null,
    startGate: null,
    tested: [],
    testGate: null,
    startFailure: null,
    listRuns: () => counted('listRuns', () => runs.map(({ record }) => record)),
    readRun: (id) => counted('readRun', () => find(id)?.record ?? null),
    parameters: (id) => counted('parameters', () => find(id)?.parameters ?? {}),
    metricSeries: (id, metric) => counted('metricSeries', () => find(id)?.series[metric] ?? []),
    evaluations: (id) => counted('evaluations', () => find(id)?.evaluations ?? []),
    translations: (id) => counted('translations', () => find(id)?.translations ?? []),
    samples: (id, limit) => counted('samples', () => find(id)?.samples.slice(-limit) ?? []),
    checkpoints: (id) => counted('checkpoints', () => find(id)?.checkpoints ?? []),
    events: (id, limit) => counted('events', () => find(id)?.events.slice(-limit) ?? []),
    async testRuns(ids) {
      services.tested.push(ids);
      await services.testGate;
      return ids.length === 1 ? testedSystems([40, 50]) : testedSystems(ids.map((_, index) => 40 + index));
    },
    presets: () => counted('presets', () => services.presetList),
    checkExperiment: (values) => checkValues(values),
    writeExperiment: (values, fileName, overwrites) => {
      const path = `/work/${fileName}.yaml`;
      const isWritten = overwrites || !services.written.has(path);
      if (isWritten) services.written.set(path, values);
      return { path, isWritten };
    },
    async startRun(values) {
      (services.started as Readonly<Record<string, string>>[]).push(values);
      if (services.startGate !== null) await services.startGate;
      if (services.startFailure !== null) throw services.startFailure;
      const id = `new${services.started.length}`;
      runs.unshift(
        fixtureRun(id, {
          name: values.name ?? id,
          state: 'pending',
          before: null,
          after: null,
          step: 0,
          totalSteps: null,
          ageMs: 0,
        }),
      );
      return id;
    },
    async stopRun(id) {
      services.stopped.push(id);
      change(id, { stopRequestedAt: services.time });
    },
    async resumeRun(id) {
      services.resumed.push(id);
      change(id, { state: 'running', endedAt: null });
    },
    async deleteRun(id) {
      runs.splice(
        runs.findIndex(({ record }) => record.id === id),
        1,
      );
    },
    now: () => services.time,
  };
  return services;
}

function testedSystems(scores: readonly number[]): TestedSystem[] {
  return scores.map((score, index) => {
    const pValue = index === 0 ? null : 1 / 1001 + (index - 1) / 10;
    return { score, interval: 2.5, pValue, isSignificant: pValue === null ? null : pValue < 0.05 };
  });
}

function curve(steps: number, value: (step: number) => number, from: number): MetricPoint[] {
  return Array.from({ length: Math.min(300, steps) }, (_, index) => {
    const step = Math.round(((index + 1) * steps) / Math.min(300, steps));
    return { step, value: value(step), time: from + step * 1_000 };
  });
}
