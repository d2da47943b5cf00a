"""Translations id for id: bleubird against transformers' `generate` in float32.

    python experiments/oracle/generation.py [--device wasm|native] [--demo 500] [--random 200] [--every 1]

The demo model writes KDE messages, a small random Marian with confident logits writes for random ids. Each case sets keys of
generation_config.json. Where the two differ, the better-scored output is told with the margin between them: PyTorch's own
score of each, summed log-probability over length ** length_penalty. Run it with transformers 4.47.1 ahead on PYTHONPATH for the
version that bleubird follows; what 5.23 does otherwise is named in README.md.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
import transformers
from oracle import DEMO, kde_pairs, node, verdict
from transformers import GenerationConfig, MarianConfig, MarianMTModel, MarianTokenizer

BATCH = 32
# A tie: two outputs whose scores differ by less than float32 rounds over a sentence.
TIE = 1e-5
PENALTIES = [
    {"num_beams": 4, "length_penalty": penalty, "early_stopping": early, "max_length": 64}
    for penalty in (0.6, 1.0, 2.0)
    for early in (False, True, "never")
]


def make_random(folder):
    """A Marian of 2+2 layers whose random logits are far apart, so that beams do not just see noise."""
    torch.manual_seed(11)
    pad = 299
    config = MarianConfig(
        vocab_size=300, decoder_vocab_size=300, d_model=64, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=128, decoder_ffn_dim=128,
        activation_function="swish", max_position_embeddings=64, scale_embedding=True, dropout=0.0,
        pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=0, bos_token_id=0,
    )  # fmt: skip
    model = MarianMTModel(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and "embed_positions" not in name:
                parameter.normal_(0.0, 0.25)
        model.model.shared.weight[pad] = 0
        model.final_logits_bias.normal_(0.0, 1.0)
        model.final_logits_bias[0, 0] = 4.0  # an end now and then
        model.final_logits_bias[0, pad] = 0
    model.save_pretrained(folder)
    own = {"num_beams": 4, "max_length": 32, "bad_words_ids": [[pad]], "pad_token_id": pad, "eos_token_id": 0,
           "decoder_start_token_id": pad, "forced_eos_token_id": 0, "renormalize_logits": True}  # fmt: skip
    Path(folder, "generation_config.json").write_text(json.dumps(own))
    generator = torch.Generator().manual_seed(3)
    lengths = torch.randint(1, 24, (1000,), generator=generator).tolist()
    return [torch.randint(1, pad, (length,), generator=generator).tolist() + [0] for length in lengths]


def cases_for(model, tokenizer, sources):
    """Settings that stay within what bleubird's experiments and model files can say."""
    pad = model.config.pad_token_id
    often = [row for row in generate(model, sources[:20], {"num_beams": 4, "max_length": 32}) if len(row) > 3]
    words = [[pad], [0], *(row[1:2] for row in often[:4]), *(row[1:3] for row in often[4:9]), *(row[:3] for row in often[9:])]
    first = often[0][0]
    return [
        *({"num_beams": beams} for beams in range(1, 9)),
        *PENALTIES,
        {"num_beams": 8, "length_penalty": 0.0},
        {"num_beams": 3, "length_penalty": -1.0, "early_stopping": "never", "max_length": 40},
        *({"num_beams": beams, "max_length": length} for beams in (1, 4) for length in (2, 3, 6)),
        {"num_beams": 4, "max_length": 6, "forced_eos_token_id": None},
        {"num_beams": 4, "max_new_tokens": 5, "max_length": None},
        *({"num_beams": beams, "bad_words_ids": words} for beams in (1, 4)),
        *({"num_beams": beams, "forced_bos_token_id": first} for beams in (1, 4)),
        {"num_beams": 4, "renormalize_logits": False},
        {"num_beams": 4, "bad_words_ids": None, "max_length": 40},
    ]


def generate(model, sources, arguments):
    """Outputs without the start and the pads at the end; sources of like length in one batch."""
    base = model.generation_config.to_dict()
    config = GenerationConfig(**{**base, **arguments})
    pad = model.config.pad_token_id
    outputs = [[] for _ in sources]
    order = sorted(range(len(sources)), key=lambda row: -len(sources[row]))
    for first in range(0, len(order), BATCH):
        rows = order[first : first + BATCH]
        longest = max(len(sources[row]) for row in rows)
        ids = torch.tensor([sources[row] + [pad] * (longest - len(sources[row])) for row in rows])
        mask = torch.tensor([[1] * len(sources[row]) + [0] * (longest - len(sources[row])) for row in rows])
        with torch.no_grad():
            found = model.generate(input_ids=ids, attention_mask=mask, generation_config=config).tolist()
        for row, output in zip(rows, found, strict=True):
            output = output[1:]
            while output and output[-1] == pad:
                output.pop()
            outputs[row] = output
    return outputs


def score(model, source, output, arguments):
    """The score of a whole output as a beam search has it."""
    settings = {**model.generation_config.to_dict(), **arguments}
    pad = model.config.pad_token_id
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([source]), decoder_input_ids=torch.tensor([[pad, *output[:-1]]])).logits[0]
    single = [word[0] for word in settings.get("bad_words_ids") or [] if len(word) == 1 and word[0] != 0]
    if settings.get("renormalize_logits"):
        logits[:, single] = -torch.inf
    steps = torch.log_softmax(logits.double(), dim=-1)
    length = settings["max_length"] if settings.get("max_length") else settings["max_new_tokens"] + 1
    total = sum(
        0.0 if place + 2 == length and settings.get("forced_eos_token_id") is not None else steps[place, piece].item()
        for place, piece in enumerate(output)
        if not (place == 0 and settings.get("forced_bos_token_id") is not None)
    )
    return total / len(output) ** (settings.get("length_penalty") or 0.0 if settings["num_beams"] > 1 else 1.0)


def compare(name, model, sources, cases, outputs):
    failures, ties = [], 0
    for arguments, found in zip(cases, outputs, strict=True):
        expected = generate(model, sources, arguments)
        told = json.dumps({key: value for key, value in arguments.items() if key != "bad_words_ids"})
        told += f" and {len(arguments['bad_words_ids'] or [])} bad words" if "bad_words_ids" in arguments else ""
        different = [row for row in range(len(sources)) if expected[row] != found[row]]
        print(f"  {told}: {len(different)} of {len(sources)} differ", flush=True)
        margins = []
        for row in different:
            theirs, ours = (score(model, sources[row], output, arguments) for output in (expected[row], found[row]))
            margins.append(theirs - ours)
            print(f"    row {row}: their score {theirs:.7f}, ours {ours:.7f}, margin {theirs - ours:.1e}")
        ties += sum(abs(margin) < TIE for margin in margins)
        worse = sum(abs(margin) >= TIE for margin in margins)
        if worse:
            failures.append(f"{name} {told}: {worse}")
    print(f"{name}: {len(cases)} cases of {len(sources)} sentences, {ties} ties")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="wasm")
    parser.add_argument("--demo", type=int, default=500)
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--every", type=int, default=1, help="take every so many cases only")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, bleubird on {options.device} in float32")
    tokenizer = MarianTokenizer.from_pretrained(DEMO)
    pairs = kde_pairs()
    chosen = pairs[:: len(pairs) // options.demo][: options.demo] if options.demo else []
    failures = []
    with tempfile.TemporaryDirectory() as scratch:
        small = Path(scratch, "random")
        groups = [
            ("random model", small, make_random(small)[: options.random]),
            ("demo model", DEMO, [tokenizer(source, truncation=True, max_length=128)["input_ids"] for source, _ in chosen]),
        ]
        for name, folder, sources in groups:
            if not sources:
                continue
            # float32 from the start: .float() afterwards would leave a position table rounded to float16.
            model = MarianMTModel.from_pretrained(folder, torch_dtype=torch.float32).eval()
            model.generation_config = GenerationConfig(**json.loads(Path(folder, "generation_config.json").read_text()))
            wanted = cases_for(model, tokenizer, sources)[:: options.every]
            task = Path(scratch, "task.json")
            task.write_text(json.dumps({"folder": str(folder), "sources": sources, "cases": wanted}))
            found = json.loads(node(Path(__file__).with_suffix(".ts"), task, options.device))
            failures += compare(name, model, sources, wanted, found)
    verdict("generation", failures)


main()
