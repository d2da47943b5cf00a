import type { StepOptions } from '../statistics/run-steps.ts';
import type { ResamplingJob, ResamplingResults, WorkerMessage } from './resampling-job.ts';
import { loadThreads, type WorkerThread } from './threads.ts';

declare const URL: new (path: string, base: string) => object;

/**
 * Does a job in a worker thread.
 *
 * @returns null where there are no worker threads, or the worker failed: the caller does the job itself, and meets
 *          what there is to meet
 * @throws the signal's reason once it is aborted
 */
export async function runInWorker<Job extends ResamplingJob>(
  job: Job,
  { onProgress = () => {}, signal }: StepOptions,
): Promise<ResamplingResults[Job['type']] | null> {
  const threads = await loadThreads();
  if (threads === null) return null;
  let worker: WorkerThread;
  try {
    worker = new threads.Worker(workerEntry(), { workerData: job });
  } catch {
    return null;
  }
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (received) => {
        const message = received as WorkerMessage;
        if (signal?.aborted) return reject(signal.reason ?? new Error('The resampling was stopped.'));
        if (message.type === 'progress') return onProgress(message.share);
        onProgress(1);
        // Of the type the job asks for: the worker has no other answer to it.
        resolve(message.result as ResamplingResults[Job['type']]);
      });
      worker.on('error', () => resolve(null));
      worker.on('exit', () => resolve(null));
    });
  } finally {
    await worker.terminate();
  }
}

/** Beside this file, compiled as this file is. */
function workerEntry(): object {
  const { url } = import.meta as unknown as { readonly url: string };
  return new URL(`./resampling-worker.${url.endsWith('.ts') ? 'ts' : 'js'}`, url);
}
