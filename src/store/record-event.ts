/** Writes what one trainer event means into the tables of a run; the caller holds the transaction. */
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { TrainerEvent, TrainerEventOf } from '../engine/run/protocol.ts';
import type { AddToDiary } from './diary.ts';
import { diaryText } from './diary-text.ts';
import { prepareEvaluations } from './record-evaluation.ts';
import { prepareForgetting } from './resume-run.ts';

const CHECKPOINTS = 'checkpoints';

export interface RunBeingWritten {
  /** Key of the run in every table. */
  readonly number: number;
  readonly directory: string;
}

/** Gives back a function that records one event, with its statements prepared once. `time` in milliseconds since 1970. */
export function prepareRecorder(
  database: Database,
  run: RunBeingWritten,
  addToDiary: AddToDiary,
): (event: TrainerEvent, time: number) => void {
  const sql = prepareStatements(database);
  const recordEvaluation = prepareEvaluations(database, run.number, addToDiary);
  const forgetAfter = prepareForgetting(database, run.number);
  const keepPath = (path: string) => pathInside(run.directory, path);

  const recordReady = (event: TrainerEventOf<'ready'>, time: number) => {
    sql.start.run(time, event.device, run.number);
    sql.trainer.run(event.pid, JSON.stringify(event.versions), run.number);
  };
  const recordData = (event: TrainerEventOf<'data'>) => {
    sql.data.run(event.dataHash, event.trainSize, event.validationSize, run.number);
    sql.forgetProblems.run(run.number);
    for (const [index, { file, line, reason, detail }] of event.problems.entries()) {
      sql.problem.run(run.number, index, file, line, reason, detail);
    }
  };
  const recordMetrics = (event: TrainerEventOf<'metrics'>, time: number) => {
    for (const { metric, step, value } of event.points) {
      sql.point.run(run.number, metric, step, value, time);
      if (metric === 'loss') sql.loss.run(value, step, run.number);
      if (metric === 'samples_per_second') sql.speed.run(value, run.number);
    }
  };
  const recordTranslations = ({ stage, step, items }: TrainerEventOf<'translations'>) => {
    for (const { index, source, reference, hypothesis } of items) {
      sql.sentence.run(run.number, index, source, reference);
      sql.hypothesis.run(run.number, stage, step, index, hypothesis);
    }
  };

  const record = (event: TrainerEvent, time: number): void => {
    switch (event.type) {
      case 'ready':
        recordReady(event, time);
        return;
      case 'data':
        recordData(event);
        return;
      case 'plan':
        sql.totalSteps.run(event.totalSteps, run.number);
        sql.parameterCount.run(event.parameters, run.number);
        return;
      case 'phase':
        sql.phase.run(event.phase, run.number);
        return;
      case 'progress':
        sql.eta.run(event.etaSeconds, run.number);
        if (event.unit === 'steps') sql.step.run(event.done, run.number);
        return;
      case 'metrics':
        recordMetrics(event, time);
        return;
      case 'sample':
        sql.sample.run(run.number, event.step, event.index, event.source, event.reference, event.hypothesis, time);
        return;
      case 'translations':
        recordTranslations(event);
        return;
      case 'evaluation':
        recordEvaluation(event, time);
        return;
      case 'checkpoint':
        sql.checkpoint.run(run.number, event.step, event.epoch, keepPath(event.path), event.sizeBytes, time);
        return;
      case 'checkpoint-removed':
        sql.checkpointRemoved.run(time, run.number, event.step);
        return;
      case 'ended':
        sql.step.run(event.step, run.number);
        return;
      case 'resumed':
        forgetAfter(event.step);
        return;
      case 'warning':
      case 'failed':
        return;
      default:
        event satisfies never;
    }
  };

  return (event, time) => {
    record(event, time);
    const text = diaryText(event);
    if (text !== null) addToDiary(event.type, text, time);
  };
}

function prepareStatements(database: Database) {
  const prepare = (sql: string) => database.prepare(sql);
  return {
    start: prepare("UPDATE runs SET state = 'running', started_at = ?, device = ? WHERE number = ?"),
    // json_patch keeps what the runner wrote and adds what the trainer knows.
    trainer: prepare('UPDATE run_details SET trainer_pid = ?, versions = json_patch(versions, ?) WHERE run = ?'),
    data: prepare('UPDATE run_details SET data_hash = ?, train_size = ?, validation_size = ? WHERE run = ?'),
    forgetProblems: prepare('DELETE FROM line_problems WHERE run = ?'),
    problem: prepare('INSERT INTO line_problems VALUES (?, ?, ?, ?, ?, ?)'),
    totalSteps: prepare('UPDATE runs SET total_steps = ? WHERE number = ?'),
    parameterCount: prepare('UPDATE run_details SET parameter_count = ? WHERE run = ?'),
    phase: prepare('UPDATE runs SET phase = ?, eta_seconds = NULL WHERE number = ?'),
    eta: prepare('UPDATE runs SET eta_seconds = ? WHERE number = ?'),
    step: prepare('UPDATE runs SET step = ? WHERE number = ?'),
    // A step done again, after a resume, replaces the point of the first time.
    point: prepare('INSERT OR REPLACE INTO metric_points VALUES (?, ?, ?, ?, ?)'),
    loss: prepare('UPDATE runs SET loss = ?, step = ? WHERE number = ?'),
    speed: prepare('UPDATE runs SET samples_per_second = ? WHERE number = ?'),
    sample: prepare('INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?)'),
    sentence: prepare('INSERT OR REPLACE INTO sentences VALUES (?, ?, ?, ?)'),
    hypothesis: prepare('INSERT OR REPLACE INTO hypotheses VALUES (?, ?, ?, ?, ?)'),
    checkpoint: prepare('INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, NULL)'),
    checkpointRemoved: prepare('UPDATE checkpoints SET removed_at = ? WHERE run = ? AND step = ?'),
  };
}

/**
 * Paths inside the run's folder are kept relative to it, so that a store can be moved or copied. A journal names them by the
 * place where the run was then: what lies in a folder `checkpoints` lies in that of the run, wherever it is now.
 */
function pathInside(directory: string, path: string): string {
  if (basename(dirname(path)) === CHECKPOINTS) return join(CHECKPOINTS, basename(path));
  const inside = relative(directory, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}
