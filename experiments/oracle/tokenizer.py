"""Text to ids and back: bleubird against MarianTokenizer, on all sentences at hand and on generated strings.

    PYTHONPATH=TRANSFORMERS_4_47_1 python experiments/oracle/tokenizer.py [--model FOLDER] [--strings 20000] [--sentences N] [--part 1/1]

Compared for both sides of each text: the ids, the ids cut to 128, the text decoded with and without special tokens (by the
target's pieces and by the source's), and that with its spaces cleaned up; for every second text random ids too, padded and
decoded by batch_decode. Strings hold control characters, combining marks, emoji, wide and right-to-left scripts, very long
words, literal special tokens, language codes and unpaired surrogates: Python cannot encode those and bleubird reads U+FFFD in
their place, which is asserted.
transformers 5 gives unknown pieces other ids and cuts language codes out in other places: with that version texts with an
unknown piece are compared in their other ids, and those with `>>` are left out.
"""

import argparse
import importlib.util
import json
import random
import tempfile
from pathlib import Path

import sentencepiece
import transformers
from oracle import DATA, DEMO, ROOT, kde_pairs, node, verdict
from transformers import MarianTokenizer

MAX_LENGTH = 128
# Texts a call.
BATCH = 256


def corpora():
    texts = [text for pair in kde_pairs() for text in pair]
    for name in ("flores-en-fr", "tatoeba-en-fr"):
        for path in sorted((DATA / name).iterdir()):
            texts += path.read_text(encoding="utf-8").splitlines()
    return texts


def generated(count):
    path = ROOT / "tests/fixtures/text/generate_strings.py"
    spec = importlib.util.spec_from_file_location("generate_strings", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rng = random.Random(6)
    strings = module.generate_strings(count, seed=7)
    # Words far beyond 128 pieces, of one letter, of random letters and of scripts without spaces.
    letters = "abcdefghijklmnopqrstuvwxyzéß日本語한국어😀שלوم"
    return strings + ["".join(rng.choice(letters) for _ in range(length)) for length in (500, 5_000, 50_000)] + ["x" * 20_000]


def answers(tokenizer, texts, ids):
    """One for each text, in the order of tokenizer.ts."""
    sides = []
    for keyword in ("text", "text_target"):
        full = tokenizer(**{keyword: texts})["input_ids"]
        cut = tokenizer(**{keyword: texts}, truncation=True, max_length=MAX_LENGTH)["input_ids"]
        sides.append(list(zip(full, cut, *decoded(tokenizer, full), strict=True)))
    longest = max(map(len, ids))
    # As generate gives them: a start, pads behind the shorter ones.
    padded = [[tokenizer.pad_token_id, *row] + [tokenizer.pad_token_id] * (longest - len(row)) for row in ids]
    return [[list(source), list(target), list(row)] for source, target, row in zip(*sides, zip(*decoded(tokenizer, padded)), strict=True)], padded


def decoded(tokenizer, rows):
    plain = [
        tokenizer.batch_decode(rows, skip_special_tokens=skip, use_source_tokenizer=source, clean_up_tokenization_spaces=False)
        for skip in (True, False)
        for source in (True, False)
    ]
    cleaned = tokenizer.batch_decode(rows, skip_special_tokens=True, use_source_tokenizer=False, clean_up_tokenization_spaces=True)
    return [*plain, cleaned]


def is_equal_but_for_unknown(ours, theirs, unknown):
    """Whether the two have the same ids wherever ours are known; what is decoded is compared where all are."""
    for (full, cut, *texts), (their_full, their_cut, *their_texts) in zip(ours[:2], theirs[:2], strict=True):
        for row, their_row in ((full, their_full), (cut, their_cut)):
            if len(row) != len(their_row) or any(a != b for a, b in zip(row, their_row, strict=True) if a != unknown):
                return False
        if unknown not in full and texts != their_texts:
            return False
    return ours[2] == theirs[2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=DEMO)
    parser.add_argument("--strings", type=int, default=20_000)
    parser.add_argument("--sentences", type=int, help="at most so many, evenly taken; all by default")
    parser.add_argument("--part", default="1/1", help="such as 2/6: the second of six shares")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    print(f"transformers {transformers.__version__}, sentencepiece {sentencepiece.__version__}, {options.model}")
    transformers.logging.set_verbosity_error()
    tokenizer = MarianTokenizer.from_pretrained(options.model)
    sentences, strings = list(dict.fromkeys(corpora())), generated(options.strings)
    if options.sentences is not None:
        sentences = sentences[:: max(1, len(sentences) // max(1, options.sentences))][: options.sentences]
    rng = random.Random(9)
    sentences, strings = sentences[part - 1 :: parts], strings[part - 1 :: parts]
    texts = [*sentences, *strings]
    is_newer = not transformers.__version__.startswith("4.")
    if is_newer:
        texts = [text for text in texts if ">>" not in text]
    size = tokenizer.vocab_size
    ids = [[rng.randrange(size) for _ in range(rng.randrange(12))] if row % 2 else [] for row in range(len(texts))]
    different, longest, unknown = [], 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        task, out = Path(scratch, "task.json"), Path(scratch, "answers.jsonl")
        expected, padded = [], []
        for first in range(0, len(texts), BATCH):
            some, rows = answers(tokenizer, texts[first : first + BATCH], ids[first : first + BATCH])
            expected += [json.dumps(row) for row in some]
            padded += rows
        task.write_text(json.dumps({"model": str(options.model), "maxLength": MAX_LENGTH, "texts": texts, "ids": padded}))
        print(node(Path(__file__).with_suffix(".ts"), task, out), end="")
        with out.open(encoding="utf-8") as lines:
            for text, line, told in zip(texts, lines, expected, strict=True):
                ours, theirs = json.loads(line), json.loads(told)
                longest = max(longest, len(ours[0][0]))
                has_unknown = tokenizer.unk_token_id in ours[0][0] or tokenizer.unk_token_id in ours[1][0]
                unknown += has_unknown
                is_equal = is_equal_but_for_unknown(ours, theirs, tokenizer.unk_token_id) if is_newer else ours == theirs
                if not is_equal:
                    different.append(text)
    for text in different[:10]:
        print(f"  {text[:80]!r}")
    print(f"{len(sentences):,} sentences, {len(strings):,} generated strings; {unknown:,} with unknown pieces, longest {longest:,} pieces")
    print(f"{len(different)} differences")
    verdict(f"tokenizer, part {options.part}", [f"{len(different)} texts"] if different else [])


main()
