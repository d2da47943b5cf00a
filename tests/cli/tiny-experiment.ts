/** An experiment of seconds: a few sentences of our own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoModel } from '../support/demo-model.ts';

const nouns = [
  ['file', 'fichier'],
  ['folder', 'dossier'],
  ['window', 'volet'],
  ['text', 'texte'],
] as const;
const verbs = [
  ['Open', 'Ouvrir'],
  ['Close', 'Fermer'],
  ['Print', 'Imprimer'],
  ['Show', 'Afficher'],
  ['Copy', 'Copier'],
  ['Rename', 'Renommer'],
] as const;

/** Writes corpus and experiment file. @returns the path of the experiment file */
export function writeTinyExperiment(folder: string, model = demoModel): string {
  const pairs = verbs.flatMap(([verb, verbe]) =>
    nouns.map(([noun, nom]) => [`${verb} the ${noun}`, `${verbe} le ${nom}`]),
  );
  writeFileSync(join(folder, 'tiny.en'), pairs.map(([english]) => `${english}\n`).join(''));
  writeFileSync(join(folder, 'tiny.fr'), pairs.map(([, french]) => `${french}\n`).join(''));
  const path = join(folder, 'tiny.yaml');
  writeFileSync(
    path,
    `model: ${model}
data:
  corpus: {format: moses, source: tiny.en, target: tiny.fr}
  source_lang: en
  target_lang: fr
  validation_size: 6
training:
  learning_rate: 1e-3
  max_steps: 4
  per_device_train_batch_size: 6
  logging_steps: 2
generation: {num_beams: 1, max_length: 24}
`,
  );
  return path;
}
