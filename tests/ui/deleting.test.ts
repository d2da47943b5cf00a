/** Deleting runs from the list: which are asked about, and where the cursor is afterwards. */
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { fixtureRun, fixtureServices } from './support/fixture-services.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

function fourRuns() {
  return fixtureServices(
    ['aaa1', 'bbb2', 'ccc3', 'ddd4'].map((id, place) => fixtureRun(id, { name: id.slice(0, 3), ageMs: place })),
  );
}

const idsOf = ({ services }: { services: ReturnType<typeof fixtureServices> }) =>
  services.runs.map(({ record }) => record.id);

describe('after a run was deleted', () => {
  it('the cursor is on the run that followed it', async () => {
    const screen = await openScreen({ services: fourRuns() });
    await screen.press('j', 'd');
    await screen.shows('Delete bbb bbb2 with its checkpoints, for good?');
    await screen.press('y');
    await screen.shows(/❯ +ccc/);
    await screen.press('d');
    await screen.shows('Delete ccc ccc3 with its checkpoints, for good?');
    await screen.press('y');
    await screen.shows(/❯ +ddd/);
    expect(idsOf(screen)).toEqual(['aaa1', 'ddd4']);
  });

  it('the cursor is on the run before it when it was the last, and a new run does not draw it away', async () => {
    const services = fourRuns();
    const screen = await openScreen({ services });
    await screen.press('G', 'd', 'y');
    await screen.shows(/❯ +ccc/);
    services.runs.unshift(fixtureRun('eee5', { name: 'eee', ageMs: -1_000 }));
    services.runs.pop();
    await screen.hides('ccc');
    await screen.shows(/❯ +bbb/);
  });
});

describe('marked runs', () => {
  it('are deleted together, wherever the cursor is', async () => {
    const screen = await openScreen({ services: fourRuns() });
    await screen.press('space', 'space', 'd');
    await screen.shows(/Delete 2 marked runs with their checkpoints, for good\? aaa aaa1, bbb\s+bbb2/);
    await screen.press('y');
    await screen.shows('2 runs are deleted.');
    await screen.shows(/❯ +ccc/);
    expect(idsOf(screen)).toEqual(['ccc3', 'ddd4']);
  });

  it('are asked about even when it is one, and counted when they are many', async () => {
    const screen = await openScreen({ services: fourRuns() });
    await screen.press('space', 'd');
    await screen.shows('Delete the marked run with its checkpoints, for good? aaa aaa1 y yes');
    await screen.press('n', 'space', 'space', 'space', 'd');
    await screen.shows(/Delete 4 marked runs .*aaa aaa1, bbb bbb2, ccc\s+ccc3 and 1 more/);
  });

  it('are left, all of them, while one of them goes on', async () => {
    const services = fourRuns();
    services.runs.push(fixtureRun('eee5', { name: 'eee', state: 'running', ageMs: 9 }));
    const screen = await openScreen({ services });
    await screen.press('space', 'G', 'space', 'd');
    await screen.shows('eee eee5 is going on: x stops it first, u takes all marks away.');
    expect(screen.text()).not.toContain('d delete');
  });

  it('stay as far as one could not be deleted, with the reason', async () => {
    const services = fourRuns();
    const remove = services.deleteRun;
    services.deleteRun = async (id) => {
      if (id === 'bbb2') throw new StoreError('Run bbb2 is busy.');
      return remove(id);
    };
    const screen = await openScreen({ services });
    await screen.press('space', 'space', 'space', 'd', 'y');
    await screen.shows('✗ Run bbb2 is busy.');
    expect(idsOf(screen)).toEqual(['bbb2', 'ccc3', 'ddd4']);
    await screen.shows('2 marked');
  });
});
