/** What `export` writes, read back by a CSV reader that is not ours. */
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { tableFormats } from '../../src/cli/export/table-formats.ts';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { metrics } from '../store/run-events.ts';
import { bleu, evaluationEvent, greedy } from '../support/evaluation.ts';
import { writeFinishedRuns } from '../support/finished-runs.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

const AWKWARD = ' a "quoted", text\nof two lines\tand a tab ';

const translated = (stage: 'before' | 'after', hypothesis: string): TrainerEvent[] => [
  {
    type: 'translations',
    stage,
    step: 0,
    items: [{ index: 0, source: AWKWARD, reference: 'la référence est là', hypothesis }],
  },
  evaluationEvent({ stage, sentences: 1, loss: 0.5, bleu: bleu(10), decoding: greedy() }),
];

const cwd = temporaryFolder();
writeFinishedRuns(join(cwd, '.bleubird'), [
  {
    id: 'first',
    events: [
      metrics(1, { loss: 2.5, learning_rate: 1e-5 }),
      metrics(2, { loss: Number.NaN }),
      ...translated('before', ''),
    ],
  },
  {
    id: 'second',
    events: [metrics(1, { loss: 1 }), ...translated('before', 'x'), ...translated('after', 'la référence est là')],
  },
]);

async function rowsOf(...args: string[]): Promise<Record<string, string>[]> {
  const { code, stdout, stderr } = await runCli(['export', ...args], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  return parse(stdout, { columns: true });
}

describe.concurrent('export', () => {
  it('writes a row a step with a column a metric, and tells NaN from nothing', async () => {
    const rows = await rowsOf('first', '--columns', 'run,step,loss,learning_rate');
    expect(rows).toEqual([
      { run: 'first', step: '1', loss: '2.5', learning_rate: '0.00001' },
      { run: 'first', step: '2', loss: 'NaN', learning_rate: '' },
    ]);
  });

  it('writes sentences so that a reader gets them back to the character', async () => {
    const [row] = await rowsOf('second', '--table', 'sentences');
    expect(row).toMatchObject({
      source: AWKWARD,
      before: 'x',
      after: 'la référence est là',
      bleu_after: '100.00000000000004',
    });
  });

  it('writes all runs without being told which, the newest first, with their settings', async () => {
    const rows = await rowsOf('--table', 'runs');
    expect(rows.map(({ run }) => run)).toEqual(['second', 'first']);
    expect(rows[0]).toMatchObject({ bleu_gain: '0', 'training.learning_rate': '0.00005', 'data.source_lang': 'en' });
  });

  it('writes tables to paste into a text', async () => {
    const args = ['export', '--table', 'runs', '--columns', 'name,bleu_after', '--format'];
    const { stdout: markdown } = await runCli([...args, 'markdown'], { cwd });
    expect(markdown).toBe('| name | bleu\\_after |\n| --- | --- |\n| second | 10 |\n| first |  |\n');
    const { stdout: latex } = await runCli([...args, 'latex'], { cwd });
    expect(latex).toBe(
      '\\begin{tabular}{ll}\n\\hline\nname & bleu\\_after \\\\\n\\hline\nsecond & 10 \\\\\nfirst &  \\\\\n\\hline\n\\end{tabular}\n',
    );
  });

  it('says which columns there are when one is misspelt', async () => {
    const { code, stderr } = await runCli(['export', 'first', '--columns', 'learning_rat'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(
      'There is no column learning_rat; did you mean learning_rate? expected of run, step, time, learning_rate, loss.',
    );
  });
});

describe('the formats', () => {
  const cells = [AWKWARD, 0.123456789, null, '\\a_b|{c}'];
  const columns = ['a', 'b', 'c', 'd'];

  it.each([
    ['csv', ','],
    ['tsv', '\t'],
  ] as const)('%s comes back to the character', (name, delimiter) => {
    const text = [...tableFormats[name].head(columns), tableFormats[name].row(columns, cells)].join('\n');
    expect(parse(text, { delimiter })).toEqual([columns, [AWKWARD, '0.123456789', '', '\\a_b|{c}']]);
  });

  it('jsonl keeps the kinds of values', () => {
    expect(JSON.parse(tableFormats.jsonl.row(columns, cells))).toEqual({
      a: AWKWARD,
      b: 0.123456789,
      c: null,
      d: '\\a_b|{c}',
    });
  });

  it('markdown and latex keep a row on a line and mean what stands there', () => {
    expect(tableFormats.markdown.row(columns, cells)).toBe(
      '|  a "quoted", text of two lines and a tab  | 0.1235 |  | \\\\a\\_b\\|{c} |',
    );
    expect(tableFormats.latex.row(columns, ['50 % of \\x_{i}~y^2 & #1 $', 1])).toBe(
      '50 \\% of \\textbackslash{}x\\_\\{i\\}\\textasciitilde{}y\\textasciicircum{}2 \\& \\#1 \\$ & 1 \\\\',
    );
  });

  it.each(['markdown', 'latex'] as const)('%s shows what would hide or turn words on a page', (name) => {
    const row = tableFormats[name].row(['a'], ['sa\u202efe\u200b\u001b[31m']);
    for (const hidden of '\u202e\u200b\u001b') expect(row).not.toContain(hidden);
    expect(row).toMatch(/sa.+fe.+31m/);
  });
});
