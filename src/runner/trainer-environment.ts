/** The environment of a trainer: that of its runner, without secrets that it has no use for. */
import type { DataConfig } from '../engine/config/experiment.ts';

const TOKENS = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'];

/** Gives an environment without the hub's token. */
export function withoutToken(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !TOKENS.includes(name)));
}

/** Gives a trainer's environment: it asks the hub for nothing but a corpus; models are fetched and pushed by the runner. */
export function trainerEnvironment(
  env: NodeJS.ProcessEnv,
  { corpus, validation_corpus }: Pick<DataConfig, 'corpus' | 'validation_corpus'>,
): NodeJS.ProcessEnv {
  const asksHub = corpus.format === 'hub' || validation_corpus?.format === 'hub';
  return asksHub ? env : withoutToken(env);
}
