/**
 * Returns the position table of Marian in transformers, [length, modelSize] row-major: sines in the first half of a row,
 * cosines in the second, of pos / 10000^(2k / modelSize). Computed in float64, kept in float32.
 * (MarianSinusoidalPositionalEmbedding; Marian's own C++ differs slightly.)
 */
export function sinusoidalPositions(length: number, modelSize: number): Float32Array {
  const half = modelSize / 2;
  const table = new Float32Array(length * modelSize);
  for (let position = 0; position < length; position++) {
    for (let k = 0; k < half; k++) {
      const angle = position / 10000 ** ((2 * k) / modelSize);
      table[position * modelSize + k] = Math.sin(angle);
      table[position * modelSize + half + k] = Math.cos(angle);
    }
  }
  return table;
}
