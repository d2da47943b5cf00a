/** The full-screen UI, from the first frame to the last. */
import process from 'node:process';
import { type Instance, render } from 'ink';
import { App } from './app.tsx';
import { pollServices } from './poll-services.ts';
import type { UiServices } from './services.ts';
import { isActive } from './state/runs-list.ts';
import { initialState, type Size } from './state/ui-state.ts';
import { guardTerminal } from './terminal-guard.ts';
import { themeFromEnvironment } from './theme.ts';
import { createUiStore } from './ui-store.ts';

export interface StartUiOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A terminal, or something that behaves like one. */
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Show this run at once; going back leads to the list. */
  readonly initialRunId?: string;
}

const CLEAR = '\u001b[H\u001b[J';

/**
 * Shows the UI until the user leaves it. Runs are never touched by that.
 *
 * @throws whatever nobody caught meanwhile, once the terminal is as it was
 */
export async function startUi(services: UiServices, options: StartUiOptions): Promise<void> {
  const { env, stdin, stdout, initialRunId } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const store = createUiStore({
    services,
    initialState: initialState(sizeOf(stdout), services.now(), initialRunId),
    onQuit: resolve,
    onRedraw: () => redraw(),
  });
  let ink: Instance | null = null;
  const app = <App store={store} theme={themeFromEnvironment(env)} />;
  // Ink draws only what changed since its last frame: it is made to forget that frame.
  const redraw = () => {
    stdout.write(CLEAR);
    ink?.clear();
    ink?.rerender(app);
  };
  // Before Ink's own listener, so that it never draws a frame of the old size into the new window.
  const onResize = () => {
    store.dispatch({ type: 'resized', size: sizeOf(stdout) });
    ink?.rerender(app);
  };
  stdout.prependListener('resize', onResize);
  const unmount = () => {
    ink?.unmount();
    return ink !== null;
  };
  const guard = guardTerminal({ stdin, stdout, unmount, onError: reject });
  // Before the alternate screen: until then the terminal itself writes what is typed, into the first frame too.
  stdin.setRawMode?.(true);
  const polling = pollServices(services, store);
  try {
    ink = render(app, {
      stdin,
      stdout,
      alternateScreen: true,
      incrementalRendering: true,
      interactive: true,
      exitOnCtrlC: false,
      patchConsole: stdout === process.stdout,
      maxFps: 30,
    });
    // A terminal without an alternate screen still holds what the shell wrote.
    redraw();
    // A component that throws makes Ink unmount with the error.
    ink.waitUntilExit().then(() => resolve(), reject);
    await promise;
  } finally {
    polling.stop();
    stdout.off('resize', onResize);
    guard.release();
  }
  const active = (store.getState().list.runs ?? []).filter(({ state }) => isActive(state)).length;
  if (active > 0)
    stdout.write(`${active === 1 ? '1 run goes on' : `${active} runs go on`}; bleubird shows it again.\n`);
}

// A terminal that does not say its size is taken for the classic one.
function sizeOf(stdout: NodeJS.WriteStream): Size {
  return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
}
