"""Counting co-occurrences: words per second and peak memory, of a text like a natural one and of a table of glosses.

The text is drawn: words by Zipf's law, in lines of 20, so that its vocabulary grows as that of a natural one does. Each
corpus is counted in a process of its own, on one thread; times are processor times, which say the same on a busy
machine. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tabulate import tabulate

from pykeen_conj_hale.text import Cooccurrence, Document, read_descriptions, read_mentions, tokenize


def write_text(path: Path, num_bytes: int) -> None:
    """Write a text of about that many bytes."""
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        while file.tell() < num_bytes:
            ranks = rng.zipf(1.1, size=(5_000, 20))
            file.writelines(" ".join(f"w{rank % 1_000_000:x}" for rank in line) + "\n" for line in ranks.tolist())


def measure(arguments: argparse.Namespace) -> None:
    """Count one corpus and print what it took, as JSON."""
    source: list[Document] | list[Path] = [arguments.one]
    mentions: dict[str, list[str]] = {}
    if arguments.glosses is not None:
        source = list(read_descriptions(arguments.glosses, text_columns=(1, 2)))
        mentions = read_mentions(arguments.glosses, separator=", ")
    tokenizing = 0.0

    def timed(text: str) -> list[str]:
        nonlocal tokenizing
        start = time.process_time()
        words = tokenize(text)
        tokenizing += time.process_time() - start
        return words

    start = time.process_time()
    counted = Cooccurrence.from_documents(
        source, mentions, window=arguments.window, max_vocab=arguments.max_vocab, tokenizer=timed, use_tqdm=False
    )
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    words = counted.settings["num_words"]
    line = dict(words=words, pairs=counted.matrix.nnz, seconds=seconds, tokenizing=tokenizing, peak=peak)
    sys.stdout.write(json.dumps(line) + "\n")


def main() -> None:
    """Measure each corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, nargs="+", default=[10, 100], help="sizes of drawn texts")
    parser.add_argument("--glosses", type=Path, help="table of entity, lemmas and gloss, measured too")
    parser.add_argument("--window", type=int, default=10)
    parser.add_argument("--max-vocab", type=int, default=100_000)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        measure(arguments)
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        corpora = {f"text, {size} MiB": (Path(folder) / f"{size}.txt", size) for size in arguments.mebibytes}
        for path, size in corpora.values():
            write_text(path, size << 20)
        commands = {title: ["--one", str(path)] for title, (path, _) in corpora.items()}
        if arguments.glosses is not None:
            commands["glosses"] = ["--one", "", "--glosses", str(arguments.glosses)]
        for title, command in commands.items():
            options = ["--window", str(arguments.window), "--max-vocab", str(arguments.max_vocab)]
            done = subprocess.run(
                [sys.executable, __file__, *options, *command], check=True, capture_output=True, text=True
            )
            line = json.loads(done.stdout)
            rates = [line["words"] / line["seconds"], line["words"] / (line["seconds"] - line["tokenizing"])]
            counts = [f"{line[name]:,}" for name in ("words", "pairs")]
            rows.append(
                [title, *counts, f"{line['seconds']:.1f}", *(f"{r:,.0f}" for r in rates), f"{line['peak']:.0f}"]
            )
    headers = [
        "corpus", "words", "pairs", "seconds", "words / s", "… after tokenizing", "peak memory, MiB",
    ]  # fmt: skip
    sys.stdout.write(tabulate(rows, headers=headers, disable_numparse=True) + "\n")


if __name__ == "__main__":
    main()
