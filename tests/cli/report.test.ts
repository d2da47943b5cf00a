/** The page that `report` writes: what it says, and that no text of a run can become part of its markup. */
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Html, html } from '../../src/cli/report/html.ts';
import { lineChart } from '../../src/cli/report/line-chart.ts';
import { testSystems } from '../../src/cli/significance.ts';
import { writeNewFile } from '../../src/cli/write-new-file.ts';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { canMount, fill, smallDisk } from '../runner/full-disk.ts';
import { completed, metrics } from '../store/run-events.ts';
import { bleu, evaluationEvent, greedy } from '../support/evaluation.ts';
import { writeFinishedRuns } from '../support/finished-runs.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

const HOSTILE = '<script>alert("1")</script>\u202e';
const SHOWN = '&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;⟨202E⟩';

function translated(stage: 'before' | 'after', score: number, hypotheses: readonly string[]): TrainerEvent[] {
  const items = hypotheses.map((hypothesis, index) => {
    return { index, source: HOSTILE, reference: `la référence numéro ${index} est là`, hypothesis };
  });
  return [
    { type: 'translations', stage, step: 0, items },
    evaluationEvent({ stage, sentences: items.length, loss: 1, bleu: bleu(score), decoding: greedy() }),
  ];
}

const cwd = temporaryFolder();
const hostileEnd = { ...completed, reason: HOSTILE };
writeFinishedRuns(join(cwd, '.bleubird'), [
  {
    id: 'first',
    overrides: [`name=first${HOSTILE}`, 'training.learning_rate=1e-5'],
    events: [
      ...translated('before', 10, ['x', 'y']),
      ...translated('after', 50, ['la référence numéro 0 est là', 'z']),
    ],
    end: hostileEnd,
  },
  {
    id: 'second',
    overrides: [`name=second${HOSTILE}`, 'training.learning_rate=2e-5'],
    events: [metrics(1, { loss: 2 })],
    end: hostileEnd,
  },
]);

describe('report', () => {
  it('writes one page with scores, settings that differ, curves and sentences, and nothing of a text as markup', async () => {
    const { code, stderr } = await runCli(['report', 'first', 'second', '-o', 'page.html'], { cwd });
    expect([code, stderr]).toEqual([0, 'Wrote page.html.\n']);
    const page = readFileSync(join(cwd, 'page.html'), 'utf8');
    expect(page).toContain(`first${SHOWN}, second${SHOWN}</title>`);
    expect(page).toMatch(/<th scope="row">training\.learning_rate<\/th><td>0\.00001<\/td><td>0\.00002<\/td>/);
    expect(page).toContain('<figcaption>training loss, nats per piece</figcaption>');
    expect(page).toContain('<mark>la référence numéro 0 est là</mark>');
    expect(page).toContain(`Of 2 sentences 1 gained in sentence BLEU, 0 lost, 1 score as before.`);
    expect(page).not.toMatch(/<script|\u202e|src=|href=|@import|url\(/);
  });

  it('goes to stdout where no file is named', async () => {
    const { stdout } = await runCli(['report', 'second'], { cwd });
    expect(stdout).toMatch(/^<!doctype html>\n[\s\S]*<\/html>\n$/);
  });

  it('says where it cannot be written', async () => {
    const { code, stderr } = await runCli(['report', 'first', '-o', 'no/page.html'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(`${join(cwd, 'no/page.html')} cannot be written: ENOENT`);
  });
});

describe('a file that a user wants to keep', () => {
  it.skipIf(!canMount)('stays as it was on a full disk, which keeps no half of one', () => {
    const folder = smallDisk();
    const page = join(folder, 'page.html');
    expect(writeNewFile(page, 'old', false)).toBe(true);
    fill(folder);
    const long = 'new'.repeat(10_000);
    for (const [path, overwrites] of [
      [page, true],
      [join(folder, 'other'), true],
      [join(folder, 'other'), false],
    ] as const)
      expect(() => writeNewFile(path, long, overwrites)).toThrow('cannot be written: ENOSPC');
    expect(readFileSync(page, 'utf8')).toBe('old');
    expect(readdirSync(folder).sort()).toEqual(['filler', 'page.html']);
  });

  it('is replaced where a link leads to it, and only when that is asked for', () => {
    const folder = temporaryFolder();
    const page = join(folder, 'page.html');
    const link = join(folder, 'link.html');
    writeFileSync(page, 'old');
    symlinkSync(page, link);
    expect(writeNewFile(link, 'new', false)).toBe(false);
    expect(readFileSync(page, 'utf8')).toBe('old');
    expect(writeNewFile(link, 'new', true)).toBe(true);
    expect(readFileSync(page, 'utf8')).toBe('new');
  });
});

describe('a template', () => {
  it('escapes texts, keeps markup, and leaves out what is not there', () => {
    expect(html`<p title="${`"'&`}">${html`<b>${1}</b>`}${null}${['<', new Html('<i>')]}</p>`.markup).toBe(
      '<p title="&#34;&#39;&#38;"><b>1</b>&#60;<i></p>',
    );
  });
});

describe('a chart', () => {
  const point = (step: number, value: number | null) => ({ step, value, time: 0 });

  it('breaks its line where a number was not finite', () => {
    const chart = lineChart('loss', [{ label: 'a', points: [point(0, 1), point(1, null), point(2, 0), point(4, 1)] }]);
    expect(chart?.markup).toContain('<path d="M64.0 12.0M346.0 226.0L628.0 12.0"/>');
  });

  it('is none without a number', () => {
    expect(lineChart('loss', [{ label: 'a', points: [point(0, null)] }])).toBeNull();
  });
});

describe('the test of a gain', () => {
  it("has sacreBLEU's interval and chance", async () => {
    // sacrebleu 2.6.0: PairedTest([("a", a), ("b", b)], {"BLEU": BLEU()}, [refs], test_type="bs", n_samples=1000)
    const references = Array.from({ length: 12 }, (_, i) => `the cat number ${i} sat on the mat near door ${i}`);
    const good = references.map((text, i) => (i % 4 === 0 ? text.replace('cat', 'dog') : text));
    const bad = references.map((text, i) => (i % 2 === 0 ? text.replace('sat on', 'was at') : text));
    const tested = await testSystems(references, [bad, good]);
    expect(tested).toEqual([
      { score: 80.17493535113682, interval: 10.216180996609353, pValue: null, isSignificant: null },
      { score: 95.21859507014227, interval: 4.7942517527085045, pValue: 0.002997002997002997, isSignificant: true },
    ]);
  });

  it('is none where a translation is missing or there is nothing to test', async () => {
    expect(await testSystems(['a'], [['a'], [null]])).toBeNull();
    expect(await testSystems([], [[], []])).toBeNull();
    expect(await testSystems(['a'], [['a']])).toBeNull();
  });
});
