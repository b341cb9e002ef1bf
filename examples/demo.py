"""A minute of training with nothing set but names, beside a minute of PyKEEN's own, in the same run.

    python examples/demo.py                      PyKEEN's Kinships
    python examples/demo.py --data DIR           your own train.txt, valid.txt and test.txt (head, relation, tail)
    python examples/demo.py --without-rival      this package's model only

The picture needs the extra ``plot``: ``pip install 'pykeen-conj-hale[plot]'``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from pykeen.datasets import Dataset, dataset_resolver
from pykeen.models import ERModel
from pykeen.pipeline import PipelineResult, pipeline
from pykeen.triples import TriplesFactory
from tabulate import tabulate

from pykeen_conj_hale.figures import COLORS, new_figure, save, tidy
from pykeen_conj_hale.workflow.exporting import entity_vectors
from pykeen_conj_hale.workflow.pictures import draw_map

#: Shown name: PyKEEN's name, digits after the point
METRICS: Final = {
    "MRR": ("inverse_harmonic_mean_rank", 3),
    "Hits@1": ("hits_at_1", 3),
    "Hits@3": ("hits_at_3", 3),
    "Hits@10": ("hits_at_10", 3),
    "mean rank": ("arithmetic_mean_rank", 1),
}

#: Nothing but names: all else is chosen from the graph
OURS: Final[dict[str, Any]] = dict(model="ConjComplEx", loss="HaLE", training_loop="QuerySampling")
#: PyKEEN's own model, loss, regularizer and loop, the latter under a time budget: by validation MRR the best of what
#: was tried on Kinships for 20 seconds, as docs/results.md lists
RIVAL: Final[dict[str, Any]] = dict(
    model="ComplEx",
    model_kwargs=dict(embedding_dim=128),
    loss="CrossEntropy",
    regularizer="PowerSum",
    regularizer_kwargs=dict(weight=0.02, p=3.0),
    training_loop="BudgetedLCWA",
    optimizer="Adam",
    optimizer_kwargs=dict(lr=0.01),
    training_kwargs=dict(batch_size=256),
)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Train by names for a minute, beside PyKEEN's ComplEx.")
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="folder with train.txt, valid.txt, test.txt (default: Kinships)")
    add("--seconds", type=float, default=60.0, help="time budget of each training (default: %(default)g)")
    add("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    add("--out", type=Path, metavar="DIR", default=Path("results/demo"), help="for the results (default: %(default)s)")
    add("--without-rival", action="store_true", help="train this package's model only")
    arguments = parser.parse_args()
    if not 0 < arguments.seconds < float("inf"):
        parser.error(f"--seconds must be a positive number, not {arguments.seconds:g}")
    return arguments


def load(folder: Path | None) -> Dataset:
    """Load the data, with an inverse for each relation: head prediction then is tail prediction, and as fast.

    :param folder: a folder of triples, or none for PyKEEN's Kinships
    :returns: the dataset
    """
    if folder is None:
        return dataset_resolver.make("kinships", create_inverse_triples=True)
    from pykeen_conj_hale.datasets import FolderDataset

    return FolderDataset(path=folder, create_inverse_triples=True)


def train(dataset: Dataset, settings: dict[str, Any], *, seconds: float, seed: int) -> PipelineResult:
    """Train and evaluate: nothing but PyKEEN's pipeline, with names that this package added to it.

    :param dataset: what to train on
    :param settings: further arguments of the pipeline
    :param seconds: the time budget of the training
    :param seed: the random seed
    :returns: PyKEEN's result
    """
    return pipeline(
        dataset=dataset,
        **settings,
        training_loop_kwargs={"time_budget": seconds},
        evaluator="IndexedRankBased",
        random_seed=seed,
    )


def describe(title: str, dataset: Dataset, results: dict[str, PipelineResult]) -> str:
    """Put the results into words and a table.

    :param title: the dataset's name
    :param dataset: what the models were trained on
    :param results: PyKEEN's results, by name
    :returns: some lines of text
    """
    splits = {"train": dataset.training, "valid": dataset.validation, "test": dataset.testing}
    counts = ", ".join(f"{factory.num_triples:,} {name}" for name, factory in splits.items() if factory is not None)
    rows = [
        [
            name,
            f"{result.model.num_parameters:,}",
            f"{len(result.losses):,} in {result.train_seconds:.0f} s",
            *(f"{metric(result, key):,.{digits}f}" for key, (_, digits) in METRICS.items()),
        ]
        for name, result in results.items()
    ]
    headers = ["filtered, test", "parameters", "epochs", *METRICS]
    return "\n".join(
        [
            f"{title}: {dataset.num_entities:,} entities, {dataset.training.real_num_relations:,} relations; "
            f"triples: {counts}",
            "",
            tabulate(rows, headers, disable_numparse=True, colalign=["left"] + ["right"] * (len(headers) - 1)),
            "By names a query's own entity is ranked last where a relation connects next to none with itself.",
            "PyKEEN's models have no such rule: on Kinships it adds .002 to the MRR (docs/models/README.md).",
        ]
    )


def metric(result: PipelineResult, name: str) -> float:
    """Return a filtered metric of both directions.

    :param result: PyKEEN's result
    :param name: a key of :data:`METRICS`
    :returns: the value over PyKEEN's realistic ranks: ties count as the mean of the best and the worst order
    """
    return result.get_metric(f"both.realistic.{METRICS[name][0]}")


def draw(results: dict[str, PipelineResult], path: Path) -> None:
    """Draw the metrics between 0 and 1.

    :param results: PyKEEN's results, by name
    :param path: the picture to write
    """
    figure = new_figure(4.0)
    axes = figure.subplots()
    names = [name for name in METRICS if name != "mean rank"]
    width = 0.8 / len(results)
    for index, (label, result) in enumerate(results.items()):
        positions = [group + (index - (len(results) - 1) / 2) * width for group in range(len(names))]
        values = [metric(result, name) for name in names]
        bars = axes.bar(positions, values, width, label=label, color=COLORS[index])
        axes.bar_label(bars, fmt="%.2f", padding=2)
    axes.set(title="Test triples, filtered ranks, the same seconds of training", ylim=(0, 1.1))
    axes.set_xticks(range(len(names)), names)
    figure.legend(frameon=False, loc="outside lower center", ncols=len(results))
    tidy(axes)
    save(figure, path)


def main() -> None:
    """Run the demo."""
    arguments = parse_arguments()
    try:
        dataset = load(arguments.data)
        _ = dataset.training  # PyKEEN's datasets read their files when first asked
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    chosen = {"ConjComplEx with HaLE, by names": OURS}
    if not arguments.without_rival:
        chosen["PyKEEN's ComplEx, tuned for Kinships"] = RIVAL
    results = {
        name: train(dataset, settings, seconds=arguments.seconds, seed=arguments.seed)
        for name, settings in chosen.items()
    }
    ours = next(iter(results.values()))
    ours.save_to_directory(arguments.out)
    draw(results, arguments.out / "demo.png")
    model, training = ours.model, dataset.training
    assert isinstance(model, ERModel)
    assert isinstance(training, TriplesFactory)
    save(draw_map(entity_vectors(model, training).vectors, training)[0], arguments.out / "map.png")
    title = str(arguments.data or "Kinships")
    print(
        f"\n{describe(title, dataset, results)}\n\n"
        f"Results, model and pictures (demo.png; map.png, the entities) are in {arguments.out}"
    )


if __name__ == "__main__":
    main()
