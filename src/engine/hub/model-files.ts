/** Which files of a repository make up a model: its settings, its tokenizer, and its weights in one form only. */

const SMALL_FILES = [
  'config.json',
  'generation_config.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'target_vocab.json',
  'source.spm',
  'target.spm',
];
const NEEDED_FILES = ['config.json', 'vocab.json', 'source.spm', 'target.spm'];

/** The forms of weights, the first that a repository has counts: the order in which a model directory is read. */
const WEIGHT_FORMS = [
  { single: 'model.safetensors', index: 'model.safetensors.index.json', shard: /^model-(\d+)-of-(\d+)\.safetensors$/ },
  { single: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', shard: /^pytorch_model-(\d+)-of-(\d+)\.bin$/ },
];

/** Gives the names of the files that are part of the model, of all that the repository has. */
export function modelFilesOf(all: readonly string[]): ReadonlySet<string> {
  const names = new Set(all);
  const form = WEIGHT_FORMS.find(({ single, index }) => names.has(single) || names.has(index));
  const isWeights = (name: string): boolean => {
    if (form === undefined) return false;
    return names.has(form.single) ? name === form.single : name === form.index || form.shard.test(name);
  };
  return new Set(all.filter((name) => SMALL_FILES.includes(name) || isWeights(name)));
}

/** Tells whether the names are of a whole model: nothing of it is still to be fetched. */
export function isWholeModel(names: readonly string[]): boolean {
  return NEEDED_FILES.every((name) => names.includes(name)) && WEIGHT_FORMS.some((form) => hasWeights(form, names));
}

/** `model-00002-of-00003.safetensors` says how many there must be. */
function hasWeights({ single, index, shard }: (typeof WEIGHT_FORMS)[number], names: readonly string[]): boolean {
  if (names.includes(single)) return true;
  const shards = names.map((name) => shard.exec(name)).filter((found) => found !== null);
  return names.includes(index) && shards.length > 0 && shards.length === Number(shards[0]?.[2]);
}
