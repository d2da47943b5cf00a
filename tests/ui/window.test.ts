/** The window as a whole: its size, its characters, its end, and what goes wrong. */
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { widthOf } from '../../src/ui/text/fit-text.ts';
import { fixtureRun, fixtureServices } from './support/fixture-services.ts';
import { pause } from './support/screen.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

describe('what goes wrong', () => {
  it('shows an error of the store on its line, keeps the screen, and goes on when it is over', async () => {
    const screen = await openScreen();
    await screen.shows('too-hot');
    screen.services.failure = 'The store is locked.';
    await screen.shows('✗ The store is locked. Close the other program.');
    expect(screen.text()).toContain('too-hot');
    screen.services.failure = null;
    await screen.hides('The store is locked.');
  });

  it('shows an error of stopping', async () => {
    const services = fixtureServices();
    services.stopRun = async () => {
      throw new StoreError('The runner is gone.');
    };
    const screen = await openScreen({ services });
    await screen.press('x', 'y');
    await screen.shows('✗ The runner is gone.');
  });

  it("ends with a programmer's error, the terminal restored first", async () => {
    const services = fixtureServices();
    const screen = await openScreen({ services });
    await screen.shows('too-hot');
    services.readRun = () => {
      throw new TypeError('a mistake');
    };
    const ended = expect(screen.finished).rejects.toThrow('a mistake');
    await screen.press('enter');
    await ended;
    await expect.poll(() => screen.isAlternate()).toBe(false);
    expect(screen.isRaw()).toBe(false);
  });
});

describe('the window', () => {
  it('enters the alternate screen and gives everything back at the end', async () => {
    const screen = await openScreen();
    expect(screen.isAlternate()).toBe(true);
    expect(screen.isRaw()).toBe(true);
    await screen.press('q');
    await screen.finished;
    await expect.poll(() => screen.isAlternate()).toBe(false);
    expect(screen.isRaw()).toBe(false);
    const end = screen.raw().slice(screen.raw().lastIndexOf('\u001b[?1049l'));
    for (const code of ['[?1049l', '[?25h', '[?7h', '[?2004l']) expect(end, code).toContain(code);
    await screen.shows('1 run goes on; bleubird shows it again.');
  });

  it.each([
    [80, 24],
    [120, 40],
    [60, 16],
  ])('fills %ix%i exactly on every screen, with no line wider and no frame taller', async (columns, rows) => {
    const screen = await openScreen({ columns, rows });
    await screen.shows('too-hot');
    const check = (name: string) => {
      const shown = screen.rows();
      expect(shown[0], name).toMatch(/^ bleubird /);
      expect(shown.at(-1), name).toMatch(/q quit|esc clear/);
      for (const row of shown) expect(widthOf(row), `${name}: ${row}`).toBeLessThanOrEqual(columns);
    };
    const steps: readonly (readonly string[])[] = [
      ['enter'],
      ['2'],
      ['3'],
      ['4'],
      ['esc', 'j', 'space', 'space', 'c'],
      ['2', 'a'],
      ['3'],
      ['enter'],
      ['?'],
      ['G'],
      ['esc', 'esc', 'esc', 'n'],
      ['enter'],
      ['G', 'k'],
    ];
    for (const keys of steps) {
      await screen.press(...keys);
      await pause(45);
      check(keys.join(' '));
    }
    expect(screen.tallestWrite()).toBeLessThanOrEqual(rows);
  });

  it('draws the whole window again with ctrl+l, over whatever another program wrote into it', async () => {
    const screen = await openScreen();
    await screen.shows('too-hot');
    const before = screen.rows();
    for (const keys of [[], ['/']]) {
      await screen.press(...keys);
      await pause(100);
      screen.scribble('\u001b[5;7Hbroadcast message\u001b[20;1Hthe system goes down');
      await screen.shows('the system goes down');
      await screen.press('ctrl+l');
      await screen.hides('the system goes down');
      await screen.shows('too-hot');
      expect(screen.rows().slice(0, -2)).toEqual(before.slice(0, -2));
    }
    await screen.press('esc', '?', 'G');
    await screen.shows(/ctrl\+l +Draw the whole window again/);
  });

  it('begins with an empty window, also where there is no alternate screen', async () => {
    const screen = await openScreen();
    expect(screen.raw()).toMatch(/\[\?1049h.*\[J.*too-hot/s);
  });

  it('leaves nothing behind when it is resized', async () => {
    const screen = await openScreen({ columns: 120, rows: 40 });
    await screen.shows('DEVICE');
    for (const [columns, rows] of [
      [80, 24],
      [100, 30],
      [60, 16],
      [120, 40],
      [80, 24],
    ] as const) {
      await screen.resize(columns, rows);
      const shown = await screen.shows(/^ bleubird /);
      expect(shown).toHaveLength(rows);
      expect(screen.tallestWrite()).toBeLessThanOrEqual(rows);
      expect(shown.filter((row) => row.includes('bleubird  '))).toHaveLength(1);
      expect(shown.filter((row) => row.includes('? help'))).toEqual([shown.at(-1)]);
      expect(shown.filter((row) => row.includes('too-hot'))).toHaveLength(1);
    }
  });

  it('asks for more room in a tiny window, and comes back', async () => {
    const screen = await openScreen({ columns: 40, rows: 8 });
    await screen.shows('This window is 40x8.');
    expect(screen.text()).toContain('bleubird needs 60x16.');
    await screen.resize(20, 8);
    // What was beyond the edge of the window stays in the terminal's memory.
    await screen.shows(/This window is 20x8\..*\nbleubird needs.*\n60x16\..*\nq quits; runs go on\./);
    await screen.resize(10, 2);
    expect(screen.rows()).toHaveLength(2);
    await screen.resize(80, 24);
    await screen.shows('too-hot');
  });

  it('writes no colour with NO_COLOR, and words say what colours said', async () => {
    const screen = await openScreen({ env: { NO_COLOR: '1' } });
    await screen.shows('✗ failed');
    await screen.press('enter');
    await screen.shows('Training loss');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is looked for.
    expect(screen.raw()).not.toMatch(/\u001b\[(?:[\d;]*;)?(?:3\d|4\d|9\d)(?:;[\d;]*)?m/);
  });

  it('draws with ASCII only when asked, and when the locale has no UTF-8', async () => {
    const environments: readonly Readonly<Record<string, string>>[] = [{ BLEUBIRD_ASCII: '1' }, { LANG: 'C' }];
    for (const env of environments) {
      const run = fixtureRun('plain', { name: 'plain', state: 'running', step: 100 });
      const screen = await openScreen({ env, services: fixtureServices([run]) });
      await screen.shows('@ running');
      expect(screen.text()).toMatch(/BEFORE -> AFTER +d BLEU/);
      expect(screen.text()).toMatch(/20\.8 -> +53\.8|20\.8 -> +-/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII is looked for.
      expect(screen.text()).toMatch(/^[\u0000-\u007f]*$/);
      await screen.press('enter');
      await screen.shows('Training loss');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII is looked for.
      expect(screen.text().replaceAll(/é|ê/g, '')).toMatch(/^[\u0000-\u007f]*$/);
      await screen.close();
    }
  });

  it('does not paint an idle screen again', async () => {
    const runs = [fixtureRun('done', { name: 'done' })];
    const screen = await openScreen({ services: fixtureServices(runs), initialRunId: 'done' });
    await screen.shows('Training loss');
    await pause(300);
    const written = screen.raw().length;
    const reads = screen.services.calls.metricSeries;
    await pause(1_100);
    expect(screen.raw().length).toBe(written);
    expect(screen.services.calls.metricSeries).toBe(reads);
  });
});
