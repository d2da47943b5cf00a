/** The entry of a worker thread: does the one job it was started with, tells how far it is, and ends. */
import { BLEU } from '../bleu.ts';
import { CHRF } from '../chrf.ts';
import type { Metric } from '../metric.ts';
import type { Score } from '../score.ts';
import { confidenceSteps } from '../statistics/confidence-steps.ts';
import { pairedTestSteps } from '../statistics/paired-test-steps.ts';
import type { Scoring } from '../statistics/scoring.ts';
import { TER } from '../ter.ts';
import { type ResamplingJob, unpackRows, type WorkerMessage } from './resampling-job.ts';
import { loadThreads } from './threads.ts';

/** Between two words of progress. */
const PROGRESS_MS = 50;

const threads = await loadThreads();
if (threads === null || threads.parentPort === null) throw new Error('This is the entry of a worker thread.');
const { parentPort, workerData } = threads;
const post = (message: WorkerMessage): void => parentPort.postMessage(message);

// What run-in-worker.ts, the only one to start this file, hands over.
const steps = stepsOf(workerData as ResamplingJob);
let told = Date.now();
for (;;) {
  const step = steps.next();
  if (step.done) {
    post({ type: 'done', result: step.value });
    break;
  }
  if (Date.now() - told < PROGRESS_MS) continue;
  told = Date.now();
  post({ type: 'progress', share: step.value });
}

function stepsOf(job: ResamplingJob) {
  if (job.type === 'confidence') return confidenceSteps(metricOf(job.scoring), unpackRows(job.rows), job.options);
  const metrics = job.metrics.map(({ scoring, statistics }) => ({
    metric: metricOf(scoring),
    statistics: statistics.map(unpackRows),
  }));
  return pairedTestSteps(metrics, job.options);
}

/** A metric that scores sums as the one the scoring is of; of its segments nothing is left. */
function metricOf(scoring: Scoring): Metric<Score> {
  if (scoring.type === 'ter') return new TER();
  if (scoring.type === 'chrf') {
    const { type: _, ...options } = scoring;
    return new CHRF(options);
  }
  const { type: _, ...options } = scoring;
  return new BLEU(options);
}
