/** How scores are made and printed, from flags and environment. */
import type { Profile } from 'sacrebleu-ts';
import { profiles } from 'sacrebleu-ts';
import type { World } from '../world.ts';
import type { GivenFlags, ScoreFormat } from './score-arguments.ts';
import { ScoreError } from './score-error.ts';

export interface ScoreSettings {
  readonly format: ScoreFormat;
  readonly isColourful: boolean;
  readonly width: number;
  readonly profile: Profile;
  readonly seed: bigint | null;
  readonly confidenceSamples: number;
  /** 0 for the test's default. */
  readonly pairedSamples: number;
  readonly switches: GivenFlags['switches'];
}

/** @throws {ScoreError} at a profile or a seed that is none */
export function readScoreSettings(given: GivenFlags, world: World): ScoreSettings {
  const { switches, numbers } = given;
  return {
    ...viewOf(given, world),
    switches,
    width: numbers.get('width') ?? 1,
    profile: profileOf(given),
    seed: seedOf(world.env),
    confidenceSamples: numbers.get('confidenceN') ?? 1000,
    pairedSamples: Math.max(numbers.get(switches.has('pairedBs') ? 'pairedBsN' : 'pairedArN') ?? 0, 0),
  };
}

function profileOf({ texts }: GivenFlags): Profile {
  const name = texts.get('profile') ?? 'py312_np2';
  const known = profiles.find((profile) => profile === name);
  if (known === undefined)
    throw new ScoreError(`argument --profile: invalid choice: '${name}' (choose from ${profiles.join(', ')})`, 2);
  return known;
}

/** @throws {ScoreError} when SACREBLEU_SEED is neither a whole number nor none */
function seedOf({ SACREBLEU_SEED = '12345' }: NodeJS.ProcessEnv): bigint | null {
  if (SACREBLEU_SEED.toLowerCase() === 'none') return null;
  if (!/^\d+$/.test(SACREBLEU_SEED)) {
    throw new ScoreError(`SACREBLEU_SEED is '${SACREBLEU_SEED}'; expected a whole number, 0 or more, or none.`);
  }
  return BigInt(SACREBLEU_SEED);
}

function viewOf(
  { switches, texts }: GivenFlags,
  { env, stdout }: World,
): { format: ScoreFormat; isColourful: boolean } {
  const fromEnvironment = formatOf(env.SACREBLEU_FORMAT?.toLowerCase());
  const format = fromEnvironment ?? formatOf(texts.get('format')) ?? 'json';
  const isColourful = Boolean(stdout.isTTY) && !env.NO_COLOR && !switches.has('noColor');
  return { format: switches.has('detail') && format === 'json' ? 'text' : format, isColourful };
}

function formatOf(name: string | undefined): ScoreFormat | undefined {
  return name === 'json' || name === 'text' || name === 'latex' ? name : undefined;
}
