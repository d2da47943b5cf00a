/** Copies a view with any strides into row-major order. */

/** Where the elements of a tensor are in its storage; offset and strides count numbers. */
export interface StridedView {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Gives how many elements a shape has; without axes it is one. */
export function elementCount(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, length) => product * length, 1);
}

/** Whether the elements follow each other in row-major order; axes of length 1 may have any stride. */
export function isContiguous({ shape, strides }: StridedView): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] ?? 0;
    if (length === 0) return true;
    if (length !== 1 && strides[axis] !== expected) return false;
    expected *= length;
  }
  return true;
}

/** Gives the elements of a view as an array of their own. @param storage holds every element */
export function gatherElements(storage: Float32Array, { offset, shape, strides }: StridedView): Float32Array {
  const gathered = new Float32Array(elementCount(shape));
  const index = new Array<number>(shape.length).fill(0);
  let place = offset;
  for (let i = 0; i < gathered.length; i++) {
    gathered[i] = storage[place] ?? Number.NaN;
    // Count up as an odometer does, the last axis first.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      const stride = strides[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        place += stride;
        break;
      }
      index[axis] = 0;
      place -= (next - 1) * stride;
    }
  }
  return gathered;
}
