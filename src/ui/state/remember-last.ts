/**
 * The function, remembering its last result as long as it gets the very same arguments: for what is costly to compute and
 * asked for again and again, by reducers and screens, between two changes of the state.
 */
export function rememberLast<A extends readonly unknown[], R>(compute: (...given: A) => R): (...given: A) => R {
  let last: { given: A; result: R } | null = null;
  return (...given) => {
    const isSame =
      last !== null && last.given.length === given.length && given.every((item, index) => item === last?.given[index]);
    if (last === null || !isSame) last = { given, result: compute(...given) };
    return last.result;
  };
}
