"""HaLE's Figure 3 as JSON lines, one per strategy: where entities are by t-SNE, and how uniform they are.

It reads the embeddings that ``pykeen-conj-hale reproduce`` wrote:

    pykeen-conj-hale reproduce --table figure2-strategies --seconds 300
    python examples/research/figure3.py results/reproduce
"""

from __future__ import annotations

import argparse
from pathlib import Path

import recording

from pykeen_conj_hale.figures import PALETTE
from pykeen_conj_hale.reproduce.pictures.entities import clusters, project, uniformity
from pykeen_conj_hale.reproduce.pictures.tsne import make_panels
from pykeen_conj_hale.reproduce.results import ResultsFolder, latest
from pykeen_conj_hale.reproduce.strategies import labels


def main() -> None:
    """Write the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the output of reproduce, with results.jsonl and embeddings")
    parser.add_argument("--out", type=Path, default=Path("results/figure3.jsonl"))
    arguments = parser.parse_args()
    folder = ResultsFolder(arguments.folder)
    files, runs = folder.embeddings(), {line["strategy"]: line for line in latest(folder.lines)}
    shown = [strategy for strategy in labels("strategies") if strategy in runs and runs[strategy]["key"] in files]
    if not shown:
        raise SystemExit(f"{arguments.folder} has no run with embeddings.")
    panels = make_panels({strategy: files[runs[strategy]["key"]] for strategy in shown})
    # of the first strategy, HaLE: an entity has the same colour in all panels
    groups = clusters(panels[0].vectors, len(PALETTE)).tolist()
    for panel in panels:
        run = runs[panel.strategy]
        recording.write_line(
            arguments.out,
            **{key: run[key] for key in ("dataset", "model", "embedding_dim", "strategy", "seconds", "seed", "epochs")},
            reached=run["test"],
            uniformity=round(uniformity(panel.vectors), 3),
            positions=project(panel.vectors).round(1).tolist(),
            clusters=groups,
        )


if __name__ == "__main__":
    main()
