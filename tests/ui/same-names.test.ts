/** Runs of one name, told apart by their ids wherever one of them is spoken of. */
import { describe, expect, it } from 'vitest';
import { widthOf } from '../../src/ui/text/fit-text.ts';
import { fixtureRun, fixtureServices } from './support/fixture-services.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

function namesakes(name = 'kde-own') {
  return fixtureServices([
    fixtureRun('qsc5r', { name, ageMs: 1_000, parameters: { 'training.learning_rate': '3e-4' } }),
    fixtureRun('b7q2x', { name, ageMs: 2_000, translate: (text) => text.replace('fichier', 'dossier') }),
    fixtureRun('k3x9m', { name, state: 'running', after: null, step: 134, ageMs: 3_000 }),
  ]);
}

describe('runs of one name', () => {
  it('are named with their ids in questions and messages', async () => {
    const screen = await openScreen({ services: namesakes() });
    await screen.press('d');
    await screen.shows('Delete kde-own qsc5r with its checkpoints, for good? y yes  n no');
    await screen.press('y');
    await screen.shows('kde-own qsc5r is deleted.');
    await screen.press('x');
    await screen.shows('kde-own b7q2x is not going on: it is completed.');
    await screen.press('r');
    await screen.shows('kde-own b7q2x is completed: there is nothing to resume.');
    await screen.press('j', 'd');
    await screen.shows('kde-own k3x9m is going on: x stops it first.');
    await screen.press('x');
    await screen.shows('Stop kde-own k3x9m? It ends after its step and saves a checkpoint.');
    await screen.press('y');
    await screen.shows('Asked kde-own k3x9m to stop: it ends after its step and saves.');
    await screen.shows('■ stopping');
    await screen.press('x');
    await screen.shows('kde-own k3x9m was asked to stop already.');
    await screen.press('e');
    await screen.shows('like kde-own k3x9m');
  });

  it('keep yes and no in sight when the question needs more than a line', async () => {
    const screen = await openScreen({ columns: 60, rows: 16, services: namesakes('opus-mt-en-fr-on-kde4-lr-2e-5') });
    await screen.press('d');
    const rows = await screen.shows(/Delete opus-mt-en-fr-on-kde4-lr-2e-5 qsc5r/);
    expect(rows.slice(-3).join('\n')).toMatch(/y yes {2}n no/);
    for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(60);
  });

  it('have their ids in the heads of a comparison', async () => {
    const screen = await openScreen({ services: namesakes() });
    await screen.press('space', 'space', 'c');
    await screen.shows(/A +kde-own qsc5r +20\.8/);
    expect(screen.text()).toMatch(/B +kde-own b7q2x +20\.8/);
    await screen.press('2');
    await screen.shows(/SETTING +A kde-own qsc5r +B kde-own b7q2x/);
    await screen.press('3');
    await screen.shows(/^ +A kde-own qsc5r +B kde-own b7q2x$/m);
    await screen.press('enter');
    await screen.shows('A kde-own qsc5r, before');
    expect(screen.text()).toContain('B kde-own b7q2x, after (sentence BLEU');
  });

  it('show the id before the end of the name where there is no room for both', async () => {
    const screen = await openScreen({ services: namesakes('opus-mt-en-fr-on-kde4-lr-2e-5-warmup') });
    await screen.press('space', 'space', 'c');
    await screen.shows(/A +opus-mt-en-fr-…5-warmup qsc5r +20\.8/);
    await screen.press('2', 'a');
    await screen.shows(/A opus.*qsc5r +B opus.*b7q2x/);
  });
});

it('leaves the ids out where one does not fit and the names differ', async () => {
  const name = 'opus-mt-en-fr-kde4-lr-2e-5';
  const runs = [fixtureRun('qsc5r', { name, ageMs: 1_000 }), fixtureRun('b7q2x', { name: 'short', ageMs: 2_000 })];
  const screen = await openScreen({ services: fixtureServices(runs) });
  await screen.press('space', 'space', 'c');
  await screen.shows(/A +opus-mt-en-fr-kde4-lr-2e-5 +20\.8/);
  expect(screen.text()).toMatch(/B +short +20\.8/);
});
