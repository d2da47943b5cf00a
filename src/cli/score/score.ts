/** What `bleubird score` does, in sacreBLEU's order: read, check, score, print. */
import { SACREBLEU_VERSION } from 'sacrebleu-ts';
import type { World } from '../world.ts';
import { requireFitting, requireReferences } from './check-score-input.ts';
import { createMetrics } from './create-metrics.ts';
import { printPairedTest, withBaseline } from './print-paired-test.ts';
import { printSentences, printSystem, printSystems } from './print-scores.ts';
import { readPipedSystems, readReferences, readSystems } from './read-score-input.ts';
import { readSentencePiece } from './read-sentence-piece.ts';
import { readScoreArguments } from './score-arguments.ts';
import { ScoreError } from './score-error.ts';
import { readScoreSettings } from './score-settings.ts';

/** @param showHelp prints the help and ends the command */
export async function score(args: readonly string[], world: World, showHelp: () => never): Promise<void> {
  const given = readScoreArguments(args);
  const { switches, numbers, texts, lists } = given;
  const { output } = world;
  if (switches.has('help')) showHelp();
  if (switches.has('version')) return output.line(`sacrebleu ${SACREBLEU_VERSION}`);

  const isPaired = switches.has('pairedBs') || switches.has('pairedAr');
  const names = [...new Set(lists.get('metrics') ?? ['bleu'])];
  const encoding = texts.get('encoding') ?? 'utf-8';
  const isSentenceLevel = switches.has('sentenceLevel');
  const count = numbers.get('numRefs') ?? 1;
  const files = lists.get('input');
  if (isSentenceLevel && names.length > 1) throw new ScoreError('Only one metric can be used in sentence-level mode.');
  requireReferences(given, count);
  const model = texts.get('spmModel');
  const sentencePiece = model === undefined ? undefined : await readSentencePiece(model, world);
  const metrics = createMetrics(names, given, { output, sentencePiece });
  const references = await readReferences(given.references, count, encoding, world);
  const systems =
    files === undefined
      ? await readPipedSystems(encoding, world)
      : await readSystems(files, { isPaired, encoding, world });
  requireFitting(systems, references, given);

  const settings = readScoreSettings(given, world);
  const [{ lines } = { lines: [] }] = systems;
  if (isSentenceLevel) return printSentences(lines, references, metrics, settings, output);
  if (systems.length === 1) return printSystem(lines, references, metrics, settings, output);
  if (!isPaired) return printSystems(systems, references, metrics, settings, output);
  await printPairedTest(withBaseline(systems, files === undefined), references, metrics, settings, world);
}
