/**
 * Gives the terminal back as it was, whatever ends the program: leaving, a signal, an error nobody caught.
 * Ink leaves the alternate screen and shows the cursor when it is unmounted; this sees to it that it is unmounted in time,
 * and to the rest: raw mode, bracketed paste, line wrapping.
 */
import process from 'node:process';

/** The part of a terminal's input that can be switched to raw mode. */
export interface RawModeStream {
  setRawMode?: (isRaw: boolean) => unknown;
  readonly isTTY?: boolean;
}

export interface TerminalGuardOptions {
  readonly stdin: RawModeStream;
  readonly stdout: { write(text: string): unknown };
  /** Takes the UI off the screen, at once. @returns whether there was one */
  readonly unmount: () => boolean;
  /** An error that nobody caught; the terminal is restored by then. */
  readonly onError: (error: unknown) => void;
}

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

// Lines that are longer than the window are cut by the terminal instead of wrapped: a character that is wider in this
// terminal than string-width believes cannot push the rest of the screen down.
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';
const PASTE_OFF = '\u001b[?2004l';
const SHOW_CURSOR = '\u001b[?25h';
const MAIN_SCREEN = '\u001b[?1049l';

export interface TerminalGuard {
  /** Unmounts and restores; a second call does nothing. */
  release(): void;
}

/** Begins to guard; the caller releases it. */
export function guardTerminal({ stdin, stdout, unmount, onError }: TerminalGuardOptions): TerminalGuard {
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('uncaughtException', onUncaught);
    process.off('exit', release);
    let wasMounted = false;
    try {
      wasMounted = unmount();
    } finally {
      // Ink switches raw mode off too, but later, in a microtask, and not when unmounting failed.
      stdin.setRawMode?.(false);
      stdout.write((wasMounted ? '' : MAIN_SCREEN) + PASTE_OFF + WRAP_ON + SHOW_CURSOR);
    }
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    release();
    // Without our listener the signal does what it always does, so that a shell sees why the program ended.
    process.kill(process.pid, signal);
  };
  const onUncaught = (error: unknown): void => {
    release();
    onError(error);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  // A rejection that nobody handles arrives here too (nodejs.org/api/cli.html, --unhandled-rejections).
  process.on('uncaughtException', onUncaught);
  process.on('exit', release);
  stdout.write(WRAP_OFF);
  return { release };
}
