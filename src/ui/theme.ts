/**
 * Every colour and symbol of the UI, chosen once from the environment.
 * The palette is Okabe and Ito's (jfly.uni-koeln.de/color), told apart also by people who do not see red and green;
 * each colour is doubled by a word or a symbol, so that NO_COLOR loses nothing.
 */

/** What a piece of text means; the theme decides how that looks. */
export type Tone =
  | 'plain'
  | 'muted'
  | 'accent'
  | 'good'
  | 'bad'
  | 'warning'
  | 'series0'
  | 'series1'
  | 'series2'
  | 'series3'
  | 'series4'
  | 'series5';

export interface Style {
  readonly tone?: Tone;
  readonly bold?: boolean;
  readonly inverse?: boolean;
  readonly underline?: boolean;
}

/** 0 none, 1 the terminal's 16 colours, 2 256 colours, 3 24-bit colours. */
export type ColorLevel = 0 | 1 | 2 | 3;

export interface Symbols {
  readonly pointer: string;
  readonly marked: string;
  readonly pending: string;
  readonly running: string;
  readonly completed: string;
  readonly stopped: string;
  readonly failed: string;
  readonly interrupted: string;
  readonly up: string;
  readonly down: string;
  readonly equal: string;
  readonly arrow: string;
  readonly delta: string;
  readonly missing: string;
  readonly ellipsis: string;
  readonly dot: string;
  readonly minus: string;
  readonly plusMinus: string;
  readonly rule: string;
  readonly axis: string;
  readonly axisTick: string;
  readonly axisCorner: string;
  readonly barFull: string;
  readonly barEmpty: string;
  /** Parts of a cell in equal steps, from small to large; empty when only whole cells can be drawn. */
  readonly barParts: readonly string[];
  readonly changed: string;
  readonly cursor: string;
  /** One mark per overlaid curve where colour cannot tell them apart. */
  readonly seriesMarks: readonly string[];
}

export interface Theme {
  readonly colorLevel: ColorLevel;
  /** Bold, underline and inverse may be used; false on a dumb terminal. */
  readonly hasAttributes: boolean;
  /** Braille and block characters may be used. */
  readonly isUnicode: boolean;
  readonly symbols: Symbols;
}

const UNICODE: Symbols = {
  pointer: '❯',
  marked: '◆',
  pending: '○',
  running: '●',
  completed: '✓',
  stopped: '■',
  failed: '✗',
  interrupted: '!',
  up: '▲',
  down: '▼',
  equal: '=',
  arrow: '→',
  delta: 'Δ',
  missing: '–',
  ellipsis: '…',
  dot: '·',
  minus: '−',
  plusMinus: '±',
  rule: '─',
  axis: '│',
  axisTick: '┤',
  axisCorner: '└',
  barFull: '━',
  barEmpty: '─',
  barParts: ['╸'],
  changed: '•',
  cursor: '▏',
  seriesMarks: ['•', '+', '×', 'o', '▪', '^'],
};

const ASCII: Symbols = {
  pointer: '>',
  marked: '*',
  pending: 'o',
  running: '@',
  completed: '+',
  stopped: '#',
  failed: 'x',
  interrupted: '!',
  up: '^',
  down: 'v',
  equal: '=',
  arrow: '->',
  delta: 'd',
  missing: '-',
  ellipsis: '..',
  dot: '-',
  minus: '-',
  plusMinus: '+-',
  rule: '-',
  axis: '|',
  axisTick: '+',
  axisCorner: '+',
  barFull: '#',
  barEmpty: '.',
  barParts: [],
  changed: '*',
  cursor: '|',
  seriesMarks: ['*', '+', 'x', 'o', '%', '^'],
};

/** SGR parameters of each tone at levels 1, 2 and 3. */
const PALETTE: Readonly<Record<Exclude<Tone, 'plain'>, readonly [string, string, string]>> = {
  muted: ['2', '2', '2'],
  accent: ['36', '38;5;74', '38;2;86;180;233'],
  good: ['36', '38;5;36', '38;2;0;158;115'],
  bad: ['31', '38;5;166', '38;2;213;94;0'],
  warning: ['33', '38;5;172', '38;2;230;159;0'],
  series0: ['36', '38;5;74', '38;2;86;180;233'],
  series1: ['33', '38;5;172', '38;2;230;159;0'],
  series2: ['32', '38;5;36', '38;2;0;158;115'],
  series3: ['35', '38;5;175', '38;2;204;121;167'],
  series4: ['31', '38;5;166', '38;2;213;94;0'],
  series5: ['34', '38;5;227', '38;2;240;228;66'],
};

const SERIES_TONES = ['series0', 'series1', 'series2', 'series3', 'series4', 'series5'] as const;

/** The theme that suits the environment: NO_COLOR, FORCE_COLOR, TERM, COLORTERM, BLEUBIRD_ASCII and the locale decide. */
export function themeFromEnvironment(env: Readonly<Record<string, string | undefined>>): Theme {
  const isUnicode = !isSet(env.BLEUBIRD_ASCII) && env.TERM !== 'dumb' && hasUnicodeLocale(env);
  return {
    colorLevel: colorLevel(env),
    hasAttributes: env.TERM !== 'dumb',
    isUnicode,
    symbols: isUnicode ? UNICODE : ASCII,
  };
}

/** The text with the escape codes of its style, closed again; unchanged when the terminal can show none. */
export function paint(text: string, style: Style | undefined, theme: Theme): string {
  if (style === undefined || text === '') return text;
  const codes: string[] = [];
  if (theme.hasAttributes) {
    if (style.bold === true) codes.push('1');
    if (style.underline === true) codes.push('4');
    if (style.inverse === true) codes.push('7');
  }
  if (style.tone !== undefined && style.tone !== 'plain') {
    if (theme.colorLevel > 0) codes.push(PALETTE[style.tone][theme.colorLevel - 1] ?? '');
    else if (style.tone === 'muted' && theme.hasAttributes) codes.push('2');
  }
  return codes.length === 0 ? text : `\u001b[${codes.join(';')}m${text}\u001b[0m`;
}

/** The tone of the n-th overlaid curve; colours come round again after six. */
export function seriesTone(index: number): Tone {
  return SERIES_TONES[index % SERIES_TONES.length] ?? 'plain';
}

// FORCE_COLOR wins over NO_COLOR, as in Node itself (nodejs.org/api/tty.html, writeStream.getColorDepth).
function colorLevel(env: Readonly<Record<string, string | undefined>>): ColorLevel {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) {
    if (forced === '0' || forced === 'false') return 0;
    if (forced === '2') return 2;
    if (forced === '3') return 3;
    const detected = detectedLevel(env);
    return detected === 0 || forced === '1' ? 1 : detected;
  }
  if (isSet(env.NO_COLOR)) return 0;
  return detectedLevel(env);
}

function detectedLevel(env: Readonly<Record<string, string | undefined>>): ColorLevel {
  const term = env.TERM ?? '';
  if (term === 'dumb') return 0;
  if (/^(truecolor|24bit)$/.test(env.COLORTERM ?? '') || /-direct$|kitty|ghostty|wezterm/.test(term)) return 3;
  return term.includes('256') ? 2 : 1;
}

// The first of LC_ALL, LC_CTYPE and LANG that is set decides (POSIX, 8.2); without any, a terminal of today is assumed.
function hasUnicodeLocale(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(isSet);
  return locale === undefined || /utf-?8/i.test(locale);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
