"""Makes a folder of labelled triples as large as is asked for, drawn by chance: every entity has a triple.

python large_files.py FOLDER --entities 20000000 --triples 40000000
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import compute, csv

BLOCK = 1_000_000
#: The number of relations of Wikidata5M
RELATIONS = 822


def labels(prefix: str, ids: np.ndarray) -> pyarrow.Array:
    """Write ids as labels."""
    return compute.binary_join_element_wise(prefix, pyarrow.array(ids).cast(pyarrow.string()), "")


def write(path: Path, num: int, entities: int, first: int, generator: np.random.Generator) -> None:
    """Write triples; the heads are those from the first id on, as far as there are so many."""
    names = ["head", "relation", "tail"]
    options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    with csv.CSVWriter(
        path, pyarrow.schema([(name, pyarrow.string()) for name in names]), write_options=options
    ) as file:
        for start in range(0, num, BLOCK):
            size = min(BLOCK, num - start)
            heads = (np.arange(start, start + size) + first) % entities
            relations = generator.integers(RELATIONS, size=size)
            tails = generator.integers(entities, size=size)
            columns = [labels("Q", heads), labels("P", relations), labels("Q", tails)]
            file.write(pyarrow.table(columns, names))


def make(folder: Path, entities: int, triples: int, held_out: int = 1_000) -> None:
    """Make the folder."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    write(folder / "train.tsv", triples, entities, 0, generator)
    write(folder / "valid.tsv", held_out, entities, 7, generator)
    write(folder / "test.tsv", held_out, entities, 7_777, generator)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--entities", type=int, default=20_000_000)
    parser.add_argument("--triples", type=int, default=40_000_000)
    arguments = parser.parse_args()
    make(arguments.folder, arguments.entities, arguments.triples)
