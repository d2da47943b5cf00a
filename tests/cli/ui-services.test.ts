import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { binPath, ownExperiments } from '../../src/cli/own-files.ts';
import { listPresets } from '../../src/cli/presets.ts';
import { createUiServices } from '../../src/cli/ui-services.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { envelopes, newRun } from '../store/run-events.ts';
import { demoModel } from '../support/demo-model.ts';
import { evaluationEvent } from '../support/evaluation.ts';
import { repository, temporaryFolder } from './run-cli.ts';

describe('the presets', () => {
  it('are the experiments that come along, the quickstart first', () => {
    expect(ownExperiments).toBe(join(repository, 'experiments'));
    const presets = listPresets(temporaryFolder());
    expect(presets.map(({ name }) => name)).toEqual(['quickstart', 'demo-smoke', 'kde4-en-fr']);
    expect(presets[0]).toMatchObject({
      description: 'The demo model learns the messages of the TypeScript compiler, English to French.',
      path: join(repository, 'experiments/quickstart.yaml'),
      values: { model: demoModel, 'training.learning_rate': '0.001', 'generation.num_beams': '1' },
    });
  });

  it("put the working directory's own before the rest, in place of those of the same name, also when they cannot be used", () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'experiments'));
    writeFileSync(join(cwd, 'experiments/quickstart.yaml'), 'model: [');
    writeFileSync(join(cwd, 'experiments/zero.yml'), '');
    writeFileSync(join(cwd, 'experiments/notes.txt'), '');
    const presets = listPresets(cwd);
    expect(presets.map(({ name }) => name)).toEqual(['quickstart', 'zero', 'demo-smoke', 'kde4-en-fr']);
    expect(presets[0]).toMatchObject({ values: {}, description: expect.stringContaining('is not valid YAML') });
  });
});

describe('what is no readable file in the folder of the experiments', () => {
  it('is offered with its fault, and hides no other preset', () => {
    const cwd = temporaryFolder();
    const path = (name: string) => join(cwd, 'experiments', name);
    mkdirSync(path('folder.yaml'), { recursive: true });
    symlinkSync('/dev/zero', path('endless.yaml'));
    symlinkSync(path('nowhere'), path('dangling.yaml'));
    writeFileSync(path('huge.yaml'), '#'.repeat(300_000));
    const presets = listPresets(cwd);
    expect(presets.map(({ name, description }) => `${name}: ${description}`)).toEqual([
      expect.stringMatching(/^quickstart: The demo model/),
      expect.stringMatching(/^dangling: Cannot be used: .*dangling\.yaml cannot be read: ENOENT/),
      expect.stringMatching(/^endless: Cannot be used: .*endless\.yaml is a device or a pipe, no experiment file\.$/),
      expect.stringMatching(/^folder: Cannot be used: .*folder\.yaml is a folder, no experiment file\.$/),
      expect.stringMatching(/^huge: Cannot be used: .*has 300000 bytes; an experiment file has at most 262144\.$/),
      expect.stringMatching(/^demo-smoke: /),
      expect.stringMatching(/^kde4-en-fr: /),
    ]);
  });
});

describe('experiment files of the working directory', () => {
  const experiment = readFileSync(join(ownExperiments, 'quickstart.yaml'), 'utf8');

  it('come first, before the quickstart, and other YAML files are left out', () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'mine.yaml'), experiment.replace(/^description:.*$/m, 'description: My own.'));
    writeFileSync(join(cwd, 'broken.yml'), 'model: [\n"training":\n');
    writeFileSync(join(cwd, 'compose.yaml'), 'services:\n  model: x\n  data: y\n');
    writeFileSync(join(cwd, 'model-card.yaml'), 'model: x\n');
    writeFileSync(join(cwd, 'empty.yaml'), '');
    writeFileSync(join(cwd, 'huge.yaml'), `${experiment}\n${'#'.repeat(300_000)}`);
    mkdirSync(join(cwd, 'folder.yaml'));
    symlinkSync('/dev/zero', join(cwd, 'endless.yaml'));
    symlinkSync(join(cwd, 'nowhere'), join(cwd, 'dangling.yaml'));
    const presets = listPresets(cwd);
    expect(presets.map(({ name }) => name)).toEqual(['broken', 'mine', 'quickstart', 'demo-smoke', 'kde4-en-fr']);
    expect(presets[0]).toMatchObject({ values: {}, description: expect.stringContaining('is not valid YAML') });
    expect(presets[1]).toMatchObject({ path: join(cwd, 'mine.yaml'), description: 'My own.' });
  });

  it('are at most thirty', () => {
    const cwd = temporaryFolder();
    for (let number = 100; number < 140; number++) writeFileSync(join(cwd, `e${number}.yaml`), 'model: m\ndata: [\n');
    const names = listPresets(cwd).map(({ name }) => name);
    expect(names.slice(28)).toEqual(['e128', 'e129', 'quickstart', 'demo-smoke', 'kde4-en-fr']);
  });

  it('are listed once in the folder of the experiments that come along', () => {
    const names = listPresets(ownExperiments).map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(names).toContain('quickstart');
  });
});

describe('the services of the UI', () => {
  let store: Store | undefined;
  afterEach(() => store?.close());

  function services(cwd = temporaryFolder(), now = () => 1) {
    const opened = openStore(join(cwd, '.bleubird'));
    store = opened;
    return createUiServices({
      store: () => opened,
      cwd,
      env: { HF_HOME: '/nonexistent', HF_HUB_OFFLINE: '1' },
      binPath,
      now,
    });
  }

  const quickstart = () => {
    const values = listPresets(temporaryFolder()).find(({ name }) => name === 'quickstart')?.values;
    if (values === undefined) throw new Error('There is no preset quickstart.');
    return values;
  };

  it('check a form as a whole', () => {
    const { checkExperiment } = services();
    expect(checkExperiment(quickstart())).toEqual([]);
    expect(checkExperiment({ ...quickstart(), 'training.max_steps': '0' })).toEqual([
      { path: 'training.max_steps', message: expect.stringContaining('is 0') },
    ]);
  });

  it('write the values of a form as an experiment file, which is a preset from then on', () => {
    const cwd = temporaryFolder();
    const { writeExperiment, presets } = services(cwd);
    const path = join(cwd, 'mine.yaml');
    const values: Record<string, string> = { ...quickstart(), name: 'mine', 'training.learning_rate': '3e-5' };
    expect(writeExperiment(values, 'mine', false)).toEqual({ path, isWritten: true });
    expect(presets()[0]).toMatchObject({ name: 'mine', path, values: { ...values, 'training.learning_rate': '3e-5' } });
    expect(writeExperiment({ ...values, 'training.seed': '7' }, 'mine.yaml', false)).toEqual({
      path,
      isWritten: false,
    });
    expect(presets()[0]?.values['training.seed']).toBe(values['training.seed']);
    writeExperiment({ ...values, 'training.seed': '7' }, 'mine.yaml', true);
    expect(presets()[0]?.values['training.seed']).toBe('7');
    expect(readdirSync(cwd).sort()).toEqual(['.bleubird', 'mine.yaml']);
    expect(() => writeExperiment({ ...values, 'training.seed': 'x' }, 'other', false)).toThrow('training.seed: is "x"');
    expect(() => writeExperiment(values, 'none/other', false)).toThrow(/other\.yaml cannot be written: ENOENT/);
  });

  it.each([
    ['training.seed', 'x', 'training.seed: is "x"'],
    ['model', './nowhere', 'There is no model directory'],
    ['model', 'run:abc', 'abc'],
  ])('start nothing with %s = %s', async (path, value, message) => {
    const cwd = temporaryFolder();
    const { startRun, listRuns } = services(cwd);
    await expect(startRun({ ...quickstart(), [path]: value })).rejects.toThrow(message);
    expect(listRuns()).toEqual([]);
    expect(readdirSync(join(cwd, '.bleubird'))).not.toContain('runs');
  });

  it('say why a run cannot be resumed, and delete one that has ended', async () => {
    const { resumeRun, deleteRun, listRuns } = services();
    const { runId, directory } = store?.createRun(newRun()) ?? { runId: '', directory: '' };
    store?.markInterrupted(runId);
    await expect(resumeRun(runId)).rejects.toThrow(`Run ${runId} has no checkpoint to go on from.`);
    await deleteRun(runId);
    expect(listRuns()).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  it("test a run's gain and runs against the first, as sacreBLEU does", async () => {
    const { testRuns } = services();
    // The sentences and numbers of tests/cli/report.test.ts, which sacrebleu 2.6.0 gave.
    const references = Array.from({ length: 12 }, (_, i) => `the cat number ${i} sat on the mat near door ${i}`);
    const good = references.map((text, i) => (i % 4 === 0 ? text.replace('cat', 'dog') : text));
    const bad = references.map((text, i) => (i % 2 === 0 ? text.replace('sat on', 'was at') : text));
    const add = (translations: Readonly<Partial<Record<'before' | 'after', readonly string[]>>>): string => {
      const writer = store?.createRun(newRun());
      const number = envelopes();
      for (const stage of ['before', 'after'] as const) {
        const items = (translations[stage] ?? []).map((hypothesis, index) => {
          return { index, source: `s${index}`, reference: references[index] ?? '', hypothesis };
        });
        if (items.length === 0) continue;
        writer?.record(number({ type: 'translations', stage, step: 0, items }));
        writer?.record(number(evaluationEvent({ stage })));
      }
      return writer?.runId ?? '';
    };
    const both = add({ before: bad, after: good });
    const worse = add({ after: bad });
    const expected = [
      { score: 80.17493535113682, interval: 10.216180996609353, pValue: null, isSignificant: null },
      { score: 95.21859507014227, interval: 4.7942517527085045, pValue: 0.002997002997002997, isSignificant: true },
    ];
    const { signal } = new AbortController();
    expect(await testRuns([both], signal)).toEqual(expected);
    expect(await testRuns([worse, both], signal)).toEqual(expected);
    expect(await testRuns([worse], signal)).toBeNull();
    await expect(testRuns([both], AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  });

  it('show a run whose runner is dead as interrupted, though the clock was set back', async () => {
    let time = 10_800_000;
    const { listRuns } = services(temporaryFolder(), () => time);
    listRuns();
    time = 1;
    store?.createRun(newRun({ runner: { ...identityOf(), processStart: '1' } }));
    await expect.poll(() => listRuns()[0]?.state, { timeout: 10_000 }).toBe('interrupted');
  });

  it('say that a run to stop is unknown', async () => {
    await expect(services().stopRun('abc')).rejects.toThrow('There is no run "abc"');
  });
});
