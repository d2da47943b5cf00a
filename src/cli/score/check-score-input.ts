/** What sacreBLEU refuses: references or systems that do not fit one another or the flags. */
import type { ScoreSystem } from './read-score-input.ts';
import type { GivenFlags } from './score-arguments.ts';
import { ScoreError } from './score-error.ts';

export function requireReferences({ references }: GivenFlags, count: number): void {
  if (references.length === 0) {
    throw new ScoreError('There are no references.', 1, {
      hint: 'give their files before -i: bleubird score REF… -i HYP… (test sets are not available)',
    });
  }
  if (count !== 1 && references.length > 1) {
    throw new ScoreError('--num-refs splits one file of references at its tabs; it cannot be used with several files.');
  }
  if (count < 1) throw new ScoreError(`--num-refs is ${count}; expected 1 or more.`);
}

export function requireFitting(
  systems: readonly ScoreSystem[],
  references: readonly (readonly string[])[],
  { switches }: GivenFlags,
): void {
  const isPaired = switches.has('pairedBs') || switches.has('pairedAr');
  if (switches.has('sentenceLevel')) {
    if (systems.length > 1) throw new ScoreError('Only one system can be evaluated in sentence-level mode.');
    if (switches.has('confidence') || isPaired) {
      throw new ScoreError('Statistical tests are unavailable in sentence-level mode.');
    }
  }
  if (isPaired && systems.length === 1) {
    throw new ScoreError('Paired tests require multiple input systems given to --input (-i).');
  }
  if (systems.length > 1 && switches.has('confidence')) {
    throw new ScoreError('Use paired tests (--paired) for multiple systems.');
  }
  if (systems.length === 0) throw new ScoreError('There is no system to score: --input (-i) names no file.');
  for (const { name, lines } of systems) {
    if (lines.length === 0) throw new ScoreError(`${name} contains no sentence.`);
    if (references.some((ofSystem) => ofSystem.length !== lines.length)) {
      throw new ScoreError('System and reference streams have different lengths.', 1, {
        hint: `${name} has ${lines.length} lines, the references have ${references.map((ofSystem) => ofSystem.length).join(', ')}`,
      });
    }
  }
}
