/** The screens about runs, driven by keys and read from a terminal emulator. */
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { bleu, evaluationRow, SIGNATURE } from '../support/evaluation.ts';
import { fixtureRun, fixtureServices } from './support/fixture-services.ts';
import { pause } from './support/screen.ts';
import { screenOpener } from './support/screen-opener.ts';

const openScreen = screenOpener();

describe('the list of runs', () => {
  it('shows every run with state, progress, scores and difference at 80x24', async () => {
    const screen = await openScreen();
    const rows = await screen.shows('too-hot');
    expect(rows[0]).toMatch(/^ bleubird {3}Runs .*7 runs · 1 going on · by age ▼$/);
    expect(rows[2]).toMatch(/NAME +STATE +PROGRESS +BEFORE → AFTER +Δ BLEU +AGE/);
    expect(rows[3]).toMatch(/^❯ {3}quickstart +● running +━+╸?─+ +44% +20\.8 → +– +– +1m$/);
    expect(rows.find((row) => row.includes('lr 1e-3') || row.includes('53.8'))).toMatch(
      /✓ completed +━+ 100% +20\.8 → +53\.8 +▲ \+33\.0 +2h/,
    );
    expect(rows.find((row) => row.includes('worse'))).toMatch(/39\.3 → +38\.1 +▼ −1\.2/);
    expect(rows.find((row) => row.includes('too-hot'))).toMatch(/✗ failed/);
    expect(rows.at(-1)).toMatch(/enter open .*\? help .*q quit \(runs go on\)/);
  });

  it('tells a newcomer what to do when there are no runs', async () => {
    const screen = await openScreen({ services: fixtureServices([]) });
    await screen.shows('No runs yet.');
    expect(screen.text()).toContain('Press n to set up your first run');
    expect(screen.text()).not.toContain('…');
  });

  it('filters while the words are typed, keeps the filter by enter and takes it away by esc', async () => {
    const screen = await openScreen();
    await screen.press('/', 'l', 'r');
    await screen.shows('2 of 7');
    expect(screen.text()).not.toContain('too-hot');
    await screen.press('enter');
    await screen.shows('filter: lr  2 of 7 runs; esc shows all');
    await screen.press('esc');
    await screen.shows('too-hot');
    await screen.press('/', 'zzz');
    await screen.shows('No run contains these words');
    await screen.press('esc');
    await screen.shows('too-hot');
  });

  it('writes q and ? into the filter instead of acting on them', async () => {
    const screen = await openScreen();
    await screen.press('/', 'q?');
    await screen.shows('filter: q?');
    expect(screen.text()).toContain('No run contains');
  });

  it('sorts by the next column with s and turns the order round with S', async () => {
    const screen = await openScreen();
    await screen.press('s');
    await screen.shows('by name ▲');
    expect(screen.rows()[3]).toContain('kde4-en-fr');
    await screen.press('S');
    await screen.shows('by name ▼');
    expect(screen.rows()[3]).toContain('worse');
  });

  it('moves by j, k, arrows, g and G, also when the keys arrive in one read', async () => {
    const screen = await openScreen();
    screen.send('jj\u001b[Bk');
    await screen.shows(/❯ {3}quickst…lr 1e-3 .*53\.8/);
    await screen.press('G');
    await screen.shows(/❯ {3}worse/);
    await screen.press('g');
    await screen.shows(/❯ {3}quickstart {2}/);
  });

  it('shows the part of a long list that the cursor is in', async () => {
    const runs = Array.from({ length: 300 }, (_, index) => fixtureRun(`r${index}`, { ageMs: index * 60_000 }));
    const screen = await openScreen({ services: fixtureServices(runs) });
    await screen.shows('r18');
    expect(screen.text()).not.toContain('r19 ');
    await screen.press('G');
    await screen.shows(/❯ +r299/);
    expect(screen.rows()[3]).toContain('r281');
    expect(screen.rows()[2]).toContain('NAME');
    await screen.press('ctrl+u');
    await screen.shows(/❯ +r290/);
  });

  it('tells long names apart by their ends, and has dashes for scores that are not there', async () => {
    const names = ['1', '2'].map((end) => `opus-mt-en-fr-on-kde4-lr-2e-5-warmup-0.${end}`);
    const [one, two] = names.map((name) => fixtureRun(name, { name, before: null, after: null }));
    const screen = await openScreen({ services: fixtureServices([one, two].filter((run) => run !== undefined)) });
    await screen.shows(/opus-mt…mup-0\.1 +✓ completed +━+ 100% +– +– +1h/);
    expect(screen.text()).toContain('opus-mt…mup-0.2');
    await screen.press('space', 'space', 'c');
    await screen.shows(/A +opus-mt-en-fr-…e-5-warmup-0\.1 +– +– +– +– +–/);
    expect(screen.text()).not.toContain('not comparable');
    await screen.press('2', 'a');
    await screen.shows(/A opus-mt-e…-warmup-0\.1 +B opus-mt-e…-warmup-0\.2/);
    expect(screen.text()).toMatch(/name +opus-mt-en-…-warmup-0\.1 +opus-mt-en-…-warmup-0\.2/);
    await screen.press('3');
    await screen.shows('The runs have no translated sentence in common.');
    expect(screen.rows()[2]).toMatch(/A opus-.*0\.1 +B opus-.*0\.2$/);
    await screen.press('enter');
    await pause(50);
    expect(screen.text()).not.toContain('tab goes there');
  });

  it('asks before it stops a run, and stops it only on yes', async () => {
    const screen = await openScreen();
    await screen.press('x');
    await screen.shows('Stop quickstart k3x9? It ends after its step and saves a checkpoint.');
    await screen.press('n');
    await screen.hides('Stop quickstart k3x9?');
    expect(screen.services.stopped).toEqual([]);
    await screen.press('x', 'y');
    await screen.shows('Asked quickstart k3x9 to stop');
    expect(screen.services.stopped).toEqual(['k3x9']);
  });

  it('says why a run that has ended cannot be stopped', async () => {
    const screen = await openScreen();
    await screen.press('G', 'x');
    await screen.shows('worse w1w1 is not going on: it is completed.');
  });

  it('says that a run is stopping until it has', async () => {
    const screen = await openScreen();
    await screen.shows(/quickstart +● running/);
    await screen.press('x', 'y');
    await screen.shows(/quickstart +■ stopping/);
    await screen.press('x');
    await screen.shows('quickstart k3x9 was asked to stop already.');
    const [run] = screen.services.runs;
    if (run === undefined) throw new Error('the fixture has no run');
    run.record = { ...run.record, state: 'stopped', endedAt: screen.services.time };
    await screen.shows(/quickstart +■ stopped/);
  });

  it('resumes a run that was stopped, failed or interrupted, once', async () => {
    const screen = await openScreen();
    await screen.press('j', 'j', 'j', 'r', 'r');
    await screen.shows(/too-hot +● running/);
    expect(screen.services.resumed).toEqual(['f0a1']);
    await screen.press('r');
    await screen.shows('too-hot f0a1 is running: there is nothing to resume.');
    await screen.press('G', 'r');
    await screen.shows('worse w1w1 is completed: there is nothing to resume.');
  });

  it('shows why a run cannot be resumed, and can be asked again', async () => {
    const services = fixtureServices();
    services.resumeRun = async () => {
      throw new StoreError('Run i8u4 has no checkpoint to go on from.', { hint: 'Run its experiment again.' });
    };
    const screen = await openScreen({ services, initialRunId: 'i8u4' });
    await screen.shows('Training loss');
    await screen.press('r');
    await screen.shows('✗ Run i8u4 has no checkpoint to go on from. Run its experiment again.');
    services.resumeRun = async (id) => {
      services.resumed.push(id);
    };
    await screen.press('r');
    await screen.shows('night-run i8u4 goes on from its checkpoint.');
  });

  it('asks before it deletes a run, and goes back to the list without it', async () => {
    const screen = await openScreen();
    await screen.press('d');
    await screen.shows('quickstart k3x9 is going on: x stops it first.');
    await screen.press('j', 'd');
    await screen.shows('Delete quickstart lr 3e-4 b7q2 with its checkpoints, for good?');
    await screen.press('n');
    await screen.hides('for good?');
    await screen.press('enter');
    await screen.shows('Training loss');
    await screen.press('d', 'y');
    await screen.shows('quickstart lr 3e-4 b7q2 is deleted.');
    await screen.shows('6 runs');
    expect(screen.rows()[0]).toMatch(/Runs {2}/);
    expect(screen.services.runs.map(({ record }) => record.id)).not.toContain('b7q2');
  });

  it('offers in the footer only what the run allows', async () => {
    const screen = await openScreen({ columns: 160 });
    await screen.shows(/enter open .*x stop/);
    expect(screen.rows().at(-1)).not.toMatch(/r resume|d delete/);
    await screen.press('j');
    await screen.shows(/enter open .*d delete/);
    expect(screen.rows().at(-1)).not.toMatch(/x stop|r resume/);
    await screen.press('j', 'j');
    await screen.shows(/r resume .*d delete/);
    await screen.press('enter');
    await screen.shows('Training loss');
    expect(screen.rows().at(-1)).not.toContain('enter read');
    await screen.press('2');
    await screen.shows('enter read');
  });
});

describe('one run', () => {
  it('shows state, progress, learning rate, scores, curve and the newest sample at 80x24', async () => {
    const screen = await openScreen({ initialRunId: 'k3x9' });
    const rows = await screen.shows('Training loss');
    const text = rows.join('\n');
    expect(rows[0]).toContain('Runs › quickstart');
    expect(text).toMatch(/● running · training · wasm · 3\.4M parameters · 2150 pairs/);
    expect(text).toMatch(/44% {2}134\/300 steps {2}ETA 3m 12s {2}86\.4 pairs\/s {2}lr 5\.55e-4/);
    expect(text).toMatch(/BLEU 20\.8 → – /);
    expect(text).toMatch(/Training loss, nats\/piece ─+ [\d.]+ {2}◆ validation 4\.31/);
    expect(text).toMatch(/[⠀-⣿]{3}/);
    expect(text).toMatch(/0 +steps +300/);
    expect(text).toMatch(/Sample at step 134, sentence #2 ─+\n.*\n.*\n output {4}Argument attendu\./);
  });

  it('follows a run that goes on', async () => {
    const screen = await openScreen({ initialRunId: 'k3x9' });
    await screen.shows('134/300 steps');
    const [run] = screen.services.runs;
    if (run === undefined) throw new Error('the fixture has no run');
    run.record = { ...run.record, step: 150, etaSeconds: 170 };
    await screen.shows('150/300 steps  ETA 2m 50s');
    run.record = { ...run.record, state: 'completed', step: 300, endedAt: screen.services.time, bleuAfter: 53.8 };
    run.evaluations = fixtureRun('k3x9').evaluations;
    await screen.shows(/✓ completed/);
    expect(screen.text()).toMatch(/BLEU 20\.8 → 53\.8 {2}▲ \+33\.0/);
  });

  it('shows the loss where nothing but the loss was measured', async () => {
    const screen = await openScreen({ initialRunId: 'k3x9' });
    const [run] = screen.services.runs;
    if (run === undefined) throw new Error('the fixture has no run');
    run.evaluations = run.evaluations.map((evaluation) => ({ ...evaluation, bleu: null, decoding: null }));
    await screen.shows(/Loss only +loss 4\.31 +[\d,]+ sentences/);
  });

  const evaluatedRun = (state: 'running' | 'completed', record = {}) => {
    const run = fixtureRun('e1', { state, ...(state === 'running' ? { step: 150, after: null } : {}), record });
    const scores = [30, 65.8, 61.2].map((score, index) =>
      evaluationRow({
        id: 10 + index,
        stage: 'epoch',
        step: 50 * (index + 1),
        bleu: bleu(score),
        loss: 2 - 0.1 * index,
      }),
    );
    run.evaluations.splice(1, 0, ...scores);
    return run;
  };

  it('tells the best and the latest evaluation of a run that goes on and of one that has ended', async () => {
    const running = evaluatedRun('running');
    const screen = await openScreen({ services: fixtureServices([running]), initialRunId: 'e1' });
    await screen.shows(/Best BLEU 65\.8 at step 100 {2}· {2}latest 61\.2 at step 150/);
    running.parameters['training.metric_for_best_model'] = 'loss';
    await screen.close();
    const byLoss = await openScreen({ services: fixtureServices([running]), initialRunId: 'e1' });
    await byLoss.shows(/Best loss 1\.80 at step 150, the latest/);
    await byLoss.close();
    const ended = await openScreen({ services: fixtureServices([evaluatedRun('completed')]), initialRunId: 'e1' });
    await ended.shows(/Best BLEU 65\.8 at step 100 {2}· {2}latest 53\.8 at step 300/);
  });

  it('tells how sure the gain is, once that is known', async () => {
    const services = fixtureServices([fixtureRun('g1')]);
    let open = () => {};
    services.testGate = new Promise((resolve) => {
      open = resolve;
    });
    const screen = await openScreen({ services, initialRunId: 'g1' });
    await screen.shows(/BLEU 20\.8 → 53\.8 {2}▲ \+33\.0, p …/);
    open();
    await screen.shows(/BLEU 20\.8 → 53\.8 ± 2\.5 {2}▲ \+33\.0, p < 0\.001 {3}loss/);
    expect(services.tested).toEqual([['g1']]);
  });

  it('goes by m through the curves that have points, and smooths the noisy ones by w', async () => {
    const run = evaluatedRun('completed');
    run.series = { ...run.series, grad_norm: [{ step: 1, value: Number.NaN, time: 0 }] };
    const screen = await openScreen({ services: fixtureServices([run]), initialRunId: 'e1' });
    const marked = await screen.shows('Training loss, nats/piece');
    expect(marked.slice(7).join('').match(/◆/g)?.length).toBe(6);
    await screen.press('w');
    await screen.shows('Training loss, nats/piece, smoothed (EMA 0.8)');
    await screen.press('m');
    const validation = await screen.shows(/Validation loss, nats\/piece ─+ 1\.33$/m);
    expect(validation.join('').match(/◆/g)?.length).toBe(5);
    await screen.press('m');
    await screen.shows(/Validation BLEU ─+ 53\.8$/m);
    await screen.press('m');
    await screen.shows(/Learning rate ─+/);
    await screen.press('m');
    await screen.shows(/Gradient norm, smoothed \(EMA 0\.8\)/);
    await screen.press('m', 'w');
    await screen.shows(/Training loss, nats\/piece ─/);
  });

  it('shows of samples the newest of each sentence first, each with its own step', async () => {
    const run = fixtureRun('s1', { state: 'running', step: 20, after: null });
    const [sample] = run.samples;
    if (sample === undefined) throw new Error('the fixture has no sample');
    run.samples = [10, 20].flatMap((step) => [3, 4].map((index) => ({ ...sample, step, index })));
    const screen = await openScreen({ services: fixtureServices([run]), rows: 34, initialRunId: 's1' });
    const rows = await screen.shows(/Sample at step 20, sentence #4/);
    const headings = rows.flatMap((row) => row.match(/Sample at step \d+, sentence #\d/)?.[0] ?? []);
    expect(headings.slice(0, 2)).toEqual(['Sample at step 20, sentence #4', 'Sample at step 20, sentence #3']);
    expect(new Set(headings).size).toBe(headings.length);
  });

  it('shows how a completed run ended where its state does not say it all', async () => {
    const best = 'The best model is that of step 20, with eval_bleu 65.7660; it was not saved, no earlier one is.';
    const told = fixtureRun('t1', { record: { endReason: `All steps were done. ${best}` } });
    const screen = await openScreen({ services: fixtureServices([told]), initialRunId: 't1', columns: 120 });
    await screen.shows(best);
    expect(screen.text()).not.toContain('All steps were done.');
    await screen.close();
    const plain = await openScreen({ services: fixtureServices([fixtureRun('p1')]), initialRunId: 'p1' });
    await plain.shows('Training loss');
    expect(plain.text()).not.toContain('All steps were done.');
    expect(plain.rows()[4]).toMatch(/^ BLEU|━/);
  });

  it('shows why a run failed and what to change', async () => {
    const screen = await openScreen({ initialRunId: 'f0a1' });
    await screen.shows('The loss became NaN at step 120.');
    expect(screen.text()).toContain('→ Lower training.learning_rate.');
  });

  it('has tabs for samples, settings and events, and reads a sentence whole', async () => {
    const screen = await openScreen({ initialRunId: 'm2d8' });
    await screen.shows('Training loss');
    await screen.press('tab');
    await screen.shows('Ne pas ouvrir la file.');
    await screen.press('j', 'enter');
    await screen.shows(/^ Validation sentence #1 /m);
    expect(screen.text()).toContain("Le type n'est pas pris en charge.");
    await screen.press('n');
    await screen.shows(/^ Validation sentence #2 /m);
    await screen.press('esc', '3');
    await screen.shows(/training\.learning_rate +1e-3/);
    await screen.press('4');
    await screen.shows(/warning +3 sources were cut at 128 pieces/);
    await screen.press('esc');
    await screen.shows('by age');
  });

  it('lists the sentences with their scores, sorts them by what changed and filters them', async () => {
    const run = fixtureRun('m1', { translate: (after, index) => (index === 2 ? 'rien du tout' : after) });
    const screen = await openScreen({ services: fixtureServices([run]), initialRunId: 'm1' });
    await screen.shows('Training loss');
    await screen.press('2');
    await screen.shows(/Δ +BEFORE +AFTER +SOURCE +1\/5 by number ▲$/m);
    expect(screen.rows().at(-1)).toMatch(/^ tab next tab {3}enter read {3}s sort {3}\/ filter/);
    await screen.shows(/❯ +▲ \+[\d.]+ +[\d.]+ +100\.0 +Could not open the file\.$/m);
    await screen.press('j');
    await screen.shows(/❯ .*The type is not supported\.$/m);
    expect(screen.text()).toMatch(/Sentence #1, .*\n source .*\n reference .*\n before .*\n after +Le type n'est pas/);
    await screen.press('s');
    await screen.shows('1/5 by Δ ▼');
    await screen.press('G');
    await screen.shows(/❯ +▼ −[\d.]+ +[\d.]+ +0\.0 +Expected an argument\.$/m);
    await screen.press('S');
    await screen.shows(/1\/5 by Δ ▲[\s\S]*❯ .*Expected an argument\.$/m);
    await screen.press('/', 'fichier wide');
    await screen.shows('filter: fichier wide');
    await screen.press('enter');
    await screen.shows(/filter: fichier wide {2}1 of 5 sentences; esc shows all/);
    await screen.press('enter');
    await screen.shows(/^ Validation sentence #4/m);
    expect(screen.text()).toContain('after (sentence BLEU 100.0)');
    await screen.press('n');
    await screen.shows('This is the last sentence.');
    await screen.press('esc', 'esc');
    await screen.shows('1/5 by Δ ▲');
    await screen.press('/', 'zzz');
    await screen.shows('No sentence contains these words.');
  });

  it('marks the words that the reference has, too, in the sentence read whole', async () => {
    const run = fixtureRun('w1');
    const screen = await openScreen({ services: fixtureServices([run]), initialRunId: 'w1', env: { NO_COLOR: '1' } });
    await screen.press('2', 'j', 'enter');
    await screen.shows(/^ Validation sentence #1 {2}words of the reference$/m);
    const bold = (word: string) => screen.raw().includes(`\u001b[1m${word}\u001b[22m`);
    expect([bold("n'est"), bold('charge.'), bold('genre')]).toEqual([true, true, false]);
  });

  it('shows a long reason whole, and waits for nothing more of a run that has ended', async () => {
    const endReason =
      'The model directory /data/somebody/models/that/is/not/there has no config.json, which says what it is.';
    const options = { state: 'failed', before: null, after: null, step: 0, totalSteps: null } as const;
    const run = fixtureRun('f1', { ...options, record: { endReason, endHint: null } });
    const screen = await openScreen({ services: fixtureServices([run]), initialRunId: 'f1' });
    await screen.shows('which says what it is.');
    expect(screen.text()).toContain('ended before its training was planned');
    expect(screen.text()).toMatch(/BLEU not evaluated$/m);
  });

  it('cuts a reason that would take the window, and marks the cut', async () => {
    const endReason = Array(200).fill('word').join(' ');
    const run = fixtureRun('f1', { state: 'failed', record: { endReason } });
    const screen = await openScreen({ services: fixtureServices([run]), initialRunId: 'f1' });
    await screen.shows(/word word…?$/m);
    expect(screen.rows().filter((row) => row.includes('word'))).toHaveLength(3);
    expect(screen.rows().filter((row) => row.includes('…'))).toHaveLength(1);
    expect(screen.text()).toContain('→ Lower training.learning_rate.');
    expect(screen.text()).toContain('Training loss');
  });

  it('says so when the store does not have the run', async () => {
    const screen = await openScreen({ initialRunId: 'nope' });
    await screen.shows('The store has no run nope. esc goes back.');
  });

  it('shows a terminal code in a sentence instead of obeying it', async () => {
    const run = fixtureRun('evil', { name: 'evil \u001b[31mred\u0007' });
    run.samples = run.samples.map((sample) => ({ ...sample, source: 'a\u001b[2Jb\u001b]0;title\u0007\r\nc\u202ed' }));
    const screen = await openScreen({ services: fixtureServices([run]), initialRunId: 'evil' });
    await screen.shows('a␛[2Jb␛]0;title␇␍␊c⟨202E⟩d');
    expect(screen.rows()[0]).toContain('evil ␛[31mred␇');
    expect(screen.raw()).not.toContain('\u001b[2J');
    expect(screen.raw()).not.toContain('\u001b]0;');
  });
});

it('says in the help how much is out of sight, and keeps keys and words apart', async () => {
  const screen = await openScreen();
  await screen.press('?');
  await screen.shows(/Help +▼ \d+ more$/m);
  await screen.press('G');
  await screen.shows(/Help +▲ \d+$/m);
  await screen.shows(/p {2}shift\+tab {2}← {2}h {2,}The sentence before/);
});

describe('comparing runs', () => {
  it('compares the marked runs: scores, curves, settings that differ, sentences that differ', async () => {
    const screen = await openScreen({ env: { COLORTERM: 'truecolor' } });
    await screen.press('j', 'space', 'space', 'c');
    await screen.shows('Compare 2 runs');
    const scores = await screen.shows(/A +quickstart lr 3e-4 b7q2 +20\.8 +47\.1 +2\.5 +▲ \+26\.3 +1\.33/);
    expect(scores.join('\n')).toMatch(/Training loss, nats\/piece ─+$/m);
    await screen.press('m');
    await screen.shows(/Validation loss, nats\/piece ─+$/m);
    expect(scores.join('\n')).toMatch(/B +quickstart lr 1e-3 m2d8 +20\.8 +53\.8 +2\.5 +▲ \+33\.0 +<0\.001 +1\.33$/m);
    await screen.press('2');
    await screen.shows(/training\.learning_rate +3e-4 +1e-3/);
    expect(screen.text()).not.toContain('training.seed');
    await screen.press('a');
    await screen.shows(/training\.seed +42 +42/);
    await screen.press('3');
    await screen.shows(/APART +A +B +SOURCE +2 of 5 shared sentences differ/);
    expect(screen.text()).toContain('Could not open the file.');
    expect(screen.text()).not.toContain('Expected an argument.');
    await screen.press('enter');
    await screen.shows('B quickstart lr 1e-3 m2d8, after (sentence BLEU 100.0)');
    await screen.press('esc', 'esc');
    await screen.shows('2 marked');
  });

  it('tells the curves apart by marks where there is no colour', async () => {
    const screen = await openScreen({ env: { NO_COLOR: '1' } });
    await screen.press('j', 'space', 'space', 'c');
    const rows = await screen.shows(/A • +quickstart lr 3e-4.*\n.*B \+ +quickstart lr 1e-3/);
    const plot = rows.slice(8).join('\n');
    expect(plot).toContain('•');
    expect(plot).toContain('+');
    expect(plot).not.toMatch(/[⠁-⣿]/);
  });

  it('warns when the scores were not made the same way', async () => {
    const runs = [fixtureRun('a'), fixtureRun('b', { numBeams: 4, signature: SIGNATURE.replace('13a', 'intl') })];
    const services = fixtureServices(runs);
    const screen = await openScreen({ services });
    await screen.press('space', 'space', 'c');
    const rows = await screen.shows('not comparable, decoded or scored differently: num_beams 1 (A), 4 (B)');
    expect(services.tested).toEqual([]);
    expect(rows.join('\n')).toContain('not comparable, other BLEU signatures: tok 13a (A), intl (B)');
  });

  it('says how to mark runs when fewer than two are', async () => {
    const screen = await openScreen();
    await screen.press('c');
    await screen.shows('Mark two or more runs with space, then compare them with c.');
  });
});

describe('the help', () => {
  it('begins with the keys of the screen it was asked from', async () => {
    const screen = await openScreen();
    await screen.press('n', 'enter');
    await screen.shows('Experiment ─');
    await screen.press('?');
    await screen.shows('New run: the form');
    expect(screen.rows()[4]).toContain('New run: the form');
  });

  it('lists the keys of the table, cut nowhere at 80 columns', async () => {
    const screen = await openScreen();
    await screen.press('?');
    await screen.shows('Closing bleubird stops no run');
    const seen: string[] = [...screen.rows()];
    for (let page = 0; page < 6; page++) {
      await screen.press('pagedown');
      await pause(45);
      seen.push(...screen.rows());
    }
    const text = seen.join('\n');
    for (const words of [
      'Compare the marked runs',
      'Back to the value of the preset',
      'The next tab',
      'Do it',
      'j  ↓',
    ]) {
      expect(text).toContain(words);
    }
    expect(text).not.toContain('…');
  });
});
