/** A program that an old Node was asked for: what comes of arguments, streams, exit code and signals. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { findOwnNode } from '../../src/cli/own-node.ts';
import { temporaryFolder } from './run-cli.ts';

const ownNode = new URL('../../src/cli/own-node.ts', import.meta.url);

/** Starts a Node that hands `script` over to another. */
function handOver(script: string, ...args: string[]) {
  const folder = temporaryFolder();
  const [launcher, program] = [join(folder, 'launcher.ts'), join(folder, 'program.mjs')];
  writeFileSync(program, script);
  writeFileSync(
    launcher,
    `import { runWithNode } from ${JSON.stringify(pathToFileURL(ownNode.pathname).href)};
    process.exitCode = await runWithNode(process.execPath, ${JSON.stringify(program)}, process.argv.slice(2));`,
  );
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  const ended = new Promise<{ code: number | null; stdout: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout }));
  });
  return { child, ended };
}

it('gets the arguments as they were, and its exit code is told', async () => {
  const script = 'process.stdout.write(JSON.stringify(process.argv.slice(2))); process.exitCode = 6;';
  const { ended } = handOver(script, 'a b', '--set', "x='$HOME'");
  expect(await ended).toEqual({ code: 6, stdout: `["a b","--set","x='$HOME'"]` });
});

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('gets %s, and ends as it likes', async (signal) => {
  const script = `process.on('${signal}', () => { process.stdout.write(' saved'); process.exit(130); });
    setInterval(() => {}, 1000); process.stdout.write('ready');`;
  const { child, ended } = handOver(script);
  child.stdout.once('data', () => child.kill(signal));
  expect(await ended).toEqual({ code: 130, stdout: 'ready saved' });
});

it('tells of a signal that ended it as a shell does', async () => {
  const { ended } = handOver("process.kill(process.pid, 'SIGKILL');");
  expect((await ended).code).toBe(137);
});

it('is the Node of this project', () => {
  expect(findOwnNode()).toMatch(/node_modules\/\.bin\/node$/);
});
