/**
 * Fuzzes the readers, each in a child process under watch: `npm run fuzz -- [--seconds S] [--reader R] [--seed N] [--inputs N] [--out FOLDER]`.
 * A finding is an input that meets with anything but an AppError, more than 2 s, memory beyond 64 MB + 20 times its size, a hang or
 * a dead process. Findings are kept in FOLDER with seed and input; the exit code is 1 when there are any.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CURRENT_HEADER_BYTES, type Finding, type FuzzMessage, HEAP_MEGABYTES } from './fuzz-reader.ts';
import { allReaders } from './readers/all-readers.ts';

/** Of wall time on one input; a busy machine may be slow. */
const HANG_MS = 15_000;
const LOOK_MS = 500;

export interface FuzzResult {
  readonly reader: string;
  readonly inputs: number;
  /** Inputs kept because they reached something new. */
  readonly kept: number;
  readonly findings: readonly Finding[];
}

/** Fuzzes one reader until the time or the inputs are spent. */
export async function fuzz(
  name: string,
  { seed, seconds, inputs }: { seed: number; seconds: number; inputs: number },
): Promise<FuzzResult> {
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(memory, 'bleubird-fuzz-'));
  const findings = new Map<string, Finding>();
  const keep = (finding: Finding): void => {
    const key = `${finding.kind} ${finding.detail.split('\n').slice(0, 2).join(' ').replace(/\d+/g, '#')}`;
    if (!findings.has(key)) findings.set(key, finding);
  };
  const endsAt = Date.now() + seconds * 1000;
  let done = 0;
  let kept = 0;
  for (let restart = 0; Date.now() < endsAt && done < inputs; restart++) {
    const part = await runChild(
      name,
      seed + restart * 1_000_003,
      (endsAt - Date.now()) / 1000,
      inputs - done,
      folder,
      keep,
    );
    done += part.inputs;
    kept = Math.max(kept, part.kept);
  }
  rmSync(folder, { recursive: true, force: true });
  return { reader: name, inputs: done, kept, findings: [...findings.values()] };
}

async function runChild(
  name: string,
  seed: number,
  seconds: number,
  inputs: number,
  folder: string,
  keep: (finding: Finding) => void,
): Promise<{ inputs: number; kept: number }> {
  const child = fork(
    fileURLToPath(new URL('fuzz-reader.ts', import.meta.url)),
    [name, String(seed), String(seconds), String(inputs), folder],
    {
      execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`, '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  let result: { inputs: number; kept: number } | null = null;
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr = (stderr + String(chunk)).slice(-4000);
  });
  child.on('message', (message) => {
    const heard = message as FuzzMessage;
    if (heard.type === 'finding') keep(heard.finding);
    else result = heard;
  });
  let last = { number: -1, since: Date.now() };
  let isHung = false;
  const watch = setInterval(() => {
    const { number } = readCurrent(folder);
    if (number !== last.number) last = { number, since: Date.now() };
    else if (number > 0 && Date.now() - last.since > HANG_MS) {
      isHung = true;
      child.kill('SIGKILL');
    }
  }, LOOK_MS);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (...end) => resolve(end));
  });
  clearInterval(watch);
  if (result !== null) return result;
  const { number, input } = readCurrent(folder);
  const detail = isHung
    ? `no end within ${HANG_MS / 1000} s for ${input.length} bytes`
    : `code ${code}, signal ${signal}\n${stderr}`;
  keep({ reader: name, seed, number, kind: isHung ? 'hang' : 'crash', detail, input: input.toString('base64') });
  return { inputs: number, kept: 0 };
}

function readCurrent(folder: string): { number: number; input: Buffer } {
  const path = join(folder, 'current');
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (bytes.length < CURRENT_HEADER_BYTES) return { number: 0, input: Buffer.alloc(0) };
  const end = CURRENT_HEADER_BYTES + bytes.readUInt32LE(0);
  return { number: bytes.readUInt32LE(4), input: bytes.subarray(CURRENT_HEADER_BYTES, end) };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      inputs: { type: 'string', default: '1000000000' },
      reader: { type: 'string', multiple: true },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: join(tmpdir(), 'bleubird-fuzz') },
    },
  });
  const names = values.reader ?? allReaders.map(({ name }) => name);
  mkdirSync(values.out, { recursive: true });
  let total = 0;
  let found = 0;
  for (const name of names) {
    const { inputs, kept, findings } = await fuzz(name, {
      seed: Number(values.seed),
      seconds: Number(values.seconds),
      inputs: Number(values.inputs),
    });
    total += inputs;
    found += findings.length;
    process.stdout.write(
      `${name.padEnd(18)} ${String(inputs).padStart(9)} inputs ${String(kept).padStart(4)} kept ${String(findings.length).padStart(3)} findings\n`,
    );
    for (const [index, finding] of findings.entries()) {
      const base = join(values.out, `${name}-${finding.seed}-${index + 1}`);
      writeFileSync(`${base}.bin`, Buffer.from(finding.input, 'base64'));
      writeFileSync(
        `${base}.txt`,
        `${finding.kind}, reader ${name}, seed ${finding.seed}, input ${finding.number}\n${finding.detail}\n`,
      );
      process.stdout.write(
        `  ${finding.kind}: ${finding.detail.split('\n').slice(0, 3).join(' | ').slice(0, 300)}\n  ${base}.bin\n`,
      );
    }
  }
  process.stdout.write(`${total} inputs, ${found} findings\n`);
  process.exitCode = found > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) await main();
