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

/** Tells whether a file is part of the model, of all names that the repository has. */
export function isModelFile(name: string, all: readonly string[]): boolean {
  if (SMALL_FILES.includes(name)) return true;
  for (const { single, index, shard } of WEIGHT_FORMS) {
    if (all.includes(single)) return name === single;
    if (all.includes(index)) return name === index || shard.test(name);
  }
  return false;
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
