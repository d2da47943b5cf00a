/** What the commands print of runs that are in a store, without training any. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/engine/config/parse-experiment.ts';
import { PROTOCOL_VERSION, type TrainerEvent } from '../../src/engine/run/protocol.ts';
import { openStore } from '../../src/store/open-store.ts';
import { bleu, evaluationEvent, greedy } from '../support/evaluation.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

const hostile = '\u001b]0;owned\u0007\u202eevil\nline';

const experimentText = `
model: /models/m
data:
  corpus: {format: jsonl, path: c.jsonl}
  source_lang: en
  target_lang: fr
`;

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

type FinishedRun = readonly [id: string, events: readonly TrainerEvent[], state: 'completed' | 'failed'];

/** A store with these runs, the newest last. */
function makeStore(runs: readonly FinishedRun[]): string {
  const cwd = temporaryFolder();
  const store = openStore(join(cwd, '.bleubird'));
  for (const [id, events, state] of runs) {
    const experiment = parseExperiment(experimentText, {
      fileName: `${id}.yaml`,
      directory: '/',
      overrides: [`name=${id}`],
    });
    const none = { gitCommit: null, gitDirty: null, lockfileHash: null };
    const writer = store.createRun({ id, experiment, runner: null, versions: {}, ...none });
    for (const [index, event] of events.entries()) {
      writer.record({ v: PROTOCOL_VERSION, seq: index + 1, time: index, event });
    }
    const reason = state === 'failed' ? 'The loss is NaN.' : 'All steps were done.';
    const hint = state === 'failed' ? 'Lower training.learning_rate.' : null;
    writer.finish({
      state,
      reason,
      hint,
      exitCode: null,
      signal: null,
      stderrTail: state === 'failed' ? 'boom\nbang\n' : null,
    });
  }
  store.close();
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
