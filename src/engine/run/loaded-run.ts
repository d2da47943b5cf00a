/** Everything a run works with once it is loaded: the model, the data, and the ways to the runner and back. */
import type { Experiment } from '../config/experiment.ts';
import type { PreparedData } from '../data/prepare-data.ts';
import type { GenerationSettings } from '../decoding/generation-settings.ts';
import type { LoadedModel } from '../model/load-model.ts';
import type { MarianTokenizer } from '../text/marian-tokenizer.ts';
import type { PacedEvents } from './paced-events.ts';
import type { RunControl } from './run-control.ts';

export interface LoadedRun {
  readonly experiment: Experiment;
  readonly runDirectory: string;
  /** Where config.json and the tokenizer are. */
  readonly modelDirectory: string;
  readonly model: LoadedModel;
  readonly tokenizer: MarianTokenizer;
  readonly data: PreparedData;
  /** How evaluations decode. */
  readonly settings: GenerationSettings;
  readonly events: PacedEvents;
  readonly control: RunControl;
  /** Milliseconds. */
  now(): number;
}
