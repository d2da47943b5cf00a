/** The UI in a process of its own, on a terminal that only pretends: what it writes goes to stdout, for the test to read. */
import './tsx-loader.mjs';
import { PassThrough } from 'node:stream';

const { fixtureServices } = await import('./fixture-services.ts');
const { startUi } = await import('../../../src/ui/start-ui.tsx');

const stdout = Object.assign(process.stdout, { isTTY: true, columns: 80, rows: 24 });
const stdin = Object.assign(new PassThrough(), {
  isTTY: true,
  setRawMode: (isRaw) => stdout.write(`<raw ${isRaw}>`),
  ref: () => stdin,
  unref: () => stdin,
});
const services = fixtureServices();
const [, , mode] = process.argv;
if (mode === 'uncaught') setTimeout(() => failLater(), 100);
if (mode === 'rejection') setTimeout(() => void Promise.reject(new Error('nobody waited for this')), 100);
if (mode === 'exit') setTimeout(() => process.exit(3), 100);
if (mode === 'render') services.listRuns = () => [{}];

function failLater() {
  throw new Error('nobody caught this');
}

try {
  await startUi(services, { env: process.env, stdin, stdout });
} catch (error) {
  process.stdout.write(`<error ${error.message}>`);
  process.exitCode = 9;
}
process.stdout.write('<end>');
