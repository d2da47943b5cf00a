/** Numbers that know their precision, and the arithmetic NumPy does with them and Python's own. */
import { isSingleKept, type Profile } from './profile.ts';

export interface Scalar {
  readonly value: number;
  /** float32 (one of NumPy's), else float64 (Python's or NumPy's). */
  readonly isSingle: boolean;
}

/** A number of Python's own: float64. */
export function double(value: number): Scalar {
  return { value, isSingle: false };
}

/** One of NumPy's float32 numbers. @param value is one already */
export function single(value: number): Scalar {
  return { value, isSingle: true };
}

export interface Arithmetic {
  add(left: Scalar, right: Scalar): Scalar;
  multiply(left: Scalar, right: Scalar): Scalar;
  divide(left: Scalar, right: Scalar): Scalar;
}

/**
 * The arithmetic of a profile. Two float32 numbers give one; float32 with a Python number gives float32 in NumPy 2, the
 * Python number rounded first, and float64 in NumPy 1. A float64 operation on two float32 numbers, rounded once, is the
 * float32 operation.
 */
export function arithmeticOf(profile: Profile): Arithmetic {
  const isKept = isSingleKept(profile);
  const combined = (left: Scalar, right: Scalar, operation: (x: number, y: number) => number): Scalar => {
    const isSingle = isKept ? left.isSingle || right.isSingle : left.isSingle && right.isSingle;
    if (!isSingle) return double(operation(left.value, right.value));
    return single(Math.fround(operation(Math.fround(left.value), Math.fround(right.value))));
  };
  return {
    add: (left, right) => combined(left, right, (x, y) => x + y),
    multiply: (left, right) => combined(left, right, (x, y) => x * y),
    divide: (left, right) => combined(left, right, (x, y) => x / y),
  };
}
