"""The Python half of sacrebleu.ts, which starts it: times sacreBLEU's corpus scores of the same segments.

    python sacrebleu.py SEGMENTS.json REPEATS

Prints {metric: {seconds, score}}, the best time of the repeats. sacreBLEU keeps what its tokenizers answered for
65,536 lines; the caches are emptied before each repeat, as in a program that scores a corpus once.
"""
import json
import sys
import time

# This file's own name hides the library's otherwise.
sys.path.pop(0)
from sacrebleu.metrics import BLEU, CHRF, TER  # noqa: E402
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a  # noqa: E402
from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp  # noqa: E402
from sacrebleu.tokenizers.tokenizer_ter import TercomTokenizer  # noqa: E402

segments = json.load(open(sys.argv[1], encoding="utf-8"))
metrics = {"BLEU": lambda: BLEU(), "chrF": lambda: CHRF(), "chrF++": lambda: CHRF(word_order=2), "TER": lambda: TER()}
answers = {}
for name, create in metrics.items():
    times = []
    for _ in range(int(sys.argv[2])):
        for tokenizer in (Tokenizer13a, TokenizerRegexp, TercomTokenizer):
            tokenizer.__call__.cache_clear()
        started = time.perf_counter()
        score = create().corpus_score(segments["hypotheses"], [segments["references"]]).score
        times.append(time.perf_counter() - started)
    answers[name] = {"seconds": min(times), "score": score}
json.dump(answers, sys.stdout)
