"""A page about a trained model: self-contained HTML, with pictures where matplotlib is installed."""

from __future__ import annotations

import base64
import logging
import shlex
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pykeen.models import Model

from ..files import replacing
from ..wording import count
from .exporting import entity_vectors
from .folder import ModelFolder, Splits
from .measuring import BASELINE, METRICS

__all__ = ["format_metric", "predict_command", "write_report"]

logger = logging.getLogger(__name__)

STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } td, th { padding: .25em .9em .25em 0; text-align: left }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } tr { border-bottom: 1px solid #ddd }
img { max-width: 100% } .big { font-size: 2.4em; font-weight: 600 } .note { color: #666 } b.true { color: #009E73 }
"""


def format_metric(name: str, value: float) -> str:
    """Write a metric as tables show it."""
    return f"{value:,.1f}" if name == "mean rank" else f"{value:.3f}"


def predict_command(path: Path, head: str, relation: str) -> list[str]:
    """Give the words of a command that predicts.

    :param path: the folder of the model
    :param head: a head
    :param relation: a relation
    :return: the words
    """
    return ["pykeen-conj-hale", "predict", str(path), "--head", head, "--relation", relation]


def write_report(
    folder: ModelFolder,
    splits: Splits,
    model: Model,
    metrics: Mapping[str, Any],
    ranks: tuple[pd.DataFrame, pd.DataFrame],
    examples: pd.DataFrame,
) -> None:
    """Write the page.

    :param folder: where to write
    :param splits: the triples
    :param model: the model
    :param metrics: what was measured
    :param ranks: the ranks of the test triples, of the model and of the most frequent answers
    :param examples: the best answers of some test triples, with the column ``true``
    """
    name = type(model).__name__
    parts = [
        f"<h1>{escape(folder.path.resolve().name)}</h1>",
        _head(name, splits, metrics),
        _metrics_table(name, metrics),
        *_pictures(splits, model, metrics, ranks),
        _examples_table(examples),
        _usage(folder, splits),
    ]
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(folder.path.resolve().name)}</title>'
    with replacing(folder.report) as file:
        # the name of a folder need not be text
        file.write("\n".join([page, f"<style>{STYLE}</style>", *parts]).encode(errors="replace"))


def _head(name: str, splits: Splits, metrics: Mapping[str, Any]) -> str:
    training, facts = splits["training"], metrics["training"]
    triples = ", ".join(f"{factory.num_triples:,} {split}" for split, factory in splits.items())
    return (
        f'<p><span class="big">{metrics["test"]["MRR"]:.3f}</span> test MRR, beside '
        f"{metrics[BASELINE]['MRR']:.3f} of the {BASELINE} of each relation.</p>"
        f"<p>{escape(name)} with {facts['parameters']:,} parameters, trained for {facts['seconds']:.0f} s "
        f"({count(facts['epochs'], 'whole epoch')}) on {escape(facts['device'])}; "
        f"ended by {escape(str(facts['stop_reason']))}. "
        f"{count(training.num_entities, 'entity', 'entities')}, {count(training.real_num_relations, 'relation')}; "
        f"triples: {triples}.</p>"
    )


def _metrics_table(name: str, metrics: Mapping[str, Any]) -> str:
    rows = [
        [label, *(format_metric(m, metrics[key][m]) for m in METRICS)]
        for label, key in ((name, "test"), (BASELINE, BASELINE))
    ]
    note = "Each test triple is asked for its head and for its tail; other true answers do not count (filtered ranks)."
    return _table(["test", *METRICS], rows) + f'<p class="note">{note}</p>'


def _pictures(
    splits: Splits, model: Model, metrics: Mapping[str, Any], ranks: tuple[pd.DataFrame, pd.DataFrame]
) -> Iterable[str]:
    try:
        from . import pictures

        if metrics["validation"]:
            yield _image(pictures.as_png(pictures.draw_curve(metrics["validation"])), "validation over seconds")
        yield _image(pictures.as_png(pictures.draw_relations(*ranks)), "MRR per relation")
        vectors = entity_vectors(model, splits["training"]).vectors  # type: ignore[arg-type]
        figure, how = pictures.draw_map(vectors, splits["training"])
        yield _image(pictures.as_png(figure), "map of entities") + f'<p class="note">By {escape(how)}.</p>'
    except ImportError as error:
        logger.warning("The report has no pictures. %s", error)
        yield f'<p class="note">No pictures: {escape(str(error))}</p>'
    except Exception as error:  # a model that is trained is written, whatever the libraries that draw may raise
        logger.warning("The report has not all pictures.", exc_info=True)
        yield f'<p class="note">A picture could not be drawn: {escape(repr(error))}</p>'


def _examples_table(examples: pd.DataFrame) -> str:
    rows = []
    for (head, relation), answers in examples.groupby(["head", "relation"], sort=False):
        shown = ", ".join(
            f'<b class="true">{escape(tail)}</b>' if true else escape(tail)
            for tail, true in zip(answers["tail"], answers["true"], strict=True)
        )
        rows.append(f"<tr><td>{escape(str(head))}</td><td>{escape(str(relation))}</td><td>{shown}</td></tr>")
    return (
        "<h2>Test questions, and the model's first answers</h2>"
        "<table><tr><th>head</th><th>relation</th><th>tail?</th></tr>"
        f'{"".join(rows)}</table><p class="note">Bold: the test triples. Answers known from training are left out.</p>'
    )


def _usage(folder: ModelFolder, splits: Splits) -> str:
    training = splits["training"]
    h, r, _ = training.label_triples(training.mapped_triples[:1])[0].tolist()
    lines = [
        predict_command(folder.path, h, r),
        ["pykeen-conj-hale", "neighbours", str(folder.path), "--entity", h],
        ["pykeen-conj-hale", "export", str(folder.path), "--format", "word2vec", "--output", "vectors.txt"],
    ]
    return f"<h2>Use it</h2><pre>{escape(chr(10).join(map(shlex.join, lines)))}</pre>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def cells(tag: str, row: Iterable[str]) -> str:
        return "".join(f"<{tag}{' class=n' if i else ''}>{escape(cell)}</{tag}>" for i, cell in enumerate(row))

    lines = [cells("th", head), *(cells("td", row) for row in rows)]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _image(png: bytes, alt: str) -> str:
    return f'<p><img alt="{escape(alt)}" src="data:image/png;base64,{base64.b64encode(png).decode()}"></p>'
