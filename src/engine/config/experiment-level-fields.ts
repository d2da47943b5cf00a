/** Fields of the experiment as a whole, and of what comes out of it: generation and evaluation. */
import { booleanField, choiceField, integerField, numberField, pathField, textField } from './field.ts';

const experiment = { group: 'experiment' } as const;
const generation = { group: 'generation', isNullable: true, default: null } as const;
const evaluation = { group: 'evaluation' } as const;

export const experimentLevelFields = {
  name: textField({
    ...experiment,
    label: 'Name',
    description: "How the run is called in tables. The file's own name when not given.",
    maxLength: 256,
  }),
  description: textField({
    ...experiment,
    label: 'Description',
    description: 'What this experiment is for, in a sentence.',
    maxLength: 4_096,
  }),
  model: pathField({
    ...experiment,
    label: 'Model',
    description:
      "The model to start from: a folder in Hugging Face's layout (relative to this file), run:<id> for the one that a " +
      'run ended with, or a hub id such as Helsinki-NLP/opus-mt-en-fr, downloaded where it is not in the local cache.',
    isRequired: true,
  }),
  from_scratch: booleanField({
    ...experiment,
    label: 'From scratch',
    description:
      "Train new random weights, drawn from training.seed: the model's folder gives config.json, generation settings and " +
      'tokenizer only, and may hold no weights.',
    default: false,
  }),
  device: choiceField({
    ...experiment,
    label: 'Device',
    description: 'Where to compute. auto takes the best that works here; `bleubird doctor` lists them.',
    choices: ['auto', 'native', 'wasm', 'cpu', 'cuda'],
    default: 'auto',
  }),
  precision: choiceField({
    ...experiment,
    label: 'Precision',
    description:
      'Of matrix products on native: f32, or bf16 inputs summed in f32; auto is bf16 where the processor multiplies it ' +
      'faster. Results of bf16 differ between processors; f32 is for comparing. Other devices have f32 only.',
    choices: ['auto', 'f32', 'bf16'],
    default: 'auto',
  }),
  threads: integerField({
    ...experiment,
    label: 'Threads',
    description:
      'Of the native device. All physical cores the process may use when not given. Results do not depend on it.',
    unit: 'threads',
    isNullable: true,
    default: null,
    min: 1,
    max: 256,
  }),

  'generation.num_beams': integerField({
    ...generation,
    label: 'Beams',
    description: "Width of the beam search of evaluations; 1 is greedy. The model's own setting when not given.",
    unit: 'beams',
    min: 1,
    max: 64,
  }),
  'generation.max_length': integerField({
    ...generation,
    label: 'Longest output',
    description: "Longest translation, start and end pieces included. The model's own setting when not given.",
    unit: 'pieces',
    min: 2,
  }),
  'generation.length_penalty': numberField({
    ...generation,
    label: 'Length penalty',
    description: 'Exponent of the length by which a beam is divided: above 0 favours longer translations.',
  }),
  'generation.early_stopping': choiceField({
    ...generation,
    label: 'Early stopping',
    description:
      'When beam search ends: true as soon as there are enough finished beams, false by a heuristic, never by proof.',
    choices: ['true', 'false', 'never'],
  }),
  'generation.compatibility': choiceField({
    group: 'generation',
    label: 'Compatibility',
    description:
      'The version of transformers whose beam search is followed: transformers-4 is that of the Hugging Face course; ' +
      'transformers-5 ends a search with early_stopping false sooner when the best candidate has just ended.',
    choices: ['transformers-4', 'transformers-5'],
    default: 'transformers-4',
  }),

  'evaluation.before': booleanField({
    ...evaluation,
    label: 'Evaluate before',
    description: 'Score the untouched model first, so that the gain can be told.',
    default: true,
  }),
  'evaluation.after': booleanField({
    ...evaluation,
    label: 'Evaluate after',
    description: 'Score the fine-tuned model at the end.',
    default: true,
  }),
  'evaluation.references': choiceField({
    ...evaluation,
    label: 'References',
    description:
      "decoded scores against the labels turned back into text, as the Hugging Face course does; raw against the file's text.",
    choices: ['decoded', 'raw'],
    default: 'decoded',
  }),
};
