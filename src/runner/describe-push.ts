/** Says in words what became of a push of a run, and what its user can do. */
import type { PushNews } from './push-in-background.ts';

export function describePush(news: PushNews, runId: string): string {
  switch (news.type) {
    case 'pushed':
      return `${news.message}: ${news.url}`;
    case 'push-failed':
      return sentences(
        `${news.message} could not be pushed to ${news.id}: ${news.reason}`,
        'The run goes on without.',
        news.hint,
      );
    case 'push-trouble':
      return sentences(`Trouble with pushing to ${news.id}: ${news.reason}`, 'The run goes on.', news.hint);
    case 'push-waits':
      return sentences(
        `All is done but what is pushed to ${news.id}: ${news.reason}`,
        `The run waits until that works, for ${timeText(news.atMostSeconds)} at most.`,
        `To leave it: Ctrl-C, or "bleubird stop ${runId}"; "bleubird push ${runId} ${news.id}" pushes later.`,
      );
    default:
      return news satisfies never;
  }
}

function sentences(...all: readonly (string | null)[]): string {
  return all.filter((one) => one !== null).join(' ');
}

function timeText(seconds: number): string {
  return seconds < 60 ? `${seconds} seconds` : `${seconds / 60} minutes`;
}
