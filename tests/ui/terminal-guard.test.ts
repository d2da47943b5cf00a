/** The terminal is given back whatever ends the process: real child processes, real signals. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { guardTerminal } from '../../src/ui/terminal-guard.ts';

interface Ended {
  readonly output: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs the UI; once its first frame is out, sends the signal. */
function runUi(mode: string, signal?: NodeJS.Signals): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const path = fileURLToPath(new URL('support/run-ui.mjs', import.meta.url));
    const child = spawn(process.execPath, [path, mode], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '', FORCE_COLOR: undefined },
    });
    let output = '';
    let isSignalled = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (signal === undefined || isSignalled || !output.includes('quit (runs go on)')) return;
      isSignalled = true;
      child.kill(signal);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code, killedBy) => resolve({ output, code, signal: killedBy }));
  });
}

function expectRestored(output: string): void {
  expect(output).toContain('\u001b[?1049h');
  const left = output.lastIndexOf('\u001b[?1049l');
  expect(left).toBeGreaterThan(output.lastIndexOf('\u001b[?1049h'));
  const end = output.slice(left);
  for (const code of ['\u001b[?25h', '\u001b[?7h', '\u001b[?2004l']) expect(end).toContain(code);
  // Nothing is switched again afterwards.
  expect(output.lastIndexOf('<raw false>')).toBeGreaterThan(output.lastIndexOf('<raw true>'));
  expect(end).not.toContain('\u001b[?25l');
}

it('takes the keyboard before it shows its screen, so that no key is written into the first frame', async () => {
  const { output } = await runUi('', 'SIGTERM');
  expect(output.indexOf('<raw true>')).toBeGreaterThanOrEqual(0);
  expect(output.indexOf('<raw true>')).toBeLessThan(output.indexOf('\u001b[?1049h'));
});

describe.concurrent('the terminal is restored', () => {
  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('on %s, which then ends the process as always', async (name) => {
    const ended = await runUi('', name);
    expectRestored(ended.output);
    expect(ended.signal).toBe(name);
    expect(ended.output).not.toContain('<end>');
  });

  it.each([
    ['uncaught', 'nobody caught this'],
    ['rejection', 'nobody waited for this'],
  ])('on an error nobody caught (%s), which is told after it', async (mode, message) => {
    const ended = await runUi(mode);
    expectRestored(ended.output);
    expect(ended.output.indexOf(`<error ${message}>`)).toBeGreaterThan(ended.output.lastIndexOf('\u001b[?1049l'));
    expect(ended.code).toBe(9);
  });

  it('on process.exit by anybody', async () => {
    const ended = await runUi('exit');
    expectRestored(ended.output);
    expect(ended.code).toBe(3);
  });
});

it('does not open the screen when the first reading already shows a mistake of ours', async () => {
  const ended = await runUi('render');
  expect(ended.output).toMatch(/<error .*>/);
  expect(ended.code).toBe(9);
});

describe('guardTerminal', () => {
  it('restores the terminal even when the UI cannot be taken off, once', () => {
    const done: string[] = [];
    const guard = guardTerminal({
      stdin: { setRawMode: (isRaw) => done.push(`raw ${isRaw}`) },
      stdout: { write: (text) => done.push(text) },
      unmount: () => {
        throw new Error('stuck');
      },
      onError: () => {},
    });
    expect(() => guard.release()).toThrow('stuck');
    guard.release();
    expect(done).toEqual(['\u001b[?7l', 'raw false', '\u001b[?1049l\u001b[?2004l\u001b[?7h\u001b[?25h']);
  });

  it('leaves no listener behind', () => {
    const count = () => process.listenerCount('SIGTERM') + process.listenerCount('uncaughtException');
    const before = count();
    const stdout = { write: () => true };
    guardTerminal({ stdin: {}, stdout, unmount: () => true, onError: () => {} }).release();
    expect(count()).toBe(before);
  });
});
