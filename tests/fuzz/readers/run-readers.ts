/** What a run reads: experiment files, messages between its processes, the state and checksums of a checkpoint. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseExperiment } from '../../../src/engine/config/parse-experiment.ts';
import { eventReceiver, receiveCommand } from '../../../src/engine/run/channel.ts';
import { checksumProblem } from '../../../src/engine/training/checksums.ts';
import { readTrainerState } from '../../../src/engine/training/trainer-state.ts';
import { AppError } from '../../../src/errors.ts';
import type { FuzzedReader } from '../reader.ts';
import { spoilJson } from '../spoil-json.ts';
import { spoilParts } from '../spoil-text.ts';
import { fixture } from './fixture.ts';

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
    readTrainerState(jsonOf(input));
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

export const runReaders: readonly FuzzedReader[] = [yaml, ipc, trainerState, checksums];
