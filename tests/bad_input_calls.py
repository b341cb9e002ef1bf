"""The calls of the public interface whose arguments :mod:`bad_inputs` replaces; each of them works as it is."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bad_inputs import Call, describe_arguments
from budget_runs import LOOPS
from click.testing import CliRunner
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import DistMult
from pykeen.regularizers import Regularizer
from torch.optim import SGD

from pykeen_conj_hale.datasets import FolderDataset, MappedDataset, WN18RRAll, build_triples
from pykeen_conj_hale.embeddings import export_embeddings, import_embeddings, load_embeddings
from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator, rank_triples
from pykeen_conj_hale.hpo import make_storage, shared_hpo_pipeline
from pykeen_conj_hale.losses import LOSSES, HaLELoss
from pykeen_conj_hale.models import MODELS, QueryComplEx, RotE
from pykeen_conj_hale.nn import QueryModel
from pykeen_conj_hale.regularizers import DURARegularizer, FactorRegularizer, N3Regularizer
from pykeen_conj_hale.streaming.activations import activation_resolver
from pykeen_conj_hale.text import Cooccurrence, GloVe, JointGloVe, WordVectors, read_descriptions, read_mentions
from pykeen_conj_hale.text.corpus import count_text
from pykeen_conj_hale.training import (
    BudgetCosineLR,
    BudgetLinearLR,
    QuerySamplingTrainingLoop,
    TimeBudget,
    TimeBudgetMixin,
    TimedStopper,
)

DATA = Nations(create_inverse_triples=True)
FACTORY = DATA.training
#: What PyKEEN alone takes, and hands on
OF_PYKEEN = ("triples_factory", "self", "kwargs", "args")
SMALL = dict(embedding_dim=12, random_seed=0)


def train(model: Any, loop: Any = QuerySamplingTrainingLoop, **kwargs: Any) -> float:
    """Train for a step or so, and return the loss."""
    made = loop(model=model, triples_factory=FACTORY, optimizer="SGD", optimizer_kwargs=dict(lr=1e-3))
    losses = made.train(FACTORY, **{**dict(num_epochs=1, batch_size=2048, use_tqdm=False), **kwargs})
    return losses[-1] if losses else 0.0


def calls_of_models() -> Iterator[Call]:
    """Make each model, and train it briefly."""
    shared = describe_arguments(QueryModel)
    for cls in MODELS:

        def run(cls: Any = cls, **kwargs: Any) -> float:
            return train(cls(**{"triples_factory": FACTORY, **SMALL, **kwargs}))

        own = describe_arguments(cls, leave_out=OF_PYKEEN)
        interaction = describe_arguments(cls.interaction_class, leave_out=OF_PYKEEN)
        arguments = {
            name: shared.get(name) or (annotation, interaction.get(name, ("", ""))[1])
            for name, (annotation, _) in own.items()
            if name not in {"loss", "loss_kwargs", "predict_with_sigmoid", "random_seed"} and "kwargs" not in name
        }
        yield Call(f"models: {cls.__name__}", run, arguments)


def calls_of_losses() -> Iterator[Call]:
    """Make each loss, activation and regularizer, and train with it."""
    for cls in LOSSES:

        def run(cls: Any = cls, **kwargs: Any) -> float:
            loop = "QuerySampling" if not cls.__name__.startswith(("Sam", "Adv")) else "BudgetedSLCWA"
            loops = {one.__name__.removesuffix("TrainingLoop"): one for one in LOOPS}
            return train(RotE(triples_factory=FACTORY, relation_scale=False, loss=cls(**kwargs), **SMALL), loops[loop])

        yield Call(f"losses: {cls.__name__}", run, describe_arguments(cls, leave_out=OF_PYKEEN))
    for cls in activation_resolver:
        if arguments := describe_arguments(cls, leave_out=OF_PYKEEN):

            def activate(cls: Any = cls, **kwargs: Any) -> Any:
                return cls(**kwargs)(torch.linspace(0, 5, 11))

            yield Call(f"losses: activation {cls.__name__}", activate, arguments)

    for regularizer in (N3Regularizer, DURARegularizer):

        def regularize(regularizer: type[FactorRegularizer] = regularizer, **kwargs: Any) -> float:
            return train(QueryComplEx(triples_factory=FACTORY, regularizer=regularizer(**kwargs), **SMALL))

        own = describe_arguments(regularizer, leave_out=OF_PYKEEN)
        yield Call(f"losses: {regularizer.__name__.removesuffix('Regularizer')}", regularize, own)
        assert issubclass(regularizer, Regularizer)


def calls_of_training() -> Iterator[Call]:
    """Make each loop and train with it; its schedules and its stopper."""
    for cls in LOOPS:

        def make(cls: Any = cls, **kwargs: Any) -> Any:
            model = RotE(triples_factory=FACTORY, loss=HaLELoss(), **SMALL)
            loop = cls(model=model, triples_factory=FACTORY, optimizer="SGD", **kwargs)
            return loop.train(FACTORY, num_epochs=1, batch_size=2048, use_tqdm=False)

        def fit(cls: Any = cls, **kwargs: Any) -> float:
            return train(RotE(triples_factory=FACTORY, loss=HaLELoss(), **SMALL), cls, **kwargs)

        arguments = describe_arguments(TimeBudgetMixin, leave_out=OF_PYKEEN)
        if cls is QuerySamplingTrainingLoop:
            arguments |= describe_arguments(cls, leave_out=OF_PYKEEN)
        yield Call(f"training: {cls.__name__}", make, arguments)
        names = ("num_epochs", "batch_size", "checkpoint", "checkpoint_seconds", "reset_time_budget")
        further = {"label_smoothing": (float | None, "[0, 1)"), "sub_batch_size": (int | None, "≥ 1")}
        further |= {"gradient_clipping_max_norm": (float | None, "> 0"), "checkpoint_frequency": (float | None, "≥ 0")}
        further |= {"use_tqdm": (bool, ""), "only_size_probing": (bool, "")}
        described = describe_arguments(TimeBudgetMixin.train, only=names)
        yield Call(f"training: {cls.__name__}.train", fit, described | further)
    for scheduler in (BudgetLinearLR, BudgetCosineLR):

        def schedule(scheduler: Any = scheduler, **kwargs: Any) -> Any:
            return scheduler(SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1), **kwargs)

        arguments = {"warmup": (float, "[0, 1)"), "final": (float, "[0, 1]")}
        yield Call(f"training: {scheduler.__name__}", schedule, arguments)
    yield Call("training: TimeBudget", lambda **kwargs: TimeBudget(**{"seconds": 1, **kwargs}).seconds,
               {"seconds": describe_arguments(TimeBudget)["seconds"]})  # fmt: skip
    yield Call("training: TimedStopper", stop, {
        "seconds": describe_arguments(TimeBudget)["seconds"], "patience": (int | None, "≥ 1"), "metric": (str, ""),
        "relative_delta": (float, "≥ 0"),
        "larger_is_better": (bool | None, ""), "targets": (str | tuple | list | None, ""),
        "best_model_path": (str | Path | None, ""), "evaluation_batch_size": (int | None, "≥ 1"),
    })  # fmt: skip


def stop(**kwargs: Any) -> float:
    """Train with a timed stopper."""
    model = DistMult(triples_factory=FACTORY, embedding_dim=4, random_seed=0)
    options = dict(seconds=60, use_tqdm=False)
    stopper = TimedStopper(
        model=model, evaluator=RankBasedEvaluator(), training_triples_factory=FACTORY,
        evaluation_triples_factory=DATA.validation, **{**options, **kwargs},
    )  # fmt: skip
    return train(model, stopper=stopper)


def calls_of_data(folder: Path) -> Iterator[Call]:
    """Datasets, evaluation and embeddings."""
    for name in ("train", "valid", "test"):
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data" / f"{name}.txt").write_text(f"a\tr\t{name}\nb\ts\t{name}\n")

    def read(**kwargs: Any) -> Any:
        return FolderDataset(**{"path": folder / "data", **kwargs}).training.num_triples

    yield Call("data: FolderDataset", read, describe_arguments(FolderDataset))
    made = folder / "mapped"

    def build(**kwargs: Any) -> Any:
        settings = dict(path=folder / "data", force=True, memory=0.25, use_tqdm=False)
        return build_triples(output=made, **{**settings, **kwargs}).entities

    given = {name: about for name, about in describe_arguments(build_triples).items() if name != "output"}
    yield Call("data: build_triples", build, given)
    build()
    yield Call(
        "data: MappedDataset",
        lambda **kwargs: MappedDataset(**{"path": made, **kwargs}).num_entities,
        describe_arguments(MappedDataset),
    )
    yield Call("data: WN18RRAll", lambda **kwargs: WN18RRAll(**kwargs), {"create_inverse_triples": (bool, "")})
    model = RotE(triples_factory=FACTORY, **SMALL)

    def evaluate(**kwargs: Any) -> Any:
        split = {name: kwargs.pop(name) for name in ("batch_size", "targets") if name in kwargs}
        evaluator = IndexedRankBasedEvaluator(**kwargs)
        found = evaluator.evaluate(
            model,
            DATA.testing.mapped_triples,
            additional_filter_triples=[FACTORY.mapped_triples],
            use_tqdm=False,
            **split,
        )
        return float(found.get_metric("mrr"))

    yield Call(
        "data: evaluator", evaluate, {"filtered": (bool, ""), "batch_size": (int | None, "≥ 1"), "targets": (Any, "")}
    )

    def rank(**kwargs: Any) -> Any:
        return rank_triples(**{"model": model, "triples": DATA.testing, "known": [FACTORY], **kwargs})

    yield Call(
        "data: rank_triples",
        rank,
        describe_arguments(rank_triples, only=("triples", "known", "targets", "candidates", "batch_size")),
    )
    export_embeddings(folder / "e", model, FACTORY)
    yield Call("data: load_embeddings", lambda **kwargs: load_embeddings(**kwargs), describe_arguments(load_embeddings))
    for call, function in (("import", import_embeddings), ("export", export_embeddings)):

        def move(function: Any = function, **kwargs: Any) -> Any:
            return function(**{"path": folder / "e", "model": model, "triples_factory": FACTORY, **kwargs})

        yield Call(f"data: {call}_embeddings", move, describe_arguments(function))


def calls_of_text(folder: Path) -> Iterator[Call]:
    """Corpora, the objective, word vectors."""
    documents = ["uk and usa trade", "usa and brazil trade", "brazil exports to uk"] * 4
    entities = {"uk": ["uk"], "usa": ["usa"], "brazil": ["brazil"]}
    counted = Cooccurrence.from_documents(documents, entities, min_count=1, use_tqdm=False)

    def count(**kwargs: Any) -> Any:
        start = dict(documents=documents, entities=entities, min_count=1, use_tqdm=False)
        return float(Cooccurrence.from_documents(**{**start, **kwargs}).matrix.sum())

    yield Call("text: Cooccurrence", count, describe_arguments(Cooccurrence.from_documents))
    (folder / "corpus.txt").write_text("\n".join(documents))
    (folder / "table.tsv").write_text("uk\tthe united kingdom\nusa\tthe states\n")

    def count_files(**kwargs: Any) -> Any:
        start = dict(documents=[folder / "corpus.txt"], mentions=folder / "table.tsv", min_count=1, use_tqdm=False)
        return float(count_text(**{**start, **kwargs}).matrix.sum())

    yield Call("text: count_text", count_files, describe_arguments(count_text, leave_out=("options",)))
    for function in (read_mentions, read_descriptions):

        def read(function: Any = function, **kwargs: Any) -> Any:
            return list(function(**{"path": folder / "table.tsv", **kwargs}))

        yield Call(f"text: {function.__name__}", read, describe_arguments(function))
    yield Call(
        "text: Cooccurrence.load", lambda **kwargs: Cooccurrence.load(**kwargs), describe_arguments(Cooccurrence.load)
    )

    def glove(**kwargs: Any) -> Any:
        start = dict(cooccurrence=counted, entity_to_id=FACTORY.entity_to_id, dim=4, batch_size=8)
        vectors = torch.zeros(FACTORY.num_entities, 4)
        return GloVe(**{**start, **kwargs})(lambda ids: vectors[ids])

    yield Call("text: GloVe", glove, describe_arguments(GloVe))

    def joint(**kwargs: Any) -> float:
        start = dict(triples_factory=FACTORY, base="RotE", cooccurrence=counted, text_batch_size=8)
        return train(JointGloVe(**{**SMALL, **start, **kwargs}))

    yield Call("text: JointGloVe", joint, describe_arguments(JointGloVe, leave_out=("triples_factory", "kwargs")))
    vectors = WordVectors(["uk"], ["trade", "usa"], np.eye(3))
    yield Call("text: WordVectors.nearest", lambda **kwargs: vectors.nearest(**{"token": "uk", **kwargs}),
               describe_arguments(WordVectors.nearest))  # fmt: skip
    start: dict[str, Any] = dict(entities=["a"], words=["b"], vectors=np.eye(2))
    yield Call(
        "text: WordVectors", lambda **kwargs: WordVectors(**{**start, **kwargs}), describe_arguments(WordVectors)
    )


def calls_of_studies() -> Iterator[Call]:
    """Storages, and studies up to the check of their arguments."""
    yield Call(
        "studies: make_storage",
        lambda **kwargs: make_storage(**{"storage": "s.journal", **kwargs}),
        describe_arguments(make_storage),
    )

    def study(**kwargs: Any) -> Any:
        start = dict(n_trials=1, dataset="nations", model="RotE", model_kwargs=dict(embedding_dim=4), loss="HaLE",
                     training_loop="QuerySampling", training_loop_kwargs=dict(time_budget=0.01))  # fmt: skip
        return shared_hpo_pipeline(**{**start, **kwargs}).study.trials

    arguments = describe_arguments(
        shared_hpo_pipeline, leave_out=("arguments", "n_trials", "sampler", "load_if_exists")
    )
    names = ("model", "loss", "training_loop", "optimizer", "lr_scheduler", "stopper", "evaluator", "pruner", "metric")
    yield Call("studies: shared_hpo_pipeline", study, arguments | dict.fromkeys(names, (str | type | None, "")))


def calls_of_commands(folder: Path) -> Iterator[Call]:
    """The command line: any text as an option's value."""
    from pykeen_conj_hale.cli.text import cooccurrence

    def build(**kwargs: Any) -> Any:
        ((option, value),) = kwargs.items()
        text = str(value)
        command = ["build", str(folder / "corpus.txt"), "-o", str(folder / "c.npz"), "--min-count", "1", "--force"]
        result = CliRunner().invoke(cooccurrence, [*command, f"--{option.replace('_', '-')}", text])
        if result.exit_code:
            raise ValueError(result.output if isinstance(result.exception, SystemExit) else repr(result.exception))

    names = (
        "window",
        "context",
        "max_vocab",
        "description_weight",
        "ambiguous",
        "header",
        "mentions",
        "descriptions",
        "mention_columns",
    )
    yield Call("commands: cooccurrence build", build, dict.fromkeys(names, (Any, "")))


@contextlib.contextmanager
def list_calls() -> Iterator[list[Call]]:
    """List all calls, which read and write in a folder of their own."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        try:
            folder = Path(name)
            yield [
                *calls_of_models(),
                *calls_of_losses(),
                *calls_of_training(),
                *calls_of_data(folder),
                *calls_of_text(folder),
                *calls_of_studies(),
                *calls_of_commands(folder),
            ]
        finally:
            os.chdir(before)
