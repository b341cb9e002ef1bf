"""Tables of settings: which were tried, and what validation said of them."""

from __future__ import annotations

import functools
import json
import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pykeen_conj_hale.defaults.rates import scaled_learning_rate
from pykeen_conj_hale.defaults.table import KINDS, Recipe
from pykeen_conj_hale.losses import HaLELoss

from .lines import MRR, TITLES, Line, only, read, reals
from .markdown import rate, table

__all__ = ["TABLES"]

FIGURES: Final = {"MRR": MRR, "Hits@10": "hits_at_10", "training MRR": "training_mrr"}


def tried(columns: dict[str, Callable[[Line], object]], lines: Iterable[Line]) -> str:
    """Write settings beside their figures; the best MRR of a dataset is bold.

    :param columns: the settings, by title: what to write of a line
    :param lines: the runs
    :return: the table
    """
    lines = list(lines)
    best = {
        line["dataset"]: max(other[MRR] for other in lines if other["dataset"] == line["dataset"]) for line in lines
    }
    figures = {title: key for title, key in FIGURES.items() if all(line.get(key) is not None for line in lines)}
    rows = [
        [write(line) for write in columns.values()]
        + [rate(line[key], bold=key == MRR and line[MRR] == best[line["dataset"]]) for key in figures.values()]
        for line in lines
    ]
    return table([*columns, *figures], rows)


def _value(key: str) -> Callable[[Line], object]:
    return lambda line: f"{line[key]:,}" if isinstance(line[key], int) else f"{line[key]:g}"


def _share(key: str) -> Callable[[Line], object]:
    return lambda line: f"{line[key]:.0%}" if line[key] else "–"


def _or_none(key: str) -> Callable[[Line], object]:
    return lambda line: f"{line[key]:g}" if line[key] else "–"


def _candidates(line: Line) -> str:
    fraction = json.loads(line["loss_kwargs"]).get("candidates")
    return f"{fraction:.0%}" if fraction else "all"


def _steps(dataset: str, **conditions: Any) -> list[Line]:
    return read("tune_hale", dataset=dataset, **conditions)


def wn18rr_short() -> str:
    """List what was tried on WN18RR: epochs that fit the same time, by the parts of a step."""
    columns = {
        "epochs": _value("epochs"),
        "batch": _value("batch_size"),
        "α": _value("alpha"),
        "learning rate": _value("lr"),
        "warm-up": _share("warmup"),
        "γ": _value("gamma"),
    }
    return tried(columns, [line for line in _steps("WN18RR-all") if "training_mrr" not in line])


#: What the long runs have where nothing else is said
LONG: Final[dict[str, Any]] = dict(
    epochs=120, batch_size=2048, lr=0.014, alpha=0.05, gamma=5.0, lambda_=1.0, n3=0.0, constant=False, model_kwargs="{}"
)
#: How a difference is written
CHANGES: Final[dict[str, Callable[[Any], str]]] = {
    "epochs": "{} epochs".format,
    "batch_size": "batch {:,}".format,
    "lr": "learning rate {}".format,
    "alpha": "α = {}".format,
    "gamma": "γ = {:g}".format,
    "lambda_": "λ = {}".format,
    "n3": "N3 of weight {}".format,
    "constant": lambda constant: "constant learning rate",
    "model_kwargs": lambda text: {"tail_bias": "a bias per tail"}.get(
        next(iter(json.loads(text))), "entities from N(0, 0.001²)"
    ),
}


def _changed(line: Line) -> str:
    changes = [CHANGES[key](line[key]) for key, value in LONG.items() if line[key] != value]
    return ", ".join(changes) or "–"


def wn18rr_long() -> str:
    """List what was tried on WN18RR: long runs, and what was changed in them."""
    lines = [line for line in _steps("WN18RR-all", loss_kwargs="{}") if line["epochs"] >= 60]
    lines.sort(key=lambda line: (_changed(line) != "–", -line[MRR]))
    return tried({"changed": _changed}, lines)


def wn18rr_sample() -> str:
    """List what was tried on WN18RR: a sample of the entities."""
    columns = {
        "batch": _value("batch_size"),
        "α": _value("alpha"),
        "candidates": _candidates,
        "learning rate": _value("lr"),
    }
    return tried(columns, _steps("WN18RR-all", model="RotL", epochs=30, dim=32, n3=0.0))


def dense(dataset: str, limit: str) -> str:
    """List what was tried on FB15k-237 or CoDEx-S: γ, λ and N3."""
    columns = {
        limit: lambda line: line[limit] if limit == "epochs" else f"{line[limit]:g}",
        "γ": lambda line: "no activation, no square" if "none" in line.get("loss_kwargs", "") else f"{line['gamma']:g}",
        "λ": _value("lambda_"),
        "N3": lambda line: f"{line['n3']:g}" if line.get("n3") else "–",
    }
    lines = [line for line in _steps(dataset) if "candidates" not in line.get("loss_kwargs", "")]
    return tried(columns, lines)


def dimensions() -> str:
    """Show how much the dimension is worth in short trainings."""
    columns: dict[str, Callable[[Line], object]] = {
        "dataset": lambda line: TITLES[line["dataset"]],
        "model": lambda line: line["model"],
        "d": _value("dim"),
        "N3": _or_none("n3"),
        "epochs": _value("epochs"),
    }
    lines = [
        line for line in _steps("FB15k237-all") + _steps("WN18RR-all") if "candidates" in line.get("loss_kwargs", "")
    ]
    lines.sort(key=lambda line: (line["dataset"], line["dim"], line["n3"]))
    return tried(columns, lines)


def small_graphs(dataset: str) -> str:
    """List what was tried on a small graph: model, loss, dimension and regularizer."""
    columns: dict[str, Callable[[Line], object]] = {
        "model": lambda line: line["model"],
        "loss": lambda line: line["loss"] + _options(line["settings"]),
        "d": _value("dim"),
        "batch": _value("batch_size"),
        "optimizer": lambda line: f"{line['optimizer']} {line['lr']:g}",
        "N3": _or_none("n3"),
        "epochs": _value("epochs"),
    }
    lines = read("defaults", dataset=dataset, test=False)
    return tried(columns, sorted(lines, key=lambda line: -line[MRR]))


def _options(text: str) -> str:
    options = {key: value for part in json.loads(text).values() for key, value in part.items()}
    if not options:
        return ""
    return " (" + ", ".join(f"{key} = {value}".replace("_", " ") for key, value in options.items()) + ")"


def kinds() -> str:
    """List the kinds of graphs, and what is chosen for each."""
    rows = [
        [kind.name, kind.which, f"`{kind.model}`", title, *_recipe(recipe)]
        for kind in KINDS
        for title, recipe in (("dot product", kind.dot), ("distance", kind.distance))
    ]
    titles = [
        "kind",
        "graphs",
        "model if none is named",
        "for a",
        "`HaLE`",
        "N3",
        "reals per entity",
        "batch",
        "Adam at",
    ]
    return table([*titles, "epochs"], rows)


def _recipe(recipe: Recipe) -> list[str]:
    hale, candidates = recipe.hale, recipe.hale["candidates"]
    against = "all entities" if candidates == "all" else f"{candidates:.0%} of the entities"
    loss = "cross entropy" if hale["gamma"] is None else f"γ = {hale['gamma']:g}, λ = {hale['lambda_']:g}, α = 1"
    rate = scaled_learning_rate(recipe.rate_factor * HaLELoss.learning_rate, recipe.batch_size)
    return [
        f"{loss}, {against}",
        f"{recipe.n3:g}" if recipe.n3 else "–",
        str(recipe.real_dim),
        f"{recipe.batch_size:,}",
        f"{rate:.3f}",
        str(recipe.num_epochs),
    ]


def larger_graphs(dataset: str) -> str:
    """List what was tried on a larger graph by its time: model, loss, dimension and regularizer."""
    columns: dict[str, Callable[[Line], object]] = {
        "model": lambda line: line["model"],
        "loss": lambda line: line["loss"] + _loss_options(line["settings"]),
        "reals": reals,
        "N3": _or_none("n3"),
        "batch": _value("batch_size"),
        "Adam at": _value("lr"),
        "seconds": lambda line: json.loads(line["settings"])["training_loop_kwargs"]["time_budget"],
    }
    return tried(columns, sorted(read("defaults", dataset=dataset, test=False), key=lambda line: -line[MRR]))


def _loss_options(text: str) -> str:
    options = json.loads(text)["loss_kwargs"]
    gamma = "" if options.get("gamma") is None else f"γ = {options['gamma']:g}, λ = {options['lambda_']:g}, "
    candidates = options["candidates"]
    return f" ({gamma}{'all entities' if candidates == 'all' else f'{candidates:.0%} of the entities'})"


AS_SCORED: Final = f"{MRR}_as_scored"


def names() -> str:
    """List trainings of which nothing but names and seconds was said."""
    rows = [
        [
            TITLES[line["dataset"]],
            line["model"],
            f"{line['seconds']:,.0f}",
            line["epochs"],
            *(rate(line[key]) for key in (MRR, "hits_at_1", "hits_at_10", AS_SCORED)),
        ]
        for line in read("names")
        if line["seconds"] is not None
    ]
    columns = ["dataset", "model", "seconds", "epochs", "test MRR", "Hits@1", "Hits@10", "own entities as scored: MRR"]
    return table(columns, rows)


def names_small() -> str:
    """List trainings of small graphs, of which nothing but names was said."""
    rows = [
        [
            TITLES[line["dataset"]],
            *(rate(line[key]) for key in (MRR, "hits_at_1", "hits_at_10", AS_SCORED)),
            f"{line['cpu_seconds']:.0f}",
        ]
        for line in read("names", seconds=None)
    ]
    columns = ["graph", "MRR", "Hits@1", "Hits@10", "own entities as scored: MRR", "seconds of one core"]
    return table(columns, rows)


def hpo() -> str:
    """List the best of 20 trials of a minute, and the middle of all."""
    trials = sorted(read("wn18rr_hpo"), key=lambda line: -line["mrr"])
    rows = []
    for line in trials[:4]:
        values = {key.split(".")[1]: value for key, value in line["params"].items()}
        rows.append(
            [
                line["trial"],
                f"{values['activation']}, γ = {values['gamma']:g}",
                f"{values['alpha']:g}",
                f"{values['lambda_']:.2f}",
                f"{values['lr']:.3f}",
                f"{values['batch_size']:,}",
                rate(line["mrr"]),
                rate(line["hits_at_10"]),
            ]
        )
    middle = [sum(sorted(line[key] for line in trials)[9:11]) / 2 for key in ("mrr", "hits_at_10")]
    rows.append(["median of 20", "", "", "", "", "", *map(rate, middle)])
    return table(["trial", "activation", "α", "λ", "Adam at", "batch", "MRR", "Hits@10"], rows)


def hpo_negatives() -> str:
    """List the best trials with sampled negatives, their middle, what no search has, HaLE, and the best for longer."""
    lines = read("wn18rr_hpo_negatives", loss="AdvNeg")
    trials = sorted((line for line in lines if line["state"] == "COMPLETE"), key=lambda line: -line[MRR])
    rows = []
    for line in trials[:3]:
        values = {key.split(".")[1]: value for key, value in line["params"].items()}
        rows.append([f"trial {line['trial']}", *_negatives_row(line, values)])
    middle = [statistics.median(line[key] for line in trials) for key in (MRR, "hits_at_10")]
    rows.append([f"median of {len(trials)}", f"{trials[0]['seconds']:.0f}", "", "", "", "", "", *map(rate, middle)])
    hale = only("wn18rr_hpo_negatives", loss="HaLE", trial="no search")
    scores = map(rate, (hale[MRR], hale["hits_at_10"]))
    rows.append(["HaLE, no search", f"{hale['seconds']:.0f}", "", "", "", "", "", *scores])
    for name, title in (("no search", "no search"), ("best", "the best trial's settings, test triples")):
        (line,) = (line for line in lines if line["trial"] == name)
        params = line["params"]
        values = {**params["loss_kwargs"], **params["training_kwargs"], **params["optimizer_kwargs"]}
        rows.append([title, *_negatives_row(line, values)])
    columns = ["", "seconds", "margin", "temperature", "negatives", "Adam at", "batch", "MRR", "Hits@10"]
    return table(columns, rows)


def _negatives_row(line: Line, values: Mapping[str, Any]) -> list[str]:
    return [
        f"{line['seconds']:.0f}",
        f"{values['margin']:.1f}",
        f"{values['adversarial_temperature']:.2f}",
        f"{values['num_negs_per_pos']}",
        f"{values['lr']:.3f}",
        f"{values['batch_size']:,}",
        rate(line[MRR]),
        rate(line["hits_at_10"]),
    ]


def tune_negatives() -> str:
    """List settings of self-adversarial negatives by graph, model and time; the best validation MRR of each is bold."""
    # RotL's rate is chosen by the whole runs, of which the chosen one is a result
    chosen = read("reproduce", strategy="AdvNeg-tuned", model="RotL", status="finished")
    lines = [*read("tune_negatives"), *chosen]
    best: dict[tuple[str, str, float], float] = {}
    for line in lines:
        cell = line["dataset"], line["model"], line["seconds"]
        best[cell] = max(_best(line)[0], best.get(cell, 0.0))
    rows = []
    for line in lines:
        settings = line["configuration"]
        mrr, hits = _best(line)
        rows.append(
            [
                line["dataset"],
                line["model"],
                f"{line['seconds']:.0f}",
                settings["training_kwargs"]["num_negs_per_pos"],
                f"{settings['training_kwargs']['batch_size']:,}",
                f"{settings['optimizer_kwargs']['lr']:g}",
                f"{settings['loss_kwargs']['margin']:g}",
                f"{settings['loss_kwargs']['adversarial_temperature']:g}",
                line["epochs"],
                rate(mrr, bold=mrr == best[line["dataset"], line["model"], line["seconds"]]),
                rate(hits),
            ]
        )
    columns = ["dataset", "model", "seconds", "negatives", "batch", "Adam at", "margin", "temperature", "epochs"]
    return table([*columns, "MRR", "Hits@10"], rows)


def _best(line: Line) -> tuple[float, float]:
    """Get the best validation MRR of a run, and Hits@10 at its time."""
    _, mrr, hits = max(line["curve"], key=lambda point: point[1])
    return mrr, hits


TABLES: Final[dict[str, Callable[[], str]]] = {
    "wn18rr-short": wn18rr_short,
    "wn18rr-long": wn18rr_long,
    "wn18rr-sample": wn18rr_sample,
    "fb15k237": functools.partial(dense, "FB15k237-all", "epochs"),
    "codex-s": functools.partial(dense, "CoDExsmall-all", "seconds"),
    "dimensions": dimensions,
    "kinships": functools.partial(small_graphs, "kinships"),
    "umls": functools.partial(small_graphs, "umls"),
    "nations": functools.partial(small_graphs, "nations"),
    "hpo": hpo,
    "hpo-negatives": hpo_negatives,
    "tune-negatives": tune_negatives,
    "kinds": kinds,
    "names": names,
    "names-small": names_small,
    "fb15k237-seconds": functools.partial(larger_graphs, "FB15k237-all"),
    "codex-s-seconds": functools.partial(larger_graphs, "CoDEx-small-all"),
    "wn18rr-seconds": functools.partial(larger_graphs, "WN18RR-all"),
}
