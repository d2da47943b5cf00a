/** The line that says how a score was made, so that others can make it again. */

/** The release whose numbers these are. */
export const SACREBLEU_VERSION = '2.6.0';

/** `[name, short name, value]`, in the order they are printed. */
export type SignatureField = readonly [name: string, shortName: string, value: string];

/** How resamples were made. */
export interface ResamplingSignature {
  /** Bootstrap samples; null for none. */
  readonly bootstrap: number | null;
  /** Trials of approximate randomization; null for none. */
  readonly randomization: number | null;
  /** Null: at random. */
  readonly seed: number | bigint | null;
}

/**
 * The signature as sacreBLEU prints it, such as `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0`.
 *
 * @param references references of each segment; null where it varies
 */
export function formatSignature(
  references: number | null,
  fields: readonly SignatureField[],
  { isShort, resampling }: { readonly isShort: boolean; readonly resampling?: ResamplingSignature },
): string {
  const all: SignatureField[] = [
    ['nrefs', '#', references === null ? 'var' : String(references)],
    ...(resampling === undefined ? [] : resamplingFields(resampling)),
    ...fields,
    ['version', 'v', SACREBLEU_VERSION],
  ];
  return all.map(([name, shortName, value]) => `${isShort ? shortName : name}:${value}`).join('|');
}

function resamplingFields({ bootstrap, randomization, seed }: ResamplingSignature): SignatureField[] {
  const fields: SignatureField[] = [];
  if (bootstrap !== null) fields.push(['bs', 'bs', String(bootstrap)]);
  if (randomization !== null) fields.push(['ar', 'ar', String(randomization)]);
  return [...fields, ['seed', 'rs', seed === null ? 'none' : String(seed)]];
}
