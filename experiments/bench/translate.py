"""The other side of translate.ts: the very sources it is given, through transformers' generate, CTranslate2 and
onnxruntime on the CPU.

usage: translate.py WORKLOAD.json

For every precision the best settings are found with a quarter of the sources, then all are translated with them. Prints a
line of JSON for each: name, seconds by the clock, seconds of the processor, and the ids written; or why it was skipped.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import ctranslate2
import torch
import transformers
from transformers import MarianMTModel, MarianTokenizer

workload = json.loads(Path(sys.argv[1]).read_text())
transformers.logging.set_verbosity_error()
torch.set_num_threads(workload["threads"])
folder, sources, beams = workload["model"], workload["sources"], workload["beams"]
exact, longest = workload["pieces"], workload["longest"]
early_stopping = {"early_stopping": True} if workload["earlyStopping"] else {}
order = sorted(range(len(sources)), key=lambda i: -len(sources[i]))
sample = order[::4]
tokenizer = MarianTokenizer.from_pretrained(folder)
tokens = [tokenizer.convert_ids_to_tokens(ids) for ids in sources]


def timed(translate, chosen):
    start, processor = time.perf_counter(), os.times()
    outputs = translate(chosen)
    now = os.times()
    used = now.user + now.system - processor.user - processor.system
    return time.perf_counter() - start, used, outputs


def report(name, candidates, to_ids=lambda output: output):
    """The best of (settings, translate) over the sample, then over all; `to_ids` of an output is not timed."""
    best = min(candidates, key=lambda candidate: timed(candidate[1], sample)[0])
    seconds, used, outputs = timed(best[1], order)
    ids = [None] * len(sources)
    for index, output in zip(order, outputs):
        ids[index] = to_ids(output)
    print(json.dumps({"name": f"{name}, {best[0]}", "seconds": seconds, "processorSeconds": used, "ids": ids}), flush=True)


def with_transformers(model, batch):
    lengths = {"min_new_tokens": exact, "max_new_tokens": exact} if exact else {"max_length": longest}
    pad = model.config.pad_token_id

    def translate(chosen):
        outputs = []
        for first in range(0, len(chosen), batch):
            rows = [sources[i] for i in chosen[first : first + batch]]
            width = max(map(len, rows))
            ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
            mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
            with torch.inference_mode():
                outputs += model.generate(ids, attention_mask=mask, num_beams=beams, **lengths, **early_stopping)[:, 1:].tolist()
        return outputs

    return translate


def with_ctranslate2(translator, batch, kind):
    lengths = {"min_decoding_length": exact, "max_decoding_length": exact} if exact else {"max_decoding_length": longest}

    def translate(chosen):
        rows = [tokens[i] for i in chosen]
        results = translator.translate_batch(rows, beam_size=beams, max_batch_size=batch, batch_type=kind, **lengths)
        return [result.hypotheses[0] for result in results]

    return translate


for precision in workload["transformers"]:
    model = MarianMTModel.from_pretrained(folder, dtype=getattr(torch, precision)).eval()
    report(f"transformers {precision}", [(f"batches of {b}", with_transformers(model, b)) for b in (16, 32, 64)])
    del model
if workload["onnxruntime"]:
    from onnxruntime import SessionOptions
    from optimum.onnxruntime import ORTModelForSeq2SeqLM, ORTQuantizer
    from optimum.onnxruntime.configuration import AutoQuantizationConfig
for precision in workload["onnxruntime"]:
    with tempfile.TemporaryDirectory() as exported:
        ORTModelForSeq2SeqLM.from_pretrained(folder, export=True).save_pretrained(exported)
        if precision == "int8":
            scheme = AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=True)
            for file in list(Path(exported).glob("*.onnx")):
                ORTQuantizer.from_pretrained(exported, file_name=file.name).quantize(scheme, exported, file_suffix="")
        options = SessionOptions()
        options.intra_op_num_threads = workload["threads"]
        model = ORTModelForSeq2SeqLM.from_pretrained(exported, session_options=options)
        report(f"onnxruntime {precision}", [(f"batches of {b}", with_transformers(model, b)) for b in (16, 32, 64)])
for precision in workload["ctranslate2"]:
    if precision not in ctranslate2.get_supported_compute_types("cpu"):
        print(json.dumps({"skipped": f"CTranslate2 has no {precision} on this processor."}), flush=True)
        continue
    with tempfile.TemporaryDirectory() as converted:
        ctranslate2.converters.TransformersConverter(folder).convert(converted, quantization=precision, force=True)
        candidates = []
        for inter, intra in {(1, workload["threads"]), (workload["threads"], 1)}:
            translator = ctranslate2.Translator(
                converted, compute_type=precision, inter_threads=inter, intra_threads=intra
            )
            for batch, kind in ((16, "examples"), (32, "examples"), (64, "examples"), (1024, "tokens")):
                name = f"{inter} × {intra} threads, batches of {batch} {kind}"
                candidates.append((name, with_ctranslate2(translator, batch, kind)))
        report(f"CTranslate2 {precision}", candidates, tokenizer.convert_tokens_to_ids)
