/**
 * Run as a process of its own, with the arguments of `bleubird run FILE --no-ui --run-id ID --store DIR`: a runner whose trainer
 * follows the script that the experiment in FILE is called after. It says what it does, and stops on SIGINT.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { ConfigError } from '../../src/errors.ts';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { openStore } from '../../src/store/open-store.ts';
import { scripted } from './scripted.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'no-ui': { type: 'boolean' }, 'run-id': { type: 'string' }, store: { type: 'string' } },
});
const [command, file = ''] = positionals;
const { name } = parse(readFileSync(file, 'utf8'));
if (command !== 'run' || values['no-ui'] !== true) throw new Error('expected: run FILE --no-ui');
if (name === 'refused') {
  const error = new ConfigError('The experiment is refused.');
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode);
}
if (name === 'silent') await new Promise((resolve) => setTimeout(resolve, 60_000));

const store = openStore(values.store ?? '');
const stop = new AbortController();
process.on('SIGINT', () => stop.abort());
process.stderr.write(`running ${name} in ${process.cwd()}\n`);
const { runId, state } = await runExperiment({ ...scripted(name), store, runId: values['run-id'], stop: stop.signal });
process.stderr.write(`${runId} is ${state}\n`);
store.close();
