"""What the comparisons in this folder share: bleubird's side run by Node, the data beside the checkout, the verdict."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "experiments/models/demo-en-fr"
# Sentences for trials, not part of the project: see the README.md here.
DATA = Path(os.environ.get("BLEUBIRD_DATA", ROOT.parent / "shared/data"))


def node(*arguments, env=None):
    """Runs a TypeScript file of this checkout with its Node; gives back what it prints on stdout."""
    command = ["npx", "node", *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, **(env or {})}, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}")
    return result.stdout


def kde_pairs():
    """English-French messages, in the order of the file."""
    with gzip.open(DATA / "kde-en-fr.tsv.gz", "rt", encoding="utf-8", newline="\n") as lines:
        return [tuple(line.rstrip("\n").split("\t")[1:3]) for line in lines]


def verdict(name, failures):
    """Prints the last line, and ends with 1 where anything differed."""
    print(f"{name}: {'EQUAL' if not failures else 'DIFFERENT: ' + '; '.join(failures)}")
    sys.exit(1 if failures else 0)
