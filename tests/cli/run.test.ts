/** The main job through the real command: train, then look at what was stored. */
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { demoModel } from '../support/demo-model.ts';
import { tinyModel } from '../support/tiny-model.ts';
import { type CliResult, runCli, startCli, temporaryFolder } from './run-cli.ts';
import { writeTinyExperiment } from './tiny-experiment.ts';

const cwd = temporaryFolder();
const experiment = writeTinyExperiment(cwd);

function bleubird(...args: string[]): Promise<CliResult> {
  return runCli(args, { cwd });
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

describe('a run', () => {
  it('tells its story line by line and ends in a table of before and after', async () => {
    const { code, stdout, stderr } = await bleubird('run', experiment, '--no-ui');
    expect(stderr).toMatch(/^device: /);
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^run {5}\w+: .*\.bleubird\/runs\/\w+$/),
        'data    18 pairs to train on, 6 pairs held out',
        expect.stringMatching(/^plan {4}4 steps in 1.33 epochs, [\d,]+ parameters$/),
        'before  evaluating the untouched model',
        expect.stringMatching(/^before {2}BLEU \d+\.\d\d, loss \d\.\d{4}, 6 sentences in \d+s$/),
        expect.stringMatching(
          /^step {4}2\/4, epoch 0.67, loss \d\.\d{4}, lr [\d.e-]+, grad norm [\d.]+, [\d.]+ pairs\/s/,
        ),
        expect.stringMatching(/^step {4}4\/4, epoch 1.33, loss /),
        expect.stringMatching(/^saved {3}step 4, [\d.]+ MB: .*checkpoint-4$/),
        'end     completed',
        expect.stringMatching(/^ +before +after +change$/),
        expect.stringMatching(/^BLEU +\d+\.\d\d +\d+\.\d\d +[-+]?\d+\.\d\d$/),
        '6 sentences, greedy, at most 24 pieces, decoded references',
        expect.stringMatching(/^BLEU nrefs:1\|case:mixed\|eff:no\|tok:13a\|smooth:exp\|version:/),
      ]),
    );
  });

  it('speaks nothing but JSON with --json', async () => {
    const { code, stdout, stderr } = await bleubird(
      'run',
      experiment,
      '--json',
      '--set',
      'training.seed=7',
      '--set',
      'name=second',
    );
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const lines = jsonLines(stdout);
    expect(lines[0]).toMatchObject({ type: 'run', run: expect.any(String) });
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      run: lines[0]?.run,
      state: 'completed',
      before: { sentences: 6, bleu: { score: expect.any(Number) } },
      after: { sentences: 6 },
      bleuDelta: expect.any(Number),
    });
    const events = lines.slice(1, -1);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const types = ['ready', 'data', 'plan', 'phase', 'progress', 'metrics', 'sample', 'translations', 'evaluation'];
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set([...types, 'checkpoint', 'ended']));
  });

  it('is listed, shown and compared afterwards', async () => {
    const runs = jsonLines((await bleubird('ls', '--json')).stdout);
    expect(runs.map(({ name, state, step }) => ({ name, state, step }))).toEqual([
      { name: 'second', state: 'completed', step: 4 },
      { name: 'tiny', state: 'completed', step: 4 },
    ]);
    const [second, first] = runs.map(({ id }) => String(id));
    expect((await bleubird('ls')).stdout).toMatch(
      /^RUN +NAME +STATE +PROGRESS +BEFORE +AFTER +GAIN +CREATED\n\w+ +second +completed +4\/4 100 %/,
    );

    const shown = await bleubird('show', 'last');
    expect(shown.stdout).toContain(`${second}  second  completed`);
    expect(shown.stdout).toMatch(/\n {2}training:\n(.*\n)* {4}seed: 7\n/);
    expect(shown.stdout).toContain('checkpoint-4');
    expect(jsonLines((await bleubird('show', String(first), '--json')).stdout)[0]).toMatchObject({
      id: first,
      parameters: { 'training.seed': '42', model: demoModel },
      evaluations: [{ stage: 'before' }, { stage: 'after' }],
    });

    const compared = await bleubird('compare', String(first), String(second));
    expect(compared.stderr).toBe('');
    expect(compared.stdout).toMatch(new RegExp(`SETTING +${first} +${second}\\ntraining.seed +42 +7\\n`));
    expect(compared.stdout).toContain('6 sentences in common');

    const same = await bleubird('compare', String(first), 'last', String(first), '--json');
    expect(jsonLines(same.stdout)[0]).toMatchObject({ settings: [{ path: 'training.seed' }], incomparabilities: [] });
    expect((await bleubird('compare', 'last', String(second))).stderr).toContain(
      'error: compare needs two different runs',
    );
  });

  it('has sentences to look at, ordered by their gain', async () => {
    const sentences = jsonLines((await bleubird('samples', 'last', '--sort', 'delta', '--json')).stdout);
    expect(sentences).toHaveLength(6);
    const deltas = sentences.map(({ bleuDelta }) => Number(bleuDelta));
    expect(deltas).toEqual(deltas.toSorted((a, b) => b - a));
    const text = await bleubird('samples', 'last', '-n', '1');
    expect(text.stdout).toMatch(/^#0 .*\n {2}source {5}\w+ the \w+\n {2}reference {2}\w+ le \w+\n {2}before/);
    expect(text.stderr).toBe('1 of 6 sentences; --limit shows more.\n');
  });

  it('can be translated and evaluated with, and scores what it scored', async () => {
    const [run] = jsonLines((await bleubird('show', 'last', '--json')).stdout);
    const sentences = jsonLines((await bleubird('samples', 'last', '--json')).stdout);
    const input = ['', ...sentences.map(({ source }) => String(source))].map((line) => `${line}\n`).join('');
    const translated = await runCli(['translate', '-m', 'run:last', '--beams', '1', '--max-length', '24'], {
      cwd,
      input,
    });
    expect(translated.stdout.split('\n')).toEqual(['', ...sentences.map(({ after }) => after), '']);

    // The run's held-out pairs, in the run's order, from files of their own.
    writeFileSync(join(cwd, 'held.en'), input.slice(1));
    writeFileSync(join(cwd, 'held.fr'), sentences.map(({ reference }) => `${reference}\n`).join(''));
    const evaluated = await bleubird(
      'evaluate',
      '-m',
      'run:last',
      '--source',
      'held.en',
      '--reference',
      'held.fr',
      '--beams',
      '1',
      '--max-length',
      '24',
      '--batch-size',
      '8',
      '--json',
    );
    const [result] = jsonLines(evaluated.stdout);
    const { evaluations } = run as { evaluations: Record<string, unknown>[] };
    expect(result).toMatchObject({
      sentences: 6,
      bleu: evaluations[1]?.bleu,
      decoding: evaluations[1]?.decoding,
      hypotheses: sentences.map(({ after }) => after),
    });
    expect(Number(result?.loss)).toBeCloseTo(Number(evaluations[1]?.loss), 5);
  });

  it('that has ended cannot be stopped', async () => {
    const { code, stderr } = await bleubird('stop', 'last');
    expect(code).toBe(6);
    expect(stderr).toMatch(/^error: Run \w+ is completed, not running\./);
  });
});

describe('a long run', () => {
  const long = ['--set', 'training.max_steps=100000'];
  const isTraining = (stdout: string) => /^step +2\/100000/m.test(stdout);

  it.each([
    ['Ctrl-C', 'SIGINT', 'at the request of the user'],
    ['a polite kill', 'SIGTERM', 'since it was told to from outside (SIGTERM),'],
  ] as const)('is stopped by %s after its step, saved, with exit code 130', async (_, signal, why) => {
    const folder = temporaryFolder();
    const child = startCli(['run', writeTinyExperiment(folder, tinyModel), ...long], { cwd: folder });
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdout.on('data', (chunk: Buffer) => {
      const wasTraining = isTraining(stdout);
      stdout += chunk;
      if (!wasTraining && isTraining(stdout)) child.kill(signal);
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(stdout).toMatch(/saved {3}step \d+/);
    expect(stdout).toContain('end     stopped');
    const run = /^run {5}(\w+):/m.exec(stdout)?.[1];
    const step = /saved {3}step (\d+)/.exec(stdout)?.[1];
    expect(stderr).toMatch(
      `hint: bleubird resume ${run} goes on with it.\nStopped ${why} after step ${step}, which is saved.\n`,
    );
    expect(code).toBe(130);
  });

  it('saves a checkpoint when it is asked to, and goes on', async () => {
    const folder = temporaryFolder();
    const never = ['--set', 'training.save_strategy=no'];
    const child = startCli(['run', writeTinyExperiment(folder, tinyModel), ...long, ...never], { cwd: folder });
    let stdout = '';
    let asked: ReturnType<typeof runCli> | null = null;
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk;
        if (/step +\d+\/\d+/.test(stdout)) asked ??= runCli(['save', 'last'], { cwd: folder });
        if (!child.killed && /saved {3}step \d+.*step +\d+\/\d+/s.test(stdout)) child.kill('SIGINT');
      });
    });
    expect(await asked).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Asked \w+ to save after its step\.\n$/),
      stdout: expect.stringMatching(/^\w+ saved step \d+, [\d.]+ [kM]B: .*checkpoint-\d+\n$/),
    });
    expect(stdout).toContain('end     stopped');
    const late = await runCli(['save', 'last'], { cwd: folder });
    expect(late).toMatchObject({
      code: 6,
      stdout: '',
      stderr: expect.stringMatching(/^error: Run \w+ is not running/),
    });
  });

  it('whose trainer is killed ends in words, as JSON too, with exit code 7', async () => {
    const folder = temporaryFolder();
    const child = startCli(['run', writeTinyExperiment(folder, tinyModel), '--json', ...long], { cwd: folder });
    let stdout = '';
    let trainer: number | null = null;
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
      const pid = /"type":"ready","pid":(\d+)/.exec(stdout)?.[1];
      if (pid === undefined || trainer !== null) return;
      trainer = Number(pid);
      process.kill(trainer, 'SIGKILL');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    const [result, error] = jsonLines(stdout).slice(-2);
    expect(result).toMatchObject({ type: 'result', state: 'failed', before: null, after: null });
    expect(error).toMatchObject({
      type: 'error',
      code: 'RUN_FAILED',
      exitCode: 7,
      message: expect.stringContaining('by signal SIGKILL'),
    });
    expect(code).toBe(7);
  });

  // Together with the next: it waits for the seconds that a trainer is given to end by itself.
  it.concurrent('ends at once at a second interrupt, though its trainer answers nothing', async ({ onTestFailed }) => {
    const folder = temporaryFolder();
    const child = startCli(['run', writeTinyExperiment(folder, tinyModel), '--json', ...long], { cwd: folder });
    const said = (stream: Readable, pattern: RegExp) =>
      new Promise<string>((resolve) => {
        let text = '';
        stream.on('data', (chunk: Buffer) => {
          text += chunk;
          const found = pattern.exec(text)?.[1];
          if (found !== undefined) resolve(found);
        });
      });
    const trainer = Number(await said(child.stdout, /"type":"ready","pid":(\d+)/));
    process.kill(trainer, 'SIGSTOP');
    // Where the test fails nobody else ends one that is stopped.
    onTestFailed(() => {
      process.kill(trainer, 'SIGKILL');
    });
    const first = said(child.stderr, /(Stopping after this step, saved\. Ctrl-C again ends it at once\.)/);
    const second = said(child.stderr, /(Ending the run at once\.)/);
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGINT');
    await first;
    child.kill('SIGINT'); // what a launcher hands on of the same key press
    await setTimeout(600);
    child.kill('SIGINT');
    await second;
    expect(await closed).toBe(130);
    expect(() => process.kill(trainer, 0)).toThrow('ESRCH');
  });

  it.concurrent('goes on in the background until it is told to stop', async () => {
    const folder = temporaryFolder();
    const started = await runCli(['run', writeTinyExperiment(folder, tinyModel), '--detach', ...long], { cwd: folder });
    expect(started.stderr).toBe('');
    const id = started.stdout.trim();
    const [run] = jsonLines((await runCli(['ls', '--json'], { cwd: folder })).stdout);
    expect(run).toMatchObject({ id, state: expect.stringMatching(/pending|running/) });
    const stopped = await runCli(['stop', id], { cwd: folder });
    expect(stopped.stdout).toBe(`${id} stopped\n`);
    expect(existsSync(join(folder, '.bleubird/runs', id, 'experiment.yaml'))).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))('goes on when the disk of its own log is full', async () => {
    const folder = temporaryFolder();
    const full = openSync('/dev/full', 'w');
    const exitCode = (...args: string[]) => {
      const child = startCli(args, { cwd: folder, stdio: ['ignore', full, full] });
      return new Promise((resolve) => child.once('exit', resolve));
    };
    expect(await exitCode('run', writeTinyExperiment(folder, tinyModel))).toBe(0);
    const [summary] = jsonLines((await runCli(['ls', '--json'], { cwd: folder })).stdout);
    expect(summary).toMatchObject({ state: 'completed' });
    // For a command whose output is all there is of it, lost output is a failure.
    expect(await exitCode('ls')).toBe(1);
    closeSync(full);
  });

  it('goes on when the reader of its output is gone', async () => {
    const folder = temporaryFolder();
    const child = startCli(['run', writeTinyExperiment(folder, tinyModel)], { cwd: folder });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(stderr).toContain('warning: nobody reads this any more; the run goes on');
    expect(code).toBe(0);
    const [run] = jsonLines((await runCli(['ls', '--json'], { cwd: folder })).stdout);
    expect(run).toMatchObject({ state: 'completed' });
  });
});
