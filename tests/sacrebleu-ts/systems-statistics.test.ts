import { BLEU, CHRF, type Metric, type Score, TER } from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';

const references = [
  ['the cat sat on the mat the cat sat', 'a b c', '', 'x y'],
  ['the cat the cat', null, 'hello', 'x x x'],
];
const systems = [
  ['the cat sat the cat sat the cat sat', 'a b c', 'hello', 'x x x x'],
  ['the cat sat the cat sat the cat sat', 'c b a', '', 'y'],
  ['the the the the', '', 'hello hello', 'x y'],
];

const metrics: [name: string, create: () => Metric<Score>][] = [
  ['BLEU', () => new BLEU()],
  ['chrF++', () => new CHRF({ wordOrder: 2 })],
  ['TER', () => new TER()],
];

describe.each(metrics)('the rows of several systems under %s', (_, create) => {
  it('are those of each system alone: no system uses up what the next one matches', () => {
    const alone = systems.map((hypotheses) => create().corpusStatistics(hypotheses, references));
    expect(create().systemsStatistics(systems, references)).toEqual(alone);
  });

  it('leave the number of references in the signature', () => {
    const metric = create();
    metric.systemsStatistics(systems, references);
    expect(metric.getSignature()).toContain('nrefs:var|');
  });

  it('are refused where a system is shorter than the references', () => {
    expect(() => create().systemsStatistics([systems[0] ?? [], ['a']], references)).toThrow(
      'There are 1 hypotheses but 4 segments in references 0.',
    );
  });

  it('are not those of the segments before, however long they were', () => {
    const metric = create();
    // Words enough to fill every place there is for them, were they not forgotten.
    for (let segment = 0; segment < 500; segment++) metric.segmentStatistics(`a${segment}`, [`b${segment}`]);
    const long = Array.from({ length: 3000 }, (_, index) => `w${index}`).join(' ');
    const [, row] = metric.corpusStatistics([long, 'w1 w2 b'], [[long, 'w2 b w1']]);
    expect(row).toEqual(create().segmentStatistics('w1 w2 b', ['w2 b w1']));
  });
});
