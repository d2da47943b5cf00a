/** @throws {RangeError} when an object that should have no key left has one: a misspelt option is not overlooked */
export function requireNoOption(unknown: object, supported: readonly string[]): void {
  const [name] = Object.keys(unknown);
  if (name === undefined) return;
  throw new RangeError(`Option '${name}' is not supported; supported are: ${supported.join(', ')}.`);
}
