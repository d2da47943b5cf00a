/**
 * Which Python stack's last digits to give. sacreBLEU's own arithmetic depends on two things under it: since Python 3.12
 * `sum()` is compensated, and since NumPy 2 float32 statistics stay float32 all through a resampled score.
 */

export const profiles = ['py312_np2', 'py312_np1', 'py311_np1'] as const;

/** `py312_np2` is what `pip install sacrebleu` gives on Python 3.12 or later with NumPy 2. */
export type Profile = (typeof profiles)[number];

export const DEFAULT_PROFILE: Profile = 'py312_np2';

/** @throws {RangeError} when the text names no profile, with those there are */
export function requireProfile(name: string): Profile {
  const found = profiles.find((profile) => profile === name);
  if (found === undefined) {
    throw new RangeError(`Profile '${name}' is not supported; supported are: ${profiles.join(', ')}.`);
  }
  return found;
}

/** Whether Python's `sum()` carries the lost low parts along. */
export function isSumCompensated(profile: Profile): boolean {
  return profile !== 'py311_np1';
}

/** Whether a float32 number makes the result of an operation with a Python number float32 (NEP 50). */
export function isSingleKept(profile: Profile): boolean {
  return profile === 'py312_np2';
}
