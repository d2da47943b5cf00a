"""bleubird's training beside Seq2SeqTrainer, step by step: the demo model on KDE messages, dropout 0.

    python experiments/oracle/trainer_curve.py [--device wasm|native] [--only NAME]…

Both start from the same settings, written once in Hugging Face's names. Compared: each step's loss and gradient norm, its
learning rate, how many steps there are, the points and epochs of the log, and of each evaluation the loss and the BLEU of
4 beams as the course's compute_metrics gives it. Run it with transformers 4.47.1 ahead on PYTHONPATH for the version of the
course. `group_by_length` needs that version: in newer ones less is drawn from the stream that decides this order.
"""

import argparse
import json
import tempfile
from pathlib import Path

import datasets
import numpy
import sacrebleu
import torch
import transformers
from oracle import DATA, DEMO, kde_pairs, node, verdict
from transformers import (
    DataCollatorForSeq2Seq,
    MarianMTModel,
    MarianTokenizer,
    PrinterCallback,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

IS_5 = transformers.__version__ >= "5"
SPLIT = {"train_size": 0.9, "seed": 20}
MAX_LENGTH = 128
SHARED = {
    "learning_rate": 2e-4,
    "per_device_train_batch_size": 32,
    "per_device_eval_batch_size": 64,
    "weight_decay": 0.01,
    "logging_steps": 1,
    "save_strategy": "no",
    "seed": 42,
}
SHORT = {"num_train_epochs": 2, "eval_strategy": "no"}

# name: training pairs, evaluated pairs, settings
CASES = {
    "course": (2000, 200, {"num_train_epochs": 3, "eval_strategy": "epoch"}),
    "log points": (500, 0, {**SHORT, "logging_steps": 7, "logging_first_step": True}),
    "warm-up and cosine": (500, 0, {**SHORT, "warmup_steps": 10, "lr_scheduler_type": "cosine"}),
    "label smoothing": (500, 70, {**SHORT, "eval_strategy": "epoch", "label_smoothing_factor": 0.1}),
    "accumulation and polynomial": (
        512,
        0,
        {**SHORT, "gradient_accumulation_steps": 2, "lr_scheduler_type": "polynomial", "warmup_ratio": 0.2},
    ),
    "evaluation by steps": (500, 70, {**SHORT, "eval_strategy": "steps", "eval_steps": 12}),
    "group by length": (500, 0, {**SHORT, "group_by_length": True}),
    "group by length, evaluated": (
        500,
        150,
        {**SHORT, "group_by_length": True, "eval_strategy": "epoch", "per_device_eval_batch_size": 16},
    ),
}


def theirs(settings, train_pairs, eval_pairs):
    tokenizer = MarianTokenizer.from_pretrained(DEMO)
    model = MarianMTModel.from_pretrained(DEMO, torch_dtype=torch.float32, dropout=0.0)
    pairs = datasets.Dataset.from_list([{"source": source, "target": target} for source, target in kde_pairs()])
    split = pairs.train_test_split(**SPLIT)

    def preprocess(examples):
        sides = {"text_target": examples["target"], "max_length": MAX_LENGTH, "truncation": True}
        return tokenizer(examples["source"], **sides)

    def prepared(name, count):
        chosen = split[name].select(range(count))
        return chosen.map(preprocess, batched=True, remove_columns=chosen.column_names)

    def compute_metrics(results):
        predictions, labels = results
        predictions = tokenizer.batch_decode(predictions, skip_special_tokens=True)
        labels = numpy.where(labels != -100, labels, tokenizer.pad_token_id)
        labels = tokenizer.batch_decode(labels, skip_special_tokens=True)
        score = sacrebleu.corpus_bleu([p.strip() for p in predictions], [[label.strip() for label in labels]])
        return {"bleu": score.score}

    settings = dict(settings)
    if IS_5 and "warmup_ratio" in settings:
        settings["warmup_steps"] = settings.pop("warmup_ratio")  # below 1 a share, in that version
    with tempfile.TemporaryDirectory() as folder:
        arguments = Seq2SeqTrainingArguments(
            folder, use_cpu=True, report_to=[], disable_tqdm=True, predict_with_generate=True,
            generation_max_length=MAX_LENGTH, **settings,
        )  # fmt: skip
        trainer = Seq2SeqTrainer(
            model,
            arguments,
            train_dataset=prepared("train", train_pairs),
            eval_dataset=prepared("test", eval_pairs) if eval_pairs else None,
            data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
            processing_class=tokenizer,
            compute_metrics=compute_metrics,
        )
        trainer.remove_callback(PrinterCallback)
        if not IS_5:
            average_micro_batches(trainer)
        # Losses before the log rounds them to 4 places.
        exact = []
        step_of = trainer.training_step
        trainer.training_step = lambda *given: exact.append(step_of(*given).item()) or torch.tensor(exact[-1])
        before = [trainer.evaluate()] if eval_pairs else []
        trainer.train()
    history = trainer.state.log_history
    return {
        "exact": exact,
        "log": [entry for entry in history if "grad_norm" in entry],
        "evaluations": before + [entry for entry in history if "eval_loss" in entry and entry["step"] > 0],
        "steps": trainer.state.global_step,
    }


def average_micro_batches(trainer):
    """4.47.1 sums the micro-batches' means where older versions averaged them, in the gradient and in the log."""
    trainer.accelerator.gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
    samples_of = trainer.get_batch_samples
    trainer.get_batch_samples = lambda *given: (samples_of(*given)[0], None)


def ours(settings, train_pairs, eval_pairs, device, scratch):
    has_evaluation = eval_pairs > 0
    experiment = {
        "name": "trainer-curve",
        "model": str(DEMO),
        "threads": 1,
        "data": {
            "corpus": {
                "format": "tsv",
                "path": str(DATA / "kde-en-fr.tsv.gz"),
                "source_column": 2,
                "target_column": 3,
            },
            "source_lang": "en",
            "target_lang": "fr",
            "train_size": SPLIT["train_size"],
            "split_seed": SPLIT["seed"],
            "max_train_samples": train_pairs,
            "max_eval_samples": eval_pairs or 1,
        },
        "training": {
            "dropout": 0,
            **settings,
            "save_strategy": "epoch",
            "compatibility": "transformers-5" if IS_5 else "transformers-4",
        },
        "generation": {"max_length": MAX_LENGTH},
        # The evaluation after the training stands in for the last epoch's; of steps the last may have none.
        "evaluation": {"before": has_evaluation, "after": has_evaluation and settings["eval_strategy"] != "steps"},
    }
    file = scratch / "experiment.yaml"
    file.write_text(json.dumps(experiment))
    precision = ["--set", "precision=f32"]
    output = node(
        "src/cli/bin.ts", "run", file, "--json", "--device", device, *precision, "--store", scratch / "store"
    )
    events = [json.loads(line) for line in output.splitlines()]
    points, evaluations, last, state = {}, [], None, None
    for event in events:
        event = event.get("event", event)
        if event["type"] == "metrics":
            for point in event["points"]:
                points.setdefault(point["metric"], {})[point["step"]] = point["value"]
        elif event["type"] == "evaluation":
            evaluations.append(event)
        elif event["type"] == "checkpoint":
            state = json.loads(Path(event["path"], "trainer_state.json").read_text())
        elif event["type"] == "ended":
            last = event
    return {
        "points": points,
        "log": [entry for entry in state["log_history"] if "grad_norm" in entry],
        "evaluations": evaluations,
        "steps": last["step"],
    }


def compare(name, settings, expected, found):
    failures = []

    def check(what, difference, tolerance):
        if not difference <= tolerance:
            failures.append(f"{name}: {what} by {difference:.2e}")
        return f"{what} {difference:.1e}"

    accumulation = settings.get("gradient_accumulation_steps", 1)
    exact = numpy.array(expected["exact"]).reshape(-1, accumulation).sum(axis=1)
    loss = numpy.array([found["points"]["loss"][step + 1] for step in range(found["steps"])])
    if expected["steps"] != found["steps"] or len(exact) != len(loss):
        failures.append(f"{name}: {found['steps']} steps instead of {expected['steps']}")
    else:
        told = [check("step loss", float(numpy.abs(exact - loss).max()), 1e-3)]
        points = [[(entry["step"], entry["epoch"]) for entry in side["log"]] for side in (expected, found)]
        if len(points[0]) != len(points[1]) or numpy.abs(numpy.array(points[0]) - numpy.array(points[1])).max() > 1e-12:
            failures.append(f"{name}: other log points")
        pairs = list(zip(expected["log"], found["log"], strict=False))
        told.append(check("logged loss", max(abs(a["loss"] - b["loss"]) for a, b in pairs), 1e-3))
        rates = [(a["learning_rate"], b["learning_rate"]) for a, b in pairs]
        told.append(check("rate, relative", max(rate_error(*rate) for rate in rates), 1e-12))
        told.append(
            check("norm, relative", max(abs(a["grad_norm"] - b["grad_norm"]) / a["grad_norm"] for a, b in pairs), 1e-2)
        )
        print(f"{name}: {len(loss)} steps, loss {exact[0]:.4f} to {exact[-1]:.4f}; differences: {', '.join(told)}", flush=True)
    if len(expected["evaluations"]) != len(found["evaluations"]):
        failures.append(f"{name}: {len(found['evaluations'])} evaluations instead of {len(expected['evaluations'])}")
    for a, b in zip(expected["evaluations"], found["evaluations"], strict=False):
        loss_error = check("eval_loss", abs(a["eval_loss"] - b["loss"]), 1e-3)
        bleu_error = check("BLEU", abs(a["eval_bleu"] - b["bleu"]["score"]), 1e-9)
        print(
            f"  step {b['step']}: eval_loss {a['eval_loss']:.6f} and {b['loss']:.6f}, "
            f"BLEU {a['eval_bleu']:.6f} and {b['bleu']['score']:.6f}; differences: {loss_error}, {bleu_error}"
        )
    return failures


def rate_error(a, b):
    return abs(a - b) / max(abs(a), 1e-300) if a != b else 0.0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="wasm")
    parser.add_argument("--only", action="append", choices=CASES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, bleubird on {options.device} in float32")
    failures = []
    datasets.disable_progress_bars()
    for name in options.only or CASES:
        train_pairs, eval_pairs, given = CASES[name]
        settings = {**SHARED, **given}
        if settings.get("group_by_length") and IS_5:
            print(f"{name}: not compared with this version")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            found = ours(settings, train_pairs, eval_pairs, options.device, Path(scratch))
        failures += compare(name, settings, theirs(settings, train_pairs, eval_pairs), found)
    verdict("trainer", failures)


main()
