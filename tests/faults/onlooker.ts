/** Somebody who looks at the run while it is harmed, or is harmed himself. */
export interface Onlooker {
  /** His processes. */
  readonly pids: readonly number[];
  /** Waits until he shows the run. @returns whether he does */
  appear(): Promise<boolean>;
  /** Ends him by a signal. @returns what is wrong with how he ended, null for nothing */
  end(signal: NodeJS.Signals): Promise<string | null>;
}
