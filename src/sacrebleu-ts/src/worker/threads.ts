/** Worker threads as far as they are used, so that the package needs no platform's types. */

export interface WorkerThreads {
  readonly Worker: new (entry: string | object, options: { readonly workerData: unknown }) => WorkerThread;
  /** Null in the main thread. */
  readonly parentPort: { postMessage(message: unknown): void } | null;
  readonly workerData: unknown;
}

export interface WorkerThread {
  on(event: 'message', listener: (message: unknown) => void): void;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'exit', listener: () => void): void;
  terminate(): Promise<unknown>;
}

/** Node's worker threads; null where there are none, as in a browser. */
export async function loadThreads(): Promise<WorkerThreads | null> {
  // Not a literal: bundlers for browsers would look for the module.
  const specifier = ['node', 'worker_threads'].join(':');
  try {
    return await import(specifier);
  } catch {
    return null;
  }
}
