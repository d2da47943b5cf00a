/**
 * The README.md of a fine-tuned model: metadata that the hub reads, and what Trainer's card tells (transformers 5.23,
 * modelcard.py), in its order and wording; beside it BLEU before and after, and how to use the model. What users wrote is
 * escaped. Of files of the user's own no names are told.
 */
import { stringify } from 'yaml';
import type { CorpusSpec, Experiment } from '../config/experiment.ts';
import type { BleuResult, Decoding, EvaluationStage } from '../run/protocol.ts';
import { bulletList, escapeMarkdown, markdownTable, oneLine, pythonNumber, rounded } from './model-card-text.ts';

export interface CardEvaluation {
  readonly stage: EvaluationStage;
  readonly step: number;
  readonly epoch: number;
  readonly sentences: number;
  readonly loss: number | null;
  readonly bleu: BleuResult | null;
  readonly decoding: Decoding | null;
}

export interface ModelCardFacts {
  /** `owner/name` that the model goes to; null for one that lies in its folder alone. */
  readonly id: string | null;
  /** Hub id of the model that was fine-tuned; null for one that is not there. */
  readonly baseModel: string | null;
  readonly experiment: Experiment;
  /** Steps of training that are in the model. */
  readonly step: number;
  /** In the order they were made. */
  readonly evaluations: readonly CardEvaluation[];
  /** Training loss as it was logged. */
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  readonly trainSize: number | null;
  readonly validationSize: number | null;
  readonly device: string | null;
  readonly versions: Readonly<Record<string, string>>;
}

/** Gives the text of README.md. */
export function modelCard(facts: ModelCardFacts): string {
  const { id, experiment } = facts;
  const { source_lang, target_lang } = experiment.data;
  const name = id === null ? oneLine(experiment.name) : (id.split('/').at(-1) ?? id);
  // PyYAML reads YAML 1.1, where `no` is a boolean.
  const metadata = stringify(describeMetadata(facts, name), { version: '1.1', lineWidth: 0 });
  const description = escapeMarkdown(experiment.description);
  const sections = [
    `---\n${metadata}---\n\n<!-- Written by bleubird, as Trainer writes its cards. -->`,
    `# ${escapeMarkdown(name)}`,
    [introduce(facts), results(facts)].filter((part) => part !== '').join('\n'),
    '## Model description',
    `Translates from ${escapeMarkdown(source_lang)} to ${escapeMarkdown(target_lang)}. ${description}`.trimEnd(),
    '## How to use',
    usage(facts),
    '## Intended uses & limitations\n\nMore information needed',
    `## Training and evaluation data\n\n${describeData(facts)}`,
    '## Training procedure\n\n### Training hyperparameters',
    `The following hyperparameters were used during training:\n${bulletList(hyperparameters(experiment))}`,
    ...section('### Training results', trainingResults(facts)),
    ...section('### Before and after', beforeAndAfter(facts)),
    `### Framework versions\n\n${frameworkVersions(facts)}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function section(title: string, text: string): string[] {
  return text === '' ? [] : [title, text];
}

/** The evaluation of the very model that is pushed; null when it has not been scored. */
function ownEvaluation({ evaluations, step }: ModelCardFacts): CardEvaluation | null {
  return evaluations.findLast((one) => one.stage !== 'before' && one.step === step) ?? null;
}

function describeMetadata(facts: ModelCardFacts, name: string): Record<string, unknown> {
  const { baseModel, experiment } = facts;
  const { data } = experiment;
  const tag = describeCorpus(data.corpus).tag;
  const bleu = ownEvaluation(facts)?.bleu ?? null;
  // The hub takes codes only, and refuses the whole file for anything else.
  const languages = [data.source_lang, data.target_lang].filter((code) => /^[a-z]{2,3}(-\w+)*$/i.test(code));
  return {
    library_name: 'transformers',
    pipeline_tag: 'translation',
    ...(languages.length === 0 ? {} : { language: languages }),
    ...(baseModel === null ? {} : { base_model: baseModel }),
    tags: ['translation', 'bleubird', 'generated_from_trainer'],
    ...(tag === null ? {} : { datasets: [tag] }),
    ...(bleu === null ? {} : { metrics: ['bleu'] }),
    'model-index': [{ name, results: bleu === null ? [] : [modelIndexResult(facts, bleu)] }],
  };
}

function modelIndexResult(facts: ModelCardFacts, bleu: BleuResult): Record<string, unknown> {
  const { data } = facts.experiment;
  const evaluation = ownEvaluation(facts);
  const { tag, name } = describeCorpus(data.validation_corpus ?? data.corpus);
  const { numBeams, maxLength, references } = evaluation?.decoding ?? {};
  const args = { signature: bleu.signature, num_beams: numBeams, max_length: maxLength, references };
  return {
    task: { name: 'Translation', type: 'translation' },
    dataset: { name, type: tag ?? 'custom', args: oneLine(`${data.source_lang}-${data.target_lang}`) },
    metrics: [{ name: 'Bleu', type: 'bleu', value: bleu.score, args }],
  };
}

/** Name in words, and as a dataset of the hub where it is one. */
function describeCorpus(corpus: CorpusSpec): { readonly tag: string | null; readonly name: string } {
  switch (corpus.format) {
    case 'hub':
      return { tag: corpus.id, name: corpus.id };
    case 'opus':
      return { tag: corpus.name === 'KDE4' ? 'kde4' : null, name: oneLine(`${corpus.name} (OPUS)`) };
    case 'typescript-catalogue':
      return { tag: null, name: "TypeScript compiler's messages" };
    default:
      return { tag: null, name: 'unknown' };
  }
}

function introduce({ baseModel, experiment }: ModelCardFacts): string {
  const { name } = describeCorpus(experiment.data.corpus);
  const dataset = name === 'unknown' ? 'an unknown dataset' : `the ${escapeMarkdown(name)} dataset`;
  if (baseModel === null) return `This model is a fine-tuned version of a Marian model on ${dataset}.`;
  return `This model is a fine-tuned version of [${baseModel}](https://huggingface.co/${baseModel}) on ${dataset}.`;
}

function results(facts: ModelCardFacts): string {
  const evaluation = ownEvaluation(facts);
  if (evaluation === null) return '';
  const { loss, bleu } = evaluation;
  const values: [string, string][] = [];
  if (loss !== null) values.push(['Loss', rounded(loss)]);
  if (bleu !== null) values.push(['Bleu', rounded(bleu.score)]);
  return `It achieves the following results on the evaluation set:\n${bulletList(values)}`;
}

function usage({ id, experiment }: ModelCardFacts): string {
  const { source_prefix: prefix, source_lang, target_lang } = experiment.data;
  const place = id ?? '.'; // of a model without a name there: the folder it lies in
  const [source, target] = [source_lang, target_lang].map((language) => language.replaceAll(/[^\w-]/g, ''));
  // JSON's strings are Python's, and no line of theirs ends the block.
  const sentence = JSON.stringify(oneLine(`${prefix}Hello!`)).replaceAll('`', '\\u0060');
  return `\`\`\`python
from transformers import MarianMTModel, MarianTokenizer

tokenizer = MarianTokenizer.from_pretrained("${place}")
model = MarianMTModel.from_pretrained("${place}")
batch = tokenizer([${sentence}], return_tensors="pt")
print(tokenizer.batch_decode(model.generate(**batch), skip_special_tokens=True))
\`\`\`

\`\`\`sh
bleubird translate --model ${place} < text.${source} > text.${target}
\`\`\``;
}

function describeData({ trainSize, validationSize, experiment }: ModelCardFacts): string {
  if (trainSize === null || validationSize === null) return 'More information needed';
  const { validation_corpus, split_seed } = experiment.data;
  const how = validation_corpus === null ? `, split with seed ${split_seed}` : ', from a corpus of its own';
  return `${trainSize} pairs to train on, ${validationSize} pairs held out${how}.`;
}

function hyperparameters({ training, precision }: Experiment): [string, string][] {
  const batch = training.per_device_train_batch_size;
  const accumulation = training.gradient_accumulation_steps;
  const { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: epsilon, warmup_steps, warmup_ratio } = training;
  const betas = `(${pythonNumber(beta1)},${pythonNumber(beta2)})`;
  const all: [string, string | number | null][] = [
    ['learning_rate', training.learning_rate],
    ['train_batch_size', batch],
    ['eval_batch_size', training.per_device_eval_batch_size],
    ['seed', training.seed],
    ['gradient_accumulation_steps', accumulation > 1 ? accumulation : null],
    ['total_train_batch_size', accumulation > 1 ? batch * accumulation : null],
    ['optimizer', `Use AdamW with betas=${betas} and epsilon=${pythonNumber(epsilon)}`],
    ['weight_decay', training.weight_decay || null],
    ['lr_scheduler_type', training.lr_scheduler_type],
    ['lr_scheduler_warmup_steps', warmup_steps || null],
    ['lr_scheduler_warmup_ratio', warmup_ratio || null],
    training.max_steps > 0 ? ['training_steps', training.max_steps] : ['num_epochs', training.num_train_epochs],
    ['mixed_precision_training', precision === 'bf16' ? 'bf16 in matrix products' : null],
    ['label_smoothing_factor', training.label_smoothing_factor || null],
  ];
  return all.flatMap(([name, value]) =>
    value === null ? [] : [[name, typeof value === 'number' ? pythonNumber(value) : value]],
  );
}

/** One row for each evaluation on the way and at the end, as Trainer's table. */
function trainingResults({ evaluations, losses }: ModelCardFacts): string {
  const scored = new Map(evaluations.filter(({ stage }) => stage !== 'before').map((one) => [one.step, one]));
  if (scored.size === 0) return '';
  const hasBleu = [...scored.values()].some(({ bleu }) => bleu !== null);
  const rows = [...scored.values()]
    .sort((a, b) => a.step - b.step)
    .map(({ step, epoch, loss, bleu }) => [
      rounded(losses.findLast((logged) => logged.step <= step)?.loss ?? null, 'No log'),
      pythonNumber(epoch, { isFloat: true, decimals: 4 }),
      String(step),
      rounded(loss),
      ...(hasBleu ? [rounded(bleu?.score ?? null)] : []),
    ]);
  const titles = ['Training Loss', 'Epoch', 'Step', 'Validation Loss', ...(hasBleu ? ['Bleu'] : [])];
  return markdownTable(titles, rows);
}

/** Both models on the same sentences with the same settings; nothing where they cannot be compared. */
function beforeAndAfter(facts: ModelCardFacts): string {
  const before = facts.evaluations.findLast(({ stage }) => stage === 'before') ?? null;
  const after = ownEvaluation(facts);
  if (before === null || after === null || before.sentences !== after.sentences) return '';
  const rows = [['Loss', rounded(before.loss), rounded(after.loss)]];
  const [was, is] = [before.bleu, after.bleu];
  const decoding = after.decoding;
  const isComparable = was?.signature === is?.signature && JSON.stringify(before.decoding) === JSON.stringify(decoding);
  if (was === null || is === null || decoding === null || !isComparable) return markdownTable(TITLES, rows);
  rows.push(['Bleu', was.score.toFixed(2), is.score.toFixed(2)]);
  const { numBeams, maxLength, lengthPenalty, earlyStopping, compatibility, references } = decoding;
  const settings = bulletList([
    ['sentences', String(after.sentences)],
    ['signature', `\`${is.signature}\``],
    ['num_beams', String(numBeams)],
    ['max_length', String(maxLength)],
    ['length_penalty', pythonNumber(lengthPenalty, { isFloat: true })],
    ['early_stopping', String(earlyStopping)],
    ...(compatibility === undefined ? [] : [['compatibility', compatibility] as const]),
    ['references', references === 'decoded' ? 'decoded labels' : 'raw text'],
  ]);
  return `${markdownTable(TITLES, rows)}\n\n${settings}`;
}

const TITLES = ['', 'Before', 'After'];

function frameworkVersions({ versions, device }: ModelCardFacts): string {
  const lines = Object.entries(versions).map(([name, version]) => `- ${name} ${escapeMarkdown(version)}`);
  return (device === null ? lines : [...lines, `- on ${escapeMarkdown(device)}`]).join('\n');
}
