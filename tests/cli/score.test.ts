import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Output } from '../../src/cli/output.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { reportError } from '../../src/cli/report-error.ts';
import type { World } from '../../src/cli/world.ts';
import { type CliResult, runCli, temporaryFolder } from './run-cli.ts';

const outcome = z.object({ stdout: z.string(), exit_code: z.number(), stderr_tail: z.string().optional() });
const cases = z
  .object({
    cases: z.array(
      z.object({
        id: z.string(),
        options: z.object({ args: z.array(z.string()), env: z.record(z.string(), z.string()) }),
        files: z.record(z.string(), z.string()),
        stdin: z.string().nullable(),
        expected: outcome,
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/sacrebleu/cli.json', import.meta.url), 'utf8'))).cases;

interface Given {
  readonly args: readonly string[];
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | readonly Buffer[];
  /** Whether narration goes to a terminal. */
  readonly isTerminal?: boolean;
}

/** Runs the command in this process: its own streams, its own folder. */
async function score({ args, files = {}, env = {}, stdin = '', isTerminal = false }: Given): Promise<CliResult> {
  const cwd = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const all = { NO_COLOR: '1', ...env };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, err] = [textOf(stdout), textOf(stderr)];
  Object.assign(stderr, { isTTY: isTerminal });
  const output = new Output({ stdout: asTerminal(stdout), stderr: asTerminal(stderr), env: all });
  const input = Readable.from(typeof stdin === 'string' ? [Buffer.from(stdin)] : stdin) as unknown as NodeJS.ReadStream;
  const streams = { stdin: input, stdout: asTerminal(stdout), output };
  const world: World = { env: all, cwd, ...streams, now: Date.now, onInterrupt, onSaveWish: onInterrupt };
  let code = 0;
  try {
    await buildProgram(world).parseAsync(['score', ...args], { from: 'user' });
  } catch (error) {
    code = error instanceof CommanderError ? error.exitCode : reportError(error, output);
  }
  stdout.end();
  stderr.end();
  return { code, stdout: await out, stderr: await err };
}

function onInterrupt(): () => void {
  return () => {};
}

async function textOf(stream: PassThrough): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A stream that is no terminal has all of a WriteStream that is used. */
function asTerminal(stream: PassThrough): NodeJS.WriteStream {
  return stream as unknown as NodeJS.WriteStream;
}

const files = { ref: 'a b c d e\nf g h i\n', hyp: 'a b c d e\nf g x i\n', other: 'a b c\nf g h i\n' };

describe('bleubird score', () => {
  for (const { id, options, files: ofCase, stdin, expected } of cases) {
    it(`${id} prints what sacreBLEU prints: score ${options.args.join(' ')}`, async () => {
      // Only here do the digits depend on the profile: sacreBLEU on NumPy 2 fails to print its own float32 numbers.
      const args = id === 'cli-1236' ? [...options.args, '--profile', 'py311_np1'] : options.args;
      const result = await score({ args, files: ofCase, env: options.env, stdin: stdin ?? '' });
      expect(result.stdout).toBe(expected.stdout);
      expect(result.code).toBe(expected.exit_code);
      const { stderr_tail: complaint = '' } = expected;
      if (expected.exit_code !== 0) expect(result.stderr).toMatch(/^error: /);
      expect(result.stderr).toContain(complaint.replace(/^sacreBLEU: /, '').trimEnd());
    });
  }

  it('prints the float32 numbers of a paired test as JSON, where sacreBLEU on NumPy 2 fails', async () => {
    const args = ['ref', '-i', 'hyp', 'other', '--paired-bs', '--paired-bs-n', '20', '-m', 'chrf'];
    const { code, stdout } = await score({ args, files });
    expect(code).toBe(0);
    const chrF2 = z.object({ score: z.number(), p_value: z.number().nullable(), mean: z.number(), ci: z.number() });
    const systems = z.array(z.object({ system: z.string(), chrF2 })).parse(JSON.parse(stdout));
    expect(systems.map(({ system }) => system)).toEqual(['Baseline: hyp', 'other']);
    for (const { mean } of systems.map((system) => system.chrF2)) expect(Math.fround(mean)).toBe(mean);
  });

  it('shows on a terminal how far a paired test is, unless it is to be quiet', async () => {
    const lines = Array.from({ length: 2000 }, (_, index) => `a b c ${index} d e`).join('\n');
    const many = { ref: lines, hyp: lines.replaceAll('1', 'x'), other: lines.replaceAll('2', 'x') };
    const args = ['ref', '-i', 'hyp', 'other', '--paired-bs', '--paired-bs-n', '2000'];
    const shown = await score({ args, files: many, isTerminal: true });
    expect(shown.stderr).toContain('Resampling: 100 %');
    expect(shown.stderr.endsWith('\r\u001b[K')).toBe(true);
    const quiet = await score({ args: [...args, '-q'], files: many, isTerminal: true });
    expect(quiet).toEqual({ ...shown, stderr: '' });
  });

  it.for<[title: string, args: string[], code: number, words: RegExp]>([
    ['test sets', ['-t', 'wmt17', '-l', 'en-de'], 1, /needs sacreBLEU's test sets, which come from the network/],
    ['lists of test sets', ['--list'], 1, /--list needs sacreBLEU's test sets/],
    ['no references', ['-i', 'hyp'], 1, /There are no references/],
    ['a flag it does not know', ['ref', '-i', 'hyp', '--colour'], 2, /unrecognized arguments: --colour/],
    [
      'a metric it does not know',
      ['ref', '-i', 'hyp', '-m', 'meteor'],
      2,
      /invalid choice: 'meteor' \(choose from 'bleu', 'chrf', 'ter'\)/,
    ],
    ['a width that is no number', ['ref', '-i', 'hyp', '-w', 'two'], 2, /invalid int value: 'two'/],
    ['a flag without its value', ['ref', '-i', 'hyp', '-w'], 2, /argument --width\/-w: expected one argument/],
    ['both tests at once', ['ref', '-i', 'hyp', 'other', '-par', '-pbs'], 2, /not allowed with argument/],
    [
      'half a flag that could be several',
      ['ref', '-i', 'hyp', '--paired'],
      2,
      /ambiguous option: --paired could match/,
    ],
    ['a file that is not there', ['ref', '-i', 'nowhere'], 1, /nowhere does not exist\./],
    ['one file as two systems', ['ref', '-i', 'hyp', 'hyp'], 1, /'hyp' already used to name a system/],
    ['another length', ['short', '-i', 'hyp'], 1, /System and reference streams have different lengths/],
    ['an encoding it does not know', ['ref', '-i', 'hyp', '-e', 'klingon'], 1, /Encoding 'klingon' is not known/],
    ['another encoding', ['ref', '-i', 'latin'], 1, /latin is not utf-8 text/],
    ['no systems', ['ref', '-i'], 1, /--input \(-i\) names no file/],
    [
      'a tokenizer without its dictionary',
      ['ref', '-i', 'hyp', '-tok', 'ja-mecab'],
      1,
      /'ja-mecab' needs MeCab and its IPA/,
    ],
    ['the language of such a tokenizer', ['ref', '-i', 'hyp', '-l', 'en-ko'], 1, /'ko-mecab' needs MeCab-ko and/],
    ['a tokenizer without its model', ['ref', '-i', 'hyp', '-tok', 'flores200'], 1, /from a file: --spm-model FILE/],
    ['a model that is not there', ['ref', '-i', 'hyp', '--spm-model', 'no'], 1, /no does not exist\./],
    ['a tokenizer it does not know', ['ref', '-i', 'hyp', '-tok', 'moses'], 2, /invalid choice: 'moses'/],
  ])('ends with an error at %s', async ([, args, code, words]) => {
    const given = { ...files, short: 'a\n', latin: Buffer.from('caf\xe9\nx\n', 'latin1') };
    const result = await score({ args, files: given });
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(words);
    expect(result.code).toBe(code);
  });

  it('refuses what is larger than any test set, read, unpacked or piped', async () => {
    const words = 'has more than the 268435456 bytes that are read at most.';
    const cwd = temporaryFolder();
    const [sparse, packed, pipe] = ['sparse', 'packed.gz', 'pipe'].map((name) => join(cwd, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(sparse, '');
    truncateSync(sparse, 2 ** 28 + 1);
    expect((await score({ args: ['ref', '-i', sparse], files })).stderr).toBe(`error: ${sparse} ${words}\n`);
    // Random bits in hexadecimal: they pack to half, as no bomb does.
    const block = randomBytes(1 << 19).toString('hex');
    writeFileSync(packed, gzipSync(block, { level: 1 }));
    const part = readFileSync(packed);
    writeFileSync(packed, Buffer.concat(Array.from({ length: 257 }, () => part)));
    expect((await score({ args: ['ref', '-i', packed], files })).stderr).toBe(`error: ${packed} ${words}\n`);
    const stdin = Array.from({ length: 257 }, () => Buffer.alloc(1 << 20));
    expect((await score({ args: ['ref'], files, stdin })).stderr).toBe(`error: Standard input ${words}\n`);
    execFileSync('mkfifo', [pipe]);
    const writing = writeFile(pipe, files.hyp);
    expect((await score({ args: ['ref', '-i', pipe, '-b'], files })).stdout).toBe('71.0\n');
    await writing;
  });

  it('says why a model of pieces cannot be read', async () => {
    const args = ['ref', '-i', 'hyp', '-tok', 'flores200', '--spm-model', '/dev/zero'];
    expect((await score({ args, files })).stderr).toBe('error: /dev/zero is no file, but a device or a pipe.\n');
  });

  it('ends with an error at a seed that is no number', async () => {
    const { code, stderr } = await score({ args: ['ref', '-i', 'hyp'], files, env: { SACREBLEU_SEED: 'x' } });
    expect(stderr).toContain("SACREBLEU_SEED is 'x'; expected a whole number, 0 or more, or none.");
    expect(code).toBe(1);
  });

  it('reads packed files, and values written onto their flags', async () => {
    const args = ['ref.gz', '--input=hyp', '-w3', '--format=text', '-b'];
    const { stdout } = await score({ args, files: { ...files, 'ref.gz': gzipSync(files.ref) } });
    expect(stdout).toBe('70.990\n');
  });

  it('divides words with the SentencePiece model it is given, as sacreBLEU does with its own', async () => {
    const model = fileURLToPath(new URL('../../experiments/models/demo-en-fr/target.spm', import.meta.url));
    const args = ['ref', '-i', 'hyp', '-tok', 'flores200', '--spm-model', model, '-f', 'text', '-w4'];
    const { stdout } = await score({
      args,
      files: {
        ref: "Impossible d'ouvrir le fichier « %s ».\nLe type n'est pas valide : 漢字 42.\n",
        hyp: "Le fichier « %s » ne peut pas être ouvert.\nCe type n'est pas valide : 漢 42.\n",
      },
    });
    // What sacreBLEU 2.6.0 prints with this model in place of its own.
    expect(stdout).toBe(
      'BLEU|nrefs:1|case:mixed|eff:no|tok:flores200|smooth:exp|version:2.6.0 = 47.9878 61.5/54.2/45.5/35.0 ' +
        '(BP = 1.000 ratio = 1.083 hyp_len = 26 ref_len = 24)\n',
    );
  });

  it('is a command of the program, with exit codes of its own', async () => {
    const { code, stdout, stderr } = await runCli(['score', '--version']);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'sacrebleu 2.6.0\n', stderr: '' });
    expect((await runCli(['score', '--list'])).code).toBe(1);
  });

  it('takes the seed from the environment and names it', async () => {
    const args = ['ref', '-i', 'hyp', '-f', 'text', '-ci', '-cin', '10'];
    const { stdout } = await score({ args, files, env: { SACREBLEU_SEED: '7' } });
    expect(stdout).toMatch(/^BLEU\|nrefs:1\|bs:10\|seed:7\|.* \(μ = /);
  });

  it('lists every flag in its help', async () => {
    const { code, stdout } = await score({ args: ['--help'] });
    expect(code).toBe(0);
    expect(stdout).toContain('-pbs, --paired-bs');
    expect(stdout).toContain('bleubird score ref.fr -i baseline.fr new.fr --paired-bs -f text');
  });
});
