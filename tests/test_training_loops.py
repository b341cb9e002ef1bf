"""PyKEEN's loops under a budget: PyKEEN's own test cases, names, and the negatives in HPO."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.hpo import hpo_pipeline
from pykeen.losses import CrossEntropyLoss, MarginRankingLoss
from pykeen.models import DistMult
from pykeen.pipeline import pipeline
from pykeen.training import LCWATrainingLoop, SLCWATrainingLoop, SymmetricLCWATrainingLoop, training_loop_resolver

from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
    QuerySamplingTrainingLoop,
    TimeBudget,
)

cases = pytest.importorskip("tests.test_training.cases", reason="PyKEEN's test mixins are fetched by `make test`")

LOOPS = {
    "BudgetedSLCWA": BudgetedSLCWATrainingLoop,
    "BudgetedLCWA": BudgetedLCWATrainingLoop,
    "BudgetedSymmetricLCWA": BudgetedSymmetricLCWATrainingLoop,
}


class BudgetedSLCWATests(cases.SLCWATrainingLoopTestCase):
    cls = BudgetedSLCWATrainingLoop
    loss_cls = MarginRankingLoss


class BudgetedLCWATests(cases.TrainingLoopTestCase):
    cls = BudgetedLCWATrainingLoop
    loss_cls = CrossEntropyLoss


class BudgetedSymmetricLCWATests(cases.TrainingLoopTestCase):
    cls = BudgetedSymmetricLCWATrainingLoop
    loss_cls = CrossEntropyLoss


def settings(loop, **changes):
    return {
        "dataset": "nations",
        "model": "DistMult",
        "model_kwargs": {"embedding_dim": 8},
        "training_loop": loop,
        "training_loop_kwargs": {"time_budget": "00:00:00.2"},
        "training_kwargs": {"use_tqdm": False, "batch_size": 256},
        "evaluation_kwargs": {"use_tqdm": False, "batch_size": 64},
        **changes,
    }


@pytest.mark.parametrize("name", ["QuerySampling", *LOOPS])
@pytest.mark.parametrize("continue_training", [False, True])
def test_without_the_optimizer_that_the_pipeline_clears(name, continue_training):
    training = dict(num_epochs=1, batch_size=512, use_tqdm=False)
    result = pipeline(**settings(name, training_loop_kwargs={}, training_kwargs=training))
    loop, factory = result.training_loop, Nations().training
    with pytest.raises(ValueError, match=r"has no optimizer any more: .* pipeline\(\.\.\., clear_optimizer=False\)"):
        loop.train(factory, num_epochs=2, batch_size=512, use_tqdm=False, continue_training=continue_training)


@pytest.mark.parametrize("cls", [QuerySamplingTrainingLoop, BudgetedSymmetricLCWATrainingLoop])
def test_weights_of_triples_that_would_count_nothing_are_refused(cls):
    factory = Nations().training
    model = DistMult(triples_factory=factory, embedding_dim=4, loss="CrossEntropy", random_seed=0)
    loop = cls(
        model=model,
        triples_factory=factory,
        optimizer="Adam",
        loss_weighter="relation",
        loss_weighter_kwargs={"weights": torch.ones(factory.num_relations)},
    )
    with pytest.raises(ValueError, match=r"loss_weighter='relation' is not supported by .*BudgetedLCWA"):
        loop.train(factory, batch_size=512, use_tqdm=False)
    assert loop.num_steps == 0


def test_symmetric_lcwa_trains_the_rows_which_inverse_triples_have():
    factory = Nations(create_inverse_triples=True).training
    model = DistMult(triples_factory=factory, embedding_dim=8, random_seed=0, regularizer=None)
    loop = BudgetedSymmetricLCWATrainingLoop(model=model, triples_factory=factory, optimizer="sgd")
    before = model.relation_representations[0](None).detach().clone()
    loop.train(factory, num_epochs=1, batch_size=256, use_tqdm=False)
    model.train(False)
    trained = (model.relation_representations[0](None) != before).any(dim=-1).nonzero().squeeze()
    assert torch.equal(trained, factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:, 1].unique())


def test_symmetric_lcwa_is_as_good_with_inverse_triples():
    metrics = {
        inverse: pipeline(
            **settings(
                "BudgetedSymmetricLCWA",
                model="ComplEx",
                loss="CrossEntropy",
                dataset_kwargs=dict(create_inverse_triples=inverse),
                optimizer_kwargs=dict(lr=0.02),
                training_loop_kwargs={},
                training_kwargs=dict(num_epochs=20, batch_size=256, use_tqdm=False),
                random_seed=0,
            )
        ).get_metric("mrr")
        for inverse in (False, True)
    }
    assert metrics[True] > metrics[False] - 0.05


@pytest.mark.parametrize("name", LOOPS)
def test_by_name(name):
    result = pipeline(**settings(name))
    assert type(result.training_loop) is LOOPS[name]
    assert result.training_loop.stop_reason == "budget"
    assert result.training_loop.seconds["training"] >= 0.2
    assert result.losses


def test_pykeens_own_names_stay():
    assert training_loop_resolver.lookup("sLCWA") is SLCWATrainingLoop
    assert training_loop_resolver.lookup("LCWA") is LCWATrainingLoop
    assert training_loop_resolver.lookup("SymmetricLCWA") is SymmetricLCWATrainingLoop
    assert training_loop_resolver.lookup(None) is SLCWATrainingLoop


@pytest.mark.parametrize("name", LOOPS)
def test_no_epochs_are_searched(name):
    space = LOOPS[name].hpo_default
    assert set(space) == {"batch_size"} | ({"num_negs_per_pos"} if name == "BudgetedSLCWA" else set())


def recording():
    """Make a loop that notes how many negatives its batches have, and the list of them."""
    seen = []

    class Recording(BudgetedSLCWATrainingLoop):
        def _process_batch(self, batch, *args, **kwargs):
            seen.append(batch["negatives"].shape[1])
            return super()._process_batch(batch, *args, **kwargs)

    return Recording, seen


def test_the_number_of_negatives_is_searched_and_used():
    """PyKEEN searches it for its own class only."""
    cls, seen = recording()
    arguments = settings(cls, training_loop_kwargs={"time_budget": TimeBudget(0.05)})
    arguments["training_loop_kwargs"]["negative_sampler"] = "bernoulli"
    result = hpo_pipeline(
        **arguments,
        n_trials=2,
        training_kwargs_ranges={"num_negs_per_pos": {"type": "categorical", "choices": [2, 7]}},
    )
    for trial in result.study.trials:
        assert trial.state.name == "COMPLETE"
    assert {trial.params["training.num_negs_per_pos"] for trial in result.study.trials} == set(seen)


def test_the_number_of_negatives_is_that_of_its_training():
    cls, seen = recording()
    triples = Nations().training
    model = DistMult(triples_factory=triples, embedding_dim=4)
    loop = cls(model=model, triples_factory=triples, optimizer=torch.optim.Adam(model.parameters()))
    for options, expected in (({}, 1), ({"num_negs_per_pos": 7}, 7), ({}, 1)):
        loop.train(triples, num_epochs=1, batch_size=2_000, use_tqdm=False, **options)
        assert seen[-1] == expected


def test_the_sampler_keeps_its_other_arguments():
    result = pipeline(
        **settings(
            "BudgetedSLCWA",
            training_kwargs={"use_tqdm": False, "num_negs_per_pos": 3},
            negative_sampler="basic",
            negative_sampler_kwargs={"corruption_scheme": ["tail"]},
        )
    )
    expected = {"corruption_scheme": ["tail"], "num_negs_per_pos": 3}
    assert result.training_loop.negative_sampler_kwargs == expected


def test_the_number_of_negatives_given_twice():
    with pytest.raises(ValueError, match=r"num_negs_per_pos=3 .* in negative_sampler_kwargs, too"):
        pipeline(
            **settings(
                "BudgetedSLCWA",
                training_kwargs={"num_negs_per_pos": 3},
                negative_sampler_kwargs={"num_negs_per_pos": 4},
            )
        )
