/** The lines at the foot of the window: keys that do something now, and messages as long as they are. */
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { widthOf } from '../../src/ui/text/fit-text.ts';
import { fixtureRun, fixtureServices, sampleRuns } from './support/fixture-services.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

describe('the footer', () => {
  it('offers comparing first while runs are marked, whatever the run under the cursor', async () => {
    const screen = await openScreen();
    await screen.press('j', 'space', 'space');
    await screen.shows(/❯ +too-hot/);
    expect(screen.rows().at(-1)).toMatch(/^ c compare {3}enter open/);
    await screen.press('g');
    await screen.shows(/❯ +quickstart +●/);
    expect(screen.rows().at(-1)).toMatch(/^ c compare {3}enter open/);
    await screen.press('u');
    await screen.hides('2 marked');
    expect(screen.rows().at(-1)).toMatch(/^ enter open/);
  });

  it('shows the way back from the form at 80 columns, with and without changes and problems', async () => {
    const screen = await openScreen();
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    await screen.shows(/^ enter edit {3}ctrl\+s start {3}\/ search {3}c changes {3}esc back {3}\? help {3}q quit$/m);
    await screen.press('j', 'j', 'enter', 'ctrl+u', 'enter');
    await screen.shows(/^ enter edit {3}ctrl\+s start {3}r reset {3}e problem {3}esc back {3}\? help {3}q quit$/m);
  });
});

describe('a message', () => {
  const failing = (message: string, runs = sampleRuns()) => {
    const services = fixtureServices(runs);
    services.stopRun = async () => {
      throw new StoreError(message, { hint: 'Run `bleubird doctor` to see why.' });
    };
    return services;
  };

  it.each([
    [80, 24],
    [60, 16],
  ])('takes the lines it needs at %ix%i, hint and all', async (columns, rows) => {
    const services = failing('There is no model directory /tmp/somebody/with/a/long/path/of/models/opus-mt-en-fr.');
    const screen = await openScreen({ columns, rows, services });
    await screen.press('x', 'y');
    const shown = await screen.shows(/ ✗ There is no model directory/);
    const words = shown.join(' ').replaceAll(/ +/g, ' ');
    expect(words).toContain('/opus-mt-en-fr. Run `bleubird doctor` to see why. ');
    expect(shown.at(-1)).toMatch(/q quit/);
    expect(shown[0]).toMatch(/^ bleubird /);
    expect(shown).toHaveLength(rows);
    for (const row of shown) expect(widthOf(row)).toBeLessThanOrEqual(columns);
    await screen.press('j');
    await screen.hides('doctor');
    expect(screen.tallestWrite()).toBeLessThanOrEqual(rows);
  });

  it('takes at most four lines, and marks where it is cut', async () => {
    const screen = await openScreen({ services: failing(Array(200).fill('word').join(' ')) });
    await screen.press('x', 'y');
    const shown = await screen.shows(/✗ word/);
    expect(shown.filter((row) => row.includes('word word'))).toHaveLength(4);
    expect(shown.at(-2)).toMatch(/word…$/);
  });

  it('of any length is shown at once', async () => {
    const screen = await openScreen({ services: failing('e\u0301'.repeat(1_000_000)) });
    const start = process.cpuUsage();
    await screen.press('x', 'y');
    await screen.shows(/✗ e/);
    // Where all of it is broken into lines, a quarter of a minute for each frame.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
  });

  it('leaves the run under the cursor in sight', async () => {
    const runs = Array.from({ length: 40 }, (_, index) => fixtureRun(`r${index}`, { state: 'running', ageMs: index }));
    const services = failing(Array(60).fill('word').join(' '), runs);
    const screen = await openScreen({ columns: 60, rows: 16, services });
    await screen.press('G', 'x', 'y');
    await screen.shows(/✗ word/);
    expect(screen.text()).toMatch(/❯ +r39/);
    expect(screen.rows().at(-1)).toMatch(/q quit/);
  });
});
