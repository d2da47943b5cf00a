/** The pushes of a run as its training asks for them, told to its diary and to who listens. */
import type { Experiment, TrainingConfig } from '../engine/config/experiment.ts';
import { requirePushable } from '../engine/hub/push-files.ts';
import type { Store } from '../store/store.ts';
import { cardOfCheckpoint } from './card-of-checkpoint.ts';
import { describePush } from './describe-push.ts';
import { BackgroundPush, type PushNews } from './push-in-background.ts';

export interface PushOfRunOptions {
  readonly experiment: Experiment;
  readonly store: Store;
  readonly runId: string;
  /** Folder of the run. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Writes a line into the run's diary. */
  note(type: string, text: string): void;
  onPush?(news: PushNews): void;
  onPushProgress?(doneBytes: number, totalBytes: number): void;
}

/** Checks before a run that what it will push can be pushed. @throws {ConfigError} when there is no token for it */
export function requirePush({ push_to_hub, hub_model_id }: TrainingConfig, env: NodeJS.ProcessEnv): void {
  if (push_to_hub && hub_model_id !== null) requirePushable(hub_model_id, env);
}

/** Gives the pushes of a run; null where it asks for none. */
export function pushOfRun(options: PushOfRunOptions): BackgroundPush | null {
  const { experiment, store, runId, directory, env, note } = options;
  const { training } = experiment;
  if (!training.push_to_hub || training.hub_model_id === null) return null;
  return new BackgroundPush({
    training,
    id: training.hub_model_id,
    env,
    runDirectory: directory,
    card: (hubId, step, checkpoint) => cardOfCheckpoint(store, { runId, hubId, step, directory: checkpoint }),
    onNews: (news) => {
      note(news.type === 'pushed' ? 'push' : 'warning', describePush(news, runId));
      options.onPush?.(news);
    },
    onProgress: (doneBytes, totalBytes) => options.onPushProgress?.(doneBytes, totalBytes),
  });
}
