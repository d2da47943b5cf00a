/** What a user can get wrong, through the real command: exit code and words. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { demoModel } from '../support/demo-model.ts';
import { repository, runCli, temporaryFolder } from './run-cli.ts';

const quickstart = join(repository, 'experiments/quickstart.yaml');
const folder = temporaryFolder();

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const emptyCorpus = file('empty.txt', '');
const twoLines = file('two.en', 'one\ntwo\n');
const misspelt = file(
  'misspelt.yaml',
  `model: ${demoModel}\ndata:\n  corpus: {format: moses, source: a, target: b}\n  source_lang: en\ntraning:\n  seed: 1\n`,
);
mkdirSync(join(folder, 'no-model'));

interface Case {
  readonly args: readonly string[];
  readonly code: number;
  readonly stderr: string;
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

const cases: Record<string, Case> = {
  'an unknown command': {
    args: ['rnu', 'x.yaml'],
    code: 2,
    stderr: "error: unknown command 'rnu'; did you mean run?\n(`bleubird --help` lists commands and options)\n",
  },
  'an unknown option': {
    args: ['ls', '--jsn'],
    code: 2,
    stderr: "error: unknown option '--jsn'\n(Did you mean --json?)",
  },
  'no command without a terminal': {
    args: [],
    code: 2,
    stderr: 'error: The full-screen UI needs a terminal for input and output; this is none.\nhint: `bleubird run FILE',
  },
  'a missing argument': { args: ['run'], code: 2, stderr: "error: missing required argument 'file'" },
  'no model': { args: ['translate'], code: 2, stderr: "required option '-m, --model <model>' not specified" },
  'a count that is none': {
    args: ['samples', 'last', '-n', '-3'],
    code: 2,
    stderr: "'-3' is invalid. Expected a whole number, 1 or more.",
  },
  'an unknown device': {
    args: ['translate', '-m', demoModel, '--device', 'tpu'],
    code: 2,
    stderr: "argument 'tpu' is invalid. Allowed choices are auto, native, wasm, cpu, cuda.",
  },
  'more threads than there can be': {
    args: ['translate', '-m', demoModel, '--threads', '1000'],
    code: 5,
    stderr: 'error: 1000 threads are more than the native device has; expected 1 to 256',
  },
  'threads that are no number': {
    args: ['translate', '-m', demoModel],
    env: { BLEUBIRD_THREADS: 'all' },
    code: 5,
    stderr: 'error: BLEUBIRD_THREADS=all is not a number of threads; expected 1 to 256',
  },
  'a missing experiment': {
    args: ['run', 'no/such.yaml'],
    code: 2,
    stderr:
      'error: Cannot read the experiment no/such.yaml: there is no such file.\nhint: Experiments that come along are given by their names: `bleubird run quickstart`.\n',
  },
  'an experiment with several faults': {
    args: ['run', misspelt, '--set', 'training.learning_rate=fast'],
    code: 2,
    stderr: `misspelt.yaml has 3 problems:
  traning: unknown field; did you mean training? (line 5)
  data.target_lang: is missing; expected a language code such as en or pt-br
  training.learning_rate: is "fast"; expected a number from 0 to 1 (--set)
hint: `,
  },
  'a wrong device on top of a file': {
    args: ['run', quickstart, '--device', 'gpu'],
    code: 2,
    stderr: 'device: is "gpu"; expected one of auto, native, wasm, cpu, cuda (--device)',
  },
  'a folder that is no model': {
    args: ['run', quickstart, '--set', `model=${folder}/no-model`],
    code: 4,
    stderr: 'no-model is not a model: it holds no config.json.\nhint: ',
  },
  'a hub model that is not in the cache': {
    args: ['run', join(repository, 'experiments/kde4-en-fr.yaml')],
    code: 4,
    stderr: 'error: The model "Helsinki-NLP/opus-mt-en-fr" is neither a directory',
  },
  'a version of transformers that translate does not know': {
    args: ['translate', '-m', demoModel, '--compatibility', '5'],
    code: 2,
    stderr:
      "error: option '--compatibility <version>' argument '5' is invalid. Allowed choices are transformers-4, transformers-5.",
  },
  'a version of transformers that evaluate does not know': {
    args: ['evaluate', '-m', demoModel, '--compatibility', '5'],
    code: 2,
    stderr:
      "error: option '--compatibility <version>' argument '5' is invalid. Allowed choices are transformers-4, transformers-5.",
  },
  'an empty corpus': {
    args: ['evaluate', '-m', demoModel, '--source', emptyCorpus, '--reference', emptyCorpus],
    code: 3,
    stderr: 'is empty: it has no line.',
  },
  'a missing corpus': {
    args: ['data', quickstart, '-s', 'data.corpus.format=jsonl', '-s', 'data.corpus.path=gone.jsonl'],
    code: 3,
    stderr: `${join(folder, 'gone.jsonl')} does not exist.`,
  },
  'files of different length': {
    args: ['evaluate', '-m', demoModel, '--source', twoLines, '--reference', file('one.fr', 'un\n')],
    code: 3,
    stderr: 'two.en',
  },
  'a split that leaves nothing': {
    args: ['data', quickstart, '-s', 'data.validation_size=100000'],
    code: 3,
    stderr: '100000',
  },
  'input that is not UTF-8': {
    args: ['tokenize', '-m', demoModel],
    input: Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a]),
    code: 3,
    stderr: 'error: Standard input, line 2: not-utf8, ',
  },
  'a run in a store that is not there': {
    args: ['show', 'abc'],
    code: 6,
    stderr: 'error: There is no run "abc"',
  },
  'a store that is no database': {
    args: ['ls', '--store', emptyCorpus],
    code: 6,
    stderr: 'error: ',
  },
  'an empty experiment': {
    args: ['run', file('nothing.yaml', '# later\n')],
    code: 2,
    stderr: 'is empty; expected the fields of an experiment.\nhint: `bleubird run --help-fields` lists them; ',
  },
  'an empty corpus to train on': {
    args: [
      'run',
      quickstart,
      '-s',
      'data.corpus.format=tsv',
      '-s',
      'data.corpus.path=empty.txt',
      '-s',
      'data.corpus.source_column=1',
      '-s',
      'data.corpus.target_column=2',
    ],
    code: 3,
    stderr: `error: The corpus ${emptyCorpus} is empty: it has no line.\n`,
  },
  'a device whose package is not there': {
    args: ['run', quickstart, '--device', 'cuda'],
    code: 5,
    stderr: 'error: cuda needs the package @tensorflow/tfjs-node-gpu, which is not installed\nhint: npm install',
  },
  'the name of no experiment that comes along': {
    args: ['data', 'quikstart'],
    code: 2,
    stderr: 'error: Cannot read the experiment quikstart: there is no such file.\nhint: ',
  },
  'a count of beams that is none': {
    args: ['run', quickstart, '--set', 'generation.num_beams=0'],
    code: 2,
    stderr: 'generation.num_beams: is 0; expected a whole number from 1 to 64 or nothing (null) (--set)',
  },
  'one run to compare': { args: ['compare'], code: 2, stderr: "missing required argument 'runs'" },
};

describe.concurrent('a user who gives', () => {
  it.each(Object.entries(cases))('%s is told so', async (_what, { args, code, stderr, input, env }) => {
    const result = await runCli(args, { cwd: folder, input, env });
    expect(result.stderr).toContain(stderr);
    expect(result.stdout).toBe('');
    expect(result.code).toBe(code);
    expect(existsSync(join(folder, '.bleubird/runs')) ? readdirSync(join(folder, '.bleubird/runs')) : []).toEqual([]);
  });

  it('wrong fields with --json gets the error as JSON on stdout too', async () => {
    const { code, stdout, stderr } = await runCli(['run', misspelt, '--json'], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({
      type: 'error',
      code: 'CONFIG',
      exitCode: 2,
      message: expect.stringContaining('did you mean training?'),
      hint: expect.stringContaining('--help-fields'),
    });
    expect(stderr).toContain('error: ');
    expect(code).toBe(2);
  });
});

describe.concurrent('help', () => {
  it.each([[], ['run'], ['compare'], ['doctor']].map((command) => [command]))(
    'of %j explains itself',
    async (command) => {
      const { code, stdout, stderr } = await runCli([...command, '--help'], { cwd: folder });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: bleubird/);
      expect(stdout).toMatch(/Examples?:\n {2}bleubird/);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it('of the fields lists each with range and default', async () => {
    const { code, stdout } = await runCli(['run', '--help-fields'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain('training.learning_rate  a number from 0 to 1; default 5e-5\n    Peak learning rate');
    expect(stdout).toContain('model  a path; required\n');
  });
});

describe.concurrent('looking', () => {
  it('at runs makes no store', async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runCli(['ls'], { cwd, env: { BLEUBIRD_STORE: 'mine' } });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toBe(
      'There are no runs in mine yet: there is no such folder.\nhint: `bleubird run quickstart` makes one.\n',
    );
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('at the data of an experiment that comes along needs its name alone, unless there is a file of it', async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runCli(['data', 'demo-smoke', '--json'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toBe(`experiment: ${join(repository, 'experiments/demo-smoke.yaml')}\n`);
    expect(JSON.parse(stdout)).toMatchObject({ corpora: [{ name: expect.any(String) }] });
    writeFileSync(join(cwd, 'demo-smoke'), 'modle: m\n');
    const own = await runCli(['data', 'demo-smoke'], { cwd });
    expect(own.stderr).toContain('error: demo-smoke has');
  });

  it('at pieces gives the ids of the model', async () => {
    // Ids as transformers' MarianTokenizer gives them for the demo model.
    const { stdout } = await runCli(['tokenize', '-m', demoModel], { input: '\ufeffSave the file\r\n\nSave the file' });
    expect(stdout).toBe('473 8 80 0\n0\n473 8 80 0\n');
  });
});
