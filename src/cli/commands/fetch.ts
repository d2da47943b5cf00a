/** `bleubird fetch`: a model or a dataset from the Hugging Face hub into the cache that Python uses too. */
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { withDownload } from '../with-download.ts';
import type { World } from '../world.ts';

interface FetchOptions {
  readonly dataset?: boolean;
  readonly all?: boolean;
  readonly json?: boolean;
}

export function addFetchCommand(program: Command, world: World): void {
  program
    .command('fetch')
    .argument('<name>', 'org/name, or org/name@revision with a branch, tag or commit')
    .summary('a model or dataset from the Hugging Face hub')
    .description(
      'Fetches a model from the Hugging Face hub into the cache that Python uses too, and prints its folder.\n' +
        'Of a model, only what is needed: settings, tokenizer, weights in one form. What is here already is not fetched again.\n' +
        'Heeds HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and the token file of "hf auth login".',
    )
    .option('--dataset', 'the name is of a dataset: all its files')
    .option('--all', 'all files, also what a training goes on from (bleubird run --resume-from)')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  bleubird fetch Helsinki-NLP/opus-mt-en-fr')
    .action((name: string, options: FetchOptions) => fetchRepository(name, options, world));
}

async function fetchRepository(name: string, options: FetchOptions, world: World): Promise<void> {
  const [{ snapshot, listFiles }, { modelFilesOf }, { readHubId }] = await Promise.all([
    import('../../engine/hub/hub-files.ts'),
    import('../../engine/hub/model-files.ts'),
    import('../../runner/resolve-model.ts'),
  ]);
  const named = readHubId(name);
  if (named === null) {
    throw new ConfigError(`"${name}" is not the name of a repository on the hub.`, [], {
      hint: 'Write it as organisation/name, with @revision for another one than main.',
    });
  }
  const repository = { ...named, type: options.dataset ? 'dataset' : 'model' } as const;
  const allFiles = (all: readonly string[]) => new Set(all.filter((file) => file !== '.gitattributes'));
  const files = options.dataset || options.all ? allFiles : modelFilesOf;
  const directory = await withDownload(name, world, (download) =>
    snapshot({ ...repository, files, env: world.env, ...download }),
  );
  if (options.json) world.output.json({ ...repository, directory, files: listFiles(directory) });
  else world.output.line(directory);
}
