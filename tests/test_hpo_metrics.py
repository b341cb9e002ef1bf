"""The metric of a study: known, and optimized in its direction."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.pruners import NopPruner
from pykeen.evaluation import ClassificationEvaluator, RankBasedEvaluator
from pykeen.stoppers import EarlyStopper, NopStopper

from pykeen_conj_hale.hpo.metrics import choose_direction, fit_stopper, is_increasing
from pykeen_conj_hale.training import TimedStopper

RANKS = RankBasedEvaluator()

#: By what the names say, and not by PyKEEN's table: a rank of 1 is the best, as is a reciprocal rank of 1
SMALLER = ["mean_rank", "mr", "arithmetic_mean_rank", "harmonic_mean_rank", "median_rank", "amr", "variance"]
LARGER = [None, "mrr", "hits@1", "hits_at_10", "z_hits_at_k", "amri", "inverse_median_rank", "adjusted_hits_at_k"]


@given(
    metric=st.sampled_from(SMALLER + LARGER[1:]),
    side=st.sampled_from(["", "head.", "tail.", "both."]),
    kind=st.sampled_from(["", "realistic."]),
)
def test_directions_of_ranks(metric, side, kind):
    assert is_increasing("metric", f"{side}{kind}{metric}", RANKS) == (metric in LARGER)


def test_defaults():
    assert is_increasing("metric", None, RANKS)
    assert is_increasing("metric", None, ClassificationEvaluator())


@pytest.mark.parametrize(
    ("metric", "increasing"), [("f1_score", True), ("tail.false_positive_rate", False), ("false_negative_rate", False)]
)
def test_directions_of_classification(metric, increasing):
    evaluator = ClassificationEvaluator()
    assert is_increasing("metric", metric, evaluator) == increasing


@pytest.mark.parametrize("metric", ["hits@tenn", "hits@7", "", "foo", "both.mean.rank", 3, "hits@0"])
def test_what_is_not_computed(metric):
    with pytest.raises(
        ValueError, match=rf"metric={re.escape(repr(metric))} is not computed by this RankBasedEvaluator; choo"
    ):
        choose_direction(None, metric, RANKS)


def test_what_an_evaluator_adds():
    with pytest.raises(ValueError, match=r"metric='hits@7' is not computed by this RankBasedEvaluator"):
        choose_direction("maximize", "hits@7", RANKS)
    added = RankBasedEvaluator(metrics=["hits@k"], metrics_kwargs=[{"k": 7}], add_defaults=False)
    assert choose_direction(None, "hits@7", added) == "maximize"


def test_what_is_given_comes_first():
    assert choose_direction(None, "mr", RANKS) == "minimize"
    assert choose_direction("maximize", "mr", RANKS) == "maximize"
    with pytest.raises(ValueError, match=r"direction='up' is unknown; choose one of \['maximize', 'minimize'\]"):
        choose_direction("up", "mr", RANKS)


@pytest.mark.parametrize("stopper", [TimedStopper, EarlyStopper])
def test_a_stopper_goes_the_same_way(stopper):
    def fit(direction="minimize", **arguments):
        return fit_stopper(stopper, arguments, RANKS, direction)

    assert fit(metric="mr") == {"metric": "mr", "larger_is_better": False}
    assert fit(metric="mr", stopper_kwargs={"patience": 3}) == {
        "patience": 3,
        "metric": "mr",
        "larger_is_better": False,
    }
    assert fit("maximize", metric="hits@1", stopper_kwargs={"patience": 3}) == {"patience": 3}
    # of an own metric, which nobody prunes by
    options = {"metric": "median_rank"}
    assert fit("maximize", stopper_kwargs=options, pruner="nop") == {**options, "larger_is_better": False}
    assert fit("maximize", stopper_kwargs=options, pruner=NopPruner) == {**options, "larger_is_better": False}


def test_a_pruner_that_would_prune_the_best():
    with pytest.raises(ValueError, match=r"stopper_kwargs: metric='mrr' is what the pruner compares.*'minimize'"):
        fit_stopper(TimedStopper, {"metric": "mr", "stopper_kwargs": {"metric": "mrr"}}, RANKS, "minimize")
    with pytest.raises(ValueError, match=r"stopper_kwargs: metric='mr' is what the pruner compares.*'maximize'"):
        fit_stopper(TimedStopper, {"stopper_kwargs": {"metric": "mr"}, "pruner": "median"}, RANKS, "maximize")


def test_a_stopper_with_an_unknown_metric():
    with pytest.raises(ValueError, match=r"stopper_kwargs: metric='hits@tenn' is not computed"):
        fit_stopper(TimedStopper, {"stopper_kwargs": {"metric": "hits@tenn"}}, RANKS, "maximize")


def test_no_stopper():
    assert fit_stopper(NopStopper, {"metric": "mr"}, RANKS, "minimize") == {}
