"""Tables as the command line shows them."""

from __future__ import annotations

import pandas as pd
from tabulate import tabulate

from ..workflow.report import format_metric

__all__ = ["show_answers", "show_metrics"]


def show_metrics(metrics: pd.DataFrame, triples: str = "test") -> str:
    """Write a table of metrics.

    :param metrics: a row per model, a column per metric
    :param triples: which triples were ranked
    :return: the text
    """
    rows = [
        [str(name), *(format_metric(metric, value) for metric, value in row.items())]
        for name, row in metrics.iterrows()
    ]
    align = ["left", *["right"] * len(metrics.columns)]
    return str(tabulate(rows, [f"{triples}, filtered", *metrics.columns], disable_numparse=True, colalign=align))


def show_answers(answers: pd.DataFrame) -> str:
    """Write a table of answers: labels as they are, numbers with four digits.

    :param answers: the answers
    :return: the text
    """
    shown = answers.copy()
    for name in shown.select_dtypes("float"):
        shown[name] = [f"{value:.4g}" for value in shown[name]]
    if "known" in shown:
        shown["known"] = ["known" if known else "" for known in shown["known"]]
    rows = [[str(value) for value in row] for row in shown.itertuples(index=False)]
    return str(tabulate(rows, list(shown.columns), disable_numparse=True))
