/** Returns the places at which `ids` fulfil a condition, in order. */
export function indicesWhere(ids: Int32Array, isWanted: (id: number) => boolean): Int32Array {
  const places = new Int32Array(ids.length);
  let count = 0;
  ids.forEach((id, place) => {
    if (isWanted(id)) places[count++] = place;
  });
  return places.slice(0, count);
}
