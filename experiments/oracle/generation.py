"""Translations id for id: bleubird against transformers' `generate` in float32.

    python experiments/oracle/generation.py [--model demo|random] [--device wasm|native] [--sentences 500] [--part 1/1]

The demo model writes KDE messages, a small random Marian with confident logits writes for random ids. Each case sets keys of
generation_config.json; `--part 2/6` takes the second of six shares of them. With transformers 4.47.1 ahead on PYTHONPATH (see
README.md) bleubird follows that version, with 5 it is given `generation.compatibility: transformers-5`.
Where the two differ, both outputs are scored as PyTorch scores them in float64, summed log-probability over length **
length_penalty. The margin between them is told, and the smallest margin there was in the search: between the last candidate
that was kept and the first that was not, at the steps that both outputs share. A margin below what float32 rounds is a tie.
"""

import argparse
import json
import tempfile
from itertools import product
from pathlib import Path

import torch
import transformers
from oracle import DEMO, kde_pairs, node, verdict
from transformers import GenerationConfig, LogitsProcessorList, MarianConfig, MarianMTModel, MarianTokenizer

BATCH = 32
# A tie: two candidates whose scores differ by less than float32 rounds over a sentence, some of its spacings.
TIE = 1e-5
RELATIVE_TIE = 4 * 2**-23
IS_NEWER = not transformers.__version__.startswith("4.")
COMPATIBILITY = "transformers-5" if IS_NEWER else "transformers-4"
LENGTH_PENALTIES = (-1.0, 0.0, 0.6, 1.0, 2.0)
EARLY_STOPPING = (False, True, "never")
GRID = list(product(LENGTH_PENALTIES, EARLY_STOPPING))


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


def beam_cases(grid_of):
    """Every width alone, and with penalties and ways to stop: `grid_of(beams)` says which."""
    for beams in range(1, 9):
        yield {"num_beams": beams}
        if beams > 1:
            for penalty, early in grid_of(beams):
                yield {"num_beams": beams, "length_penalty": penalty, "early_stopping": early, "max_length": 48}


def rule_cases(model, sources):
    """All else that bleubird's experiments and model files can say."""
    pad = model.config.pad_token_id
    often = [row for row in generate(model, sources[:20], {"num_beams": 4, "max_length": 32}) if len(row) > 3]
    words = [[pad], [0], *(row[1:2] for row in often[:4]), *(row[1:3] for row in often[4:9]), *(row[:3] for row in often[9:])]
    first, second = often[0][:2]
    firsts = sorted({row[0] for row in often})
    middles = sorted({row[2] for row in often[:6]} - {0})
    for beams in (1, 4):
        common = {"num_beams": beams, "max_length": 40}
        for length in (2, 3, 6):
            yield {"num_beams": beams, "max_length": length}
        yield {"num_beams": beams, "max_length": 6, "forced_eos_token_id": None}
        yield {"num_beams": beams, "max_new_tokens": 5, "max_length": None}
        yield {**common, "bad_words_ids": words}
        yield {**common, "bad_words_ids": None}
        yield {**common, "forced_bos_token_id": first}
        yield {**common, "renormalize_logits": False}
        yield {**common, "min_length": 9}
        yield {**common, "min_new_tokens": 9, "renormalize_logits": False}
        for size in (1, 2, 3):
            yield {**common, "no_repeat_ngram_size": size}
        yield {**common, "suppress_tokens": middles}
        yield {**common, "begin_suppress_tokens": firsts}
        yield {**common, "begin_suppress_tokens": [second], "forced_bos_token_id": first}
        yield {**common, "eos_token_id": [0, *middles[:2]]}
        yield {**common, "bad_words_ids": words, "no_repeat_ngram_size": 2, "min_length": 6, "length_penalty": 2.0,
               "begin_suppress_tokens": firsts, "renormalize_logits": False}  # fmt: skip


def settings_for(model, arguments):
    return GenerationConfig(**{**model.generation_config.to_dict(), **arguments})


def generate(model, sources, arguments):
    """Outputs without the start and the pads at the end; sources of like length in one batch."""
    own, config = model.generation_config, settings_for(model, arguments)
    model.generation_config = config  # 5 would take from the model's what is null here
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
    model.generation_config = own
    return outputs


def as_written(output, arguments):
    """Beam search of 4.47 writes its first end for whichever end was found."""
    ends = arguments.get("eos_token_id")
    is_rewritten = not IS_NEWER and isinstance(ends, list) and arguments["num_beams"] > 1
    return [*output[:-1], ends[0]] if is_rewritten and output and output[-1] in ends else output


class Explanation:
    """What PyTorch computes for one source in float64, to see how close a decision was."""

    def __init__(self, model, source, arguments):
        self.model, self.source = model, torch.tensor([source])
        self.config = settings_for(model, arguments)
        if self.config.max_new_tokens is not None:
            self.config.max_length = self.config.max_new_tokens + 1
        if self.config.min_new_tokens is not None:
            self.config.min_length = self.config.min_new_tokens + 1
        model._prepare_special_tokens(self.config, True, device="cpu")
        self.processors = model._get_logits_processor(
            generation_config=self.config, input_ids_seq_length=1, encoder_input_ids=self.source,
            prefix_allowed_tokens_fn=None, logits_processor=LogitsProcessorList(), device="cpu",
        )  # fmt: skip

    def next(self, prefixes):
        """Log-probabilities of the pieces after each output; all outputs have one length."""
        ids = torch.tensor(prefixes)
        with torch.no_grad():
            logits = self.model(input_ids=self.source.expand(len(prefixes), -1), decoder_input_ids=ids).logits[:, -1].double()
        return self.processors(ids, torch.log_softmax(logits, dim=-1))

    def score(self, output):
        ids = [self.model.config.decoder_start_token_id, *output]
        total = sum(self.next([ids[: place + 1]])[0, ids[place + 1]].item() for place in range(len(output)))
        return total / len(output) ** (self.config.length_penalty if self.config.num_beams > 1 else 1.0)

    def smallest_margin(self, steps):
        """Of a search of so many steps: between what was kept and what was not."""
        beams = self.config.num_beams
        rows, scores, smallest = [[self.model.config.decoder_start_token_id]], torch.zeros(1, dtype=torch.float64), float("inf")
        for _ in range(steps):
            every = self.next(rows) + scores[:, None]
            best, places = every.flatten().topk(2 * beams + 1)
            going = [(score, place) for score, place in zip(best.tolist(), places.tolist()) if place % every.shape[1] not in self.config.eos_token_id_list]
            if len(going) <= beams or going[beams][0] == float("-inf"):
                break
            smallest = min(smallest, going[beams - 1][0] - going[beams][0])
            rows = [[*rows[place // every.shape[1]], place % every.shape[1]] for _, place in going[:beams]]
            scores = torch.tensor([score for score, _ in going[:beams]], dtype=torch.float64)
        return smallest


def compare(name, model, sources, cases, lines):
    failures, ties, found_all = [], 0, 0
    for arguments, line in zip(cases, lines, strict=True):
        found = [as_written(output, arguments) for output in json.loads(line)]
        expected = [as_written(output, arguments) for output in generate(model, sources, arguments)]
        told = json.dumps({key: len(value or []) if key == "bad_words_ids" else value for key, value in arguments.items()})
        different = [row for row in range(len(sources)) if expected[row] != found[row]]
        print(f"  {told}: {len(different)} of {len(sources)} differ", flush=True)
        found_all += len(different)
        worse = 0
        for row in different:
            explained = Explanation(model, sources[row], arguments)
            ends = arguments.get("eos_token_id", model.generation_config.eos_token_id)
            explained.config.eos_token_id_list = ends if isinstance(ends, list) else [ends]
            theirs, ours = explained.score(expected[row]), explained.score(found[row])
            smallest = explained.smallest_margin(max(len(expected[row]), len(found[row])))
            is_tie = abs(theirs - ours) < max(TIE, RELATIVE_TIE * abs(theirs)) or smallest < TIE
            ties += is_tie
            worse += not is_tie
            told_margin = f"margin {theirs - ours:.1e}, smallest in the search {smallest:.1e}"
            print(f"    row {row}: their score {theirs:.7f}, ours {ours:.7f}, {told_margin}{', a tie' if is_tie else ''}")
            print(f"      theirs {expected[row]}\n      ours   {found[row]}")
        if worse:
            failures.append(f"{name} {told}: {worse}")
    print(f"{name}: {len(cases)} cases of {len(sources)} sentences, {found_all} differences, of them {ties} ties")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="native")
    parser.add_argument("--model", choices=["demo", "random"], default="demo")
    parser.add_argument("--sentences", type=int, help="500 for the demo model, 200 for the random one")
    parser.add_argument("--part", default="1/1")
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    part, parts = map(int, options.part.split("/"))
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, bleubird on {options.device} in float32, {COMPATIBILITY}")
    with tempfile.TemporaryDirectory() as scratch:
        if options.model == "random":
            folder = Path(scratch, "random")
            sources = make_random(folder)[: options.sentences or 200]
            grid_of = lambda beams: GRID
        else:
            folder, pairs = DEMO, kde_pairs()
            count = options.sentences or 500
            tokenizer = MarianTokenizer.from_pretrained(DEMO)
            sources = [tokenizer(pair[0], truncation=True, max_length=128)["input_ids"] for pair in pairs[:: len(pairs) // count][:count]]
            # All of it with four beams, a fifth in turn with the others.
            grid_of = lambda beams: GRID if beams == 4 else GRID[beams % 5 :: 5]
        # float32 from the start: .float() afterwards would leave a position table rounded to float16.
        model = MarianMTModel.from_pretrained(folder, torch_dtype=torch.float32).eval()
        model.generation_config = GenerationConfig(**json.loads(Path(folder, "generation_config.json").read_text()))
        cases = [*beam_cases(grid_of), *rule_cases(model, sources)][part - 1 :: parts]
        task = Path(scratch, "task.json")
        task.write_text(json.dumps({"folder": str(folder), "sources": sources, "compatibility": COMPATIBILITY, "cases": cases}))
        lines = node(Path(__file__).with_suffix(".ts"), task, options.device).splitlines()
        failures = compare(f"{options.model} model", model, sources, cases, lines)
    verdict(f"generation, part {options.part}", failures)


main()
