"""A self-test of a few seconds: a tiny graph is learned, streamed scores are plain ones, and a training goes on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import torch

from ..pykeen_internals import all_rows, look_up_queries
from ..wording import count
from .finding import Finding, State

__all__ = ["check_going_on", "check_streaming", "check_training", "make_graph", "make_model"]

#: Entities on a circle; relation k leads k + 1 steps on
ENTITIES: Final = 40
RELATIONS: Final = 3
EPOCHS: Final = 30
#: A model that has learned nothing has a mean reciprocal rank of about 0.1 among so many entities
LEARNED: Final = 0.3


def make_graph() -> Any:
    """Make the triples (i, k, i + k + 1 modulo 40).

    :return: a triples factory, with inverse triples
    """
    from pykeen.triples import CoreTriplesFactory

    triples = [(i, k, (i + k + 1) % ENTITIES) for i in range(ENTITIES) for k in range(RELATIONS)]
    return CoreTriplesFactory(torch.as_tensor(triples), ENTITIES, RELATIONS, create_inverse_triples=True)


def make_model() -> Any:
    """Make an untrained model with numbers of 64 bits.

    :return: the model, on the device where it would be trained
    """
    from pykeen.models import model_resolver

    model: Any = model_resolver.make("RotE", dict(embedding_dim=8, random_seed=0), triples_factory=make_graph())
    return model.double().to("cuda" if torch.cuda.is_available() else "cpu")


def check_training() -> Iterator[Finding]:
    """Train by names alone, and ask for what was learned.

    :yields: one finding
    """
    result = _train(EPOCHS)
    mrr, device, losses = result.get_metric("mrr"), result.model.device, result.losses
    text = f"{count(EPOCHS, 'epoch')} of RotE with HaLE on {device}: "
    text += f"loss {losses[0]:.2f} → {losses[-1]:.2f}, MRR {mrr:.2f}"
    details = {"losses": list(losses), "mrr": mrr, "device": str(device)}
    if losses[-1] < losses[0] and mrr > LEARNED:
        yield Finding("training", State.OK, text, details=details)
    else:
        yield Finding("training", State.BROKEN, f"{text}: nothing is learned", _way_out(), details)


def check_streaming() -> Iterator[Finding]:
    """Compare the streamed log-sum-exp over all entities, and its gradient, with the plain one.

    :yields: one finding
    """
    model = make_model()
    ids = torch.arange(12, device=model.device).remainder(2 * RELATIONS)
    query = model.interaction.encode_query(*look_up_queries(model, ids, ids))
    target = model.interaction.encode_target(all_rows(model.entity_representations[0]))
    streamed = model.interaction.logsumexp(query, target, chunk_size=7)
    plain = model.score_t(torch.stack([ids, ids], dim=-1)).logsumexp(dim=-1)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    gradients = [torch.autograd.grad(x.sum(), weights) for x in (streamed, plain)]
    pairs = zip((streamed, *gradients[0]), (plain, *gradients[1]), strict=True)
    error = max(float((one - other).detach().abs().max()) for one, other in pairs)
    text = f"streamed and plain log-sum-exp differ by {error:.1e}, on {model.device}"
    is_same = error < 1e-8
    yield Finding("streaming", State.OK if is_same else State.BROKEN, text, None if is_same else _way_out())


def check_going_on() -> Iterator[Finding]:
    """Interrupt a training, go on from its checkpoint, and compare with an uninterrupted one.

    :yields: one finding
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.pt"
        _train(EPOCHS // 2, checkpoint=path)
        size = path.stat().st_size
        resumed = _train(EPOCHS, checkpoint=path).model.state_dict()
    whole = _train(EPOCHS).model.state_dict()
    # on a GPU sums may come in another order
    is_same = all(torch.allclose(resumed[name], whole[name], rtol=1e-3, atol=1e-4) for name in whole)
    text = f"a checkpoint of {size:,} bytes, and the training that went on from it"
    if is_same:
        yield Finding("checkpoint", State.OK, f"{text} equals an uninterrupted one")
    else:
        yield Finding("checkpoint", State.BROKEN, f"{text} differs from an uninterrupted one", _way_out())


def _train(num_epochs: int, **training_kwargs: Any) -> Any:
    """Train by PyKEEN's pipeline; what is chosen would depend on the number of epochs, so all is said."""
    from pykeen.pipeline import pipeline

    graph = make_graph()
    return pipeline(
        training=graph,
        testing=graph,
        model="RotE",
        model_kwargs=dict(embedding_dim=16),
        loss="HaLE",
        loss_kwargs=dict(alpha=1.0),
        training_loop="QuerySampling",
        training_loop_kwargs=dict(choose=False),
        training_kwargs=dict(num_epochs=num_epochs, batch_size=64, use_tqdm=False, **training_kwargs),
        optimizer_kwargs=dict(lr=0.05),
        evaluator="IndexedRankBased",
        evaluation_kwargs=dict(use_tqdm=False),
        random_seed=0,
    )


def _way_out() -> str:
    return (
        "Versions of PyTorch and PyKEEN that do not fit each other are the usual reason: install the package anew, in "
        "an environment of its own. If that does not help, report it with the output of "
        "`pykeen-conj-hale doctor --json`."
    )
