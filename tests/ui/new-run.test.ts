/** Setting up and starting a run, driven by keys and read from a terminal emulator. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { fieldsInUse, formFromPreset } from '../../src/ui/state/experiment-form.ts';
import { fixtureServices } from './support/fixture-services.ts';
import { pause, type Screen } from './support/screen.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

/** Moves to the field with the path, in a form with the corpus format of the preset. */
async function moveTo(screen: Screen, path: string): Promise<void> {
  const [preset] = screen.services.presetList;
  if (preset === undefined) throw new Error('the fixture has no preset');
  const index = fieldsInUse(formFromPreset(preset)).findIndex((field) => field.path === path);
  screen.send(`g${'j'.repeat(index)}`);
  await pause(40);
}

it('tells of a preset without a description what it is about', async () => {
  const services = fixtureServices();
  const preset = (name: string, values: Record<string, string>) => ({ name, description: '', path: '', values });
  services.presetList.splice(
    0,
    2,
    preset('tsv', {
      model: '/models/demo-en-fr/',
      'data.corpus.format': 'tsv',
      'data.corpus.path': '/data/kde.tsv',
      'training.max_steps': '12',
      'training.num_train_epochs': '3',
    }),
    preset('messages', {
      model: 'Helsinki-NLP/opus-mt-en-fr',
      'data.corpus.format': 'typescript-catalogue',
      'training.max_steps': '',
      'training.num_train_epochs': '1',
    }),
  );
  const screen = await openScreen({ services });
  await screen.press('n');
  await screen.shows('tsv kde.tsv · demo-en-fr · 12 steps');
  expect(screen.text()).toContain('typescript-catalogue · opus-mt-en-fr · 1 epoch');
});

describe('a new run', () => {
  it('goes from preset to form to the live run', async () => {
    const screen = await openScreen();
    await screen.press('n');
    await screen.shows('experiments/quickstart.yaml');
    await screen.press('enter');
    await screen.shows('Experiment ─');
    await screen.press('ctrl+s');
    await screen.shows('○ pending');
    expect(screen.services.started).toHaveLength(1);
    expect(screen.services.started[0]).toMatchObject({ 'training.learning_rate': '1e-3', 'data.target_lang': 'fr' });
    await screen.press('esc');
    await screen.shows('8 runs');
  });

  it('checks a value as it is typed, marks what was changed and goes back to the preset', async () => {
    const screen = await openScreen();
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    await moveTo(screen, 'training.learning_rate');
    await screen.press('enter', 'ctrl+u', 'fast');
    await screen.shows(/✗ Learning rate +fast +is "fast"; expected a number from 0 to 1/);
    await screen.press('ctrl+u', '2e-5');
    await screen.hides('✗');
    await screen.press('enter');
    await screen.shows(/• Learning rate +2e-5/);
    expect(screen.text()).toContain('preset: 1e-3');
    await screen.press('r');
    await screen.hides('• Learning');
    await screen.shows(/Learning rate +1e-3/);
  });

  it('says what a field expects, and that it may be left out', async () => {
    const screen = await openScreen();
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    await moveTo(screen, 'data.validation_size');
    await screen.shows('expects a number above 0, or nothing');
  });

  it('lists every problem when a start is refused, and starts nothing', async () => {
    const screen = await openScreen();
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    // Model (third field) and source language away.
    await screen.press('j', 'j', 'enter', 'ctrl+u', 'enter');
    await moveTo(screen, 'data.source_lang');
    await screen.press('enter', 'ctrl+u', 'enter', 'ctrl+s');
    await screen.shows('The run cannot start yet');
    expect(screen.text()).toContain('model is required');
    expect(screen.text()).toContain('data.source_lang is required');
    expect(screen.services.started).toEqual([]);
    await screen.press('e');
    await screen.shows(/❯ ✗ Model/);
    await screen.press('e');
    await screen.shows(/❯ ✗ Source language/);
  });

  it('shows the fields of the corpus format that is chosen', async () => {
    const screen = await openScreen();
    await screen.press('n', 'enter');
    await screen.shows('Corpus format');
    expect(screen.text()).not.toContain('Corpus file');
    await moveTo(screen, 'data.corpus.format');
    await screen.press('right');
    await screen.shows(/❯ • Corpus format +‹ moses ›/);
    expect(screen.text()).toContain('Corpus source');
    await screen.press('right');
    await screen.shows('Corpus file');
  });

  it('starts one run when start is pressed twice, even in one read', async () => {
    const services = fixtureServices();
    let letGo = () => {};
    services.startGate = new Promise((resolve) => {
      letGo = resolve;
    });
    const screen = await openScreen({ services });
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    screen.send('\u0013\u0013\u0013');
    await screen.press('ctrl+s', 'G', 'enter');
    await screen.shows('The run is starting…');
    letGo();
    await screen.shows('○ pending');
    await pause(50);
    expect(services.started).toHaveLength(1);
  });

  it('shows why a run could not be started, and can try again', async () => {
    const services = fixtureServices();
    services.startFailure = new ConfigError('The model experiments/none was not found.', [], {
      hint: 'Try quickstart.',
    });
    const screen = await openScreen({ services });
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    await screen.press('ctrl+s');
    await screen.shows('✗ The model experiments/none was not found. Try quickstart.');
    services.startFailure = null;
    await screen.press('ctrl+s');
    await screen.shows('○ pending');
  });

  it('takes the settings of a run for a new one with e', async () => {
    const screen = await openScreen();
    await screen.press('j', 'e');
    await screen.shows('like quickstart lr 3e-4 b7q2');
    await moveTo(screen, 'training.learning_rate');
    await screen.shows(/❯ +Learning rate +3e-4/);
  });

  it('asks before esc throws changes away, also changes of fields that are hidden by now', async () => {
    const screen = await openScreen();
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    await screen.press('enter', 'my-', 'enter', 'esc');
    await screen.shows(/^ Discard the changes\? y yes {2}n no$/m);
    await screen.press('n');
    await screen.hides('Discard');
    expect(screen.text()).toMatch(/❯ • Name/);
    await screen.press('r');
    await screen.hides('• Name');
    await moveTo(screen, 'data.corpus.format');
    await screen.press('right', 'j', 'enter', 'x', 'enter', 'k', 'left');
    await screen.hides('• Corpus format');
    await screen.press('esc');
    await screen.shows('Discard the changes?');
    await screen.press('y');
    await screen.shows('Start from which experiment?');
    await screen.press('enter');
    await screen.shows('Experiment ─');
    await screen.press('esc');
    await screen.shows('Start from which experiment?');
  });

  it('takes a paste as text of one line', async () => {
    const screen = await openScreen();
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    await screen.press('enter', 'ctrl+u');
    screen.send('\u001b[200~my\nrun q\u001b[201~');
    await screen.shows(/Name +my run q/);
  });
});
