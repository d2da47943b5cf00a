/**
 * What an experiment is: the types the rest of the program sees once a file has been read.
 * `experiment-fields.ts` holds the unit, default and range of each field; `parse-experiment.ts` turns text into this.
 * Names are those of Hugging Face's Seq2SeqTrainingArguments, GenerationConfig and run_translation.py where they have one.
 */

export type CorpusSpec =
  /** Two aligned text files, one sentence a line. */
  | { readonly format: 'moses'; readonly source: string; readonly target: string }
  /** Tab-separated values without quoting; columns counted from 1. `.gz` is read through. */
  | { readonly format: 'tsv'; readonly path: string; readonly source_column: number; readonly target_column: number }
  /**
   * Comma-separated values with quoting. A column is the one of that name in the header, or where no name is given the one
   * of that number, counted from 1.
   */
  | {
      readonly format: 'csv';
      readonly path: string;
      readonly delimiter: 'comma' | 'semicolon' | 'tab';
      /** Whether the first row names the columns. */
      readonly has_header: boolean;
      readonly source_column: number;
      readonly target_column: number;
      readonly source_header: string;
      readonly target_header: string;
    }
  /** Translation memories in TMX; `path` is a file, or a folder of such files at any depth. So are the next three. */
  | { readonly format: 'tmx'; readonly path: string }
  /** Catalogues of gettext, as text and as programs load them. */
  | { readonly format: 'po'; readonly path: string }
  | { readonly format: 'mo'; readonly path: string }
  /** XLIFF 1.2 or 2. */
  | { readonly format: 'xliff'; readonly path: string }
  /** One object a line: `{"translation": {"en": …, "fr": …}}`, or with the two sentences under other names. */
  | ({ readonly format: 'jsonl'; readonly path: string } & SentenceFields)
  /** JSON as load_dataset("json") takes it: an array of such objects, which may be one `field` of an object; or lines. */
  | ({ readonly format: 'json'; readonly path: string; readonly field: string | null } & SentenceFields)
  /** Parquet files, as `datasets` writes them; a file or a folder. */
  | ({ readonly format: 'parquet'; readonly path: string } & SentenceFields)
  /** A dataset of the Hugging Face hub in parquet, JSONL or CSV. */
  | ({
      readonly format: 'hub';
      /** `owner/name`. */
      readonly id: string;
      readonly revision: string;
      /** A subset of the dataset; null takes the one that is named as the languages, or its only one. */
      readonly config: string | null;
      readonly split: string;
    } & SentenceFields)
  /** English messages of the installed `typescript` package with its catalogue in `target_lang`. */
  | { readonly format: 'typescript-catalogue' }
  /**
   * An OPUS corpus. Its two Moses files lie in `directory`, e.g. KDE4.en-fr.en and KDE4.en-fr.fr, or their en-fr.txt.zip;
   * with null, or where they do not, they are downloaded. A null version is the newest where that is known.
   */
  | {
      readonly format: 'opus';
      readonly name: string;
      readonly version: string | null;
      readonly directory: string | null;
    };

/** Where rows with named columns hold the sentences; null is `translation.<language>`. A dot leads into a struct. */
export interface SentenceFields {
  readonly source_field: string | null;
  readonly target_field: string | null;
}

export interface DataConfig {
  readonly corpus: CorpusSpec;
  /** A corpus of its own for validation; null splits `corpus`. */
  readonly validation_corpus: CorpusSpec | null;
  readonly source_lang: string;
  readonly target_lang: string;
  /** Above 1 a count, otherwise a share; null when validation_size decides. As datasets.train_test_split. */
  readonly train_size: number | null;
  /** The held-out part, likewise (`test_size` of train_test_split). */
  readonly validation_size: number | null;
  /** Seed of the split. */
  readonly split_seed: number;
  /** Put before each source text: T5's "translate English to French: " or Marian's ">>fr<< ". */
  readonly source_prefix: string;
  /** Longest source and target in pieces, end of sentence included; longer ones are cut on the right and counted. */
  readonly max_source_length: number;
  readonly max_target_length: number;
  readonly max_train_samples: number | null;
  readonly max_eval_samples: number | null;
}

export type Strategy = 'no' | 'epoch' | 'steps';
/** The validation metrics a best model can be chosen by; `eval_` in front changes nothing. */
export type BestMetric = 'loss' | 'bleu' | 'eval_loss' | 'eval_bleu';
export type SchedulerType = 'linear' | 'cosine' | 'constant' | 'constant_with_warmup' | 'polynomial';

export interface TrainingConfig {
  readonly learning_rate: number;
  readonly per_device_train_batch_size: number;
  readonly per_device_eval_batch_size: number;
  readonly gradient_accumulation_steps: number;
  readonly num_train_epochs: number;
  /** Above 0 it overrides num_train_epochs. */
  readonly max_steps: number;
  readonly weight_decay: number;
  readonly adam_beta1: number;
  readonly adam_beta2: number;
  readonly adam_epsilon: number;
  readonly max_grad_norm: number;
  readonly lr_scheduler_type: SchedulerType;
  readonly warmup_steps: number;
  readonly warmup_ratio: number;
  readonly label_smoothing_factor: number;
  /** Null keeps the model's own. */
  readonly dropout: number | null;
  readonly group_by_length: boolean;
  readonly logging_strategy: Strategy;
  readonly logging_first_step: boolean;
  readonly logging_steps: number;
  readonly eval_strategy: Strategy;
  readonly eval_steps: number;
  /** Translate in evaluations, for BLEU; otherwise they measure the loss alone. */
  readonly predict_with_generate: boolean;
  /** `best` saves after each evaluation that is the best so far. */
  readonly save_strategy: Strategy | 'best';
  readonly save_steps: number;
  readonly save_total_limit: number | null;
  readonly load_best_model_at_end: boolean;
  /** Null: the loss where load_best_model_at_end asks for one, else no best model is kept track of. */
  readonly metric_for_best_model: BestMetric | null;
  /** Null: false for a loss, true for others. */
  readonly greater_is_better: boolean | null;
  /** Evaluations without improvement after which the training ends; null to never end early. */
  readonly early_stopping_patience: number | null;
  readonly early_stopping_threshold: number;
  readonly push_to_hub: boolean;
  /** `owner/name`, or a name under the token's owner; null while push_to_hub is off. */
  readonly hub_model_id: string | null;
  /** Null leaves it to the owner's default. */
  readonly hub_private_repo: boolean | null;
  readonly hub_strategy: 'end' | 'every_save' | 'checkpoint' | 'all_checkpoints';
  /** Whose training this is where versions of transformers differ. */
  readonly compatibility: Compatibility;
  readonly seed: number;
}

/** A version of transformers: that of the Hugging Face course, or the newer one. */
export type Compatibility = 'transformers-4' | 'transformers-5';

/** Null keeps the value of the model's generation_config.json. */
export interface GenerationConfig {
  readonly num_beams: number | null;
  readonly max_length: number | null;
  readonly length_penalty: number | null;
  readonly early_stopping: boolean | 'never' | null;
  /** Whose outputs these are where versions of transformers differ; never null. */
  readonly compatibility: Compatibility;
}

export interface EvaluationConfig {
  /** Score the untouched model first, so that the gain can be told. */
  readonly before: boolean;
  readonly after: boolean;
  /** `decoded` scores against the decoded labels, as the course's compute_metrics does; `raw` against the file's text. */
  readonly references: 'decoded' | 'raw';
}

export type DeviceName = 'auto' | 'native' | 'wasm' | 'cpu' | 'cuda';
/** Of matrix products on native: auto is bf16 where the processor multiplies it faster; results of bf16 differ between processors. */
export type Precision = 'auto' | 'f32' | 'bf16';

export interface Experiment {
  readonly name: string;
  readonly description: string;
  /**
   * A directory, `run:<id>` (the model a run ended with), or a hub id. Paths here and in corpora are absolute once
   * read: in the file they are relative to the file's own folder.
   */
  readonly model: string;
  /** Trains new random weights: the model gives its config.json, generation settings and tokenizer only. */
  readonly from_scratch: boolean;
  readonly device: DeviceName;
  readonly precision: Precision;
  /** Of the native backend; null takes the physical cores the process may use. */
  readonly threads: number | null;
  readonly data: DataConfig;
  readonly training: TrainingConfig;
  readonly generation: GenerationConfig;
  readonly evaluation: EvaluationConfig;
}
