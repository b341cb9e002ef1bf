"""Tables of text: WN18RR with and without its glosses, and entities composed of words."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence
from typing import Final

from .lines import MRR, Line, read
from .markdown import rate, table

__all__ = ["TABLES"]

TEXTS: Final = ("none", "all", "filtered")
GROUPS: Final = ("seen", "unseen", "all")


def glosses() -> str:
    """Show WN18RR with shares of its triples, with and without its glosses: medians of the seeds."""

    def cell(line: Line) -> tuple[float, str, int, int]:
        return line["share"], line["model"], line["dim"], TEXTS.index(line["text"])

    rows = []
    for (share, model, dim, text), group in itertools.groupby(sorted(read("wn18rr_text"), key=cell), cell):
        runs = list(group)
        first = text == 0
        rows.append(
            [
                f"{share:.0%}" if first else "",
                f"{model}, {dim}" if first else "",
                TEXTS[text],
                f"{statistics.median(run['epochs'] for run in runs):.0f}",
                *(
                    f"{_median(runs, group, 'inverse_harmonic_mean_rank')} / {_median(runs, group, 'hits_at_10')}"
                    for group in GROUPS
                ),
            ]
        )
    return table(["triples", "model, d", "text", "epochs", *(f"{group}: MRR / Hits@10" for group in GROUPS)], rows)


def _median(runs: list[Line], group: str, metric: str) -> str:
    return rate(statistics.median(run[f"{group}_{metric}"] for run in runs))


def inductive() -> str:
    """Show splits whose test triples have an entity that training has not."""
    rows = []
    for line in read("words"):
        if line["dataset"].endswith("-inductive"):
            validation = line["validation"] or line["validation_sample"]
            rows.append(
                [
                    line["dataset"],
                    line["text_options"]["word_dropout"],
                    line["lr"],
                    line["base_options"]["num_matrices"],
                    line["epochs"],
                    line["cpu_seconds"],
                    f"{rate(validation['mrr'])} / {rate(validation['hits_at_10'])}",
                    f"**{rate(line['test']['mrr'])} / {rate(line['test']['hits_at_10'])}**",
                ]
            )
    headers = [
        "split",
        "word dropout",
        "learning rate",
        "K",
        "epochs",
        "CPU seconds",
        "validation: MRR / Hits@10",
        "test",
    ]
    return table(headers, rows)


def transductive() -> str:
    """Show all of WN18RR's triples, with words and without."""
    rows = []
    for line in read("words", dataset="WN18RR-all"):
        options = line["text_options"]
        small = "std" in str(line["base_options"])
        sample, test = line["validation_sample"], line["test"]
        rows.append(
            [
                line["base"],
                "yes" if line["text"] else "no",
                ("a tenth" if small else "full") if line["text"] else "",
                f"{options['word_dropout']:.0%}" if line["text"] else "",
                line["epochs"],
                " / ".join(rate(sample[key]) for key in ("mrr", "hits_at_1", "hits_at_10")),
                " / ".join(rate(test[key]) for key in ("mrr", "hits_at_1", "hits_at_10")) if test else "",
                f"{line['cpu_seconds']:.0f}",
            ]
        )
    figures = "MRR / Hits@1 / Hits@10"
    start = "own vectors' length at the start"
    headers = ["model", "words", start, "words left out", "epochs", f"validation: {figures}", "test", "CPU seconds"]
    return table(headers, rows)


def _by_group(line: Line, end: str = "", groups: Sequence[str] = ("all", "seen", "unseen")) -> list[str]:
    """Write the figures of all triples, of those with seen entities only, and of those with an unseen one."""
    return [
        f"{rate(line[f'{group}_{MRR}{end}'])} / {rate(line[f'{group}_hits_at_10{end}'])}"
        if f"{group}_{MRR}{end}" in line
        else "–"
        for group in groups
    ]


def own_entity() -> str:
    """Show what it does to rank a query's own entity last where the relation is irreflexive."""
    rows = [
        [
            line["dataset"].removesuffix("-all"),
            f"{line['base']}, {line['dim']}",
            "yes" if line["text"] else "no",
            line["epochs"],
            "test" if line["split"] == "testing" else "validation",
            *_by_group(line, "_without_rule", ["all"]),
            *_by_group(line, "", ["all"]),
        ]
        for line in [*read("own_entity"), *read("words_compared", share=1.0, seed=0, without_answers=False)]
    ]
    titles = ["graph", "base, d", "words", "epochs", "triples"]
    return table([*titles, "as they are scored: MRR / Hits@10", "own entities last"], rows)


def words_compared() -> str:
    """Compare models with words and without, in the same seconds: medians of the seeds."""

    def cell(line: Line) -> tuple[float, int, bool, bool]:
        return line["share"], line["dim"], line["text"], line["without_answers"]

    rows = []
    for (share, dim, text, without), group in itertools.groupby(sorted(read("words_compared"), key=cell), cell):
        runs = list(group)
        rows.append(
            [
                f"{share:.0%}",
                f"{runs[0]['seconds']:.0f}",
                dim,
                ("without answers" if without else "all") if text else "none",
                len(runs),
                f"{statistics.median(run['epochs'] for run in runs):.0f}",
                f"{_median(runs, 'all', MRR)}{_spread(runs, MRR)} / "
                f"{_median(runs, 'all', 'hits_at_10')}{_spread(runs, 'hits_at_10')}",
                *(f"{_median(runs, part, MRR)} / {_median(runs, part, 'hits_at_10')}" for part in ("seen", "unseen")),
            ]
        )
    titles = ["triples", "seconds", "d", "words", "seeds", "epochs"]
    return table([*titles, "all: MRR / Hits@10", "seen entities only", "with an unseen entity"], rows)


def _spread(runs: list[Line], metric: str) -> str:
    """Write the smallest and the largest figure of all triples, if there are several."""
    values = [run[f"all_{metric}"] for run in runs]
    return f" ({rate(min(values))} – {rate(max(values))})" if len(values) > 1 else ""


def own_vectors_left_out() -> str:
    """Show what leaving own vectors out does to seen and to unseen entities."""
    rows = [
        [
            f"{line['text_options']['own_dropout']:.0%}",
            line["epochs"],
            line["cpu_seconds"],
            line["split"],
            *_by_group(line),
        ]
        for line in read("words_unseen")
    ]
    titles = ["own vectors left out", "epochs", "CPU seconds", "split", "all: MRR / Hits@10", "seen entities only"]
    return table([*titles, "with an unseen entity"], rows)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "glosses": glosses,
    "inductive": inductive,
    "transductive": transductive,
    "own-entity": own_entity,
    "own-vectors-left-out": own_vectors_left_out,
    "words-compared": words_compared,
}
