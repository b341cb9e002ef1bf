"""The indexed evaluator: its results are those of PyKEEN's own."""

import random

import numpy as np
import pytest
import torch
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator, evaluator_resolver
from pykeen.evaluation.ranks import Ranks
from pykeen.models import DistMult, TransE
from pykeen.pipeline import pipeline

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.evaluation import evaluator as module
from pykeen_conj_hale.models import RotE
from pykeen_conj_hale.nn import NonFiniteScoreError
from pykeen_conj_hale.training import TimeBudget
from tests import cases


class IndexedRankBasedEvaluatorTests(cases.EvaluatorTestCase):
    """PyKEEN's own tests of evaluators."""

    cls = IndexedRankBasedEvaluator

    def _validate_result(self, result, data):
        ranks = Ranks.from_scores(data["scores"].gather(1, data["batch"][:, 2:]), data["scores"])
        assert result.get_metric("both.realistic.arithmetic_mean_rank") == pytest.approx(ranks.realistic.mean().item())


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "inverse"])
def nations(request):
    return Nations(create_inverse_triples=request.param)


def tied(model):
    """Give all entities one of three vectors, so that most scores are ties."""
    weight = model.entity_representations[0]._embeddings.weight
    with torch.no_grad():
        weight[:] = weight[torch.arange(len(weight)) % 3]
    return model


def same(a, b):
    a, b = a.to_flat_dict(), b.to_flat_dict()
    assert a.keys() == b.keys()
    for key, value in a.items():
        assert b[key] == pytest.approx(value, rel=1e-6, nan_ok=True), key


@pytest.mark.parametrize("cls", [TransE, DistMult, RotE])
@pytest.mark.parametrize("with_ties", [False, True])
@pytest.mark.parametrize("batch_size", [None, 1, 7])
def test_results_are_pykeens(nations, cls, with_ties, batch_size):
    model = cls(triples_factory=nations.training, random_seed=0, embedding_dim=8)
    if with_ties:
        tied(model)
    arguments = {
        "model": model,
        "mapped_triples": nations.testing.mapped_triples,
        # with duplicates, as the same triples may come from two sources
        "additional_filter_triples": [
            nations.training.mapped_triples,
            nations.validation.mapped_triples,
            nations.training.mapped_triples[:100],
        ],
        "use_tqdm": False,
    }
    # the rounding of scores, and with it the breaking of ties, depends on the batch
    expected = RankBasedEvaluator().evaluate(batch_size=batch_size or len(nations.testing.mapped_triples), **arguments)
    same(expected, IndexedRankBasedEvaluator().evaluate(batch_size=batch_size, **arguments))


@pytest.mark.parametrize("cls", [TransE, RotE])
def test_no_gradient_is_recorded(nations, cls, monkeypatch):
    """Nor is anything left that could not be trained."""
    seen, rank = [], module.rank
    monkeypatch.setattr(module, "rank", lambda scores, *args: seen.append(scores.requires_grad) or rank(scores, *args))
    model = cls(triples_factory=nations.training, random_seed=0, embedding_dim=8)
    IndexedRankBasedEvaluator().evaluate(model, nations.testing.mapped_triples, use_tqdm=False)
    assert set(seen) == {False}
    assert not any(tensor.is_inference() for tensor in (*model.parameters(), *model.buffers()))
    model.train().score_hrt(nations.testing.mapped_triples).sum().backward()


class Ticking:
    """Each look takes a millisecond: time that does not depend on the machine."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def test_training_goes_on_after_an_evaluation_in_its_middle():
    losses, results = [], []
    for name in ("RankBased", "IndexedRankBased"):
        random.seed(0), np.random.seed(0), torch.manual_seed(0)
        result = pipeline(
            dataset="nations",
            dataset_kwargs={"create_inverse_triples": True},
            model="RotE",
            model_kwargs={"embedding_dim": 4},
            training_loop="QuerySampling",
            training_loop_kwargs={"time_budget": TimeBudget(0.2, clock=Ticking())},
            training_kwargs={"use_tqdm": False, "batch_size": 512},
            evaluator=name,
            evaluation_kwargs={"use_tqdm": False, "batch_size": 64},
            stopper="timed",
            stopper_kwargs={"seconds": 0.03},
            random_seed=0,
        )
        losses.append(result.losses)
        results.append(result.stopper.results)
    assert losses[0] == losses[1]
    assert results[0] == pytest.approx(results[1])
    assert len(results[0]) > 2


@pytest.mark.parametrize("targets", [("head",), ("tail",)])
def test_one_side_and_a_single_tensor_of_known_triples(nations, targets):
    model = RotE(triples_factory=nations.training, random_seed=0, embedding_dim=8)
    arguments = {
        "model": model,
        "mapped_triples": nations.validation.mapped_triples,
        "additional_filter_triples": nations.training.mapped_triples,
        "targets": targets,
        "use_tqdm": False,
    }
    same(
        RankBasedEvaluator().evaluate(batch_size=32, **arguments),
        IndexedRankBasedEvaluator().evaluate(**arguments),
    )


def test_unfiltered(nations):
    """PyKEEN's own evaluator fails without a filter."""
    model = RotE(triples_factory=nations.training, random_seed=0, embedding_dim=8)
    triples = nations.testing.mapped_triples
    results = IndexedRankBasedEvaluator(filtered=False).evaluate(model, triples, targets=("tail",), use_tqdm=False)
    scores = model.predict_t(triples[:, :2])
    ranks = Ranks.from_scores(scores.gather(1, triples[:, 2:]), scores)
    assert results.get_metric("tail.realistic.arithmetic_mean_rank") == pytest.approx(ranks.realistic.mean().item())


@pytest.mark.parametrize("cls", [TransE, RotE])
def test_nan_is_refused(nations, cls):
    model = cls(triples_factory=nations.training, random_seed=0)
    with torch.no_grad():
        model.entity_representations[0]._embeddings.weight[:7] = torch.nan
    with pytest.raises(NonFiniteScoreError, match="NaN"):
        IndexedRankBasedEvaluator().evaluate(
            model,
            nations.testing.mapped_triples,
            use_tqdm=False,
            additional_filter_triples=nations.training.mapped_triples,
        )


@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_a_device_by_name(nations, device, batch_size):
    model = TransE(triples_factory=nations.training, random_seed=0)
    arguments = dict(model=model, mapped_triples=nations.testing.mapped_triples, use_tqdm=False)
    expected = IndexedRankBasedEvaluator().evaluate(**arguments)
    same(expected, IndexedRankBasedEvaluator().evaluate(**arguments, device=device, batch_size=batch_size))
    with pytest.raises(ValueError, match="device='abacus' is unknown to PyTorch"):
        IndexedRankBasedEvaluator().evaluate(**arguments, device="abacus")


@pytest.mark.parametrize("entities", [[11, 3, 0, 5, 7, 9, 2], [0, 1, 2, 3, 4]])
def test_among_some_entities(nations, entities):
    model = RotE(triples_factory=nations.training, random_seed=0)
    arguments = dict(
        model=model,
        mapped_triples=nations.testing.mapped_triples,
        additional_filter_triples=[nations.training.mapped_triples, nations.validation.mapped_triples],
        restrict_entities_to=entities,
        pre_filtered_triples=False,
        use_tqdm=False,
    )
    same(*(evaluator.evaluate(**arguments) for evaluator in (RankBasedEvaluator(), IndexedRankBasedEvaluator())))


def test_among_some_entities_unfiltered(nations):
    # PyKEEN's own fails there
    model = RotE(triples_factory=nations.training, random_seed=0, embedding_dim=8)
    triples, entities = nations.testing.mapped_triples, torch.tensor([0, 2, 5, 9, 13])
    triples = triples[torch.isin(triples[:, 2], entities)]
    results = IndexedRankBasedEvaluator(filtered=False).evaluate(
        model, triples, targets=("tail",), restrict_entities_to=entities, do_time_consuming_checks=False, use_tqdm=False
    )
    scores = model.predict_t(triples[:, :2])
    ranks = Ranks.from_scores(scores.gather(1, triples[:, 2:]), scores[:, entities])
    assert results.get_metric("tail.realistic.arithmetic_mean_rank") == pytest.approx(ranks.realistic.mean().item())


def test_among_entities_that_are_not_enough(nations):
    model = TransE(triples_factory=nations.training, random_seed=0)
    triples = nations.testing.mapped_triples

    def evaluate(entities, **kwargs):
        IndexedRankBasedEvaluator().evaluate(model, triples, restrict_entities_to=entities, **kwargs)

    with pytest.raises(ValueError, match="restrict_entities_to=14 is not allowed"):
        evaluate([0, 14], pre_filtered_triples=False)
    with pytest.raises(ValueError, match="restrict_entities_to is empty"):
        evaluate([], pre_filtered_triples=False)
    with pytest.raises(ValueError, match="No triple is left to evaluate: restrict_entities_to"):
        evaluate([0], pre_filtered_triples=False)
    with pytest.raises(ValueError, match=r"restrict_entities_to=\[0, 1\] lacks the answers of .* triples"):
        evaluate([0, 1], do_time_consuming_checks=False)


def test_what_it_does_not_do(nations):
    model = TransE(triples_factory=nations.training, random_seed=0)
    with pytest.raises(ValueError, match="mapped_triples is empty"):
        IndexedRankBasedEvaluator().evaluate(model, nations.testing.mapped_triples[:0])
    one = nations.testing.mapped_triples[:1]
    options = dict(restrict_relations_to=[1 + int(one[0, 1])], pre_filtered_triples=False)
    with pytest.raises(ValueError, match=r"No triple is left to evaluate: .* restrict_relations_to"):
        IndexedRankBasedEvaluator().evaluate(model, one, **options)


def test_by_name_in_a_pipeline():
    assert evaluator_resolver.lookup("IndexedRankBased") is IndexedRankBasedEvaluator
    options = {
        "dataset": "nations",
        "dataset_kwargs": {"create_inverse_triples": True},
        "model": "RotE",
        "loss": "HaLE",
        "training_loop": "QuerySampling",
        "training_kwargs": {"num_epochs": 1, "use_tqdm": False},
        "stopper": "early",
        "stopper_kwargs": {"frequency": 1},
        "evaluation_kwargs": {"use_tqdm": False},
        "random_seed": 0,
    }
    results = [pipeline(evaluator=name, **options).metric_results for name in ("RankBased", "IndexedRankBased")]
    same(*results)
