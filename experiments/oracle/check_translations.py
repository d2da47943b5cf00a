"""Translates a run's validation sentences again with transformers and scores them with sacreBLEU: 0 differences expected.

    npx bleubird samples RUN --limit 1000000 --json > sentences.jsonl
    python experiments/oracle/check_translations.py sentences.jsonl before experiments/models/demo-en-fr
    python experiments/oracle/check_translations.py sentences.jsonl after .bleubird/runs/RUN/checkpoints/checkpoint-90

For greedy runs; a run with beams takes their number as a fourth argument.
Needs: pip install torch==2.13.0 transformers sentencepiece sacrebleu
"""

import json
import sys

import sacrebleu
import torch
import transformers
from transformers import MarianMTModel, MarianTokenizer

BATCH = 32


def main(path, side, directory, num_beams=1):
    with open(path, encoding="utf-8") as lines:
        rows = sorted((json.loads(line) for line in lines), key=lambda row: row["index"])
    tokenizer = MarianTokenizer.from_pretrained(directory)
    # float32 from the start: .float() afterwards leaves a position table computed in float16.
    model = MarianMTModel.from_pretrained(directory, dtype=torch.float32).eval()
    theirs = []
    for start in range(0, len(rows), BATCH):
        sources = [row["source"] for row in rows[start : start + BATCH]]
        batch = tokenizer(sources, return_tensors="pt", padding=True, truncation=True, max_length=128)
        with torch.no_grad():
            output = model.generate(**batch, num_beams=int(num_beams), max_length=512)
        theirs += [tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in output]
    ours = [row[side] for row in rows]
    references = [[row["reference"] for row in rows]]
    different = [row["index"] for row, our, their in zip(rows, ours, theirs, strict=True) if our != their]
    print(f"transformers {transformers.__version__}, sacreBLEU {sacrebleu.__version__}, {side}, {len(rows)} sentences")
    print(f"differences {len(different)} {different[:10]}")
    print(f"BLEU of theirs {sacrebleu.corpus_bleu(theirs, references).score}")
    print(f"BLEU of ours   {sacrebleu.corpus_bleu(ours, references).score}")


main(*sys.argv[1:])
