"""WN18RR with and without its glosses, at some share of the training triples: one run, one JSON line.

Entities of left-out triples stay in the vocabulary, so that a part of the test entities is unseen in training; test
triples with such an entity are evaluated apart. With ``--text filtered``, a gloss does not name the entities that its
entity is connected with in a validation or test triple. A run whose line is in ``--out`` already is not run again.

    python examples/research/compare_text.py --glosses glosses.tsv.gz --model QueryTransE --share 0.1 --text filtered
    python examples/research/compare_text.py --report             # medians of the seeds, as a table

Not part of ``make bench``. The data is found as by ``dataset="WN18RR-all"``; the table of glosses has the columns
entity, lemmas joined by ", ", and gloss.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import recording
import torch
from pykeen.datasets import Dataset, get_dataset
from pykeen.datasets.base import EagerDataset
from pykeen.models import Model
from pykeen.pipeline import PipelineResult, pipeline
from pykeen.triples import TriplesFactory
from tabulate import tabulate
from torch import Tensor

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.text import Cooccurrence, read_descriptions, read_mentions, remove_overlap

METRICS = ("inverse_harmonic_mean_rank", "hits_at_10")
#: Arguments of the models beside the dimension, for which HaLE's loss is made
MODELS: dict[str, dict[str, Any]] = {
    "QueryTransE": {},
    "ConjComplEx": dict(similarity="squared_distance", relation_scale=True),
}
#: What a line has to have in common with a run that need not be done again
KEYS = ("model", "dim", "share", "text", "seconds", "split", "seed", "options")
#: The same of a run with text
TEXT_KEYS = ("weight", "x_max", "text_batch_size", "count", "mentions")


def load(arguments: argparse.Namespace) -> tuple[Dataset, Dataset]:
    """Load the dataset, and the same with a share of its training triples."""
    full = get_dataset(dataset="WN18RR-all", dataset_kwargs=dict(create_inverse_triples=True))
    training = full.training
    assert isinstance(training, TriplesFactory)
    reduced = recording.keep_share(training, arguments.share, arguments.seed)
    return full, EagerDataset(reduced, full.testing, full.validation)


def count(dataset: Dataset, arguments: argparse.Namespace) -> Cooccurrence:
    """Count the glosses."""
    mentions = read_mentions(arguments.glosses, separator=", ")
    documents = read_descriptions(arguments.glosses, text_columns=(1, 2))
    if arguments.text == "filtered":
        assert isinstance(dataset.validation, TriplesFactory)
        assert isinstance(dataset.testing, TriplesFactory)
        held_out = [t for part in (dataset.validation, dataset.testing) for t in part.triples.tolist()]
        documents = remove_overlap(documents, mentions, held_out)
    if not arguments.mentions:
        mentions = {entity: [] for entity in mentions}
    return Cooccurrence.from_documents(documents, mentions, use_tqdm=False, **arguments.count)


def train(dataset: Dataset, full: Dataset, arguments: argparse.Namespace) -> PipelineResult:
    """Train one model; a single triple is evaluated, as the groups are evaluated apart."""
    options: dict[str, Any] = dict(**MODELS[arguments.model], **arguments.options)
    complex_model = arguments.model == "ConjComplEx"
    options["embedding_dim"] = arguments.dim // 2 if complex_model else arguments.dim
    model = arguments.model
    if arguments.text != "none":
        text = count(full, arguments)
        chosen = dict(weight=arguments.weight, x_max=arguments.x_max, text_batch_size=arguments.text_batch_size)
        options.update(base=model, cooccurrence=text, **chosen)
        model = "JointGloVe"
    return pipeline(
        training=dataset.training,
        validation=dataset.validation,
        testing=dataset.testing.clone_and_exchange_triples(dataset.testing.mapped_triples[:1]),
        model=model,
        model_kwargs=options,
        loss="HaLE",
        training_loop="QuerySampling",
        training_loop_kwargs=dict(time_budget=arguments.seconds, automatic_memory_optimization=False),
        training_kwargs=dict(batch_size=1024, use_tqdm=False),
        optimizer="Adam",
        optimizer_kwargs=dict(lr=arguments.lr, fused=True),
        evaluator="IndexedRankBased",
        evaluation_kwargs=dict(use_tqdm=False),
        random_seed=arguments.seed,
    )


def evaluate(model: Model, full: Dataset, seen: Tensor, split: str) -> dict[str, Any]:
    """Evaluate triples with seen entities only, and triples with an unseen one, by filtered ranks."""
    factory = full.testing if split == "testing" else full.validation
    assert factory is not None
    assert full.validation is not None
    known = [full.training.mapped_triples, full.validation.mapped_triples, full.testing.mapped_triples]
    triples = factory.mapped_triples
    is_seen = seen[triples[:, [0, 2]]].all(dim=-1)
    line: dict[str, Any] = {}
    for name, group in (("seen", triples[is_seen]), ("unseen", triples[~is_seen]), ("all", triples)):
        line[f"{name}_triples"] = len(group)
        if not len(group):
            continue
        result = IndexedRankBasedEvaluator().evaluate(model, group, additional_filter_triples=known, use_tqdm=False)
        line.update({f"{name}_{m}": round(result.get_metric(f"both.realistic.{m}"), 4) for m in METRICS})
    return line


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run one cell of the table."""
    full, dataset = load(arguments)
    result = train(dataset, full, arguments)
    seen = torch.zeros(full.num_entities, dtype=torch.bool)
    seen[dataset.training.mapped_triples[:, [0, 2]].flatten()] = True
    return dict(
        training_triples=dataset.training.num_triples,
        unseen_entities=int((~seen).sum()),
        epochs=len(result.losses),
        parameters=result.model.num_parameters,
        **evaluate(result.model, full, seen, arguments.split),
    )


def report(path: Path) -> str:
    """Write the median of the seeds of each cell, and their range for all test triples, as a Markdown table."""
    cells: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for line in map(json.loads, path.read_text().splitlines()):
        cells.setdefault(tuple(line[key] for key in ("share", "model", "dim", "text")), []).append(line)
    texts = ["none", "all", "filtered"]
    rows = []
    for (share, model, dim, text), runs in sorted(
        cells.items(), key=lambda item: (item[0][:3], texts.index(item[0][3]))
    ):
        row: list[Any] = [
            f"{share:.0%}",
            model,
            dim,
            text,
            len(runs),
            f"{statistics.median(r['epochs'] for r in runs):.0f}",
        ]
        for group in ("seen", "unseen", "all"):
            values = [[run[f"{group}_{metric}"] for run in runs] for metric in METRICS]
            row.append(" / ".join(f"{statistics.median(x):.3f}".removeprefix("0") for x in values))
        row.append(f"{min(values[0]):.3f} – {max(values[0]):.3f}")
        rows.append(row)
    headers = ["triples", "model", "d", "text", "seeds", "epochs", "seen", "unseen", "all", "range of all MRR"]
    return str(tabulate(rows, headers=headers, tablefmt="pipe", disable_numparse=True))


def main() -> None:
    """Run a cell, unless it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", action="store_true", help="print the table of --out, and exit")
    parser.add_argument("--glosses", type=Path, required="--report" not in sys.argv)
    parser.add_argument("--model", choices=MODELS, default="QueryTransE")
    parser.add_argument("--dim", type=int, default=32, help="real numbers per entity")
    parser.add_argument("--share", type=float, default=1.0, help="of the training triples")
    parser.add_argument("--text", choices=["none", "all", "filtered"], default="none")
    parser.add_argument("--mentions", action=argparse.BooleanOptionalAction, default=False, help="as single tokens")
    parser.add_argument("--weight", type=float, default=3.0)
    parser.add_argument("--x-max", type=float, default=10.0)
    parser.add_argument("--text-batch-size", type=int, default=16384)
    parser.add_argument("--options", type=json.loads, default={}, help="further arguments of the model, as JSON")
    parser.add_argument("--count", type=json.loads, default={}, help="of the counting of glosses, as JSON")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--split", choices=["validation", "testing"], default="validation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/wn18rr_text.jsonl"))
    arguments = parser.parse_args()
    if arguments.report:
        sys.stdout.write(report(arguments.out) + "\n")
        return
    cell = {key: getattr(arguments, key) for key in (*KEYS, *TEXT_KEYS, "lr")}
    if arguments.text == "none":
        cell.update(dict.fromkeys(TEXT_KEYS))
    done = map(json.loads, arguments.out.read_text().splitlines()) if arguments.out.is_file() else ()
    if any(all(line.get(key) == value for key, value in cell.items()) for line in done):
        sys.stdout.write(f"{cell} is in {arguments.out} already\n")
        return
    sys.stdout.write(recording.write_line(arguments.out, **cell, **run(arguments)))


if __name__ == "__main__":
    main()
