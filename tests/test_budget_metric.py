"""The metric of an early stopper, before the first step."""

import contextlib
import re

import pytest
from budget_runs import nations
from hypothesis import given
from hypothesis import strategies as st
from pykeen.evaluation import ClassificationEvaluator, RankBasedEvaluator
from pykeen.models import DistMult

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.training.budget.metric import find_metric


@pytest.mark.parametrize(
    ("name", "increasing"),
    [
        ("mrr", True),
        ("inverse_harmonic_mean_rank", True),
        ("hits@10", True),
        ("tail.optimistic.hits@1", True),
        ("arithmetic_mean_rank", False),
        ("mean_rank", False),
        ("harmonic_mean_rank", False),
        ("adjusted_arithmetic_mean_rank", False),
        ("adjusted_arithmetic_mean_rank_index", True),
        ("median_rank", False),
    ],
)
@pytest.mark.parametrize("evaluator", [RankBasedEvaluator, IndexedRankBasedEvaluator])
def test_the_direction_of_a_metric(name, increasing, evaluator):
    assert find_metric(evaluator(), name).increasing is increasing


def test_classification():
    assert find_metric(ClassificationEvaluator(), "average_precision_score").increasing is True
    assert find_metric(ClassificationEvaluator(), "false_positive_rate").increasing is False
    with pytest.raises(ValueError, match="metric='mrr' is not computed by this ClassificationEvaluator; choose"):
        find_metric(ClassificationEvaluator(), "mrr")


def test_what_is_not_computed():
    with pytest.raises(ValueError, match=r"metric='hits@7' is not computed by this RankBasedEvaluator; choose one of"):
        find_metric(RankBasedEvaluator(), "hits@7")
    assert find_metric(RankBasedEvaluator(metrics=["hits@k"], metrics_kwargs=[{"k": 7}]), "hits@7").key == "hits_at_7"
    with pytest.raises(ValueError, match=r"metric='head\.mrr' is of the side 'head', .* targets=\('tail',\)"):
        find_metric(RankBasedEvaluator(), "head.mrr", targets=("tail",))
    assert find_metric(RankBasedEvaluator(), "tail.mrr", targets=("tail",)) is not None


def test_an_evaluator_of_which_nothing_is_known():
    assert find_metric(object(), "mrr") is None


FACTORY = nations()
RESULT = RankBasedEvaluator().evaluate(
    DistMult(triples_factory=FACTORY, random_seed=0), FACTORY.mapped_triples[:9], batch_size=9, use_tqdm=False
)


@given(name=st.text(max_size=20) | st.from_regex(r"(head|both|top)?\.?(hits@|mrr|rank)[0-9a-z]{0,4}", fullmatch=True))
def test_any_name_is_found_or_refused_by_its_argument(name):
    refused = pytest.raises(ValueError, match=re.escape(f"metric={name!r} is "))
    with contextlib.nullcontext() if is_known(name) else refused:
        assert find_metric(RankBasedEvaluator(), name) is not None


def is_known(name):
    """Tell whether PyKEEN finds a metric among the results of its evaluator."""
    try:
        RESULT.get_metric(name)
    except (KeyError, ValueError, TypeError, AssertionError):
        return False
    return True
