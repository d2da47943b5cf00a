/** The table of runs as lines: columns come in as the window gets wider. */
import type { RunSummary } from '../../store/rows.ts';
import { windowAround } from '../state/list-position.ts';
import { cursorIndex, isActive, isPaused, type RunsList, type SortColumn, visibleRuns } from '../state/runs-list.ts';
import { visibleText, widthOf } from '../text/fit-text.ts';
import { formatAge, formatDuration } from '../text/format.ts';
import { cell, cellWithBothEnds, type RichLine, span } from '../text/rich-line.ts';
import type { Theme } from '../theme.ts';
import { pointerSpan } from './heading.ts';
import { beforeAfterSpans, beforeAfterWidth, deltaSpan, progressSpans, stateText } from './run-spans.ts';

interface Column {
  readonly title: string;
  readonly width: number;
  /** Narrowest window that shows the column. */
  readonly from: number;
  readonly align: 'left' | 'right';
  readonly sorts: readonly SortColumn[];
  cells(run: RunSummary, width: number): RichLine;
}

/** Narrowest window with a column for the ids. */
const ID_COLUMN_FROM = 88;

const GAP = 2;
const MARGIN = 4;

/** The head and as many rows as fit, the cursor among them. */
export function runsTable(list: RunsList, now: number, width: number, height: number, theme: Theme): RichLine[] {
  const visible = visibleRuns(list);
  const cursor = cursorIndex(list, visible);
  const namesakes = width < ID_COLUMN_FROM ? sharedNames(list.runs ?? []) : new Set<string>();
  const columns = fitColumns(runColumns(now, namesakes, theme), width);
  const { first, end } = windowAround(cursor, visible.length, height - 1);
  const rows = visible.slice(first, end).map((run, row): RichLine => {
    const isSelected = first + row === cursor;
    const mark = list.markedIds.includes(run.id)
      ? span(`${theme.symbols.marked} `, { tone: 'warning', bold: true })
      : span('  ');
    const cells = columns.flatMap((column, index): RichLine => {
      const spans = column.cells(run, column.width);
      const styled = isSelected ? spans.map(({ text, style }) => span(text, { ...style, bold: true })) : spans;
      return index === 0 ? styled : [span(' '.repeat(GAP)), ...styled];
    });
    return [pointerSpan(isSelected, theme), mark, ...cells];
  });
  return [headLine(columns, list.sort), ...rows];
}

function headLine(columns: readonly Column[], sort: SortColumn): RichLine {
  const titles = columns.flatMap(({ title, width, align, sorts }, index): RichLine => {
    const isSorted = sorts.includes(sort);
    const head = cell(title, width, isSorted ? { tone: 'accent', bold: true } : { tone: 'muted' }, align);
    return index === 0 ? [head] : [span(' '.repeat(GAP)), head];
  });
  return [span(' '.repeat(MARGIN)), ...titles];
}

// Where the ids have no column of their own, the name of several runs is followed by the id of this one.
function nameSpans({ name, id }: RunSummary, wantsId: boolean, width: number): RichLine {
  if (!wantsId) return [cellWithBothEnds(name, width)];
  const nameWidth = Math.min(widthOf(visibleText(name)), Math.max(0, width - id.length - 1));
  return [cellWithBothEnds(name, nameWidth), cell(` ${id}`, width - nameWidth, { tone: 'muted' })];
}

function sharedNames(runs: readonly RunSummary[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(runs.flatMap(({ name }) => (seen.size === seen.add(name).size ? [name] : [])));
}

// The name takes what the other columns leave.
function fitColumns(columns: readonly Column[], width: number): readonly Column[] {
  const shown = columns.filter(({ from }) => width >= from);
  const taken = shown.reduce((sum, column) => sum + column.width, 0) + GAP * (shown.length - 1) + MARGIN;
  return shown.map((column, index) => (index === 0 ? { ...column, width: column.width + width - taken } : column));
}

function runColumns(now: number, namesakes: ReadonlySet<string>, theme: Theme): readonly Column[] {
  const { symbols } = theme;
  const right = 'right' as const;
  const left = 'left' as const;
  return [
    {
      title: 'NAME',
      width: 10,
      from: 0,
      align: left,
      sorts: ['name'],
      cells: (run, width) => nameSpans(run, namesakes.has(run.name), width),
    },
    {
      title: 'RUN',
      width: 6,
      from: ID_COLUMN_FROM,
      align: left,
      sorts: [],
      cells: (run, width) => [cell(run.id, width, { tone: 'muted' })],
    },
    {
      title: 'STATE',
      width: 13,
      from: 0,
      align: left,
      sorts: ['state'],
      cells(run, width) {
        const { text, style } = stateText(run, theme);
        return [cell(text, width, style)];
      },
    },
    {
      title: 'PROGRESS',
      width: 12,
      from: 68,
      align: left,
      sorts: ['progress'],
      cells: (run, width) => progressSpans(run, width, theme),
    },
    {
      title: 'ETA',
      width: 7,
      from: 96,
      align: right,
      sorts: [],
      cells: (run, width) => [
        cell(
          isActive(run.state) && !isPaused(run) ? formatDuration(run.etaSeconds) : '',
          width,
          { tone: 'muted' },
          right,
        ),
      ],
    },
    {
      title: 'LOSS',
      width: 6,
      from: 104,
      align: right,
      sorts: [],
      cells: ({ loss }, width) => [cell(loss === null ? symbols.missing : loss.toFixed(3), width, undefined, right)],
    },
    {
      title: `BEFORE ${symbols.arrow} AFTER`,
      width: beforeAfterWidth(theme),
      from: 0,
      align: right,
      sorts: ['before', 'after'],
      cells: (run) => beforeAfterSpans(run.bleuBefore, run.bleuAfter, theme),
    },
    {
      title: `${symbols.delta} BLEU`,
      width: 7,
      from: 0,
      align: right,
      sorts: ['delta'],
      cells: ({ bleuDelta }, width) => deltaSpan(bleuDelta, width, theme),
    },
    {
      title: 'DEVICE',
      width: 7,
      from: 119,
      align: left,
      sorts: [],
      cells: ({ device }, width) => [cell(device ?? symbols.missing, width, { tone: 'muted' })],
    },
    {
      title: 'AGE',
      width: 4,
      from: 0,
      align: right,
      sorts: ['age'],
      cells: ({ createdAt }, width) => [cell(formatAge(now - createdAt), width, { tone: 'muted' }, right)],
    },
  ];
}
