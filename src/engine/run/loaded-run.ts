/** Everything a run works with once it is loaded: the model, the data, and the ways to the runner and back. */
import type { Experiment } from '../config/experiment.ts';
import type { PreparedData } from '../data/prepare-data.ts';
import type { GenerationSettings } from '../decoding/generation-settings.ts';
import type { LoadedModel } from '../model/load-model.ts';
import type { ModelFiles } from '../model/model-directory.ts';
import type { MarianTokenizer } from '../text/marian-tokenizer.ts';
import type { OtherDraws } from '../training/length-grouped-epoch.ts';
import type { PacedEvents } from './paced-events.ts';
import type { RunControl } from './run-control.ts';

export interface LoadedRun {
  readonly experiment: Experiment;
  readonly runDirectory: string;
  /** config.json and the tokenizer, as they were when the run was loaded. */
  readonly modelFiles: ModelFiles;
  readonly model: LoadedModel;
  readonly tokenizer: MarianTokenizer;
  readonly data: PreparedData;
  /** How evaluations decode. */
  readonly settings: GenerationSettings;
  readonly events: PacedEvents;
  readonly control: RunControl;
  /** Milliseconds of a clock that goes on evenly. */
  now(): number;
}

/** What of a run decides the orders under `group_by_length` beside the seed. */
export function otherDraws({ experiment, model, data }: LoadedRun): OtherDraws {
  return {
    layers: model.layerCount,
    isEvaluatedBefore: experiment.evaluation.before,
    evaluatedSentences: data.validation.length,
  };
}
