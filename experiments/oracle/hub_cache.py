"""The hub's cache shared by bleubird and huggingface_hub: what one has fetched the other uses, and completes.

    python experiments/oracle/hub_cache.py

The demo model lies on a hub of this machine (tests/support/fake-hub.ts). Each side fetches it into a cache of its own; the other
then has to find it whole without a network, and with one to ask for no content again.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from oracle import DEMO, ROOT, node, verdict

SIDE = """
import json, sys
import huggingface_hub
print(huggingface_hub.__version__, file=sys.stderr)
folder = huggingface_hub.snapshot_download("Org/demo", allow_patterns=json.loads(sys.argv[1]))
# Newer versions write this tag too, and older ones wonder about it.
warnings = [str(warning) for warning in huggingface_hub.scan_cache_dir().warnings]
print(json.dumps([folder, [warning for warning in warnings if "CACHEDIR.TAG" not in warning]]))
"""
LOAD = """
from transformers import MarianMTModel, MarianTokenizer
tokenizer = MarianTokenizer.from_pretrained("Org/demo")
model = MarianMTModel.from_pretrained("Org/demo")
print(tokenizer("Open the file").input_ids, model.num_parameters())
"""


def python(code, *arguments, env):
    command = [sys.executable, "-c", code, *arguments]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env})
    return result.stdout.strip() if result.returncode == 0 else None


def layout(home):
    """Files, links with where they lead to, and references; locks and the like left out."""
    repository = home / "hub/models--Org--demo"
    found = {}
    for path in sorted(repository.rglob("*")):
        name = str(path.relative_to(repository))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file() and not name.startswith("."):
            found[name] = path.read_text() if name.startswith("refs") else path.stat().st_size
    return found


def main():
    failures = []

    def check(what, is_right):
        print(f"{what}: {'yes' if is_right else 'NO'}")
        if not is_right:
            failures.append(what)

    server = subprocess.Popen(
        ["npx", "node", "experiments/oracle/hub_cache.ts"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    endpoint = json.loads(server.stdout.readline())

    def asked():
        print(file=server.stdin, flush=True)
        return json.loads(server.stdout.readline())

    names = json.dumps(sorted(path.name for path in DEMO.iterdir() if path.suffix != ".md"))
    with tempfile.TemporaryDirectory() as scratch:
        ours, theirs = Path(scratch, "ours"), Path(scratch, "theirs")

        def env(home, **more):
            return {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", **more}

        folder = node("src/cli/bin.ts", "fetch", "Org/demo", env=env(ours)).strip()
        check("bleubird fetched", len(asked()) > 0)
        found = python(SIDE, names, env=env(ours, HF_HUB_OFFLINE="1"))
        check("huggingface_hub finds bleubird's cache offline, sound", found == json.dumps([folder, []]))
        check("transformers loads from it offline", python(LOAD, env=env(ours, HF_HUB_OFFLINE="1")) is not None)
        found = python(SIDE, names, env=env(ours))
        check("huggingface_hub online asks for nothing again", found is not None and asked() == [])

        folder = json.loads(python(SIDE, names, env=env(theirs)) or '[""]')[0]
        check("huggingface_hub fetched", len(asked()) > 0)
        found = node("src/cli/bin.ts", "fetch", "Org/demo", env=env(theirs, HF_HUB_OFFLINE="1")).strip()
        check("bleubird finds huggingface_hub's cache offline", found == folder)
        node("src/cli/bin.ts", "fetch", "Org/demo", env=env(theirs))
        check("bleubird online asks for nothing again", asked() == [])
        check("both caches are laid out alike", layout(ours) == layout(theirs))

        # Whoever comes second completes what the first was kept from.
        link = next((theirs / "hub/models--Org--demo/snapshots").glob("*/source.spm"))
        link.resolve().unlink()
        link.unlink()
        node("src/cli/bin.ts", "fetch", "Org/demo", env=env(theirs))
        check("bleubird fetches only what is missing", len(asked()) in (1, 2) and layout(ours) == layout(theirs))
    server.stdin.close()
    server.wait()
    verdict("hub cache", failures)


main()
