/** What a run reads: experiment files, messages between its processes, the state and checksums of a checkpoint. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parseExperiment } from '../../../src/engine/config/parse-experiment.ts';
import { eventReceiver, receiveCommand } from '../../../src/engine/run/channel.ts';
import { assertCheckpointFits } from '../../../src/engine/training/checkpoint-fit.ts';
import { checksumProblem } from '../../../src/engine/training/checksums.ts';
import { readTrainerState } from '../../../src/engine/training/trainer-state.ts';
import { AppError } from '../../../src/errors.ts';
import { parseEnvelope } from '../../../src/runner/parse-envelope.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import type { Random } from '../random.ts';
import type { FuzzedReader } from '../reader.ts';
import { spoilJson } from '../spoil-json.ts';
import { spoilParts } from '../spoil-text.ts';
import { fixture } from './fixture.ts';

const EXPERIMENT = parseExperiment(fixture('experiments/quickstart.yaml').toString(), {
  fileName: 'e.yaml',
  directory: '/',
});

const YAML_WORDS = [
  '&a',
  '*a',
  '<<: *a',
  '- ',
  '? ',
  ': ',
  '[',
  ']',
  '{',
  '}',
  '!!binary ',
  '!!js/function ',
  '!<x>',
  '|',
  '>',
  '"\\x00',
  "'",
  '%YAML 1.1',
  '---',
  '...',
  '#',
  '\t',
  '  ',
  'model:',
  'data:',
  '__proto__: 1',
  '~',
  '.inf',
  '.nan',
  '0x1p',
  '1e999',
  '\ufeff',
  '\0',
];

const yaml: FuzzedReader = {
  name: 'yaml',
  seeds: () => [
    fixture('experiments/quickstart.yaml'),
    fixture('experiments/kde4-en-fr.yaml'),
    Buffer.from('a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nmodel: *c\ndata: {<<: *b}\n'),
  ],
  words: YAML_WORDS,
  spoil: (input, random) => spoilParts(input, /([\n:])/, random, YAML_WORDS),
  read(input) {
    parseExperiment(input.toString('utf8'), { fileName: 'e.yaml', directory: '/nonexistent' });
  },
};

const EVENTS = [
  { type: 'ready', pid: 7, device: 'wasm', description: 'd', why: 'w', versions: { node: '24' } },
  {
    type: 'data',
    pairs: 2,
    trainSize: 1,
    validationSize: 1,
    truncatedSources: 0,
    truncatedTargets: 0,
    problems: [{ file: 'f', line: 1, reason: 'empty', detail: 'd' }],
    problemCounts: { empty: 1 },
    dataHash: 'h',
  },
  {
    type: 'metrics',
    points: [
      { metric: 'loss', step: 1, value: 1.5 },
      { metric: 'loss', step: 2, value: null },
    ],
  },
  {
    type: 'evaluation',
    stage: 'after',
    step: 1,
    epoch: 1,
    sentences: 1,
    loss: 1,
    lossPerToken: 1,
    bleu: {
      score: 1,
      counts: [1],
      totals: [1],
      precisions: [1],
      brevityPenalty: 1,
      systemLength: 1,
      referenceLength: 1,
      signature: 's',
    },
    decoding: { numBeams: 1, maxLength: 5, lengthPenalty: 1, earlyStopping: 'never', references: 'raw' },
    durationSeconds: 1,
  },
  {
    type: 'translations',
    stage: 'before',
    step: 0,
    items: [{ index: 0, source: 's', reference: 'r', hypothesis: 'h' }],
  },
  { type: 'failed', code: 'DATA', exitCode: 3, message: 'm', hint: null },
];
const COMMANDS = [{ type: 'start', experiment: { a: [1] }, runDirectory: '/r', resume: null }, { type: 'stop' }];

const ipc: FuzzedReader = {
  name: 'ipc',
  seeds: () =>
    [
      ...EVENTS.map((event) => ({ v: 1, seq: 1, time: 1, event })),
      ...COMMANDS.map((command) => ({ v: 1, command })),
    ].map((message) => Buffer.from(JSON.stringify(message))),
  words: ['"type":', '"__proto__":', '"v":1', 'null', '1e999', '-0', '[[[['],
  spoil: (input, random) => Buffer.from(spoilJson(input.toString(), random)),
  read(input) {
    const message = jsonOf(input);
    if (message === undefined) return;
    for (const receive of [eventReceiver(), receiveCommand]) {
      try {
        receive(message);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    }
  },
};

const STATE = {
  global_step: 5,
  epoch: 0.5,
  best_metric: null,
  log_history: [{ step: 5, epoch: 0.5, loss: 1.25 }],
  stateful_callbacks: {
    bleubird: {
      version: 2,
      training: { seed: 1 },
      data: {},
      data_hash: 'h',
      train_size: 2,
      batches_per_epoch: 1,
      best_step: null,
      best_checkpoint: null,
      bad_evaluations: 0,
      is_evaluation_pending: false,
      loss_sum: 1,
      steps_in_sum: 1,
      logged_loss_sum: 0,
    },
  },
};

const trainerState: FuzzedReader = {
  name: 'trainer-state',
  seeds: () => [Buffer.from(JSON.stringify(STATE))],
  words: ['"bleubird":', '"__proto__":', 'null', '-1', '1e999'],
  spoil: (input, random) => Buffer.from(spoilJson(input.toString(), random)),
  read(input) {
    const stored = readTrainerState(jsonOf(input));
    if (stored === null) return;
    const { training, data } = EXPERIMENT;
    const sizes = { trainSize: 2, isEvaluatedBefore: true, evaluatedSentences: 1 };
    assertCheckpointFits('checkpoint-5', stored, { training, data, dataHash: 'h', ...sizes });
  },
};

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Its contract: whatever the file holds, a text says what is wrong. */
const checksums: FuzzedReader = {
  name: 'checksums',
  seeds: () => [Buffer.from(`${EMPTY_SHA256}  a\n${EMPTY_SHA256}  b\n`)],
  words: ['../../etc/passwd', '/dev/zero', '\0', '\n', '  ', '..', '.', EMPTY_SHA256],
  spoil: (input, random) => spoilParts(input, /(\n| {2})/, random, ['..', '.', 'a', '\0', EMPTY_SHA256]),
  async read(input, folder) {
    writeFileSync(join(folder, 'a'), '');
    writeFileSync(join(folder, 'b'), '');
    writeFileSync(join(folder, 'SHA256SUMS'), input);
    await checksumProblem(folder);
  },
};

function jsonOf(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString('utf8'));
  } catch {
    return undefined;
  }
}

const RUN_ID = 'q4s82';
const RUNNER = { pid: 7, processStart: '1', bootId: 'b', pidNamespace: null, hostname: 'h' };
const END = { state: 'completed', reason: 'all steps', hint: null, exitCode: 0, signal: null, stderrTail: null };

/** A run that was made, ran, was taken up again and ended. */
const JOURNAL = [
  {
    type: 'created',
    at: 1,
    run: {
      id: RUN_ID,
      experiment: EXPERIMENT,
      runner: RUNNER,
      versions: { node: '24' },
      gitCommit: null,
      gitDirty: false,
      lockfileHash: 'l',
    },
  },
  ...EVENTS.map((event, index) => ({ type: 'event', at: 2, envelope: { v: 1, seq: index + 1, time: 2, event } })),
  { type: 'note', at: 3, kind: 'warning', text: 'the disk is full' },
  { type: 'resumed', at: 4, runner: RUNNER, lastSeq: EVENTS.length, was: 'failed', endedAt: 3 },
  {
    type: 'event',
    at: 5,
    envelope: {
      v: 1,
      seq: EVENTS.length + 1,
      time: 5,
      event: { type: 'ended', reason: 'completed', step: 2, detail: '' },
    },
  },
  { type: 'ended', at: 6, end: END },
].map((entry) => lineOf(JSON.stringify(entry)));

function lineOf(entry: string): string {
  return `{"crc":${crc32(entry)},"entry":${entry}}\n`;
}

/** Changes one entry and gives it the checksum it then needs; bare bytes are spoiled beside it. */
function spoilJournal(input: Buffer, random: Random): Buffer {
  const lines = input.toString('utf8').split(/(?<=\n)/);
  const at = random.below(lines.length);
  const entry = /^\{"crc":\d+,"entry":(.*)\}\n$/s.exec(lines[at] ?? '')?.[1];
  const action = random.below(6);
  if (action === 0) lines.splice(at, 1);
  else if (action === 1) lines.splice(random.below(lines.length), 0, lines[at] ?? '');
  else if (entry !== undefined) lines[at] = lineOf(spoilJson(entry, random));
  return Buffer.from(lines.join(''));
}

const stores = new Map<string, Store>();

/** Read as `store repair` reads it: the run is made anew from its journal. */
const journal: FuzzedReader = {
  name: 'journal',
  seeds: () => [Buffer.from(JOURNAL.join(''))],
  words: ['"type":"created"', '"type":"ended"', '"id":"../../x"', '"seq":', '1e999', '-1', '\n', '{"crc":0,"entry":'],
  spoil: spoilJournal,
  read(input, folder) {
    const store = stores.get(folder) ?? openStore(folder, { now: () => 10 });
    stores.set(folder, store);
    mkdirSync(join(folder, 'runs', RUN_ID), { recursive: true });
    writeFileSync(join(folder, 'runs', RUN_ID, 'journal.jsonl'), input);
    store.rebuildRun(RUN_ID, parseEnvelope);
    for (const { id } of store.listRuns()) {
      if (id !== RUN_ID) throw new RangeError(`a run ${id} came into the store by the journal of ${RUN_ID}`);
      store.findRun(id);
      store.evaluations(id);
      store.metricNames(id);
    }
  },
};

export const runReaders: readonly FuzzedReader[] = [yaml, ipc, trainerState, checksums, journal];
