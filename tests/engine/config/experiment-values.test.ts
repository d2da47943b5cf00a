import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkField, checkValues, valuesFromExperiment } from '../../../src/engine/config/check-values.ts';
import { experimentFields } from '../../../src/engine/config/experiment-fields.ts';
import { experimentFromValues } from '../../../src/engine/config/experiment-from-values.ts';
import { formatExperiment } from '../../../src/engine/config/format-experiment.ts';
import { experimentJsonSchema } from '../../../src/engine/config/json-schema.ts';
import { parseExperiment } from '../../../src/engine/config/parse-experiment.ts';
import { readExperiment } from '../../../src/engine/config/read-experiment.ts';

const presets = ['quickstart', 'kde4-en-fr', 'demo-smoke'].map((name) => `experiments/${name}.yaml`);

describe('an experiment as text', () => {
  it.each(presets)('%s survives the way through a form and through a file', async (path) => {
    const experiment = await readExperiment(path);
    const values = valuesFromExperiment(experiment);
    expect(checkValues(values)).toEqual([]);
    expect(experimentFromValues(values, { directory: '/elsewhere' })).toEqual(experiment);
    const text = formatExperiment(experiment);
    expect(parseExperiment(text, { fileName: 'copy.yaml', directory: '/elsewhere' })).toEqual(experiment);
  });

  it('survives with awkward values', async () => {
    const experiment = await readExperiment('experiments/quickstart.yaml', {
      overrides: [
        'name=no',
        'description= # "quoted": yes, ~ and é\u{1F426} ',
        'data.source_prefix=>>fra<< ',
        'data.validation_corpus.format=tsv',
        'data.validation_corpus.path=/tmp/with space: and #.tsv',
        'data.validation_size=null',
        'data.target_lang=no',
        'training.learning_rate=1.2345678901234567e-7',
        'generation.num_beams=4',
        'generation.early_stopping=never',
        'training.dropout=0',
      ],
    });
    const text = formatExperiment(experiment);
    expect(parseExperiment(text, { fileName: 'copy.yaml', directory: '/elsewhere' })).toEqual(experiment);
    expect(experimentFromValues(valuesFromExperiment(experiment), { directory: '/elsewhere' })).toEqual(experiment);
    expect(text).toContain('name: "no"');
  });

  it('writes small numbers as people do', async () => {
    const values = valuesFromExperiment(await readExperiment('experiments/kde4-en-fr.yaml'));
    expect(values).toMatchObject({
      'training.learning_rate': '2e-5',
      'training.adam_epsilon': '1e-8',
      'training.weight_decay': '0.01',
      'generation.num_beams': '',
      'data.corpus.name': 'KDE4',
      'data.corpus.directory': '',
    });
    expect(values).not.toHaveProperty('data.corpus.path');
  });
});

describe('a form', () => {
  it('is told all problems at once', async () => {
    const values = valuesFromExperiment(await readExperiment('experiments/quickstart.yaml'));
    const problems = checkValues({
      ...values,
      'training.seed': 'x',
      'data.source_lang': '',
      'training.max_steps': '0',
      'training.sede': '1',
    });
    expect(problems).toEqual([
      { path: 'training.sede', message: 'unknown field; did you mean training.seed?' },
      { path: 'data.source_lang', message: 'is empty; expected a language code such as en or pt-br' },
      { path: 'training.seed', message: 'is "x"; expected a whole number from 0 to 4294967295' },
      { path: 'training.max_steps', message: expect.stringContaining('is 0') },
    ]);
    expect(() => experimentFromValues({ ...values, model: '' }, { directory: '/' })).toThrow(
      'The experiment has a problem:\n  model: is empty; expected a path',
    );
  });

  it('may carry along inputs that the chosen corpus format does not use', async () => {
    const values = valuesFromExperiment(await readExperiment('experiments/quickstart.yaml'));
    const carried = {
      ...values,
      'data.corpus.path': 'old.tsv',
      'data.validation_corpus.path': '',
      'data.validation_corpus': '',
    };
    expect(checkValues(carried)).toEqual([]);
  });

  it.each([
    ['training.learning_rate', '3e-5', null],
    ['training.learning_rate', '3e', 'is "3e"; expected a number from 0 to 1'],
    ['training.learning_rate', '', 'is empty; expected a number from 0 to 1'],
    ['training.save_total_limit', '', null],
    ['training.group_by_length', 'tru', 'is "tru"; expected true or false'],
    ['generation.early_stopping', 'never', null],
    ['data.corpus.format', 'tsv', null],
    ['no.such', '1', 'unknown field'],
  ])('checks %s = %j as it is typed', (path, text, message) => {
    expect(checkField(path, text)).toBe(message);
  });
});

describe('the field table', () => {
  it('describes every field in words and gives defaults that pass its own checks', () => {
    for (const field of experimentFields) {
      expect(field.description, field.path).toMatch(/^\S.*[.:)\w]$/);
      expect(field.label, field.path).not.toBe('');
      const text = field.default === null ? '' : String(field.default);
      if (!field.isRequired) expect(checkField(field.path, text), field.path).toBeNull();
    }
  });

  it('agrees with the committed JSON schema', () => {
    const committed: unknown = JSON.parse(readFileSync('experiments/experiment.schema.json', 'utf8'));
    expect(committed, 'see the header of src/engine/config/json-schema.ts').toEqual(
      JSON.parse(JSON.stringify(experimentJsonSchema())),
    );
  });

  it('is offered to editors by every preset', () => {
    for (const path of presets) {
      expect(readFileSync(path, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\/experiment\.schema\.json\n/);
    }
  });
});

describe('the presets', () => {
  it('hold the quickstart on what a clone brings along', async () => {
    const { model, data, training, generation } = await readExperiment('experiments/quickstart.yaml');
    expect(model).toBe(resolve('experiments/models/demo-en-fr'));
    expect(data).toMatchObject({ corpus: { format: 'typescript-catalogue' }, validation_size: 250, split_seed: 42 });
    expect(training).toMatchObject({
      learning_rate: 1e-3,
      lr_scheduler_type: 'linear',
      num_train_epochs: 3,
      per_device_train_batch_size: 64,
      group_by_length: true,
    });
    expect(generation.num_beams).toBe(1);
  });

  it("hold the course's recipe", async () => {
    // https://huggingface.co/learn/llm-course/chapter7/4
    expect(await readExperiment('experiments/kde4-en-fr.yaml')).toMatchObject({
      model: 'Helsinki-NLP/opus-mt-en-fr',
      data: {
        corpus: { format: 'opus', name: 'KDE4' },
        train_size: 0.9,
        validation_size: null,
        split_seed: 20,
        max_source_length: 128,
        max_target_length: 128,
      },
      training: {
        learning_rate: 2e-5,
        per_device_train_batch_size: 32,
        per_device_eval_batch_size: 64,
        weight_decay: 0.01,
        save_total_limit: 3,
        num_train_epochs: 3,
        eval_strategy: 'no',
        save_strategy: 'epoch',
        seed: 42,
      },
      generation: { num_beams: null, max_length: 128 },
      evaluation: { before: true, after: true, references: 'decoded' },
    });
  });
});

describe('reading an experiment file', () => {
  it.each([
    ['no/such.yaml', 'Cannot read the experiment no/such.yaml: there is no such file.'],
    ['experiments', 'Cannot read the experiment experiments: it is a folder; expected a file.'],
    ['experiments/models/demo-en-fr/model.safetensors', 'is no experiment file: it has '],
    ['experiments/models/demo-en-fr/source.spm', 'source.spm is not UTF-8 text; expected an experiment file in YAML.'],
  ])('refuses %s', async (path, message) => {
    await expect(readExperiment(path)).rejects.toThrow(message);
  });
});
