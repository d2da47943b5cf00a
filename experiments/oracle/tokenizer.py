"""Text to ids and back: bleubird against MarianTokenizer, on all sentences at hand and on generated strings.

    PYTHONPATH=TRANSFORMERS_4_47_1 python experiments/oracle/tokenizer.py [--model FOLDER] [--strings 20000] [--sentences N]

Compared for both sides of each text: the ids, the ids cut to 128, the text decoded with and without special tokens (by the
target's pieces and by the source's), and for half the generated strings random ids decoded in one batch. Strings hold control
characters, combining marks, emoji, wide and right-to-left scripts, very long words, literal special tokens, language codes and
unpaired surrogates: Python cannot encode those and bleubird reads U+FFFD in their place, which is asserted.
Needs transformers 4.47.1: later ones give unknown pieces other ids.
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


def answer(tokenizer, text, ids):
    result = []
    for side in ("source", "target"):
        encode = (lambda **more: tokenizer(text, **more)) if side == "source" else (lambda **more: tokenizer(text_target=text, **more))
        full = encode()["input_ids"]
        cut = encode(truncation=True, max_length=MAX_LENGTH)["input_ids"]
        decoded = [
            tokenizer.decode(full, skip_special_tokens=skip, use_source_tokenizer=source)
            for skip in (True, False)
            for source in (True, False)
        ]
        result.append([full, cut, *decoded])
    return [*result, tokenizer.decode(ids, skip_special_tokens=True)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=DEMO)
    parser.add_argument("--strings", type=int, default=20_000)
    parser.add_argument("--sentences", type=int, help="at most so many, evenly taken; all by default")
    options = parser.parse_args()
    print(f"transformers {transformers.__version__}, sentencepiece {sentencepiece.__version__}, {options.model}")
    transformers.logging.set_verbosity_error()
    tokenizer = MarianTokenizer.from_pretrained(options.model)
    sentences, strings = list(dict.fromkeys(corpora())), generated(options.strings)
    if options.sentences is not None:
        sentences = sentences[:: max(1, len(sentences) // max(1, options.sentences))][: options.sentences]
    rng = random.Random(9)
    texts = [*sentences, *strings]
    size = tokenizer.vocab_size
    ids = [[rng.randrange(size) for _ in range(rng.randrange(12))] if row % 2 else [] for row in range(len(texts))]
    with tempfile.TemporaryDirectory() as scratch:
        task, out = Path(scratch, "task.json"), Path(scratch, "answers.jsonl")
        task.write_text(json.dumps({"model": str(options.model), "maxLength": MAX_LENGTH, "texts": texts, "ids": ids}))
        print(node(Path(__file__).with_suffix(".ts"), task, out), end="")
        different, longest, unknown = [], 0, 0
        with out.open(encoding="utf-8") as lines:
            for text, row_ids, line in zip(texts, ids, lines, strict=True):
                expected = answer(tokenizer, text, row_ids)
                longest = max(longest, len(expected[0][0]))
                unknown += tokenizer.unk_token_id in expected[0][0]
                if json.loads(line) != expected:
                    different.append(text)
    for text in different[:10]:
        print(f"  {text[:80]!r}")
    print(f"{len(sentences):,} sentences, {len(strings):,} generated strings; {unknown:,} with unknown pieces, longest {longest:,} pieces")
    print(f"{len(different)} differences")
    verdict("tokenizer", [f"{len(different)} texts"] if different else [])


main()
