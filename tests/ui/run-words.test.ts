/** What the screens say of a run: its id beside its namesakes, why it waits, its events and what differs in its settings. */
import { describe, expect, it } from 'vitest';
import { type FixtureRun, fixtureRun, fixtureServices } from './support/fixture-services.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

describe('the list of runs', () => {
  it('shows the id behind a name that several runs have, where ids have no column', async () => {
    const runs = [
      fixtureRun('qsc5r', { name: 'kde' }),
      fixtureRun('b7q2x', { name: 'kde' }),
      fixtureRun('k3x9m', { name: 'alone' }),
      fixtureRun('z1z1z', { name: 'opus-mt-en-fr-on-kde4' }),
      fixtureRun('y2y2y', { name: 'opus-mt-en-fr-on-kde4' }),
    ];
    const screen = await openScreen({ services: fixtureServices(runs) });
    await screen.shows(/kde qsc5r +✓/);
    expect(screen.text()).toMatch(/kde b7q2x +✓/);
    expect(screen.text()).toMatch(/alone +✓/);
    expect(screen.text()).toMatch(/opus.*… ?.* z1z1z +✓/);
    await screen.resize(120, 40);
    await screen.shows(/kde +qsc5r +✓/);
  });

  it('says that a run waits for room on the disk, and promises no end', async () => {
    const record = { phase: 'paused-for-disk-space', etaSeconds: null };
    const run = fixtureRun('full', { name: 'full', state: 'running', step: 20, after: null, record });
    const screen = await openScreen({ services: fixtureServices([run]), columns: 120, rows: 30 });
    await screen.shows('! disk full');
    expect(screen.text()).not.toContain('?  ');
  });

  it('goes on saying that a run is being resumed until it is', async () => {
    const services = fixtureServices([fixtureRun('s5t5', { name: 'kde4', state: 'stopped', step: 12 })]);
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    services.resumeRun = () => gate;
    const screen = await openScreen({ services });
    await screen.press('r');
    await screen.shows('Resuming kde4 s5t5 from');
    await screen.press('j', 'enter');
    await screen.shows('Training loss');
    await screen.shows('Resuming kde4 s5t5 from the newest checkpoint…');
    letGo();
    await screen.shows('kde4 s5t5 goes on from its checkpoint.');
    await screen.press('esc');
    await screen.hides('Resuming');
  });
});

describe('the tabs of a run', () => {
  function runWith(changes: Partial<FixtureRun>): FixtureRun {
    return { ...fixtureRun('tabs', { name: 'tabs' }), ...changes };
  }

  it('tells the folder of the checkpoints once, before the events', async () => {
    const folder = `/home/somebody/${'a-long-folder/'.repeat(4)}.bleubird/runs/tabs`;
    const event = (seq: number, type: string, text: string) => ({ seq, time: 0, type, text });
    const events = [
      event(1, 'checkpoint', `step 10, the best so far: ${folder}/checkpoint-10 (55.0 MB)`),
      event(2, 'checkpoint-removed', `step 10: ${folder}/checkpoint-10`),
      event(3, 'resumed', `after step 30, from ${folder}/checkpoint-30`),
    ];
    const screen = await openScreen({ services: fixtureServices([runWith({ events })]), initialRunId: 'tabs' });
    await screen.press('4');
    await screen.shows(/checkpoint +step 10, the best so far: checkpoint-10 \(55\.0/);
    expect(screen.text()).toMatch(/checkpoint-removed +step 10: checkpoint-10$/m);
    expect(screen.text()).toMatch(/resumed +after step 30, from checkpoint-30$/m);
    expect(screen.text().match(/\/home\/somebody/g)).toHaveLength(1);
    expect(screen.text()).toContain('Checkpoints are in');
  });

  it('dims the settings that are defaults, and leaves them out with a', async () => {
    const parameters = { name: 'tabs', 'training.learning_rate': '3e-4', 'training.seed': '42', 'training.optim': '' };
    const screen = await openScreen({ services: fixtureServices([runWith({ parameters })]), initialRunId: 'tabs' });
    await screen.press('3');
    await screen.shows(/training\.seed +42/);
    expect(screen.rows().at(-1)).toContain('a all/differing');
    expect(screen.raw()).toMatch(/\[2mtraining\.seed/);
    expect(screen.raw()).not.toMatch(/\[2mtraining\.learning_rate/);
    await screen.press('a');
    await screen.hides('training.seed');
    expect(screen.text()).toMatch(/training\.learning_rate +3e-4/);
    await screen.press('a');
    await screen.shows('training.seed');
  });
});
