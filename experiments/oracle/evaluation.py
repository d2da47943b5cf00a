"""BLEU as the course's compute_metrics has it, on bleubird's own outputs: decoded references, and raw ones on request.

    python experiments/oracle/evaluation.py [--device wasm|native] [--sentences 200]

The demo model translates KDE messages greedily; sacreBLEU scores the very texts bleubird recorded. `bleubird show` has to say
which references were scored against.
"""

import argparse
import json
import tempfile
from pathlib import Path

import datasets
import sacrebleu
from oracle import DATA, DEMO, kde_pairs, node, verdict
from transformers import MarianTokenizer

SPLIT = {"train_size": 0.9, "seed": 20}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="native")
    parser.add_argument("--sentences", type=int, default=200)
    options = parser.parse_args()
    tokenizer = MarianTokenizer.from_pretrained(DEMO)
    rows = datasets.Dataset.from_list([{"source": source, "target": target} for source, target in kde_pairs()])
    chosen = rows.train_test_split(**SPLIT)["test"].select(range(options.sentences))
    # max_length 12, so that decoded references lose their ends.
    labels = tokenizer(text_target=chosen["target"][:], max_length=12, truncation=True)["input_ids"]
    expected = {
        "decoded": [tokenizer.decode(row, skip_special_tokens=True).strip() for row in labels],
        "raw": [target.strip() for target in chosen["target"]],
    }
    failures = []
    for kind in ("decoded", "raw"):
        with tempfile.TemporaryDirectory() as scratch:
            experiment = {
                "name": "evaluation",
                "model": str(DEMO),
                "data": {
                    "corpus": {"format": "tsv", "path": str(DATA / "kde-en-fr.tsv.gz"), "source_column": 2, "target_column": 3},
                    "source_lang": "en",
                    "target_lang": "fr",
                    "train_size": SPLIT["train_size"],
                    "split_seed": SPLIT["seed"],
                    "max_target_length": 12,
                    "max_train_samples": 1,
                    "max_eval_samples": options.sentences,
                },
                "training": {"max_steps": 1, "save_strategy": "no", "per_device_eval_batch_size": 64},
                "generation": {"num_beams": 1},
                "evaluation": {"after": False},
            }
            if kind == "raw":
                experiment["evaluation"]["references"] = "raw"  # decoded is what nobody has to ask for
            file, store = Path(scratch, "experiment.yaml"), Path(scratch, "store")
            file.write_text(json.dumps(experiment))
            output = node("src/cli/bin.ts", "run", file, "--json", "--device", options.device, "--store", store)
            events = [json.loads(line) for line in output.splitlines()]
            events = [event.get("event", event) for event in events]
            items = [item for event in events if event["type"] == "translations" for item in event["items"]]
            items.sort(key=lambda item: item["index"])
            score = next(event["bleu"]["score"] for event in events if event["type"] == "evaluation")
            shown = node("src/cli/bin.ts", "show", "last", "--store", store)
        different = sum(item["reference"] != text for item, text in zip(items, expected[kind], strict=True))
        theirs = sacrebleu.corpus_bleu([item["hypothesis"] for item in items], [expected[kind]]).score
        is_said = f"{kind} references" in shown
        print(f"{kind}: BLEU {score:.12f} and {theirs:.12f}, {different} of {len(items)} references differ, show says it: {is_said}")
        if abs(score - theirs) > 1e-9 or different or not is_said:
            failures.append(kind)
    verdict("evaluation", failures)


main()
