/** Model cards, against what transformers' Trainer writes, and with texts that would break them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Experiment } from '../../../src/engine/config/experiment.ts';
import { type CardEvaluation, type ModelCardFacts, modelCard } from '../../../src/engine/hub/model-card.ts';
import { escapeMarkdown, pythonNumber } from '../../../src/engine/hub/model-card-text.ts';
import { experiment as plain } from '../../store/run-events.ts';
import { bleu, greedy, SIGNATURE } from '../../support/evaluation.ts';
import { dataConfig, trainingConfig } from '../../support/experiment.ts';

interface Fixture {
  readonly log: readonly Readonly<Record<string, number>>[];
  readonly table: string;
  readonly early: readonly Readonly<Record<string, number>>[];
  readonly earlyTable: string;
  readonly introduction: string;
  readonly hyperparameters: string;
  readonly numbers: readonly (readonly [number, string])[];
}
const fixture: Fixture = JSON.parse(readFileSync(new URL('../../fixtures/hub/card.json', import.meta.url), 'utf8'));

const evaluation = (changes: Partial<CardEvaluation> = {}): CardEvaluation => ({
  stage: 'epoch',
  step: 500,
  epoch: 1,
  sentences: 21_018,
  loss: 0.9,
  bleu: bleu(50),
  decoding: greedy(),
  ...changes,
});

const experiment: Experiment = {
  ...plain,
  description: '',
  data: dataConfig({ corpus: { format: 'opus', name: 'KDE4', version: null, directory: null } }),
  training: trainingConfig({
    learning_rate: 2e-5,
    per_device_train_batch_size: 32,
    per_device_eval_batch_size: 64,
    num_train_epochs: 3,
  }),
};

function facts(changes: Partial<ModelCardFacts> = {}): ModelCardFacts {
  return {
    id: 'me/tuned',
    baseModel: 'Helsinki-NLP/opus-mt-en-fr',
    experiment,
    step: 1000,
    evaluations: [],
    losses: [],
    trainSize: 189_155,
    validationSize: 21_018,
    device: 'wasm',
    versions: { bleubird: '0.1.0', node: '24.0.0' },
    ...changes,
  };
}

/** The facts that a log of Trainer's tells. */
function factsOfLog(log: Fixture['log']): Partial<ModelCardFacts> {
  return {
    evaluations: log
      .filter((entry) => entry.eval_loss !== undefined)
      .map(({ step = 0, epoch = 0, eval_loss = 0, eval_bleu }) =>
        evaluation({ step, epoch, loss: eval_loss, bleu: eval_bleu === undefined ? null : bleu(eval_bleu) }),
      ),
    losses: log.flatMap(({ step = 0, loss }) => (loss === undefined ? [] : [{ step, loss }])),
  };
}

const metadataOf = (card: string) => parse(card.split('---\n')[1] ?? '');

describe('a model card', () => {
  it('tells model, dataset, results and hyperparameters as Trainer does', () => {
    const card = modelCard(facts(factsOfLog(fixture.log)));
    // Trainer rounds what it shows to 4 decimals, as it does in the table.
    expect(card).toContain(fixture.introduction.replace('kde4', 'KDE4 (OPUS)').trimEnd());
    expect(card).toContain(fixture.hyperparameters.trimEnd());
  });

  it.each([
    ['with BLEU', fixture.log, fixture.table],
    [
      'before anything was logged, without BLEU',
      fixture.early.map(({ eval_bleu: _, ...entry }) => entry),
      fixture.earlyTable,
    ],
  ])('has the table of results %s as Trainer writes it', (_name, log, table) => {
    const [, shown = ''] = /### Training results\n\n(.*?)\n\n/s.exec(modelCard(facts(factsOfLog(log)))) ?? [];
    expect(shown.split('\n')).toEqual(table.trimEnd().split('\n'));
  });

  it('has metadata that the hub reads', () => {
    expect(metadataOf(modelCard(facts(factsOfLog(fixture.log))))).toEqual({
      library_name: 'transformers',
      pipeline_tag: 'translation',
      language: ['en', 'fr'],
      base_model: 'Helsinki-NLP/opus-mt-en-fr',
      tags: ['translation', 'bleubird', 'generated_from_trainer'],
      datasets: ['kde4'],
      metrics: ['bleu'],
      'model-index': [
        {
          name: 'tuned',
          results: [
            {
              task: { name: 'Translation', type: 'translation' },
              dataset: { name: 'KDE4 (OPUS)', type: 'kde4', args: 'en-fr' },
              metrics: [
                {
                  name: 'Bleu',
                  type: 'bleu',
                  value: 52.930612,
                  args: { signature: SIGNATURE, num_beams: 1, max_length: 128, references: 'decoded' },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('sets BLEU before and after side by side when they can be compared, the losses otherwise', () => {
    const before = evaluation({ stage: 'before', step: 0, loss: 1.6964, bleu: bleu(39.26865) });
    const after = evaluation({ stage: 'after', step: 1000, loss: 0.8559, bleu: bleu(52.94161) });
    const card = modelCard(facts({ evaluations: [before, after] }));
    expect(card).toContain('| Loss | 1.6964 | 0.8559 |\n| Bleu | 39.27  | 52.94  |\n');
    expect(card).toContain(`- signature: \`${SIGNATURE}\`\n- num_beams: 1\n- max_length: 128\n`);
    const other = { ...after, decoding: greedy({ numBeams: 4 }) };
    expect(modelCard(facts({ evaluations: [before, other] }))).toContain('| Loss | 1.6964 | 0.8559 |\n\n### Framework');
    const fewer = { ...after, sentences: 10 };
    expect(modelCard(facts({ evaluations: [before, fewer] }))).not.toContain('### Before and after');
  });

  it('claims no result for a model that was not scored', () => {
    const card = modelCard(facts({ step: 1500, ...{ evaluations: [evaluation()] } }));
    expect(card).not.toContain('achieves');
    expect(metadataOf(card)).toMatchObject({ 'model-index': [{ name: 'tuned', results: [] }] });
  });

  it('tells no names of files', () => {
    const corpus = { format: 'tmx', path: '/home/someone/secret-client.tmx' } as const;
    const card = modelCard(
      facts({ baseModel: null, experiment: { ...experiment, model: '/home/someone/m', data: dataConfig({ corpus }) } }),
    );
    expect(card).toContain('This model is a fine-tuned version of a Marian model on an unknown dataset.');
    expect(card).not.toMatch(/someone|secret/);
  });

  it('is not broken by what users write', () => {
    const nasty = '---\n# Title\n| a | <script>x</script> `code` ![i](http://x) \u001b[31m \u202Eabc *b* _i_';
    const data = {
      ...experiment.data,
      source_lang: 'no',
      target_lang: '<fr>\n---',
      source_prefix: 'a"b\\```\n---\n',
      corpus: { format: 'opus', name: nasty, version: null, directory: null } as const,
    };
    const card = modelCard(
      facts({ experiment: { ...experiment, description: nasty, data }, ...factsOfLog(fixture.log) }),
    );
    const metadata = metadataOf(card);
    expect(metadata).toMatchObject({ language: ['no'], library_name: 'transformers' });
    expect(card).toContain('  - "no"\n'); // YAML 1.1, which Python reads, has it as false
    expect(card.split('\n').filter((line) => line === '---')).toHaveLength(2);
    expect(card.split('\n').filter((line) => line.startsWith('# '))).toEqual(['# tuned']);
    expect(card.split('\n').filter((line) => line.startsWith('```'))).toEqual(['```python', '```', '```sh', '```']);
    expect(card.slice(card.indexOf('\n# '))).not.toMatch(/(?<!\\)<script/);
    for (const hidden of ['\u001b', '\u202E']) expect(card).not.toContain(hidden);
  });
});

it.each(fixture.numbers)('prints %f as Python: %s', (number, text) => {
  expect(pythonNumber(number, { isFloat: true })).toBe(text);
});

it('escapes each character that means something in Markdown', () => {
  expect(escapeMarkdown('a*b_c`d[e](f)#g|h<i>&\n~$')).toBe('a\\*b\\_c\\`d\\[e\\](f)\\#g\\|h\\<i\\>\\& \\~\\$');
});
