/** Setting up a run: a preset to start from, then the form. */
import { formLines } from '../components/form-lines.ts';
import { pointerSpan } from '../components/heading.ts';
import { Lines } from '../components/lines.tsx';
import { useTheme } from '../hooks/use-theme.ts';
import type { Preset } from '../services.ts';
import type { ExperimentForm } from '../state/experiment-form.ts';
import { presetsPerPage } from '../state/layout.ts';
import { windowAround } from '../state/list-position.ts';
import { cell, cellWithBothEnds, EMPTY_LINE, type RichLine, span, wrapLine } from '../text/rich-line.ts';
import type { Theme } from '../theme.ts';
import type { ScreenProps } from './runs-screen.tsx';

/** Cells of the column of names. */
const NAME_WIDTH = 26;

const WHAT_A_PRESET_IS =
  '  A preset is an experiment file, such as experiments/quickstart.yaml, in the folder you started from.';

export interface PresetsScreenProps extends ScreenProps {
  readonly position: number;
}

export function PresetsScreen({ state, position, width, height }: PresetsScreenProps) {
  const theme = useTheme();
  return <Lines lines={presetLines(state.presets, position, { width, height }, theme)} width={width} height={height} />;
}

export interface FormScreenProps extends ScreenProps {
  readonly form: ExperimentForm;
}

export function FormScreen({ form, width, height }: FormScreenProps) {
  const theme = useTheme();
  return <Lines lines={formLines(form, width, height, theme)} width={width} height={height} />;
}

function presetLines(
  presets: readonly Preset[] | null,
  position: number,
  { width, height }: { readonly width: number; readonly height: number },
  theme: Theme,
): RichLine[] {
  if (presets === null) return [[span('  Reading the presets…', { tone: 'muted' })]];
  if (presets.length === 0) {
    return [[span('  There is no preset.', { bold: true })], ...wrapLine([span(WHAT_A_PRESET_IS)], width - 2, 2)];
  }
  const { first, end } = windowAround(position, presets.length, presetsPerPage(height));
  const rows = presets.slice(first, end).flatMap((preset, row): RichLine[] => {
    const isSelected = first + row === position;
    const { name, description, path } = preset;
    return [
      [
        pointerSpan(isSelected, theme),
        cell(name, NAME_WIDTH, isSelected ? { tone: 'accent', bold: true } : { bold: true }),
        cellWithBothEnds(path, Math.max(0, width - NAME_WIDTH - 3), { tone: 'muted' }),
      ],
      [span(`  ${description === '' ? presetContent(preset, theme) : description}`)],
      EMPTY_LINE,
    ];
  });
  return [[span('  Start from which experiment? All of it can be changed.')], EMPTY_LINE, ...rows];
}

/** What a preset without a description is about: `tsv kde.tsv · demo-en-fr · 12 steps`. */
function presetContent({ values }: Preset, { symbols }: Theme): string {
  const textOf = (path: string) => values[path] ?? '';
  const corpus = ['path', 'source', 'id', 'name']
    .map((key) => textOf(`data.corpus.${key}`))
    .find((text) => text !== '');
  const steps = textOf('training.max_steps');
  const epochs = textOf('training.num_train_epochs');
  const length = steps === '' ? `${epochs} ${epochs === '1' ? 'epoch' : 'epochs'}` : `${steps} steps`;
  const data = [textOf('data.corpus.format'), lastPart(corpus ?? '')].filter((part) => part !== '').join(' ');
  return [data, lastPart(textOf('model')), length].join(` ${symbols.dot} `);
}

function lastPart(path: string): string {
  return path.split('/').findLast((part) => part !== '') ?? '';
}
