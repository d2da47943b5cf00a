/** Finding a field among the many of the form, and keeping its settings in a file. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { fixtureServices } from './support/fixture-services.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

async function openForm(options: Parameters<typeof openScreen>[0] = {}) {
  const screen = await openScreen(options);
  await screen.press('n', 'enter');
  await screen.shows('Experiment ─');
  return screen;
}

describe('the fields of the form', () => {
  it('are found by label or name, edited there, and all shown again by esc', async () => {
    const screen = await openForm();
    await screen.press('/', 'learning_r');
    await screen.shows(/filter: learning_r +1 of \d+/);
    await screen.press('enter');
    await screen.shows(/❯ +Learning rate +1e-3/);
    expect(screen.text()).not.toContain('Source language');
    await screen.press('enter', 'ctrl+u', '2e-5', 'enter');
    await screen.shows(/❯ • Learning rate +2e-5/);
    await screen.press('esc');
    await screen.hides('filter:');
    await screen.shows('Weight decay');
    expect(screen.text()).toMatch(/❯ • Learning rate +2e-5/);
    await screen.press('/', 'nothing like it');
    await screen.shows('No field contains these words.');
    await screen.press('esc');
    await screen.shows('Source language');
  });

  it('are shown by c as far as they differ from the preset', async () => {
    const screen = await openForm();
    await screen.press('c');
    await screen.shows('Nothing differs from the preset. esc shows all fields.');
    await screen.press('c', 'enter', 'my-', 'enter', 'c');
    await screen.shows(/filter: changed only +1 of \d+ fields; esc shows all/);
    expect(screen.text()).toMatch(/❯ • Name +quickstartmy-/);
    expect(screen.text()).not.toContain('Model');
    await screen.press('r');
    await screen.shows('Nothing differs from the preset.');
  });

  it('are walked section by section with tab and shift+tab', async () => {
    const screen = await openForm();
    await screen.press('tab');
    await screen.shows(/❯ +Corpus format/);
    await screen.press('tab', 'j');
    await screen.press('shift+tab');
    await screen.shows('─ training.');
    await screen.press('shift+tab');
    await screen.shows(/❯ +Corpus format/);
    await screen.press('shift+tab', 'shift+tab');
    await screen.shows(/❯ +Start the run/);
  });

  it('show a problem that the filter left out', async () => {
    const screen = await openForm();
    await screen.press('j', 'j', 'enter', 'ctrl+u', 'enter', '/', 'seed', 'enter', 'e');
    await screen.shows(/❯ ✗ Model/);
  });
});

describe('the settings of the form', () => {
  it('are written to a file by w, and over another only when that is wanted', async () => {
    const services = fixtureServices();
    const screen = await openForm({ services });
    await screen.press('w');
    await screen.shows(/write to: quickstart +\.yaml/);
    await screen.press('-2', 'enter');
    await screen.shows('Written to /work/quickstart-2.yaml.');
    expect(services.written.get('/work/quickstart-2.yaml')).toMatchObject({ 'training.learning_rate': '1e-3' });
    await screen.press('j', 'j', 'enter', 'x', 'enter', 'w', '-2', 'enter');
    await screen.shows('/work/quickstart-2.yaml exists. Overwrite it? y yes  n no');
    await screen.press('n');
    await screen.hides('Overwrite');
    expect(services.written.get('/work/quickstart-2.yaml')?.model).toBe('experiments/models/demo-en-fr');
    await screen.press('w', '-2', 'enter', 'y');
    await screen.shows('Written to /work/quickstart-2.yaml.');
    expect(services.written.get('/work/quickstart-2.yaml')?.model).toBe('experiments/models/demo-en-frx');
  });

  it('are not written without a name, after esc, or when that fails, which is told', async () => {
    const services = fixtureServices();
    const screen = await openForm({ services });
    await screen.press('w', 'ctrl+u', 'enter');
    await screen.shows('Nothing is written: the file needs a name.');
    await screen.press('w', 'esc');
    await screen.hides('write to:');
    expect(services.written.size).toBe(0);
    services.writeExperiment = () => {
      throw new ConfigError('The disk is full.');
    };
    await screen.press('w', 'enter');
    await screen.shows('✗ The disk is full.');
  });
});
