"""The course's recipe without a network: experiments/kde4-en-fr.yaml as it is, but for sample sizes, from the hub's cache.

    python experiments/oracle/course_offline.py FOLDER [--device wasm|native] [--train 32] [--eval 8] [--corpus hub|opus]

FOLDER gets a cache as huggingface_hub leaves it: the random model of make_full_size.py as Helsinki-NLP/opus-mt-en-fr, blobs and
links and all, and the KDE messages beside the checkout as the parquet dataset kde4 (or with `--corpus opus` as OPUS's
archive in bleubird's own cache). HF_HUB_OFFLINE is set. Then transformers opens the last checkpoint: the tokenizer's ids and
the logits have to be bleubird's.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy
import pyarrow
import pyarrow.parquet
import torch
import transformers
from make_full_size import PAD, make_full_size
from oracle import kde_pairs, node, verdict
from safetensors import numpy as arrays
from transformers import MarianMTModel, MarianTokenizer

MODEL_FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "source.spm",
    "target.spm",
    "tokenizer_config.json",
    "vocab.json",
)


def lay_out(repository, revision, files):
    """A repository in the cache: blobs by checksum, a snapshot of links, a reference."""
    commit = hashlib.sha1(repository.name.encode()).hexdigest()
    reference = repository / "refs" / revision
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(commit)
    (repository / "blobs").mkdir(exist_ok=True)
    for name, path in files.items():
        with path.open("rb") as content:
            blob = repository / "blobs" / hashlib.file_digest(content, "sha256").hexdigest()
        link = repository / "snapshots" / commit / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not blob.exists():
            os.link(path, blob)
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(blob, link.parent))


def lay_out_corpus(folder, kind):
    pairs = kde_pairs()
    if kind == "opus":
        archive = folder / "cache/opus/KDE4/v2/en-fr.txt.zip"
        if archive.exists():
            return  # of a run before, which has noted its checksum
        archive.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
            for side, language in enumerate(("en", "fr")):
                members.writestr(f"KDE4.en-fr.{language}", "".join(f"{pair[side]}\n" for pair in pairs))
        return
    rows = {
        "id": [str(row) for row in range(len(pairs))],
        "translation": [{"en": source, "fr": target} for source, target in pairs],
    }
    file = folder / "kde4.parquet"
    pyarrow.parquet.write_table(pyarrow.table(rows), file)
    lay_out(folder / "home/hub/datasets--kde4", "refs/convert/parquet", {"en-fr/train/0000.parquet": file})


def run(folder, options):
    environment = {
        "HF_HOME": str(folder / "home"),
        "BLEUBIRD_CACHE": str(folder / "cache"),
        "HF_HUB_OFFLINE": "1",
        "HF_ENDPOINT": "http://127.0.0.1:9",  # nobody listens there
    }
    sizes = ["--set", f"data.max_train_samples={options.train}", "--set", f"data.max_eval_samples={options.eval}"]
    output = node(
        "src/cli/bin.ts", "run", "experiments/kde4-en-fr.yaml", "--json", "--device", options.device, *sizes,
        "--store", folder / "store", env=environment,
    )  # fmt: skip
    events = [json.loads(line) for line in output.splitlines()]
    return [event.get("event", event) for event in events]


def compare_checkpoint(checkpoint, device):
    """Differences of transformers and bleubird on the saved model."""
    tokenizer = MarianTokenizer.from_pretrained(checkpoint)
    model = MarianMTModel.from_pretrained(checkpoint, torch_dtype=torch.float32).eval()
    pairs = kde_pairs()[::20_000]
    sources = [tokenizer(source, truncation=True, max_length=128)["input_ids"] for source, _ in pairs]
    targets = [tokenizer(text_target=target, truncation=True, max_length=128)["input_ids"] for _, target in pairs]
    with tempfile.TemporaryDirectory() as scratch:
        rows, out = Path(scratch, "rows.json"), Path(scratch, "ours.safetensors")
        rows.write_text(json.dumps([sources, targets]))
        print(node(Path(__file__).with_name("full_size.ts"), checkpoint, rows, out, device), end="")
        found = arrays.load_file(out)["logits"]
    theirs = []
    with torch.no_grad():
        for source, target in zip(sources, targets, strict=True):
            inputs = torch.tensor([[PAD, *target[:-1]]])
            theirs.append(model(input_ids=torch.tensor([source]), decoder_input_ids=inputs).logits[0].numpy())
    difference = float(numpy.abs(numpy.concatenate(theirs) - found).max())
    print(f"last checkpoint in transformers {transformers.__version__}: {model.num_parameters():,} parameters with positions; logits differ by {difference:.1e}")
    return [] if difference < 1e-4 else [f"logits by {difference:.1e}"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--device", default="native")
    parser.add_argument("--train", type=int, default=32)
    parser.add_argument("--eval", type=int, default=8)
    parser.add_argument("--corpus", choices=("hub", "opus"), default="hub")
    options = parser.parse_args()
    folder = Path(options.folder).resolve()
    model = make_full_size(folder / "model")
    files = {name: model / name for name in MODEL_FILES}
    lay_out(folder / "home/hub/models--Helsinki-NLP--opus-mt-en-fr", "main", files)
    lay_out_corpus(folder, options.corpus)

    events = run(folder, options)
    failures = []
    data = [event for event in events if event["type"] == "data"]
    for event in data:
        print(f"data: {event['pairs']} pairs, {event['trainSize']} to train, {event['validationSize']} to evaluate")
    steps = max((point["step"] for event in events if event["type"] == "metrics" for point in event["points"]), default=0)
    for event in events:
        if event["type"] == "evaluation":
            print(f"{event['stage']}: loss {event['loss']:.4f}, BLEU {event['bleu']['score']:.4f}, {event['durationSeconds']:.1f} s")
    checkpoints = [event["path"] for event in events if event["type"] == "checkpoint"]
    ended = [event for event in events if event["type"] == "ended"]
    print(f"steps {steps}, checkpoints {[Path(path).name for path in checkpoints]}, ended {[e['reason'] for e in ended]}")
    if not ended or ended[0]["reason"] != "completed":
        failures.append("the run did not complete")
    if [event["stage"] for event in events if event["type"] == "evaluation"] != ["before", "after"]:
        failures.append("no evaluation before and after")
    if steps != 3 * -(-options.train // 32) or len(checkpoints) != 3:
        failures.append(f"{steps} steps and {len(checkpoints)} checkpoints")
    if not checkpoints:
        sys.exit("no checkpoint")
    failures += compare_checkpoint(checkpoints[-1], options.device)
    verdict("course offline", failures)


main()
