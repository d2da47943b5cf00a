/** The line that says how a score was made, so that others can make it again. */

/** The release whose numbers these are. */
export const SACREBLEU_VERSION = '2.6.0';

/** `[name, short name, value]`, in the order they are printed. */
export type SignatureField = readonly [name: string, shortName: string, value: string];

/**
 * The signature as sacreBLEU prints it, such as `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0`.
 *
 * @param references references of each segment; null where it varies
 */
export function formatSignature(
  references: number | null,
  fields: readonly SignatureField[],
  isShort: boolean,
): string {
  const all: SignatureField[] = [
    ['nrefs', '#', references === null ? 'var' : String(references)],
    ...fields,
    ['version', 'v', SACREBLEU_VERSION],
  ];
  return all.map(([name, shortName, value]) => `${isShort ? shortName : name}:${value}`).join('|');
}
