"""Makes a Marian of the very shape of opus-mt-en-fr with random weights: 74.6 million parameters, 59,514 pieces.

    python experiments/oracle/make_full_size.py FOLDER

The configuration is the published one, legacy keys included. Weights are drawn, biases and layer norms too, so that nothing
is hidden by zeros; as in converted models the pad has no embedding and no bias. The tokenizer is real: one SentencePiece
model a language, trained on the KDE messages beside the checkout, as the published one has two. vocab.json joins their
pieces, filled up with names no text contains.
"""

import json
import sys
from pathlib import Path

import sentencepiece
import torch
from transformers import MarianConfig, MarianMTModel

from oracle import kde_pairs

VOCABULARY = 59_514
PAD = VOCABULARY - 1
PIECES = 16_000

CONFIG = {
    "_name_or_path": "/tmp/Helsinki-NLP/opus-mt-en-fr",
    "_num_labels": 3,
    "activation_dropout": 0.0,
    "activation_function": "swish",
    "add_bias_logits": False,
    "add_final_layer_norm": False,
    "architectures": ["MarianMTModel"],
    "attention_dropout": 0.0,
    "bad_words_ids": [[PAD]],
    "bos_token_id": 0,
    "classif_dropout": 0.0,
    "classifier_dropout": 0.0,
    "d_model": 512,
    "decoder_attention_heads": 8,
    "decoder_ffn_dim": 2048,
    "decoder_layerdrop": 0.0,
    "decoder_layers": 6,
    "decoder_start_token_id": PAD,
    "decoder_vocab_size": VOCABULARY,
    "dropout": 0.1,
    "encoder_attention_heads": 8,
    "encoder_ffn_dim": 2048,
    "encoder_layerdrop": 0.0,
    "encoder_layers": 6,
    "eos_token_id": 0,
    "forced_eos_token_id": 0,
    "id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"},
    "init_std": 0.02,
    "is_encoder_decoder": True,
    "label2id": {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2},
    "max_length": 512,
    "max_position_embeddings": 512,
    "model_type": "marian",
    "normalize_before": False,
    "normalize_embedding": False,
    "num_beams": 4,
    "num_hidden_layers": 6,
    "pad_token_id": PAD,
    "scale_embedding": True,
    "share_encoder_decoder_embeddings": True,
    "static_position_embeddings": True,
    "transformers_version": "4.22.0.dev0",
    "use_cache": True,
    "vocab_size": VOCABULARY,
}
GENERATION = {
    "_from_model_config": True,
    "bad_words_ids": [[PAD]],
    "bos_token_id": 0,
    "decoder_start_token_id": PAD,
    "eos_token_id": 0,
    "forced_eos_token_id": 0,
    "max_length": 512,
    "num_beams": 4,
    "pad_token_id": PAD,
    "renormalize_logits": True,
    "transformers_version": "4.32.0.dev0",
}
# Keys of MarianConfig's own that newer versions keep elsewhere.
NOT_FOR_CLASS = ("_name_or_path", "_num_labels", "architectures", "model_type", "transformers_version")


def make_full_size(folder):
    """Writes model and tokenizer; what is there already is kept."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "vocab.json").exists():
        make_tokenizer(folder)
    if not (folder / "model.safetensors").exists():
        make_weights(folder)
    write_json(folder / "config.json", CONFIG)
    write_json(folder / "generation_config.json", GENERATION)
    write_json(folder / "tokenizer_config.json", {"target_lang": "fr", "source_lang": "en"})
    return folder


def make_weights(folder):
    torch.manual_seed(20)
    generation_keys = ("bad_words_ids", "forced_eos_token_id", "max_length", "num_beams")
    model = MarianMTModel(
        MarianConfig(**{key: value for key, value in CONFIG.items() if key not in (*NOT_FOR_CLASS, *generation_keys)})
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embed_positions" in name:
                continue
            if "layer_norm" in name and name.endswith("weight"):
                parameter.normal_(1.0, 0.1)
            elif parameter.dim() == 1:
                parameter.normal_(0.0, 0.1)
            else:
                parameter.normal_(0.0, 0.04)
        model.model.shared.weight[PAD] = 0
        model.final_logits_bias.normal_(0.0, 0.5)
        model.final_logits_bias[0, PAD] = 0
    model.save_pretrained(folder)


def make_tokenizer(folder):
    pairs = kde_pairs()
    pieces = ["</s>", "<unk>"]
    for side, name in enumerate(("source", "target")):
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([pair[side] for pair in pairs]),
            model_prefix=str(folder / name),
            vocab_size=PIECES,
            model_type="unigram",
            character_coverage=0.9999,
            # The ids of Marian's own vocabularies begin with the end and the unknown.
            eos_id=0,
            unk_id=1,
            bos_id=-1,
            num_threads=2,
            minloglevel=2,
        )
        (folder / f"{name}.model").rename(folder / f"{name}.spm")
        (folder / f"{name}.vocab").unlink()
        model = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{name}.spm"))
        pieces += [model.id_to_piece(i) for i in range(model.get_piece_size())]
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    for i in range(len(vocab), PAD):
        vocab[f"\u2581<filler{i}>"] = i
    vocab["<pad>"] = PAD
    write_json(folder / "vocab.json", vocab)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make_full_size(sys.argv[1])
