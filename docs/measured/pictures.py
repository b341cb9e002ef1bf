"""Pictures: made from the recorded lines, or from the functions themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from pykeen_conj_hale.figures import COLORS, PALETTE, new_figure, tidy
from pykeen_conj_hale.reproduce.papers import HALE
from pykeen_conj_hale.streaming.activations import activation_resolver

from .accuracy import ABLATION, FIGURE2, full_runs
from .lines import MRR, only, read
from .speed import BENCHMARKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PICTURES", "describe"]

PYKEENS: Final = "#7F7F7F"


def mrr_against_seconds() -> Figure:
    """Draw validation MRR on WN18RR against seconds of training, beside PyKEEN's own models."""
    figure = new_figure(4.2)
    axes = figure.subplots()
    for color, line in zip(COLORS, read("time_to_mrr", target=0.4), strict=False):
        curve = np.array(line["curve"])
        if len(curve) > 1:
            axes.plot(*curve.T, "o-", color=color, markersize=4, label=f"{line['way']} with HaLE, constant rate")
    (best,) = (line for line in full_runs("WN18RR") if line["model"] == "RotL")
    axes.plot(
        *np.array(best["curve"])[:, :2].T, "s-", color=COLORS[2], markersize=4, label="RotL with HaLE, 600 s with decay"
    )
    rotate = only("time_to_mrr", way="RotatE")
    complex_ = only("wn18rr_conj_complex", model="ComplEx", real_parameters_an_entity=32)
    for marker, name, seconds, mrr in (
        ("X", "PyKEEN's ComplEx, cross entropy (test)", complex_["seconds"], complex_[MRR]),
        ("D", "PyKEEN's RotatE, 256 negatives", *rotate["curve"][-1]),
    ):
        axes.plot([seconds], [mrr], marker, color=PYKEENS, markersize=9, label=name)
    axes.set_xscale("log")
    ticks = (5, 10, 30, 60, 120, 300, 600)
    axes.set_xticks(ticks, list(map(str, ticks)))
    axes.minorticks_off()
    axes.set(
        title="WN18RR, 32 real numbers per entity, two CPU cores",
        xlabel="seconds of training",
        ylabel="MRR",
        ylim=(0, 0.5),
    )
    _finish(figure, axes)
    return figure


def activations() -> Figure:
    """Draw HaLE's activations, and their slopes, from the functions themselves."""
    figure = new_figure(4.0)
    shown = [
        ("hanon", dict(gamma=5.0)),
        ("hanon", dict(gamma=10.0)),
        ("hanon", dict(gamma=20.0)),
        ("halin", dict(gamma=5.0)),
    ]
    for axes, slope in zip(figure.subplots(1, 2), (False, True), strict=True):
        x = torch.linspace(0.0, 2.0, 401, dtype=torch.float64, requires_grad=True)
        for color, (name, arguments) in zip(COLORS, shown, strict=False):
            activation = activation_resolver.lookup(name)(**arguments)
            h = activation(x)
            (gradient,) = torch.autograd.grad(h.sum(), x)
            label = f"{type(activation).__name__.removesuffix('Activation')}, γ = {arguments['gamma']:g}"
            axes.plot(x.detach(), (gradient if slope else h).detach(), color=color, linewidth=2, label=label)
        axes.plot(x.detach(), torch.ones_like(x) if slope else x.detach(), "--", color=PYKEENS, label="none: h(x) = x")
        axes.set(
            title="its slope h′(x)" if slope else "the activation h(x)", xlabel="distance x", xlim=(0, 2), ylim=(0, 21)
        )
        tidy(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def ablation() -> Figure:
    """Draw validation MRR against seconds, without parts of the loss."""
    figure = new_figure(4.2)
    axes = figure.subplots()
    for color, strategy in zip(COLORS, ABLATION, strict=False):
        line = only("table5", strategy=strategy)
        axes.plot(*np.array(line["curve"])[:, :2].T, color=color, linewidth=2, label=strategy)
    axes.set(
        title="RotL, 32 numbers per entity, WN18RR",
        xlabel="seconds of training, one core",
        ylabel="validation MRR",
        ylim=(0, 0.5),
    )
    _finish(figure, axes)
    return figure


def figure2() -> Figure:
    """Draw what HaLE's Figure 2 shows: validation Hits@10 against seconds, by strategy and by activation."""
    figure = new_figure(4.2)
    panels = figure.subplots(1, len(FIGURE2), sharey=True, squeeze=False)[0]
    for axes, (title, names) in zip(panels, FIGURE2.items(), strict=True):
        for color, (strategy, label) in zip(COLORS, names.items(), strict=False):
            line = only("figure2", strategy=strategy)
            seconds, _, hits = np.array(line["curve"]).T
            axes.plot(seconds, hits, color=color, linewidth=2, label=label)
        axes.set(title=title, xlabel="seconds of training, one core", ylim=(0, 0.6))
        tidy(axes)
        axes.legend(frameon=False)
    figure.axes[0].set_ylabel("validation Hits@10")
    return figure


def figure3() -> Figure:
    """Draw what HaLE's Figure 3 shows: entities by t-SNE, by strategy."""
    figure = new_figure(2.1)
    lines = read("figure3")
    for axes, line in zip(figure.subplots(1, len(lines)), lines, strict=True):
        positions, clusters = np.array(line["positions"]), np.array(line["clusters"])
        for cluster, color in enumerate(PALETTE):
            axes.plot(*positions[clusters == cluster].T, ".", color=color, markersize=1.5)
        axes.set_title(f"{FIGURE2['Strategies'][line['strategy']]}\n{line['uniformity']:.2f}", fontsize=8)
        axes.set(xticks=[], yticks=[], box_aspect=1)
    return figure


def beside_the_paper() -> Figure:
    """Draw validation MRR of HaLE's models against seconds; the paper's test MRR at the right edge."""
    figure = new_figure(4.2)
    axes = figure.subplots()
    lines = [line for line in full_runs("WN18RR") if line["model"] != "TransE"]  # far below the others
    for color, line in zip(COLORS, lines, strict=False):
        axes.plot(*np.array(line["curve"])[:, :2].T, color=color, linewidth=2, label=line["model"])
        paper = HALE.figures("table2", "WN18RR", "HaLE", line["model"])["mrr"]
        axes.plot([line["seconds"]], [paper], "*", color=color, markersize=11, clip_on=False)
    axes.plot([], [], "k*", markersize=11, label="the paper's test MRR")
    axes.set(
        title="WN18RR with HaLE, 32 numbers per entity",
        xlabel="seconds of training",
        ylabel="validation MRR",
        xlim=(0, 610),
        ylim=(0.38, 0.48),
    )
    _finish(figure, axes)
    return figure


def words_against_seconds() -> Figure:
    """Draw validation MRR on WN18RR against seconds of training, with words and without."""
    figure = new_figure(3.8)
    axes = figure.subplots()
    for line in read("words_compared"):
        if "curve" in line:
            color, label = (COLORS[0], "with the words of glosses") if line["text"] else (PYKEENS, "without words")
            axes.plot(*np.array(line["curve"]).T, "o-", color=color, markersize=4, label=label)
    axes.set(
        title="Rot2L with HaLE, 64 numbers per entity, WN18RR, own entities last",
        xlabel="seconds of training, one core",
        ylabel="validation MRR",
        xlim=(0, 610),
        ylim=(0.4, 0.5),
    )
    _finish(figure, axes)
    return figure


def alignment_uniformity() -> Figure:
    """Draw alignment against uniformity, an epoch per point, and the MRR of the same epochs."""
    figure = new_figure(3.8)
    left, right = figure.subplots(1, 2)
    for color, line in zip(COLORS, read("alignment_uniformity"), strict=False):
        alignment, uniformity, mrr = np.array(line["curve"]).T
        left.loglog(-uniformity, alignment, "o-", color=color, markersize=4, label=line["way"])
        right.plot(np.arange(1, len(mrr) + 1), mrr, "o-", color=color, markersize=4)
    left.set(xlabel="spread: minus uniformity", ylabel="alignment: mean distance of right answers")
    right.set(xlabel="epoch", ylabel="validation MRR of tails")
    tidy(left)
    tidy(right)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def epochs() -> Figure:
    """Draw the seconds of an epoch of WN18RR."""
    rows = only("benchmarks", benchmark=BENCHMARKS["epoch"])["rows"]
    seconds = [float(row["s"]) for row in rows]
    ours = [row["name"].endswith("HaLE") for row in rows]
    figure = new_figure(3.6)
    axes = figure.subplots()
    bars = axes.barh(range(len(rows)), seconds, color=[COLORS[0] if own else PYKEENS for own in ours])
    axes.bar_label(bars, [f"{value:,.3g} s" if value < 1000 else f"{value:,.0f} s" for value in seconds], padding=3)
    axes.set_yticks(
        range(len(rows)),
        [row["name"] if own else f"PyKEEN's {row['name']}" for row, own in zip(rows, ours, strict=True)],
    )
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set(xlabel="seconds per epoch, two CPU cores", xlim=(1, 8000))
    tidy(axes)
    return figure


#: The recorded costs: what grows, and the benchmark
GROWTH: Final = {
    "entities": "entities, 10 k to 1 M",
    "sampled queries": "α, 0.05 to 0.8 of a batch of 1,024",
    "queries of larger batches": "batch, 256 to 8,192 at α = 0.1",
}


def cost() -> Figure:
    """Draw the milliseconds of the uniformity term, as entities and queries grow."""
    figure = new_figure(3.6)
    for axes, (title, benchmark) in zip(figure.subplots(1, 3), GROWTH.items(), strict=True):
        rows = only("benchmarks", benchmark=benchmark)["rows"]
        amounts = [float(row["name"].replace(",", "")) for row in rows]
        axes.loglog(amounts, [float(row["ms"]) for row in rows], "o-", color=COLORS[0])
        axes.set(xlabel=title)
        axes.minorticks_off()
        tidy(axes)
    figure.axes[0].set_ylabel("milliseconds, forward and backward")
    return figure


def _finish(figure: Figure, axes: Axes) -> None:
    tidy(axes)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)


def describe(draw: Callable[[], Figure], figure: Figure) -> str:
    """Say what a picture shows, and of which data: by it a test knows a picture that was drawn from others.

    :param draw: the function that drew it
    :param figure: the picture
    :return: the first line of the function's documentation, and a checksum of the points
    """
    lines = (point for axes in figure.axes for line in axes.get_lines() for point in np.asarray(line.get_xydata()))
    bars = (patch.get_extents().bounds[2:] for axes in figure.axes for patch in axes.patches)
    data = ";".join(",".join(f"{value:.4g}" for value in point) for point in (*lines, *bars))
    return f"{(draw.__doc__ or '').splitlines()[0]} Data: {hashlib.sha256(data.encode()).hexdigest()[:16]}"


PICTURES: Final[dict[str, Callable[[], Figure]]] = {
    "mrr_against_seconds": mrr_against_seconds,
    "activations": activations,
    "ablation": ablation,
    "figure2": figure2,
    "figure3": figure3,
    "beside_the_paper": beside_the_paper,
    "words_against_seconds": words_against_seconds,
    "alignment_uniformity": alignment_uniformity,
    "epochs": epochs,
    "cost": cost,
}
