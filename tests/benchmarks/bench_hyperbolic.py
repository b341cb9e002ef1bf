"""Scores of queries against all entities in hyperbolic space: RotH, the same by broadcasting, PyKEEN's MuRE, and RotE.

All score the same number of queries, d = 32, at WN18RR's number of entities: without gradients; and the stream of the
log-sum-exp forward and backward, where there is one. Extra memory is the scores and what is made on the way. What
builds a tensor of queries × entities × dimensions gets fewer queries, and both figures are scaled up. Times are of the
processor, which another process on the same core changes little.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import measuring
import torch
from pykeen.datasets import get_dataset  # noqa: F401 -- finds the package's models
from pykeen.models import ERModel, model_resolver
from pykeen.triples import KGInfo

from pykeen_conj_hale.functional.hyperbolic import exponential_map, moebius_addition
from pykeen_conj_hale.streaming.activations import Hanon

N, R = measuring.WN18RR["num_entities"], measuring.WN18RR["num_relations"]
#: Queries of those that build a tensor of queries × entities × dimensions
FEW = 16
#: the model, and what is measured
WAYS: dict[str, tuple[str, str]] = {
    "RotE, scores": ("RotE", "scores"),
    "RotH, scores": ("RotH", "scores"),
    "RotH by broadcasting, scores": ("RotH", "broadcast"),
    "MuRE of PyKEEN, scores": ("MuRE", "scores"),
    "RotE, streamed, forward and backward": ("RotE", "stream"),
    "RotH, streamed, forward and backward": ("RotH", "stream"),
    "RotH, streamed and compiled": ("RotH", "compiled"),
}


def broadcast(model: ERModel[Any, Any, Any], pairs: torch.Tensor) -> torch.Tensor:
    """Compute RotH's scores without their scale by the Möbius addition of every query and every entity."""
    h, r, t = model._get_representations(h=pairs[:, 0], r=pairs[:, 1], t=None, mode=None)
    query = model.interaction.encode_query(h, r)
    c = query.curvature.unsqueeze(dim=-1)
    x = exponential_map(query.vector.unsqueeze(dim=1), c)
    norm = moebius_addition(-x, exponential_map(t.unsqueeze(dim=0), c), c).norm(dim=-1)
    return -(2 / c.sqrt() * (c.sqrt() * norm).clamp_max(1 - 1e-6).atanh()).square()


def stream(model: ERModel[Any, Any, Any], pairs: torch.Tensor, compile: bool) -> None:
    """Stream the log-sum-exp over all entities, forward and backward."""
    h, r, t = model._get_representations(h=pairs[:, 0], r=pairs[:, 1], t=None, mode=None)
    interaction = model.interaction
    query, target = interaction.encode_query(h, r), interaction.encode_target(t)
    interaction.logsumexp(query, target, activation=Hanon(), compile=compile).sum().backward()


def measure(way: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Measure one way."""
    name, what = WAYS[way]
    is_large = what == "broadcast" or name == "MuRE"
    num_queries = min(arguments.queries, FEW) if is_large else arguments.queries
    factor = arguments.queries / num_queries
    info = KGInfo(num_entities=N, num_relations=R, create_inverse_triples=True)
    model = model_resolver.make(name, triples_factory=info, embedding_dim=32, random_seed=0).eval()
    h = torch.randint(N, (num_queries,), generator=torch.Generator().manual_seed(0))
    pairs = torch.stack([h, h % R], dim=-1)

    def run() -> float:
        start = time.process_time()
        if what in ("stream", "compiled"):
            stream(model, pairs, what == "compiled")
        else:
            with torch.inference_mode():
                broadcast(model, pairs) if what == "broadcast" else model.score_t(pairs)
        return factor * (time.process_time() - start)

    result = measuring.measure(run, arguments.repeats)
    return result._replace(extra=factor * result.extra)


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report all ways."""
    title = f"{arguments.queries} queries × {N:,} entities, d = 32, processor time"
    measuring.report(title, measuring.HEADERS, measuring.rows(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=102)
    parser.add_argument("--repeats", type=int, default=5)
    measuring.main(parser, WAYS, measure, describe)
