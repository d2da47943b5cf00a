/** Says in words what became of a push of a run. */
import type { PushNews } from './push-in-background.ts';

export function describePush(news: PushNews): string {
  if (news.type === 'pushed') return `${news.message}: ${news.url}`;
  if (news.type === 'push-trouble') return `Trouble with pushing to ${news.id}: ${news.reason} The run goes on.`;
  return `${news.message} could not be pushed to ${news.id}: ${news.reason} The run goes on without.`;
}
