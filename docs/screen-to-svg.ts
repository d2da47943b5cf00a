/**
 * Turns a captured terminal screen into an SVG picture, for the README.
 *
 *     tmux capture-pane -ep -t SESSION > screen.ansi
 *     npx node docs/screen-to-svg.ts 100 30 < screen.ansi > docs/live.svg
 */
import { text } from 'node:stream/consumers';
import xterm from '@xterm/headless';

const CELL_WIDTH = 8.4;
const CELL_HEIGHT = 18;
const PADDING = 12;
const BACKGROUND = '#16181d';
const FOREGROUND = '#d7dae0';
/** The 16 colours of a terminal, in their usual order. */
const PALETTE = [
  ['#2b2f38', '#e06c75', '#8ac07a', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#c8ccd4'],
  ['#6b7280', '#ef7a85', '#9fd68d', '#f0d08a', '#7cc0ff', '#d58cf0', '#6fd0dc', '#ffffff'],
].flat();

const columns = Number(process.argv[2] ?? 80);
const rows = Number(process.argv[3] ?? 24);
const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
const screen = (await text(process.stdin)).replace(/\n+$/, '').replaceAll('\n', '\r\n');
await new Promise<void>((resolve) => terminal.write(screen, resolve));

type Cell = NonNullable<ReturnType<NonNullable<ReturnType<typeof terminal.buffer.active.getLine>>['getCell']>>;

/** One of xterm's 256 colours, or its 24 bits, as CSS. */
function css(colour: number, isRgb: boolean): string {
  if (isRgb) return `#${colour.toString(16).padStart(6, '0')}`;
  const named = PALETTE[colour];
  if (named) return named;
  if (colour >= 232) return `rgb(${Array(3).fill(8 + (colour - 232) * 10)})`;
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const cube = colour - 16;
  return `rgb(${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)})`;
}

function style(cell: Cell): { fill: string; back: string | null; bold: boolean; dim: boolean } {
  const front = cell.isFgDefault() ? FOREGROUND : css(cell.getFgColor(), cell.isFgRGB());
  const back = cell.isBgDefault() ? null : css(cell.getBgColor(), cell.isBgRGB());
  const isInverse = cell.isInverse() !== 0;
  return {
    fill: isInverse ? (back ?? BACKGROUND) : front,
    back: isInverse ? front : back,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
  };
}

const escapeXml = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const parts: string[] = [];
for (let row = 0; row < rows; row++) {
  const line = terminal.buffer.active.getLine(row);
  for (let column = 0; column < columns; column++) {
    const cell = line?.getCell(column);
    if (!cell || cell.getWidth() === 0) continue;
    const { fill, back, bold, dim } = style(cell);
    const x = PADDING + column * CELL_WIDTH;
    const y = PADDING + row * CELL_HEIGHT;
    const width = CELL_WIDTH * cell.getWidth();
    if (back) parts.push(`<rect x="${x}" y="${y}" width="${width + 0.3}" height="${CELL_HEIGHT}" fill="${back}"/>`);
    const characters = cell.getChars();
    if (characters.trim() === '') continue;
    const weight = bold ? ' font-weight="700"' : '';
    const opacity = dim ? ' opacity="0.6"' : '';
    parts.push(`<text x="${x}" y="${y + 13.5}" fill="${fill}"${weight}${opacity}>${escapeXml(characters)}</text>`);
  }
}
const width = columns * CELL_WIDTH + 2 * PADDING;
const height = rows * CELL_HEIGHT + 2 * PADDING;
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14">\n` +
    `<title>A screen of bleubird</title>\n<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>\n${parts.join('\n')}\n</svg>\n`,
);
