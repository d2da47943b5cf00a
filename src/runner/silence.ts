/** A runner on another host can only be judged by its silence; generous, since clocks of hosts differ. */
export const SILENCE_OF_ANOTHER_HOST_MS = 5 * 60_000;
