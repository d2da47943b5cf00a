/** What the commands print of runs that are in a store, without training any. */
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/engine/config/parse-experiment.ts';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { visibleText } from '../../src/ui/text/fit-text.ts';
import { completed } from '../store/run-events.ts';
import { bleu, evaluationEvent, greedy } from '../support/evaluation.ts';
import { experimentText, writeFinishedRuns } from '../support/finished-runs.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

const hostile = '\u001b]0;owned\u0007\u202eevil\nline';

function evaluation(stage: 'before' | 'after', score: number, numBeams: number): TrainerEvent[] {
  const item = { index: 0, source: hostile, reference: 'la référence', hypothesis: `${stage} ${numBeams} ${hostile}` };
  return [
    { type: 'translations', stage, step: 0, items: [item] },
    evaluationEvent({
      stage,
      sentences: 1,
      loss: null,
      bleu: bleu(score),
      decoding: greedy({ numBeams, maxLength: 24, references: 'raw' }),
    }),
  ];
}

type Told = readonly [id: string, events: readonly TrainerEvent[], state: 'completed' | 'failed'];

const failed = {
  ...completed,
  state: 'failed',
  reason: 'The loss is NaN.',
  hint: 'Lower training.learning_rate.',
  stderrTail: 'boom\nbang\n',
} as const;

/** A store with these runs, the newest last. */
function makeStore(runs: readonly Told[], settings: Readonly<Record<string, string[]>> = {}): string {
  const cwd = temporaryFolder();
  writeFinishedRuns(
    join(cwd, '.bleubird'),
    runs.map(([id, events, state]) => {
      return { id, events, overrides: settings[id] ?? [], end: state === 'failed' ? failed : completed };
    }),
  );
  return cwd;
}

const cwd = makeStore([
  ['greedy', [...evaluation('before', 10, 1), ...evaluation('after', 20, 1)], 'completed'],
  ['beams', [...evaluation('before', 12, 4), ...evaluation('after', 25, 4)], 'completed'],
  ['broken', [], 'failed'],
]);

describe.concurrent('a store of runs', () => {
  it('is listed with what there is', async () => {
    const { stdout } = await runCli(['ls'], { cwd });
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, -1));
    expect(rows.slice(0, 4)).toEqual([
      ['RUN', 'NAME', 'STATE', 'PROGRESS', 'BEFORE', 'AFTER', 'GAIN'],
      ['broken', 'broken', 'failed', '-', '-', '-', '-'],
      ['beams', 'beams', 'completed', '-', '12.00', '25.00', '+13.00'],
      ['greedy', 'greedy', 'completed', '-', '10.00', '20.00', '+10.00'],
    ]);
  });

  it('shows why a run failed and what to do', async () => {
    const { stdout } = await runCli(['show', 'broken'], { cwd });
    expect(stdout).toContain(
      'end       The loss is NaN.\n          Lower training.learning_rate.\nstderr    boom\n          bang\n',
    );
    expect(stdout).toContain('Configuration\n  name: broken\n');
  });

  it('does not hold scores against each other that were made differently', async () => {
    const { code, stdout, stderr } = await runCli(['compare', 'greedy', 'beams'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain(
      'warning: not comparable, decoded or scored differently: num_beams 1 (greedy), 4 (beams)\n',
    );
    expect(stdout).toMatch(/beams +beams +completed +12\.00 +25\.00 +\+13\.00 +- +not finite +not finite\n/);
  });

  it.each([
    ['samples', 'greedy'],
    ['compare', 'greedy', 'beams'],
  ])('never sends what could steer the terminal: %s', async (...args) => {
    const { stdout } = await runCli(args, { cwd });
    expect(stdout).toContain('␛]0;owned␇⟨202E⟩evil␊line');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it('gives the text as it is to programs', async () => {
    const { stdout } = await runCli(['samples', 'greedy', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ source: hostile, before: `before 1 ${hostile}`, bleuDelta: 0 });
  });
});

describe.concurrent('runs in a list', () => {
  const cwd = makeStore([
    ['small', [...evaluation('before', 10, 1), ...evaluation('after', 30, 1)], 'completed'],
    ['large', [...evaluation('before', 30, 1), ...evaluation('after', 40, 1)], 'completed'],
    ['none', [], 'failed'],
  ]);
  const listed = async (...args: string[]) => {
    const { stdout } = await runCli(['ls', '--json', ...args], { cwd });
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; sizeBytes?: number });
  };

  it.each([
    [[], ['none', 'large', 'small']],
    [['--reverse'], ['small', 'large', 'none']],
    [
      ['--sort', 'bleu'],
      ['large', 'small', 'none'],
    ],
    [
      ['--sort', 'bleu', '--reverse'],
      ['small', 'large', 'none'],
    ],
    [
      ['--sort', 'gain'],
      ['small', 'large', 'none'],
    ],
    [
      ['--sort', 'name', '-n', '2'],
      ['large', 'none'],
    ],
  ])('come in the order asked for: %j', async (args, ids) => {
    expect((await listed(...args)).map(({ id }) => id)).toEqual(ids);
  });

  it('say what their folders take of the disk', async () => {
    const folder = join(cwd, '.bleubird/runs/none');
    const journal = statSync(join(folder, 'journal.jsonl')).size;
    mkdirSync(join(folder, 'checkpoints/checkpoint-1'), { recursive: true });
    writeFileSync(join(folder, 'checkpoints/checkpoint-1/model.safetensors'), Buffer.alloc(5_000_000));
    symlinkSync(process.execPath, join(folder, 'link'));
    const [first] = await listed('--size', '-n', '1');
    expect(first).toMatchObject({ id: 'none', sizeBytes: 5_000_000 + journal });
    const { stdout } = await runCli(['ls', '--size', '-n', '1'], { cwd });
    expect(stdout).toMatch(/GAIN +SIZE {2}CREATED\nnone .* 5\.0 MB {2}/);
  });

  it('are named when one is given as a model', async () => {
    const { code, stderr } = await runCli(['translate', '--model', 'last'], { cwd });
    expect(code).toBe(4);
    expect(stderr).toBe(
      `error: There is no model directory ${join(cwd, 'last')}.\nhint: Run none is given as run:last.\n`,
    );
  });
});

describe.concurrent('a run to work on with', () => {
  it('gives its experiment as a file', async () => {
    const { stdout, stderr } = await runCli(['show', 'greedy', '--config'], { cwd });
    expect(stderr).toBe('');
    const again = parseExperiment(stdout, { fileName: 'again.yaml', directory: '/elsewhere' });
    expect(again).toEqual(parseExperiment(experimentText, { fileName: 'greedy.yaml', directory: '/' }));
  });

  it.each([
    ['before', 'before 1 ␛]0;owned␇⟨202E⟩evil line'],
    ['after', 'after 1 ␛]0;owned␇⟨202E⟩evil line'],
    ['source', '␛]0;owned␇⟨202E⟩evil line'],
    ['reference', 'la référence'],
  ])('gives each %s as a line', async (text, line) => {
    const { stdout, stderr } = await runCli(['samples', 'greedy', '--plain', text], { cwd });
    expect({ text: visibleText(stdout.trimEnd()), stderr }).toEqual({ text: line, stderr: '' });
    expect(stdout.split('\n')).toHaveLength(2);
  });

  it('gives all sentences, or as many as are asked for, and none of a model that made none', async () => {
    const items = Array.from({ length: 12 }, (_, index) => ({
      index,
      source: `s${index}`,
      reference: `r${index}`,
      hypothesis: `h${index}\r\nx`,
    }));
    const twelve: TrainerEvent[] = [
      { type: 'translations', stage: 'before', step: 0, items },
      evaluationEvent({ stage: 'before', sentences: 12, bleu: bleu(1) }),
    ];
    const cwd = makeStore([['twelve', twelve, 'failed']]);
    const plain = (...args: string[]) => runCli(['samples', 'twelve', '--plain', ...args], { cwd });
    expect((await plain('before')).stdout).toBe(items.map(({ index }) => `h${index} x\n`).join(''));
    expect((await plain('source', '-n', '2', '--reverse')).stdout).toBe('s11\ns10\n');
    const { code, stdout, stderr } = await plain('after');
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toContain('error: Run twelve has no translations of the model after.');
  });

  it('says what a number beside a sentence is', async () => {
    const { stdout } = await runCli(['samples', 'greedy'], { cwd });
    expect(stdout).toMatch(/^#0 {2}change in sentence BLEU 0\.0\n/);
  });

  it('is compared in the numbers that other views show', async () => {
    const { stdout } = await runCli(['compare', 'greedy', 'fast'], {
      cwd: makeStore(
        [
          ['greedy', evaluation('after', 20, 1), 'completed'],
          ['fast', evaluation('after', 20, 1), 'completed'],
        ],
        { fast: ['training.learning_rate=0.0005'] },
      ),
    });
    expect(stdout).toMatch(/training\.learning_rate +5e-5 +5e-4\n/);
  });

  it('has its plan in its diary as the log has it', async () => {
    const plan: TrainerEvent = {
      type: 'plan',
      totalSteps: 1,
      stepsPerEpoch: 15,
      epochs: 1 / 15,
      parameters: 4_502_592,
    };
    const cwd = makeStore([['planned', [plan], 'completed']]);
    const { stdout } = await runCli(['show', 'planned'], { cwd });
    expect(stdout).toContain('plan: 1 step in 6.7 % of an epoch, 4,502,592 parameters\n');
  });
});

describe.concurrent('a run without sentences to compare', () => {
  const cwd = makeStore([
    ['broken', [], 'failed'],
    ['losses', [evaluationEvent({ stage: 'before', sentences: 1, loss: 2, bleu: null })], 'completed'],
    ['half', evaluation('before', 10, 1), 'completed'],
  ]);

  it.each([
    ['broken', 'Run broken has no translations: it ended before its first evaluation.\n'],
    [
      'losses',
      'Run losses has no translations: its evaluations measured the loss alone (training.predict_with_generate: false).\n',
    ],
    ['half', 'Run half has translations of one model only; --sort index shows them.\n'],
  ])('is answered with why: %s', async (id, why) => {
    const { code, stdout, stderr } = await runCli(['samples', id, '--sort', 'delta'], { cwd });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: why });
  });
});
