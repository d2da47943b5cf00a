import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { beforeAfterLines, describeDecoding } from '../../src/cli/before-after.ts';
import { describeOldNode } from '../../src/cli/node-version.ts';
import { Output } from '../../src/cli/output.ts';
import { formatTable } from '../../src/cli/table.ts';
import { counted, difference, loss, percent, score, timestamp } from '../../src/cli/text.ts';
import type { EvaluationRow } from '../../src/store/rows.ts';
import { bleu, evaluationRow, greedy } from '../support/evaluation.ts';

/** Streams that remember, with the look of a terminal or not. */
function streams(isTTY: boolean, env: NodeJS.ProcessEnv = {}) {
  const stdout = Object.assign(new PassThrough(), { isTTY, columns: 40 }) as unknown as NodeJS.WriteStream;
  const stderr = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream;
  const output = new Output({ stdout, stderr, env });
  return { output, stdout, stderr, read: (stream: unknown) => String((stream as PassThrough).read() ?? '') };
}

describe('numbers in words', () => {
  it.each([
    [score(20.7649), '20.76'],
    [score(null), '-'],
    [difference(32.994), '+32.99'],
    [difference(-1.0913, 4), '-1.0913'],
    [difference(-0.001), '0.00'],
    [difference(null), '-'],
    [difference(Number.NaN), '-'],
    [loss(1.23456), '1.2346'],
    [loss(null), 'not finite'],
    [percent(1, 3), '33 %'],
    [percent(0, 0), '0 %'],
    [counted(1, 'pair'), '1 pair'],
    [counted(189_155, 'pair'), '189,155 pairs'],
    [timestamp(new Date(2026, 1, 3, 4, 5).getTime()), '2026-02-03 04:05'],
  ])('%s is %s', (actual, expected) => {
    expect(actual).toBe(expected);
  });
});

describe('a table', () => {
  const columns = [
    { title: 'NAME', text: (row: [string, string]) => row[0], canShrink: true },
    { title: 'N', text: (row: [string, string]) => row[1], align: 'right' as const },
  ];

  it('is aligned by cells of the terminal, with harmless text', () => {
    const rows: [string, string][] = [
      ['日本', '1'],
      ['a\u001b[2Jb\nc', '20'],
    ];
    expect(formatTable(rows, columns, null)).toEqual(['NAME       N', '日本       1', 'a␛[2Jb␊c  20']);
  });

  it('shrinks one column to fit the terminal, never below eight cells', () => {
    const rows: [string, string][] = [['a very long name of a run', '1']];
    expect(formatTable(rows, columns, 20)).toEqual(['NAME               N', 'a very long name…  1']);
    expect(formatTable(rows, columns, 5)).toEqual(['NAME      N', 'a very …  1']);
  });
});

describe('output', () => {
  it('has colours on a terminal only, and none with NO_COLOR', () => {
    expect(streams(true).output.tone('good', 'x')).toBe('\u001b[32mx\u001b[39m');
    expect(streams(true, { NO_COLOR: '1' }).output.tone('good', 'x')).toBe('x');
    expect(streams(true, { TERM: 'dumb' }).output.tone('good', 'x')).toBe('x');
    expect(streams(false).output.tone('good', 'x')).toBe('x');
    expect(streams(true).output.columns).toBe(40);
    expect(streams(false).output.columns).toBeNull();
  });

  it('makes narration harmless and keeps its lines', () => {
    const { output, stderr, read } = streams(true);
    output.note('one\ntwo \u001b]0;title\u0007');
    expect(read(stderr)).toBe('one\ntwo ␛]0;title␇\n');
  });

  it('drops what comes after the reader of stdout has gone, and says so once', () => {
    const { output, stdout, read } = streams(false);
    let closings = 0;
    output.onStdoutClosed(() => {
      closings += 1;
    });
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    stdout.emit('error', gone);
    stdout.emit('error', gone);
    output.line('lost');
    expect(closings).toBe(1);
    expect(read(stdout)).toBe('');
    expect(() => stdout.emit('error', new Error('other'))).toThrow('other');
  });
});

describe('the before/after table', () => {
  const row = (score: number, loss: number | null): EvaluationRow =>
    evaluationRow({
      sentences: 250,
      loss,
      lossPerToken: 2.25,
      bleu: bleu(score, { brevityPenalty: 0.98765, signature: 'nrefs:1|case:mixed' }),
      decoding: greedy({ maxLength: 512 }),
      durationSeconds: 12,
    });
  const { output } = streams(false);

  it('puts both models side by side with what the scores rest on', () => {
    expect(beforeAfterLines(row(20.7649, 2.5), row(53.7512, 1.25), output)).toEqual([
      '                 before   after   change',
      'BLEU              20.76   53.75   +32.99',
      'loss             2.5000  1.2500  -1.2500',
      'loss per piece   2.2500  2.2500   0.0000',
      'brevity penalty  0.9877  0.9877   0.0000',
      'time                12s     12s',
      '250 sentences, greedy, at most 512 pieces, decoded references',
      'BLEU nrefs:1|case:mixed',
    ]);
  });

  it('has room for one that is missing or has no finite loss', () => {
    const lines = beforeAfterLines(row(20.7649, null), null, output);
    expect(lines[1]).toBe('BLEU                  20.76      -       -');
    expect(lines[2]).toBe('loss             not finite      -       -');
    expect(beforeAfterLines(null, null, output)).toEqual([]);
  });

  it('show the loss alone where nothing was translated', () => {
    const lossOnly = (loss: number) => evaluationRow({ loss, bleu: null, decoding: null });
    const lines = beforeAfterLines(lossOnly(4), lossOnly(2.5), output);
    expect(lines.join('\n')).not.toContain('BLEU');
    expect(lines[1]).toMatch(/^loss +4\.0000 +2\.5000 +-1\.5000/);
    expect(lines.at(-1)).toBe('2 sentences, loss only');
  });

  it('names the search', () => {
    const decoding = {
      numBeams: 4,
      maxLength: 128,
      lengthPenalty: 0.6,
      earlyStopping: 'never',
      references: 'raw',
    } as const;
    expect(describeDecoding({ sentences: 1, decoding })).toBe(
      '1 sentence, 4 beams, length penalty 0.6, early stopping never, at most 128 pieces, raw references',
    );
    expect(describeDecoding({ sentences: 1, decoding: { ...decoding, compatibility: 'transformers-5' } })).toBe(
      '1 sentence, 4 beams, length penalty 0.6, early stopping never as in transformers-5, at most 128 pieces, raw references',
    );
  });
});

describe('an old Node', () => {
  it.each([
    ['20.20.2', false],
    ['22.11.0', false],
    ['22.12.0', true],
    ['24.0.0', true],
  ])('%s is told so: %s', (version, willDo) => {
    const complaint = describeOldNode(version);
    if (willDo) expect(complaint).toBeNull();
    else expect(complaint).toContain(`error: bleubird needs Node 22.12 or newer; this is Node ${version}.\nhint: `);
  });
});
