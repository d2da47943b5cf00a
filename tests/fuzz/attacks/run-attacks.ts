/** Hostile files of runs and answers of hubs: experiments, journals, checkpoints, messages, listings. */
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parseExperiment } from '../../../src/engine/config/parse-experiment.ts';
import { readExperiment } from '../../../src/engine/config/read-experiment.ts';
import { TransferFault } from '../../../src/engine/hub/download-errors.ts';
import { HubClient } from '../../../src/engine/hub/hub-client.ts';
import { PushConnection } from '../../../src/engine/hub/push-connection.ts';
import { HubRefusal } from '../../../src/engine/hub/push-errors.ts';
import { eventReceiver } from '../../../src/engine/run/channel.ts';
import { checksumProblem } from '../../../src/engine/training/checksums.ts';
import { openCheckpoint } from '../../../src/engine/training/open-checkpoint.ts';
import { ModelError, StoreError } from '../../../src/errors.ts';
import { parseEnvelope } from '../../../src/runner/parse-envelope.ts';
import { repairStore } from '../../../src/runner/repair-store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { fixture } from '../readers/fixture.ts';
import type { Attack } from './attack.ts';
import { DEEP } from './model-attacks.ts';

function ofYaml(name: string, text: () => string, answer: RegExp | null): Attack {
  return {
    name: `experiment: ${name}`,
    make: (folder) => writeFileSync(join(folder, 'e.yaml'), text()),
    read: (folder) => readExperiment(join(folder, 'e.yaml')),
    answer,
  };
}

const LAUGHS = Array.from(
  { length: 9 },
  (_, i) =>
    `a${i}: &a${i} [${
      i === 0
        ? '"lol"'
        : Array(9)
            .fill(`*a${i - 1}`)
            .join(',')
    }]`,
).join('\n');

const yamlAttacks: readonly Attack[] = [
  ofYaml('a billion laughs', () => `${LAUGHS}\nmodel: *a8\n`, /e\.yaml.*\n/),
  ofYaml('merge keys of merge keys', () => `a: &a {x: 1}\nb: &b {<<: [*a,*a,*a]}\nmodel: {<<: [*b,*b]}\n`, /e\.yaml/),
  ofYaml('a tag that would be a function', () => 'model: !!js/function "function(){process.exit(66)}"\n', /e\.yaml/),
  ofYaml('nested 100,000 deep', () => DEEP, /too large|nested too deeply/),
  ofYaml('30,000 brackets', () => `model: ${'['.repeat(30_000)}`, /nested too deeply/),
  ofYaml(
    'a file of 100 MB',
    () => `model: ${'x'.repeat(100_000_000)}`,
    /is no experiment file: it has \d+ bytes, at most/,
  ),
  ofYaml('__proto__', () => `__proto__: {model: x}\nconstructor: 1\n`, /__proto__: unknown field/),
];

const ID = 'q4s82';

function journalLine(entry: string): string {
  return `{"crc":${crc32(entry)},"entry":${entry}}\n`;
}

function created(id: string, experiment: string): string {
  return journalLine(
    `{"type":"created","at":1,"run":{"id":${JSON.stringify(id)},"experiment":${experiment},"runner":null,"versions":{},"gitCommit":null,"gitDirty":null,"lockfileHash":null}}`,
  );
}

const experiment = (more = '') => `{"name":"n","model":"m","training":{"seed":1}${more}}`;

function ofJournal(
  name: string,
  text: () => string,
  read: (folder: string) => unknown,
  answer: RegExp | null,
  isHeavy = false,
): Attack {
  return {
    name: `journal: ${name}`,
    make(folder) {
      openStore(folder).close();
      mkdirSync(join(folder, 'runs', ID), { recursive: true });
      writeFileSync(join(folder, 'runs', ID, 'journal.jsonl'), text());
    },
    read,
    answer,
    isHeavy,
  };
}

function rebuild(folder: string): void {
  const store = openStore(folder);
  try {
    store.rebuildRun(ID, parseEnvelope);
    throw new StoreError(`the runs are ${store.listRuns().map(({ id }) => id)}`);
  } finally {
    store.close();
  }
}

const journalAttacks: readonly Attack[] = [
  ofJournal('a run that says it is ../../..', () => created('../../..', experiment()), rebuild, /the runs are q4s82$/),
  ofJournal(
    'an experiment nested 100,000 deep',
    () => created(ID, experiment(`,"data":${DEEP}`)),
    rebuild,
    /^The journal of run q4s82 does not begin with the making of the run/,
  ),
  ofJournal(
    'a mapping nested 100,000 deep',
    () => created(ID, experiment(`,"data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)),
    rebuild,
    /^The journal of run q4s82 does not begin with the making of the run/,
  ),
  ofJournal(
    'one line of 100 MB',
    () => `${'x'.repeat(100_000_000)}\n${created(ID, experiment())}`,
    rebuild,
    /the runs are q4s82$/,
  ),
  ...[100_000, 1_000_000].map((lines) =>
    ofJournal(
      `${lines} damaged lines`,
      () => `${created(ID, experiment())}${'{}\n'.repeat(lines)}`,
      rebuild,
      /the runs are q4s82$/,
      lines > 100_000,
    ),
  ),
  ofJournal(
    'repaired by the command',
    () => created('../../..', experiment()),
    async (folder) => {
      const { done } = await repairStore(folder, Date.now);
      throw new StoreError(done.join('; '));
    },
    /run q4s82 was taken in/,
  ),
];

const checkpointAttacks: readonly Attack[] = [
  {
    name: 'checkpoint: SHA256SUMS of 1 GB',
    make(folder) {
      writeFileSync(join(folder, 'SHA256SUMS'), '');
      truncateSync(join(folder, 'SHA256SUMS'), 2 ** 30);
    },
    read: async (folder) => {
      throw new ModelError(String(await checksumProblem(folder)));
    },
    answer: /SHA256SUMS is cut off/,
  },
  {
    name: 'checkpoint: a file that is /dev/zero',
    make(folder) {
      symlinkSync('/dev/zero', join(folder, 'model.safetensors'));
      writeFileSync(join(folder, 'SHA256SUMS'), `${'0'.repeat(64)}  model.safetensors\n`);
    },
    read: async (folder) => {
      throw new ModelError(String(await checksumProblem(folder)));
    },
    answer: /model\.safetensors is missing or cannot be read/,
  },
  {
    name: 'checkpoint: trainer_state.json nested 100,000 deep',
    make(folder) {
      writeFileSync(join(folder, 'trainer_state.json'), DEEP);
      writeFileSync(join(folder, 'SHA256SUMS'), `${'0'.repeat(64)}  trainer_state.json\n`);
    },
    read: (folder) => openCheckpoint(folder),
    answer: /trainer_state\.json is not what was written/,
  },
];

const messageAttacks: readonly Attack[] = [
  {
    name: 'IPC: a message nested 100,000 deep',
    make: () => {},
    read: () => eventReceiver()(JSON.parse(`{"v":1,"seq":1,"time":1,"event":${DEEP}}`)),
    answer: /sent a message that is not understood: \{"v":1,.*\[\[\[/,
  },
  {
    name: 'IPC: numbers that are none',
    make: () => {},
    read: () =>
      eventReceiver()(JSON.parse('{"v":1,"seq":1e999,"time":-1e999,"event":{"type":"phase","phase":"training"}}')),
    answer: /not understood/,
  },
  {
    name: 'experiment: --set of a value nested 100,000 deep',
    make: () => {},
    read: () =>
      parseExperiment(fixture('experiments/quickstart.yaml').toString(), {
        fileName: 'e',
        directory: '/',
        overrides: [`model=${DEEP}`],
      }),
    answer: null,
  },
];

/** An answer without end, one piece at a time. */
function endless(status: number): typeof fetch {
  return async () => {
    let piece = Buffer.from('{"sha":"');
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(piece);
        piece = Buffer.alloc(1 << 20, 'a');
      },
    });
    return new Response(body, { status });
  };
}

const answering =
  (text: string, status = 200, headers: Record<string, string> = {}): typeof fetch =>
  async () =>
    new Response(text, { status, headers });

async function list(fetch: typeof globalThis.fetch): Promise<void> {
  const client = new HubClient({
    endpoint: 'https://hub.invalid',
    token: 'hf_secretsecret',
    lookUpTimeoutMs: 20_000,
    errorKind: ModelError,
    fetch,
  });
  const found = await client
    .list({ id: 'a/b', type: 'model', revision: 'main' }, 1)
    .catch((error: unknown) => Promise.reject(error instanceof TransferFault ? error.failure : error));
  throw new ModelError(`found ${found.files.length} files`);
}

async function push(fetch: typeof globalThis.fetch): Promise<void> {
  const connection = new PushConnection({
    endpoint: 'https://hub.invalid',
    token: 'hf_secretsecret',
    id: 'a/b',
    retries: 0,
    pauseMs: 1,
    stallMs: 20_000,
    isPatient: false,
    fetch,
  });
  await connection.askOnce('/api', {}).catch((error: unknown) => {
    throw error instanceof HubRefusal || error instanceof TransferFault ? error.failure : error;
  });
  throw new ModelError('answered');
}

const hubAttacks: readonly Attack[] = [
  {
    name: 'hub: a listing without end',
    make: () => {},
    read: () => list(endless(200)),
    answer: /hub\.invalid.* more than \d+ bytes/,
  },
  { name: 'hub: a refused push without end', make: () => {}, read: () => push(endless(400)), answer: /hub\.invalid/ },
  {
    name: 'hub: an answer to a push without end',
    make: () => {},
    read: () => push(endless(200)),
    answer: /more than \d+ bytes/,
  },
  {
    name: 'hub: a listing nested 100,000 deep',
    make: () => {},
    read: () => list(answering(DEEP)),
    answer: /did not answer as a hub does/,
  },
  {
    name: 'hub: a listing of ../../x',
    make: () => {},
    read: () => list(answering('{"sha":"0123456789abcdef","siblings":[{"rfilename":"../../x"}]}')),
    answer: /did not answer as a hub does/,
  },
  {
    name: 'hub: a refusal that quotes the token and clears the screen',
    make: () => {},
    read: () => list(answering('', 403, { 'x-error-message': 'no hf_secretsecret for you' })),
    answer: /^((?!secret).)*\(403\): no \*\*\* for you((?!secret).)*$/,
  },
  {
    name: 'hub: a refused push that quotes the token',
    make: () => {},
    read: () => push(answering('{"error":"hf_secretsecret is bad"}', 403)),
    answer: /^((?!secret).)*\*\*\* is bad/,
  },
];

export const runAttacks: readonly Attack[] = [
  ...yamlAttacks,
  ...journalAttacks,
  ...checkpointAttacks,
  ...messageAttacks,
  ...hubAttacks,
];
