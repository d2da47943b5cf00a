/**
 * Between packed rows and sequences padded to one length, for what only runs on the latter.
 * N rows, B sequences, T length of the longest, D model size.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gatherRows } from '../../../backend/row-kernels.ts';

/** Returns [B, T, D] with zeros in the places of no row; the caller disposes it. @param x [N, D], starts [B+1] */
export function padRows(x: tf.Tensor2D, starts: Int32Array): tf.Tensor3D {
  const [rows, width] = x.shape;
  const shape: [number, number, number] = [starts.length - 1, longestLength(starts), width];
  if (rows === shape[0] * shape[1]) return tf.reshape(x, shape);
  return tf.tidy(() => {
    const places = new Int32Array(shape[0] * shape[1]).fill(rows); // the zeros' row
    forEachRow(starts, (row, place) => {
      places[place] = row;
    });
    return tf.reshape(gatherRows(tf.concat([x, tf.zeros([1, width])]), places), shape);
  });
}

/** Returns the rows [N, D] of padded sequences; the caller disposes it. @param x [B, T, D], starts [B+1] */
export function unpadRows(x: tf.Tensor3D, starts: Int32Array): tf.Tensor2D {
  const [batch, length, width] = x.shape;
  const rows = starts.at(-1) ?? 0;
  return tf.tidy(() => {
    const flat = tf.reshape(x, [batch * length, width]) as tf.Tensor2D;
    if (rows === batch * length) return flat;
    const places = new Int32Array(rows);
    forEachRow(starts, (row, place) => {
      places[row] = place;
    });
    return gatherRows(flat, places);
  });
}

/** Returns how many rows the longest sequence has. */
export function longestLength(starts: Int32Array): number {
  return sequenceLengths(starts).reduce((longest, length) => Math.max(longest, length), 0);
}

/** Returns the rows of each sequence, [B]. */
export function sequenceLengths(starts: Int32Array): Int32Array {
  return starts.slice(1).map((end, sequence) => end - (starts[sequence] ?? 0));
}

/** Calls `visit` with each packed row and its place among the padded. */
function forEachRow(starts: Int32Array, visit: (row: number, place: number) => void): void {
  const longest = longestLength(starts);
  sequenceLengths(starts).forEach((length, sequence) => {
    const first = starts[sequence] ?? 0;
    for (let i = 0; i < length; i++) visit(first + i, sequence * longest + i);
  });
}
