/** Lets a training wait for room on a full disk, instead of ending it: hours of work are worth a pause. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDiskFull } from '../training/checkpoint.ts';
import { freeBytesIn } from '../training/free-space.ts';
import type { TrainerEvent } from './protocol.ts';

const LOOK_EVERY_MS = 1_000;

interface RoomSetting {
  readonly events: { send(event: TrainerEvent): Promise<void> };
  readonly control: { readonly stopSignal: AbortSignal };
}

/**
 * Does the work; when that fails on a full disk, says that the run is paused and does it again as soon as `folder` has room
 * for `sizeBytes`, or when the run is asked to stop: that attempt is the last.
 *
 * @throws what the work throws
 */
export async function whenThereIsRoom<T>(
  { events, control }: RoomSetting,
  folder: string,
  sizeBytes: number,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const isLast = control.stopSignal.aborted;
    try {
      return await work();
    } catch (error) {
      if (isLast || !isDiskFull(error)) throw error;
      if (tries === 1) {
        const what = error instanceof Error ? error.message : String(error);
        const needed = `It goes on when ${folder} has ${Math.ceil(sizeBytes / 1e6)} MB free.`;
        await events.send({ type: 'warning', message: `The run is paused: ${what} ${needed}` });
        await events.send({ type: 'phase', phase: 'paused-for-disk-space' });
      }
    }
    do
      await sleep(LOOK_EVERY_MS, undefined, { signal: control.stopSignal }).catch(() => {}); // a stop wakes it
    while (!control.stopSignal.aborted && !(await hasRoom(folder, sizeBytes)));
  }
}

/** Where the system does not say, trying tells. */
async function hasRoom(folder: string, sizeBytes: number): Promise<boolean> {
  const free = await freeBytesIn(folder);
  return free === null || free >= sizeBytes;
}
