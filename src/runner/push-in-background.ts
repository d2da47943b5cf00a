/**
 * Pushes what a run saves while it goes on (training.push_to_hub), one push at a time: what is saved meanwhile waits, and
 * of models only the newest. The training never waits, and no trouble with the hub ends a run. Checkpoints that wait are
 * held by links of their own, for the trainer removes old ones.
 */
import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainingConfig } from '../engine/config/experiment.ts';
import type { PushFile } from '../engine/hub/push-file.ts';
import { type PushedCommit, prepareRepository, pushFiles } from '../engine/hub/push-files.ts';
import type { TrainerEventOf } from '../engine/run/protocol.ts';
import { AppError, CancelledError } from '../errors.ts';
import { checkpointFiles } from './push-checkpoint.ts';

/** What became of a push; `message` is the commit's. */
export type PushNews =
  | { readonly type: 'pushed'; readonly id: string; readonly message: string; readonly url: string }
  | {
      readonly type: 'push-failed';
      readonly id: string;
      readonly message: string;
      readonly reason: string;
      readonly hint: string | null;
    }
  /** Of no one push: the repository cannot be made, a checkpoint cannot be held. */
  | { readonly type: 'push-trouble'; readonly id: string; readonly reason: string; readonly hint: string | null }
  /** Nothing is left to do but pushes, and they have to wait for a hub in trouble, all together at most so long. */
  | { readonly type: 'push-waits'; readonly id: string; readonly reason: string; readonly atMostSeconds: number };

export interface BackgroundPushOptions {
  readonly training: TrainingConfig;
  /** `hub_model_id`. */
  readonly id: string;
  readonly env: NodeJS.ProcessEnv;
  readonly runDirectory: string;
  /** Makes the card of the model of a step, whose checkpoint is in a folder. */
  card(hubId: string, step: number, directory: string): Promise<PushFile>;
  onNews(news: PushNews): void;
  /** Called while the end is waited for. */
  onProgress(doneBytes: number, totalBytes: number): void;
  /** How long a hub in trouble is waited for at the end of a run, milliseconds; by default two minutes. */
  readonly patienceMs?: number;
}

type Saved = Pick<TrainerEventOf<'checkpoint'>, 'step' | 'epoch' | 'path' | 'isBest'>;

/** A checkpoint held by links. */
interface Held {
  readonly step: number;
  readonly directory: string;
  /** Its own folder, which may be gone. */
  readonly savedAs: string;
}

interface Push {
  /** Of the commit. */
  readonly message: string;
  readonly model: Held;
}

const HELD_PREFIX = '.push-';
/** Of each request; with pauses up to 30 s that is about two minutes. */
const RETRIES = 8;
const PATIENCE_MS = 120_000;

export class BackgroundPush {
  readonly #options: BackgroundPushOptions;
  readonly #cancel = new AbortController();
  /** What is done with held checkpoints, one after another. */
  #holding: Promise<unknown> = Promise.resolve();
  #pushing: Promise<unknown>;
  #isPushing = false;
  #isFinishing = false;
  /** Why a request of the push under way is to be made again; null while all goes well. */
  #trouble: string | null = null;
  /** Runs while the end of the run waits for a hub in trouble. */
  #patience: NodeJS.Timeout | null = null;
  /** The trouble that outlasted the patience. */
  #lastTrouble: string | null = null;
  /** `owner/name`, once the hub has told. */
  #fullId: string | null = null;
  #current: Push | null = null;
  #waiting: Push | null = null;
  /** Checkpoints that the repository shall have whole, by their folders there. */
  readonly #unpushed = new Map<string, Held>();
  #newest: Held | null = null;
  #best: Held | null = null;

  /** Makes the repository at once: what would go wrong later is told now. */
  constructor(options: BackgroundPushOptions) {
    this.#options = options;
    this.#inTurn(() => this.#letGo()); // what a killed runner left
    const preparing = this.#attempt(null, async () => {
      await this.#findId();
      return null;
    });
    this.#pushing = preparing.then(() => {
      this.#trouble = null;
    });
  }

  /** Takes in a checkpoint that was saved. */
  add({ step, epoch, path, isBest }: Saved): void {
    const { hub_strategy: strategy, save_strategy } = this.#options.training;
    this.#inTurn(async () => {
      const held = await this.#hold(step, path);
      this.#newest = held;
      if (isBest === true) this.#best = held;
      if (strategy === 'checkpoint') this.#unpushed.set('last-checkpoint/', held);
      if (strategy === 'all_checkpoints') this.#unpushed.set(`checkpoint-${step}/`, held);
      const when = save_strategy === 'epoch' ? `epoch ${Math.floor(epoch)}` : `step ${step}`;
      if (strategy !== 'end') this.#enqueue({ message: `Training in progress, ${when}`, model: held });
      await this.#letGo();
    });
  }

  /**
   * Pushes the model that the run ends with, where it came to its end, and waits for all pushes.
   *
   * @param leave  ends them
   */
  async finish(hasTrained: boolean, leave: AbortSignal): Promise<void> {
    this.#isFinishing = true;
    if (this.#trouble !== null) this.#waitAtMost(this.#trouble);
    const onLeave = () => this.#cancel.abort();
    leave.addEventListener('abort', onLeave);
    if (leave.aborted) onLeave();
    try {
      await this.#holding;
      const isBestWanted = this.#options.training.load_best_model_at_end;
      const model = isBestWanted ? (this.#best ?? this.#newest) : this.#newest;
      if (hasTrained && model !== null) this.#enqueue({ message: 'End of training', model });
      await this.#pushing;
    } finally {
      leave.removeEventListener('abort', onLeave);
      if (this.#patience !== null) clearTimeout(this.#patience);
      this.#patience = null;
      this.#newest = null;
      this.#best = null;
      this.#unpushed.clear();
      this.#inTurn(() => this.#letGo());
      await this.#holding;
    }
  }

  /** A push that waits is forgotten for a newer one. */
  #enqueue(push: Push): void {
    this.#waiting = push;
    if (this.#isPushing) return;
    this.#isPushing = true;
    this.#pushing = this.#pushing.then(() => this.#pushAll());
  }

  async #pushAll(): Promise<void> {
    for (let push = this.#waiting; push !== null; push = this.#waiting) {
      const { message, model } = push;
      this.#current = push;
      this.#waiting = null;
      await this.#attempt(message, () => this.#push(message, model));
      this.#trouble = null;
      this.#current = null;
      this.#inTurn(() => this.#letGo());
    }
    this.#isPushing = false;
  }

  async #push(message: string, model: Held): Promise<PushedCommit> {
    if (this.#cancel.signal.aborted) throw new CancelledError();
    const id = await this.#findId();
    const files = await checkpointFiles(model.directory, { hasState: false, savedAs: model.savedAs });
    files.push(await this.#options.card(id, model.step, model.directory));
    const whole: [folder: string, Held][] = [];
    for (const [folder, held] of [...this.#unpushed]) {
      const isSound = await this.#attempt(null, async () => {
        files.push(...(await checkpointFiles(held.directory, { hasState: true, folder, savedAs: held.savedAs })));
        return null;
      });
      if (isSound) whole.push([folder, held]);
      else this.#forget(folder, held); // it keeps none of the others back, now or later
    }
    const pushed = await pushFiles({ ...this.#connection(), id, files, message });
    for (const [folder, held] of whole) this.#forget(folder, held);
    return pushed;
  }

  /** Unless another is to be in its folder by now. */
  #forget(folder: string, held: Held): void {
    if (this.#unpushed.get(folder) === held) this.#unpushed.delete(folder);
  }

  async #findId(): Promise<string> {
    if (this.#fullId !== null) return this.#fullId;
    this.#fullId = await prepareRepository(this.#connection());
    this.#trouble = null;
    return this.#fullId;
  }

  #connection() {
    const { id, env, training } = this.#options;
    return {
      id,
      env,
      isPrivate: training.hub_private_repo,
      signal: this.#cancel.signal,
      retries: RETRIES,
      isPatient: true,
      onPause: ({ message }: AppError) => this.#takeTrouble(message),
      onProgress: (doneBytes: number, totalBytes: number) => {
        this.#trouble = null;
        if (this.#isFinishing) this.#options.onProgress(doneBytes, totalBytes);
      },
    };
  }

  #takeTrouble(reason: string): void {
    this.#trouble = reason;
    if (this.#isFinishing) this.#waitAtMost(reason);
  }

  /** Says once that the end of the run waits, and leaves all pushes when the hub is still in trouble after the patience. */
  #waitAtMost(reason: string): void {
    if (this.#patience !== null) return;
    const { id, onNews, patienceMs = PATIENCE_MS } = this.#options;
    onNews({ type: 'push-waits', id, reason, atMostSeconds: patienceMs / 1000 });
    this.#patience = setTimeout(() => {
      this.#patience = null;
      this.#lastTrouble = this.#trouble;
      if (this.#trouble !== null) this.#cancel.abort();
    }, patienceMs);
  }

  /** Tells what became of a push; whatever it is, the run goes on. @returns whether it went well */
  async #attempt(message: string | null, work: () => Promise<PushedCommit | null>): Promise<boolean> {
    const { onNews, id } = this.#options;
    try {
      const pushed = await work();
      if (pushed !== null && message !== null) onNews({ type: 'pushed', id: pushed.id, message, url: pushed.url });
      return true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const left = this.#lastTrouble ?? 'It was left before it was done.';
      const reason = error instanceof CancelledError ? left : error.message;
      const hint = (error instanceof AppError && error.hint) || null;
      onNews(
        message === null
          ? { type: 'push-trouble', id, reason, hint }
          : { type: 'push-failed', id, message, reason, hint },
      );
      return false;
    }
  }

  /** Does what concerns held checkpoints after what was begun before. */
  #inTurn(work: () => Promise<void>): void {
    this.#holding = this.#holding.then(() => this.#attempt(null, () => work().then(() => null)));
  }

  /** Links to the files of a checkpoint, which stay when it is removed; where that cannot be, copies. */
  async #hold(step: number, path: string): Promise<Held> {
    const directory = join(this.#options.runDirectory, `${HELD_PREFIX}${step}`);
    await rm(directory, { recursive: true, force: true }); // the same step, saved once more
    await mkdir(directory, { mode: 0o700 });
    for (const name of await readdir(path)) {
      const [from, to] = [join(path, name), join(directory, name)];
      await link(from, to).catch(() => copyFile(from, to));
    }
    return { step, directory, savedAs: path };
  }

  /** Removes the links that nobody needs any more. */
  async #letGo(): Promise<void> {
    const { runDirectory } = this.#options;
    const needed = [this.#newest, this.#best, this.#current?.model, this.#waiting?.model, ...this.#unpushed.values()];
    const directories = new Set(needed.map((held) => held?.directory));
    for (const name of await readdir(runDirectory)) {
      const directory = join(runDirectory, name);
      if (name.startsWith(HELD_PREFIX) && !directories.has(directory)) await rm(directory, { recursive: true });
    }
  }
}
