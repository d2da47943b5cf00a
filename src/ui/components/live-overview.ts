/** One run at a glance: how far, how well, how fast. Lines grow with the window, the curve takes what is left. */
import type { EvaluationRow, SampleRow } from '../../store/rows.ts';
import { progressBar } from '../plot/progress-bar.ts';
import { bestEvaluation } from '../state/best-evaluation.ts';
import { beforeAndAfter, bleuDifference } from '../state/comparability.ts';
import type { RunDetail } from '../state/run-detail.ts';
import { isActive, progressOf } from '../state/runs-list.ts';
import { testOutcome } from '../state/significance.ts';
import type { TestOutcome, UiState } from '../state/ui-state.ts';
import { beginningFor, padEnd, visibleText, wrapText } from '../text/fit-text.ts';
import {
  formatBleu,
  formatBytes,
  formatChance,
  formatClock,
  formatCount,
  formatDelta,
  formatDuration,
  formatNumber,
} from '../text/format.ts';
import { EMPTY_LINE, type RichLine, type Span, span } from '../text/rich-line.ts';
import type { Style, Theme } from '../theme.ts';
import { curveLines } from './curve-lines.ts';
import { headingLine } from './heading.ts';
import { stateText } from './run-spans.ts';
import { sentenceLines } from './sentence-lines.ts';

const SMALLEST_PLOT = 5;

/** Exactly as many lines as fit in `height`; the curve gets at least five of them. */
export function liveOverview(
  detail: RunDetail,
  { now, plot, tests }: Pick<UiState, 'now' | 'plot' | 'tests'>,
  width: number,
  height: number,
  theme: Theme,
): RichLine[] {
  const top = [...statusLines(detail, now, width, theme), ...endLines(detail, width, height, theme)];
  const scores = [...scoreLines(detail, testOutcome({ tests }, [detail]), width, theme), ...bestLines(detail, theme)];
  // In a low window the curve needs the empty lines more than the eye does.
  const gap = height < 24 ? [] : [EMPTY_LINE];
  const fixed = top.length + scores.length + gap.length + 1;
  const spare = Math.max(0, height - fixed - SMALLEST_PLOT);
  const below = belowLines(detail, width, Math.min(spare, Math.max(5, Math.floor(spare * 0.6))), theme);
  const plotHeight = height - fixed - below.length;
  return [...top, ...scores, ...gap, ...curveLines([detail], plot, width, plotHeight + 1, theme), ...below];
}

function statusLines({ record, series }: RunDetail, now: number, width: number, theme: Theme): RichLine[] {
  const { symbols } = theme;
  const { text, style } = stateText(record, theme);
  const dot = span(` ${symbols.dot} `, { tone: 'muted' });
  const ended = record.endedAt ?? (isActive(record.state) ? now : record.heartbeatAt);
  const sinceStart = record.startedAt === null || ended === null ? 0 : ended - record.startedAt;
  const workedMs = record.earlierMs + sinceStart;
  const facts = [
    isActive(record.state) ? (record.phase?.replaceAll('-', ' ') ?? 'starting') : null,
    record.device,
    record.parameterCount === null ? null : `${formatCount(record.parameterCount)} parameters`,
    record.trainSize === null ? null : `${formatCount(record.trainSize)} pairs`,
    workedMs === 0 ? null : formatDuration(workedMs / 1000),
    `seed ${record.seed}`,
  ].filter((fact) => fact !== null);
  const status: RichLine = [
    span(` ${text}`, { ...style, bold: true }),
    ...facts.flatMap((fact): Span[] => [dot, span(fact)]),
  ];

  const share = progressOf(record);
  if (share === null) {
    const words = isActive(record.state)
      ? 'waiting for the plan of the training'
      : 'ended before its training was planned';
    return [status, [span(` ${words}`, { tone: 'muted' })]];
  }
  const learningRate = series.learning_rate.at(-1)?.value ?? null;
  const words = [
    `${record.step}/${record.totalSteps ?? '?'} steps`,
    isActive(record.state) && record.etaSeconds !== null ? `ETA ${formatDuration(record.etaSeconds)}` : null,
    record.samplesPerSecond === null ? null : `${formatNumber(record.samplesPerSecond, 3)} pairs/s`,
    learningRate === null || !isActive(record.state) || width < 80 ? null : `lr ${formatNumber(learningRate, 3)}`,
  ].filter((word) => word !== null);
  const after = `${String(Math.floor(share * 100)).padStart(4)}%  ${words.join('  ')}`;
  const bar = progressBar(share, Math.max(8, Math.min(60, width - after.length - 3)), symbols);
  return [
    status,
    [span(' '), span(bar.filled, { tone: style.tone ?? 'plain' }), span(bar.empty, { tone: 'muted' }), span(after)],
  ];
}

/** How the end of a run begins that came to its last step: its state says as much. */
const PLAIN_END = 'All steps were done.';

// Why it ended and what helps; of a long text the beginning, the Events tab has all of it.
function endLines({ record }: RunDetail, width: number, height: number, theme: Theme): RichLine[] {
  if (isActive(record.state)) return [];
  const reason = record.endReason?.startsWith(PLAIN_END)
    ? record.endReason.slice(PLAIN_END.length).trim() || null
    : record.endReason;
  const style = record.state === 'completed' ? undefined : stateText(record, theme).style;
  const rows = Math.max(1, Math.floor(height / 6));
  const linesOf = (text: string | null, sign: string, style?: Style): RichLine[] => {
    const room = width - sign.length - 1;
    const lines = text === null ? [] : wrapText(visibleText(beginningFor(text, rows, room)), room);
    // The last row holds all that is left, so that it is cut with an ellipsis where that is too much.
    const rest = lines.slice(rows - 1).join(' ');
    const shown = rest === '' ? lines : [...lines.slice(0, rows - 1), rest];
    return shown.map((line, index) => [span(`${index === 0 ? sign : ' '.repeat(sign.length)}${line}`, style)]);
  };
  return [...linesOf(reason, ' ', style), ...linesOf(record.endHint, ` ${theme.symbols.arrow} `)];
}

function scoreLines(detail: RunDetail, outcome: TestOutcome, width: number, theme: Theme): RichLine[] {
  const { symbols } = theme;
  const { before, after } = beforeAndAfter(detail.evaluations);
  const latest = after ?? detail.evaluations.findLast(({ stage }) => stage === 'epoch') ?? null;
  if (before === null && latest === null) {
    const words = isActive(detail.record.state) ? 'not evaluated yet' : 'not evaluated';
    return [[span(' BLEU ', { bold: true }), span(words, { tone: 'muted' })]];
  }
  const delta = bleuDifference(before, latest);
  const difference = formatDelta(delta, symbols);
  const isScored = Boolean(before?.bleu ?? latest?.bleu);
  const bleu: RichLine = [
    span(' BLEU ', { bold: true }),
    span(formatBleu(before?.bleu?.score ?? null, symbols)),
    span(` ${symbols.arrow} `, { tone: 'muted' }),
    span(formatBleu(latest?.bleu?.score ?? null, symbols), { bold: true }),
    ...(width < 76 ? [] : intervalSpans(outcome, theme)),
    ...(delta === null ? [] : [span('  '), span(difference.text, difference.style)]),
    ...chanceSpans(outcome),
  ];
  const scores: RichLine = [
    ...(isScored ? bleu : [span(' Loss only', { bold: true })]),
    ...(latest?.stage === 'epoch' ? [span(` at step ${latest.step}`, { tone: 'muted' })] : []),
    span(lossWords(before?.loss ?? null, latest?.loss ?? null, symbols.arrow), { tone: 'muted' }),
    span(`   ${formatCount((latest ?? before)?.sentences ?? null)} sentences`, { tone: 'muted' }),
  ];
  const signature = (latest?.bleu ?? before?.bleu)?.signature ?? '';
  return width >= 100 && isScored ? [scores, [span(`      ${signature}`, { tone: 'muted' })]] : [scores];
}

// Of the 95 % interval of the tuned model's score, half the width.
function intervalSpans(outcome: TestOutcome, { symbols }: Theme): RichLine {
  const interval = outcome === null || outcome === 'pending' ? null : (outcome[1]?.interval ?? null);
  return interval === null ? [] : [span(` ${symbols.plusMinus} ${interval.toFixed(1)}`, { tone: 'muted' })];
}

function chanceSpans(outcome: TestOutcome): RichLine {
  if (outcome === 'pending') return [span(', p …', { tone: 'muted' })];
  const { pValue = null, isSignificant = null } = outcome?.[1] ?? {};
  return pValue === null ? [] : [span(`, ${formatChance(pValue)}`, isSignificant ? {} : { tone: 'warning' })];
}

function lossWords(before: number | null, after: number | null, arrow: string): string {
  if (before === null && after === null) return '';
  const words = [before, after].filter((loss) => loss !== null).map((loss) => loss.toFixed(2));
  return `   loss ${words.join(` ${arrow} `)}`;
}

// Of the evaluations on the way the newest, and the best by what the experiment goes by.
function bestLines({ evaluations, parameters }: RunDetail, theme: Theme): RichLine[] {
  if (!evaluations.some(({ stage }) => stage === 'epoch')) return [];
  const { best, latest, isBleu } = bestEvaluation(evaluations, parameters);
  if (best === null || latest === null) return [];
  const text = (evaluation: EvaluationRow) =>
    isBleu ? formatBleu(evaluation.bleu?.score ?? null, theme.symbols) : (evaluation.loss?.toFixed(2) ?? 'NaN');
  const rest =
    best === latest ? ', the latest' : `  ${theme.symbols.dot}  latest ${text(latest)} at step ${latest.step}`;
  return [
    [
      span(` Best ${isBleu ? 'BLEU' : 'loss'} `, { bold: true }),
      span(text(best), { bold: true }),
      span(` at step ${best.step}${rest}`, { tone: 'muted' }),
    ],
  ];
}

// The last samples, and where there is more room the checkpoints and warnings.
function belowLines(detail: RunDetail, width: number, height: number, theme: Theme): RichLine[] {
  if (height < 4) return [];
  const lines: RichLine[] = [];
  const notes = noteLines(detail, theme);
  const noteRows = height >= 12 ? Math.min(notes.length, Math.floor(height / 3)) : 0;
  const sampleRows = height - (noteRows > 0 ? noteRows + 2 : 0);
  if (detail.samples.length > 0) {
    const shown = Math.max(1, Math.floor((sampleRows - 1) / SAMPLE_ROWS));
    const samples = variedSamples(detail.samples)
      .slice(0, shown)
      .flatMap(({ step, index, source, reference, hypothesis }): RichLine[] => [
        [span(' '), ...headingLine(`Sample at step ${step}, sentence #${index}`, width - 2, theme)],
        ...sentenceLines(source, reference, [{ label: 'output', text: hypothesis }], theme),
      ]);
    lines.push(EMPTY_LINE, ...samples.slice(0, sampleRows - 1));
  }
  if (noteRows > 0) {
    lines.push(EMPTY_LINE, [span(' '), ...headingLine('Checkpoints and warnings', width - 2, theme)]);
    lines.push(...notes.slice(-noteRows));
  }
  return lines.slice(0, height);
}

/** Lines of one sample: its heading, source, reference and output. */
const SAMPLE_ROWS = 4;

// The newest of each sentence before older ones.
function variedSamples(newestFirst: readonly SampleRow[]): SampleRow[] {
  const isNewest = (sample: SampleRow) => newestFirst.find(({ index }) => index === sample.index) === sample;
  return [...newestFirst.filter(isNewest), ...newestFirst.filter((sample) => !isNewest(sample))];
}

function noteLines({ checkpoints, events }: RunDetail, theme: Theme): RichLine[] {
  const kept = checkpoints
    .filter(({ removedAt }) => removedAt === null)
    .map(({ step, sizeBytes, path, createdAt }) => ({
      time: createdAt,
      line: [
        span(` ${formatClock(createdAt)} `, { tone: 'muted' }),
        span(padEnd(`checkpoint ${step}`, 18)),
        span(`${formatBytes(sizeBytes)}  ${path}`, { tone: 'muted' }),
      ],
    }));
  const warnings = events
    .filter(({ type }) => type === 'warning')
    .map(({ time, text }) => ({
      time,
      line: [
        span(` ${formatClock(time)} `, { tone: 'muted' }),
        span(`${theme.symbols.interrupted} ${text}`, { tone: 'warning' } as const),
      ],
    }));
  return [...kept, ...warnings].sort((a, b) => a.time - b.time).map(({ line }) => line);
}
