/** A run that ends early and with its best model, and what `run:` means after it. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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
  expect(JSON.parse(scored.stdout).model).toMatch(/checkpoint-1$/);
});
