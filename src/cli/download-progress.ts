/** How far a download or a push is, on stderr: a bar that is drawn over itself in a terminal, otherwise a line at each tenth. */
import { formatBytes, formatDuration } from '../ui/text/format.ts';
import type { Output } from './output.ts';

const BAR_CELLS = 24;
const REDRAW_MS = 100;
/** Without a known end, a line for each 10 MB. */
const STEP_BYTES = 10e6;

interface ProgressWorld {
  readonly output: Pick<Output, 'note' | 'transient' | 'noteColumns'>;
  now(): number;
}

export class DownloadProgress {
  readonly #label: string;
  readonly #world: ProgressWorld;
  readonly #verb: 'fetching' | 'pushing';
  #start: { readonly time: number; readonly bytes: number } | null = null;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #toldSteps = 0;

  /** @param label  what is fetched or pushed */
  constructor(label: string, world: ProgressWorld, verb: 'fetching' | 'pushing' = 'fetching') {
    this.#verb = verb;
    this.#label = label;
    this.#world = world;
  }

  /** Shows that so much is here; `totalBytes` is null when nobody knows how much there is. */
  update(doneBytes: number, totalBytes: number | null): void {
    const { output, now } = this.#world;
    this.#start ??= { time: now(), bytes: doneBytes };
    const columns = output.noteColumns;
    if (columns === null) {
      this.#tell(doneBytes, totalBytes);
    } else if (now() - this.#drawnAt >= REDRAW_MS || doneBytes === totalBytes) {
      this.#drawnAt = now();
      output.transient(this.#line(doneBytes, totalBytes, columns));
    }
  }

  #tell(doneBytes: number, totalBytes: number | null): void {
    const steps = totalBytes === null ? doneBytes / STEP_BYTES : (10 * doneBytes) / Math.max(1, totalBytes);
    if (Math.floor(steps) <= this.#toldSteps) return;
    this.#toldSteps = Math.floor(steps);
    this.#world.output.note(`${this.#verb} ${this.#label}: ${describeProgress(doneBytes, totalBytes)}`);
  }

  /** As much of it as the terminal has room for, the bar going first. */
  #line(doneBytes: number, totalBytes: number | null, columns: number): string {
    const { time, bytes } = this.#start ?? { time: 0, bytes: 0 };
    const seconds = (this.#world.now() - time) / 1000;
    const speed = seconds > 0.5 ? (doneBytes - bytes) / seconds : null;
    const rate = speed === null ? '' : `, ${formatBytes(Math.round(speed))}/s`;
    const left =
      speed !== null && speed > 0 && totalBytes !== null
        ? `, ${formatDuration((totalBytes - doneBytes) / speed)} left`
        : '';
    const text = `${this.#label}: ${describeProgress(doneBytes, totalBytes)}${rate}${left}`;
    const filled = totalBytes === null ? 0 : Math.round((BAR_CELLS * doneBytes) / Math.max(1, totalBytes));
    const bar = `[${'#'.repeat(Math.min(BAR_CELLS, filled)).padEnd(BAR_CELLS, '.')}] `;
    const whole = totalBytes === null ? text : bar + text;
    return (whole.length < columns ? whole : text).slice(0, columns - 1);
  }
}

function describeProgress(doneBytes: number, totalBytes: number | null): string {
  if (totalBytes === null) return formatBytes(doneBytes);
  const share = Math.floor((100 * doneBytes) / Math.max(1, totalBytes));
  return `${share} %, ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
}
