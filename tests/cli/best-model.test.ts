/** A run that ends early and with its best model, and what `run:` means after it. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checksumProblem } from '../../src/engine/training/checksums.ts';
import { tinyModel } from '../support/tiny-model.ts';
import { runCli, temporaryFolder } from './run-cli.ts';
import { writeTinyExperiment } from './tiny-experiment.ts';

it('says which model is the best and why it ended; run: then means that model', async () => {
  const cwd = realpathSync(temporaryFolder());
  const settings = {
    'training.eval_strategy': 'steps',
    'training.eval_steps': '1',
    'training.save_strategy': 'steps',
    'training.save_steps': '1',
    'training.load_best_model_at_end': 'true',
    'training.predict_with_generate': 'false',
    'training.greater_is_better': 'true', // of falling losses the first is then the best
    'training.early_stopping_patience': '2',
    'evaluation.before': 'false',
  };
  const changes = Object.entries(settings).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
  const ran = await runCli(['run', writeTinyExperiment(cwd, tinyModel), '--no-ui', ...changes], { cwd });
  expect(ran.code, ran.stderr).toBe(0);
  const lines = ran.stdout.split('\n');
  expect(lines[lines.indexOf('end     completed') + 1]).toMatch(
    /^ {8}Ended early, after step 3: no improvement of loss in 2 evaluations in a row\. The best model is that of step 1, /,
  );

  const files = ['--source', join(cwd, 'tiny.en'), '--reference', join(cwd, 'tiny.fr')];
  const scored = await runCli(['evaluate', '-m', 'run:last', ...files, '--limit', '1', '--json'], { cwd });
  const best: string = JSON.parse(scored.stdout).model;
  expect(best).toMatch(/checkpoint-1$/);

  // The best and the newest have a card, and are as sound with it.
  const folders = [1, 2, 3].map((step) => best.replace(/1$/, String(step)));
  expect(folders.map((folder) => existsSync(join(folder, 'README.md')))).toEqual([true, false, true]);
  expect(await Promise.all(folders.map((folder) => checksumProblem(folder)))).toEqual([null, null, null]);
  const card = readFileSync(join(best, 'README.md'), 'utf8');
  expect(card).toContain('\n# tiny\n');
  expect(card).toContain('MarianMTModel.from_pretrained(".")');
  expect(card).toMatch(/It achieves the following results on the evaluation set:\n- Loss: \d/);
});
