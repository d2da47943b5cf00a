"""Forward and backward of a Marian at the full size of opus-mt-en-fr: bleubird against PyTorch.

    python experiments/oracle/full_size.py FOLDER [--device wasm|native|cpu]

FOLDER gets the model (see make_full_size.py) where it has none. Eight pairs of 3 to 60 random pieces, padded for PyTorch.
Compared: the encoder's states, the logits and the loss, absolutely; the gradient of every parameter, relative to its greatest
entry and by norms. PyTorch is asked in float64 too: its own float32 differs from that about as much as bleubird does.
"""

import argparse
import tempfile
from pathlib import Path

import numpy
import torch
import transformers
from make_full_size import PAD, make_full_size
from oracle import node, verdict
from safetensors import numpy as arrays
from transformers import MarianMTModel

FORWARD = ("encoder_states", "logits", "loss")


def batch():
    generator = torch.Generator().manual_seed(7)

    def sentences(lengths):
        return [torch.randint(2, PAD, (length,), generator=generator).tolist() + [0] for length in lengths]

    return sentences([3, 60, 17, 8, 25, 5, 12, 33]), sentences([60, 4, 20, 9, 31, 3, 14, 22])


def padded(rows, filler):
    longest = max(map(len, rows))
    return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])


def theirs(folder, sources, targets, dtype):
    """What PyTorch computes, a row for each piece that is no padding."""
    # Asked for at once: .float() or .double() afterwards would leave a rounded position table.
    model = MarianMTModel.from_pretrained(folder, torch_dtype=dtype).eval()
    ids, labels = padded(sources, PAD), padded(targets, -100)
    mask = padded([[1] * len(row) for row in sources], 0)
    output = model(input_ids=ids, attention_mask=mask, labels=labels)
    output.loss.backward()
    tensors = {
        "encoder_states": output.encoder_last_hidden_state[mask == 1],
        "logits": output.logits[labels != -100],
        "loss": output.loss,
    }
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return {name: tensor.detach().double().numpy() for name, tensor in {**tensors, **gradients}.items()}


def ours(folder, sources, targets, device, scratch):
    script = Path(__file__).with_suffix(".ts")
    rows = scratch / "rows.json"
    rows.write_text(str([sources, targets]))
    print(node(script, folder, rows, scratch / "ours.safetensors", device), end="")
    found = arrays.load_file(scratch / "ours.safetensors")
    return {name: array.astype(numpy.float64) for name, array in found.items()}


def greatest(array):
    return float(numpy.abs(array).max())


def compare_gradients(name, expected, found):
    """Greatest relative errors of all parameters, entry-wise and norm-wise, and where."""
    worst, worst_norm = (0.0, ""), (0.0, "")
    for key in sorted(expected.keys() - set(FORWARD)):
        if key.endswith("k_proj.bias"):  # no gradient but rounding: softmax does not change with a key's bias
            continue
        difference = found[key].reshape(expected[key].shape) - expected[key]
        worst = max(worst, (greatest(difference) / greatest(expected[key]), key))
        worst_norm = max(worst_norm, (float(numpy.linalg.norm(difference) / numpy.linalg.norm(expected[key])), key))
    print(f"  {name}: entries {worst[0]:.2e} ({worst[1]}), norms {worst_norm[0]:.2e} ({worst_norm[1]})")
    return worst[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--device", default="wasm")
    options = parser.parse_args()
    folder = make_full_size(options.folder)
    sources, targets = batch()
    with tempfile.TemporaryDirectory() as scratch:
        found = ours(folder, sources, targets, options.device, Path(scratch))
    single = theirs(folder, sources, targets, torch.float32)
    double = theirs(folder, sources, targets, torch.float64)

    failures = []
    parameters = sorted(single.keys() - set(FORWARD))
    if sorted(found.keys() - set(FORWARD)) != parameters:
        failures.append("other parameters have gradients")
    size = sum(single[name].size for name in parameters)
    print(f"transformers {transformers.__version__}, torch {torch.__version__}; {len(parameters)} parameters, {size:,} numbers")
    for name in FORWARD:
        difference = greatest(found[name].reshape(single[name].shape) - single[name])
        own = greatest(single[name] - double[name])
        print(f"{name}: greatest {greatest(single[name]):.4g}, difference {difference:.2e} (PyTorch's own rounding {own:.2e})")
        if not difference < 1e-4:
            failures.append(f"{name} by {difference:.2e}")
    print("gradients, worst of all parameters:")
    error = compare_gradients("bleubird to PyTorch float32", single, found)
    compare_gradients("bleubird to PyTorch float64", double, found)
    compare_gradients("PyTorch float32 to float64", double, single)
    keys = [name for name in parameters if name.endswith("k_proj.bias")]
    print(f"  key biases, truly 0: PyTorch {max(greatest(single[k]) for k in keys):.1e}, bleubird {max(greatest(found[k]) for k in keys):.1e}")
    if not error < 1e-3:
        failures.append(f"a gradient by {error:.2e}")
    if max(greatest(found[k]) for k in keys) > 1e-6:
        failures.append("a key bias has a gradient")
    verdict(f"full size, {options.device}", failures)


main()
