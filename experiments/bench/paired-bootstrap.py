"""A paired test of two systems, BLEU, with sacreBLEU: python paired-bootstrap.py FOLDER bs|ar SAMPLES

FOLDER holds ref.txt, baseline.txt, system.txt, which paired-bootstrap.ts writes; it starts this script itself.
"""
import json
import resource
import sys
import time

from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest


def lines(name):
    with open(f"{sys.argv[1]}/{name}.txt", encoding="utf-8", newline="\n") as file:
        return file.read().split("\n")[:-1]


refs, systems = [lines("ref")], [(name, lines(name)) for name in ("baseline", "system")]
start = time.perf_counter()
_, scores = PairedTest(systems, {"BLEU": BLEU()}, refs, sys.argv[2], int(sys.argv[3]))()
seconds = time.perf_counter() - start
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "megabytes": megabytes, "p_value": scores["BLEU"][1].p_value}))
