"""The other side of training.ts: the very batches it is given, through transformers' Seq2SeqTrainer on the CPU.

usage: training.py WORKLOAD.json f32|bf16 [compile], with as many threads as the workload says

Prints one line of JSON: seconds of the measured steps by the clock and of the processor, and the peak of memory in bytes.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import torch
import transformers
from transformers import (
    DataCollatorForSeq2Seq,
    MarianMTModel,
    MarianTokenizer,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    TrainerCallback,
)

workload = json.loads(Path(sys.argv[1]).read_text())
precision, is_compiled = sys.argv[2], sys.argv[3:] == ["compile"]
transformers.logging.set_verbosity_error()
torch.set_num_threads(workload["threads"])


class Order(Seq2SeqTrainer):
    """Takes the examples in the order that was asked for."""

    def _get_train_sampler(self, train_dataset=None):
        return workload["order"]


class Clock(TrainerCallback):
    def __init__(self):
        self.seconds = []

    def on_step_end(self, args, state, control, **kwargs):
        self.seconds.append((time.perf_counter(), time.process_time()))


def peak_bytes():
    """VmHWM belongs to this program alone; ru_maxrss would begin with what the parent had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the system does not tell the peak of memory")


def main():
    folder = workload["model"]
    tokenizer = MarianTokenizer.from_pretrained(folder)
    model = MarianMTModel.from_pretrained(folder, torch_dtype=torch.float32)
    examples = [
        {"input_ids": source, "attention_mask": [1] * len(source), "labels": target}
        for source, target in workload["examples"]
    ]
    steps = len(workload["order"]) // workload["batchSize"]
    clock = Clock()
    with tempfile.TemporaryDirectory() as scratch:
        arguments = Seq2SeqTrainingArguments(
            output_dir=scratch,
            use_cpu=True,
            bf16=precision == "bf16",
            torch_compile=is_compiled,
            per_device_train_batch_size=workload["batchSize"],
            max_steps=steps,
            learning_rate=2e-5,
            weight_decay=0.01,
            save_strategy="no",
            eval_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
        )
        trainer = Order(
            model=model,
            args=arguments,
            train_dataset=examples,
            data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
            callbacks=[clock],
        )
        trainer.train()
    start, end = clock.seconds[workload["warmUpSteps"] - 1], clock.seconds[-1]
    seconds, processor = (after - before for before, after in zip(start, end))
    print(json.dumps({"seconds": seconds, "processorSeconds": processor, "peakBytes": peak_bytes()}))


main()
