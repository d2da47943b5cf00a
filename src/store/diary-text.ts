/** Puts an event into words for the run's diary. */
import type { TrainerEvent, TrainerEventOf } from '../engine/run/protocol.ts';

/** Gives back a line for the diary, or null for events that are kept elsewhere (points, sentences, progress, the end). */
export function diaryText(event: TrainerEvent): string | null {
  switch (event.type) {
    case 'ready':
      return `trainer ${event.pid} works on ${event.device}, ${event.description}: ${event.why}`;
    case 'data':
      return `${event.trainSize} pairs to train, ${event.validationSize} to validate${leftOut(event.problemCounts)}${truncated(event)}`;
    case 'plan':
      return `${counted(event.totalSteps, 'step')} in ${epochsText(event.epochs)}, ${counted(event.parameters, 'parameter')}`;
    case 'phase':
      return event.phase;
    case 'evaluation':
      return `${event.stage === 'epoch' ? 'at' : `${event.stage},`} step ${event.step}: ${bleuText(event)}loss ${event.loss?.toFixed(4) ?? 'not finite'}`;
    case 'resumed':
      return `after step ${event.step}, from ${event.checkpoint}`;
    case 'checkpoint':
      return `step ${event.step}${event.isBest ? ', the best so far' : ''}: ${event.path} (${(event.sizeBytes / 1e6).toFixed(1)} MB)`;
    case 'checkpoint-removed':
      return `step ${event.step}: ${event.path}`;
    case 'warning':
      return event.message;
    case 'progress':
    case 'metrics':
    case 'sample':
    case 'translations':
    case 'ended':
    case 'failed':
      return null;
    default:
      return event satisfies never;
  }
}

function epochsText(epochs: number): string {
  if (epochs < 1) return `${Number((100 * epochs).toPrecision(2))} % of an epoch`;
  return counted(Math.round(epochs * 100) / 100, 'epoch');
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

function bleuText({ bleu }: TrainerEventOf<'evaluation'>): string {
  return bleu === null ? '' : `BLEU ${bleu.score.toFixed(2)}, `;
}

function leftOut({ empty = 0, ...reasons }: Readonly<Record<string, number>>): string {
  const counts = Object.entries(reasons).filter(([, count]) => count > 0);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const left = counts.map(([reason, count]) => `${count} ${reason}`).join(', ');
  return `${total === 0 ? '' : `; lines left out: ${total} (${left})`}${empty === 0 ? '' : `; lines kept with an empty side: ${empty}`}`;
}

function truncated({ truncatedSources, truncatedTargets }: { truncatedSources: number; truncatedTargets: number }) {
  if (truncatedSources + truncatedTargets === 0) return '';
  return `; cut to the longest length: ${truncatedSources} sources, ${truncatedTargets} targets`;
}
