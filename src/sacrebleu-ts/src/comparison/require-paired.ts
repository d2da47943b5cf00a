/** @throws {RangeError} when the lists are not of the same segments, as far as their lengths tell */
export function requirePaired(...lists: readonly (readonly unknown[])[]): void {
  const [first = []] = lists;
  const odd = lists.find(({ length }) => length !== first.length);
  if (odd !== undefined) throw new RangeError(`${first.length} and ${odd.length} segments cannot be compared.`);
}
