/**
 * What a training has come to: its log, its evaluations with the best model among them, its checkpoints. It holds all that
 * a checkpoint keeps beside weights and optimizer, and goes on with what one kept.
 */
import { join } from 'node:path';
import { AppError, CancelledError, RunFailedError } from '../../errors.ts';
import { writeWhole } from '../files/write-whole.ts';
import type { AdamW } from '../training/adamw.ts';
import { bestMetricName, type Judgement, judgeEvaluation, NO_BEST_MODEL } from '../training/best-model.ts';
import {
  type CheckpointContents,
  checkpointPath,
  listCheckpoints,
  listFoldersAfter,
  removeCheckpoints,
  saveCheckpoint,
} from '../training/checkpoint.ts';
import { checkpointBytes } from '../training/checkpoint-room.ts';
import { checksumProblem } from '../training/checksums.ts';
import { restoreWeights } from '../training/restore-weights.ts';
import { type TrainerState, type TrainingState, trainerState } from '../training/trainer-state.ts';
import { type LogEntry, TrainingLog } from '../training/training-log.ts';
import type { StepReport } from '../training/training-loop.ts';
import type { TrainingPlan } from '../training/training-plan.ts';
import { evaluateWithEvents, type MeasuredModel } from './evaluate-with-events.ts';
import type { LoadedRun } from './loaded-run.ts';
import { trainingBasis } from './training-basis.ts';
import { whenThereIsRoom } from './when-there-is-room.ts';

/** What a slow disk takes, checksums included: for want of an own measurement. */
const SAVED_BYTES_PER_MS = 200_000;

export class TrainingRecord {
  readonly #run: LoadedRun;
  readonly #plan: TrainingPlan;
  readonly #optimizer: AdamW;
  readonly #directory: string;
  readonly #log: TrainingLog;
  #state: Omit<TrainingState, 'log'>;
  #savedStep: number;
  /** The step that was told to be unsaved. */
  #unsavedStep = -1;
  /** How long a save takes: at first a guess, then the last one's time. */
  #saveMs: number;
  #lastReport: StepReport | null = null;
  /** Made in this process, of the best model and of the model as it stands. */
  #bestEvaluation: MeasuredModel | null = null;
  #evaluation: MeasuredModel | null = null;
  /** It was to be loaded in the end, and could not be. */
  #isBestDamaged = false;

  /** @param resumed  where the training stood in the checkpoint it goes on from */
  constructor(run: LoadedRun, plan: TrainingPlan, optimizer: AdamW, resumed: TrainingState | null) {
    this.#run = run;
    this.#plan = plan;
    this.#optimizer = optimizer;
    this.#directory = join(run.runDirectory, 'checkpoints');
    this.#log = new TrainingLog(run.experiment.training, resumed?.log);
    this.#state = resumed ?? {
      step: 0,
      epoch: 0,
      best: NO_BEST_MODEL,
      bestCheckpoint: null,
      isEvaluationPending: false,
    };
    this.#savedStep = this.#state.step;
    const parameters = [...run.model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
    this.#saveMs = checkpointBytes(parameters) / SAVED_BYTES_PER_MS;
  }

  get step(): number {
    return this.#state.step;
  }

  get epoch(): number {
    return this.#state.epoch;
  }

  /** Of the model as it stands; null when it has not been scored. */
  get evaluation(): MeasuredModel | null {
    return this.#evaluation;
  }

  get isEvaluationPending(): boolean {
    return this.#state.isEvaluationPending;
  }

  get isOutOfPatience(): boolean {
    const patience = this.#run.experiment.training.early_stopping_patience;
    return patience !== null && this.#state.best.badEvaluations >= patience;
  }

  /** Takes in a step. @returns whether it was logged */
  addStep(report: StepReport): boolean {
    this.#state = { ...this.#state, step: report.step, epoch: report.epoch };
    this.#lastReport = report;
    this.#evaluation = null;
    return this.#log.addStep(report);
  }

  /**
   * Makes the evaluation that is due, and judges it.
   * @returns null when the run was asked to stop; the evaluation is then made when it is resumed
   */
  async evaluate(): Promise<Judgement | null> {
    const { training } = this.#run.experiment;
    const { step, epoch } = this.#state;
    const evaluation = await evaluateWithEvents(this.#run, { stage: 'epoch', step, epoch }).catch((error) => {
      if (error instanceof CancelledError) return null;
      throw error;
    });
    this.#evaluation = evaluation;
    this.#state = { ...this.#state, isEvaluationPending: evaluation === null };
    if (evaluation === null) return null;
    const measured = { ...evaluation, bleu: evaluation.bleu?.score ?? null };
    this.#log.addEvaluation(this.#state, measured, training.per_device_eval_batch_size);
    const judgement = judgeEvaluation(training, this.#state.best, step, measured);
    this.#state = { ...this.#state, best: judgement.best };
    if (judgement.isBest) this.#bestEvaluation = evaluation;
    return judgement;
  }

  /**
   * Saves the model as it stands; nothing happens where the step is saved already. Where this process ends before a save
   * would, it says so instead.
   * @throws {RunFailedError}
   */
  async save(): Promise<void> {
    const { step, epoch, best } = this.#state;
    const { events, model, modelFiles, experiment, control, now } = this.#run;
    if (this.#savedStep === step) return;
    const { msLeft } = control;
    if (msLeft < this.#saveMs) return await this.#tellUnsaved(msLeft);
    await events.send({ type: 'phase', phase: 'saving' });
    // No checkpoint stands before what led to it: the points of its steps are recorded, or in the run's journal.
    await events.settle();
    if (best.step === step) this.#state = { ...this.#state, bestCheckpoint: step };
    const contents = {
      weights: await model.exportWeights(),
      optimizer: await this.#optimizer.exportState(),
      files: modelFiles,
      trainerState: this.#trainerState(),
    };
    const { training } = experiment;
    const bestStep = await this.#stepToKeep();
    const saved = await whenThereIsRoom(this.#run, this.#directory, sizeOf(contents), async () => {
      const startedAt = now();
      const checkpoint = await saveCheckpoint(this.#directory, contents, training.save_total_limit, bestStep);
      this.#saveMs = now() - startedAt;
      return checkpoint;
    });
    this.#savedStep = step;
    const { path, sizeBytes } = saved;
    const isBest = bestMetricName(training) === null ? undefined : this.#state.bestCheckpoint === step;
    await events.send({ type: 'checkpoint', step, epoch, path, sizeBytes, isBest });
    await this.#tellRemoved(saved);
  }

  /** Says once that the last steps will have to be made again, to whoever takes the run up: nobody listens any more. */
  async #tellUnsaved(msLeft: number): Promise<void> {
    const { step } = this.#state;
    const newest = (await listCheckpoints(this.#directory)).at(-1)?.step ?? null;
    if (this.#unsavedStep === step || newest === step) return;
    this.#unsavedStep = step;
    const message = describeUnsaved(step, newest, msLeft, this.#saveMs);
    await this.#run.events.send({ type: 'warning', message });
  }

  /** Gives the step whose checkpoint no limit removes: of the best model, where none is kept track of by the lowest eval_loss. */
  async #stepToKeep(): Promise<number | null> {
    const { step, bestCheckpoint } = this.#state;
    if (bestCheckpoint !== null) return bestCheckpoint;
    const saved = new Set((await listCheckpoints(this.#directory)).map((checkpoint) => checkpoint.step)).add(step);
    const lossOf = ({ eval_loss }: LogEntry) => eval_loss ?? Number.POSITIVE_INFINITY;
    const scored = this.#log.state.history.filter((entry) => saved.has(entry.step) && entry.eval_loss !== undefined);
    return scored.toSorted((a, b) => lossOf(a) - lossOf(b))[0]?.step ?? null;
  }

  /** Looks whether the best model so far is still there and sound; warns and goes on without when it is not. */
  async findBest(): Promise<void> {
    const { step, bestCheckpoint } = this.#state;
    if (bestCheckpoint === null) return;
    const path = checkpointPath(this.#directory, bestCheckpoint);
    const isThere = (await listCheckpoints(this.#directory)).some((checkpoint) => checkpoint.step === bestCheckpoint);
    // The training goes on from the one of its own step: that was looked at.
    const problem = isThere && bestCheckpoint !== step ? await checksumProblem(path) : null;
    if (isThere && problem === null) return;
    this.#state = { ...this.#state, bestCheckpoint: null };
    const what = problem === null ? `is not in ${this.#directory}` : `is damaged in ${path} (${problem})`;
    const message = `The best model so far, of step ${bestCheckpoint}, ${what}: only a better one can still be kept.`;
    await this.#run.events.send({ type: 'warning', message });
  }

  /** Removes what lies beyond the step that the training goes on from: it was passed over as damaged, and stands for no step. */
  async removeBeyond(): Promise<void> {
    const { step } = this.#state;
    const { removed, problems } = await removeCheckpoints(
      this.#directory,
      await listFoldersAfter(this.#directory, step),
    );
    const words = removed.map(({ path }) => `${path} was removed: the training goes on from step ${step}, before it.`);
    for (const message of [...words, ...problems]) await this.#run.events.send({ type: 'warning', message });
  }

  /** Saves again what was saved before the evaluation due at its step: the checkpoint shall know of it. */
  forgetSave(): void {
    this.#savedStep = -1;
  }

  /**
   * Ends the training: its summary is logged and written, and the best model loaded where that is asked for. Where its
   * checkpoint is damaged, the last model stays, as Trainer has it: all its steps are made, and scored it is worth more than
   * an error.
   *
   * @returns the step and epoch of the model as it stands from now on
   * @throws {RunFailedError} when the summary cannot be written
   */
  async finish(speed: { readonly seconds: number; readonly samples: number; readonly steps: number }): Promise<{
    readonly step: number;
    readonly epoch: number;
  }> {
    const isBestWanted = this.#run.experiment.training.load_best_model_at_end;
    if (isBestWanted) await this.#assureBest();
    const { step, epoch, bestCheckpoint } = this.#state;
    if (step < this.#plan.totalSteps && this.#lastReport !== null) this.#log.endEarly(this.#lastReport);
    this.#log.addEnd({ step, epoch }, speed);
    await this.#writeSummary();
    if (!isBestWanted || bestCheckpoint === null || bestCheckpoint === step) return { step, epoch };
    await restoreWeights(this.#run.model, checkpointPath(this.#directory, bestCheckpoint));
    this.#evaluation = this.#state.best.step === bestCheckpoint ? this.#bestEvaluation : null;
    const entry = this.#log.state.history.find((each) => each.step === bestCheckpoint);
    return { step: bestCheckpoint, epoch: entry?.epoch ?? bestCheckpoint / this.#plan.stepsPerEpoch };
  }

  /** Lets go of a best model that is damaged, with a warning; the last one is then saved, if it is not yet. */
  async #assureBest(): Promise<void> {
    const { step, bestCheckpoint } = this.#state;
    if (bestCheckpoint === null || bestCheckpoint === step) return;
    const path = checkpointPath(this.#directory, bestCheckpoint);
    const problem = await checksumProblem(path);
    if (problem === null) return;
    this.#state = { ...this.#state, bestCheckpoint: null };
    this.#isBestDamaged = true;
    const what = `The best model, of step ${bestCheckpoint}, is not loaded: the checkpoint ${path} is damaged: ${problem}.`;
    const message = `${what} The run ends with its last model, of step ${step}.`;
    await this.#run.events.send({ type: 'warning', message });
    await this.save();
  }

  /** With a limit of one checkpoint the best alone stays in the end, as Trainer has it. */
  async removeAllButBest(): Promise<void> {
    const { save_total_limit, load_best_model_at_end } = this.#run.experiment.training;
    const { bestCheckpoint } = this.#state;
    if (save_total_limit !== 1 || !load_best_model_at_end || bestCheckpoint === null) return;
    const others = (await listCheckpoints(this.#directory)).filter(({ step }) => step !== bestCheckpoint);
    await this.#tellRemoved(await removeCheckpoints(this.#directory, others));
  }

  /** Says in words which model is the best, and if it is not the one that was kept; null when none is kept track of. */
  describeBest(): string | null {
    const name = bestMetricName(this.#run.experiment.training);
    const { best, bestCheckpoint } = this.#state;
    if (name === null || best.metric === null) return null;
    const words = `The best model is that of step ${best.step}, with ${name} ${best.metric.toFixed(4)}`;
    if (bestCheckpoint === best.step) return `${words}.`;
    if (this.#isBestDamaged) return `${words}; it is damaged, and not loaded.`;
    const kept =
      bestCheckpoint === null ? 'no earlier one is' : `the best that is saved is that of step ${bestCheckpoint}`;
    return `${words}; it was not saved, ${kept}.`;
  }

  async #writeSummary(): Promise<void> {
    const { runDirectory } = this.#run;
    const text = Buffer.from(`${JSON.stringify(this.#trainerState(), null, 2)}\n`);
    try {
      await whenThereIsRoom(this.#run, runDirectory, text.length, () =>
        writeWhole(join(runDirectory, 'trainer_state.json'), (write) => write(text)),
      );
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      throw new RunFailedError(cause.message, { cause, hint: cause.hint });
    }
  }

  async #tellRemoved({ removed, problems }: Awaited<ReturnType<typeof removeCheckpoints>>): Promise<void> {
    const { events } = this.#run;
    for (const checkpoint of removed) await events.send({ type: 'checkpoint-removed', ...checkpoint });
    for (const message of problems) await events.send({ type: 'warning', message });
  }

  #trainerState(): TrainerState {
    const state = { ...this.#state, log: this.#log.state };
    return trainerState(state, this.#plan, trainingBasis(this.#run), (step) => checkpointPath(this.#directory, step));
  }
}

function describeUnsaved(step: number, newest: number | null, msLeft: number, saveMs: number): string {
  const seconds = (ms: number) => (Math.max(0, ms) / 1000).toFixed(1);
  const why = `The runner is gone; a save takes about ${seconds(saveMs)} s, and ${seconds(msLeft)} s were left`;
  if (newest === null)
    return `${why}: the steps up to ${step} are not saved, and there is no checkpoint to go on from.`;
  return `${why}: the steps after ${newest} up to ${step} are not saved. A resume makes them again, from checkpoint-${newest} on.`;
}

/** Gives the bytes of the tensors of a checkpoint, which is all but all of it. */
function sizeOf({ weights, optimizer }: CheckpointContents): number {
  return [...weights.values(), ...optimizer.tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}
