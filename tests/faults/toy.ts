/** A toy run in processes of its own, as the campaign sees it: what it has acknowledged, and how it can be harmed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const runnerPath = fileURLToPath(new URL('toy-runner.ts', import.meta.url));
const bin = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url));

/** Without its runner a trainer ends within 2 s; on a busy machine the looks themselves come late. */
const TRAINER_PATIENCE_MS = 3_000;

export class Toy {
  /** Steps whose points the runner was told are in the store. */
  readonly acknowledged = new Set<number>();
  stderr = '';
  state: string | null = null;
  readonly #runner: ChildProcess;
  readonly #ended: Promise<void>;
  #watcher: ChildProcess | null = null;
  #trainerPid: number | null = null;

  constructor(directory: string, runId: string, how: 'run' | 'resume', modelDirectory: string) {
    const env = { ...process.env, TOY_MODEL: modelDirectory };
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

  /** Waits until `steps` are acknowledged, or the runner has ended. */
  async reach(steps: number): Promise<void> {
    let hasEnded = false;
    void this.#ended.then(() => {
      hasEnded = true;
    });
    while (this.acknowledged.size < steps && !hasEnded) await sleep(2);
  }

  watch(directory: string, runId: string): void {
    this.#watcher = spawn(process.execPath, [bin, 'attach', runId, '--no-ui', '--store', directory], {
      stdio: 'ignore',
    });
  }

  stopRunner(): undefined {
    this.#runner.kill('SIGINT');
  }

  killRunner(): undefined {
    this.#runner.kill('SIGKILL');
  }

  killTrainer(signal: NodeJS.Signals): undefined {
    if (this.#trainerPid !== null && lives(this.#trainerPid)) process.kill(this.#trainerPid, signal);
  }

  killWatcher(): undefined {
    this.#watcher?.kill('SIGKILL');
  }

  /** Waits for the runner, then a moment for its trainer. @returns what is wrong with that, null for nothing */
  async finish(patienceMs: number): Promise<string | null> {
    const runner = await Promise.race([this.#ended.then(() => true), sleep(patienceMs, false, { ref: false })]);
    this.killWatcher();
    if (!runner) {
      this.killRunner();
      this.killTrainer('SIGKILL');
      return 'the runner did not end';
    }
    for (const endedAt = performance.now(); performance.now() - endedAt < TRAINER_PATIENCE_MS; ) {
      if (this.#trainerPid === null || !lives(this.#trainerPid)) return null;
      await sleep(10);
    }
    this.killTrainer('SIGKILL');
    return 'the trainer outlived its runner';
  }

  #hear(line: string): void {
    const [word, value] = line.split(' ');
    if (word === 'ack') this.acknowledged.add(Number(value));
    if (word === 'trainer') this.#trainerPid = Number(value);
    if (word === 'end') this.state = value ?? null;
  }
}

/** A zombie counts as one that lives: somebody must collect it. */
function lives(pid: number): boolean {
  try {
    return /toy-trainer|\) Z /.test(
      readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/stat`, 'utf8'),
    );
  } catch {
    return false;
  }
}
