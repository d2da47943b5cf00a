/** An opened backend as its own file describes it; `openBackend` adds why it was chosen. */
export interface BackendChoice {
  readonly name: 'native' | 'wasm' | 'cpu' | 'cuda';
  /** What it runs on, for people. */
  readonly description: string;
  /** Packages by name. */
  readonly versions: Readonly<Record<string, string>>;
}
