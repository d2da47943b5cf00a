/** A toy run in processes of its own, as the campaign sees it: what it has acknowledged, and how it can be harmed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isOurZombie, readProcess } from './process-table.ts';
import { HEAP_MB } from './toy-training.ts';

const runnerPath = fileURLToPath(new URL('toy-runner.ts', import.meta.url));

/** Without its runner a trainer ends within 2 s; on a busy machine the looks themselves come late. */
const TRAINER_PATIENCE_MS = 3_000;

export interface ToyOptions {
  readonly how: 'run' | 'resume';
  /** Its folder lies in that of the round, by which its processes are told from others. */
  readonly modelDirectory: string;
  /** How long a step takes; by default the whole run about a second. */
  readonly stepMs?: number;
}

/** A signal that ends a process at once, and when it was sent. */
export interface Kill {
  readonly signal: NodeJS.Signals;
  /** What `performance.now()` was. */
  readonly atMs: number;
  /** Milliseconds since 1970, to compare with what other processes say. */
  readonly time: number;
}

export class Toy {
  /** Steps whose points the runner was told are in the store, with when that was, milliseconds since 1970. */
  readonly acknowledged = new Map<number, number>();
  stderr = '';
  state: string | null = null;
  runnerKill: Kill | null = null;
  trainerKill: Kill | null = null;
  /** How much of the journal the last flush brought to the disk. */
  flushedBytes = 0;
  readonly #runner: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #trainerPids: number[] = [];

  constructor(directory: string, runId: string, { how, modelDirectory, stepMs = 4 }: ToyOptions) {
    const limit = `${process.env.NODE_OPTIONS ?? ''} --max-old-space-size=${HEAP_MB}`;
    const env = { ...process.env, TOY_MODEL: modelDirectory, TOY_STEP_MS: String(stepMs), NODE_OPTIONS: limit };
    const runner = spawn(process.execPath, [runnerPath, directory, runId, how], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    runner.stdout.on('data', (chunk) => {
      const lines = `${text}${chunk}`.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.#hear(line);
    });
    runner.stderr.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.#ended = new Promise((resolve) => runner.once('close', () => resolve()));
    this.#runner = runner;
  }

  /** The processes of runner and trainers so far. */
  get pids(): number[] {
    return [this.#runner.pid ?? 0, ...this.#trainerPids];
  }

  /** Whether it has ended by itself with all done, by the one trainer that it began with. */
  get isUnharmed(): boolean {
    return this.state === 'completed' && this.#runner.exitCode === 0 && this.#trainerPids.length === 1;
  }

  /** Waits until `steps` are acknowledged, or the runner has ended. */
  async reach(steps: number): Promise<void> {
    let hasEnded = false;
    void this.#ended.then(() => {
      hasEnded = true;
    });
    while (this.acknowledged.size < steps && !hasEnded) await sleep(2);
  }

  /** Does something while the runner holds still, which is the only one that writes the store. */
  async whileItHoldsStill(work: () => void): Promise<void> {
    this.#runner.kill('SIGSTOP');
    const { pid } = this.#runner;
    while (this.#runner.signalCode === null && this.#runner.exitCode === null && !isHeld(pid ?? 0)) await sleep(1);
    try {
      work();
    } finally {
      this.#runner.kill('SIGCONT');
    }
  }

  stopRunner(): undefined {
    this.#runner.kill('SIGINT');
  }

  killRunner(): undefined {
    if (this.#runner.exitCode === null && this.#runner.kill('SIGKILL')) this.runnerKill ??= killBy('SIGKILL');
  }

  /** Sends it a signal that ends it at once. */
  killTrainer(signal: NodeJS.Signals): undefined {
    if (this.signalTrainer(signal)) this.trainerKill ??= killBy(signal);
  }

  /** Lets it fill its heap, and waits until V8 has ended it. */
  async exhaustTrainer(): Promise<undefined> {
    if (!this.signalTrainer('SIGALRM')) return;
    while (this.#livingTrainers().length > 0) await sleep(2);
    this.trainerKill = killBy('SIGABRT');
  }

  /** @returns whether there was a trainer to send it to */
  signalTrainer(signal: NodeJS.Signals): boolean {
    const [pid] = this.#livingTrainers();
    return pid !== undefined && process.kill(pid, signal);
  }

  /** Waits for the runner, then a moment for its trainer. @returns what is wrong with that, null for nothing */
  async finish(patienceMs: number): Promise<string | null> {
    const runner = await Promise.race([this.#ended.then(() => true), sleep(patienceMs, false, { ref: false })]);
    if (!runner) {
      this.killRunner();
      this.killTrainer('SIGKILL');
      return 'the runner did not end';
    }
    for (const endedAt = performance.now(); performance.now() - endedAt < TRAINER_PATIENCE_MS; ) {
      if (this.#livingTrainers().length === 0) return null;
      await sleep(10);
    }
    this.killTrainer('SIGKILL');
    return 'the trainer outlived its runner';
  }

  /** A zombie counts while its runner lives, who must collect it. */
  #livingTrainers(): number[] {
    return this.#trainerPids.filter(
      (pid) => readProcess(pid, 'cmdline').includes('toy-trainer') || isOurZombie(pid, this.pids),
    );
  }

  #hear(line: string): void {
    const [word, value, at] = line.split(' ');
    if (word === 'ack') this.acknowledged.set(Number(value), Number(at));
    if (word === 'flushed') this.flushedBytes = Number(value);
    if (word === 'trainer') this.#trainerPids.push(Number(value));
    if (word === 'end') this.state = value ?? null;
  }
}

function killBy(signal: NodeJS.Signals): Kill {
  return { signal, atMs: performance.now(), time: Date.now() };
}

function isHeld(pid: number): boolean {
  return /\) T /.test(readProcess(pid, 'stat'));
}
