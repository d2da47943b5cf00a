/** Lists and texts longer than the window: keys move by what is seen, and the title says how much is out of sight. */
import { describe, expect, it } from 'vitest';
import type { Preset } from '../../src/ui/services.ts';
import { type FixtureRun, fixtureRun, fixtureServices } from './support/fixture-services.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

const SIZES = [
  [80, 24],
  [60, 16],
  [120, 40],
] as const;

/** A run with sentences of so many words; each run translates them in its own way. */
function wordyRun(id: string, sentences: number, words: number, mark = id): FixtureRun {
  const text = (index: number, word: string) => [index, ...Array(words - 1).fill(word), 'end'].join(' ');
  const run = fixtureRun(id, { name: id });
  run.translations = Array.from({ length: sentences }, (_, index) => ({
    index,
    source: text(index, 'source'),
    reference: text(index, 'reference'),
    before: text(index, 'before'),
    after: text(index, index % 2 === 0 ? mark : 'reference'),
  }));
  return run;
}

describe.each(SIZES)('in a window of %ix%i', (columns, rows) => {
  it('a long sentence scrolls to its end and comes back at once', async () => {
    const services = fixtureServices([wordyRun('long', 2, 300)]);
    const screen = await openScreen({ columns, rows, services, initialRunId: 'long' });
    await screen.press('2', 'enter');
    await screen.shows(/▼ \d+ more/);
    await screen.press('G');
    await screen.shows(/^ bleubird .* ▲ \d+ $|^ bleubird .* ▲ \d+$/m);
    expect(screen.rows().at(-3)).toMatch(/end$/);
    await screen.press('pagedown', 'k');
    await screen.shows('▼ 1 more');
  });

  it('a page of presets is what is seen of them', async () => {
    const services = fixtureServices();
    const [first] = services.presetList;
    if (first === undefined) throw new Error('the fixture has no preset');
    services.presetList.splice(0);
    services.presetList.push(...Array.from({ length: 40 }, (_, n): Preset => ({ ...first, name: `preset-${n}` })));
    const screen = await openScreen({ columns, rows, services });
    await screen.press('n');
    await screen.shows('preset-0 ');
    const seen = screen.rows().filter((row) => row.includes('preset-')).length;
    await screen.press('pagedown');
    await screen.shows(new RegExp(`❯ preset-${seen - 1} `));
  });

  it('a page of compared sentences is what is seen of them', async () => {
    const services = fixtureServices([wordyRun('first', 80, 12), wordyRun('second', 80, 12)]);
    const screen = await openScreen({ columns, rows, services });
    await screen.press('space', 'space', 'c', '3');
    await screen.shows(/❯ .* 0 source/);
    const seen = screen.rows().filter((row) => /\d\.\d .* \d+ source/.test(row)).length;
    await screen.press('pagedown');
    await screen.shows(new RegExp(`❯ .* ${2 * (seen - 1)} source`));
  });

  it('settings and events say how much of them is out of sight', async () => {
    const run = fixtureRun('full', { name: 'full' });
    for (let n = 0; n < 60; n += 1) run.parameters[`generation.setting_${n}`] = 'yes';
    run.events = Array.from({ length: 90 }, (_, seq) => ({ seq, time: 0, type: 'phase', text: `event ${seq}` }));
    const other = fixtureRun('other', { name: 'other', parameters: run.parameters });
    const screen = await openScreen({ columns, rows, services: fixtureServices([run, other]) });
    await screen.press('enter', '3');
    const shown = rows - 5;
    const count = Object.keys(run.parameters).length;
    await screen.shows(`▼ ${count - shown} more`);
    await screen.press('j');
    await screen.shows(`▲ 1  ▼ ${count - shown - 1} more`);
    await screen.press('4');
    await screen.shows(`▲ ${90 - shown}`);
    await screen.press('g');
    await screen.shows(`▼ ${90 - shown} more`);
    await screen.press('esc', 'space', 'space', 'c', '2', 'a');
    await screen.shows(`▼ ${count - (shown - 1)} more`);
    await screen.press('G');
    await screen.shows('generation.setting_59');
  });
});
