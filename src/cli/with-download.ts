/** What a command that downloads or pushes does beside: show the progress, and end it on Ctrl-C. */
import { DownloadProgress } from './download-progress.ts';
import type { World } from './world.ts';

export interface DownloadListeners {
  readonly onProgress: (doneBytes: number, totalBytes: number | null) => void;
  readonly onWarning: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Does the work with listeners that tell the user of a transfer. @param label  what is fetched or pushed */
export async function withDownload<T>(
  label: string,
  world: World,
  work: (download: DownloadListeners) => Promise<T>,
  verb: 'fetching' | 'pushing' = 'fetching',
): Promise<T> {
  const progress = new DownloadProgress(label, world, verb);
  const cancel = new AbortController();
  let hasShown = false;
  const release = world.onInterrupt(() => cancel.abort());
  try {
    return await work({
      onProgress: (doneBytes, totalBytes) => {
        hasShown = true;
        progress.update(doneBytes, totalBytes);
      },
      onWarning: (message) => world.output.warn(message),
      signal: cancel.signal,
    });
  } finally {
    release();
    if (hasShown && world.output.noteColumns !== null) world.output.transient('');
  }
}
