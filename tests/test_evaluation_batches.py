"""Batches of the evaluation: their size, and what is done where there is no memory for one."""

import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pykeen.datasets import Nations
from pykeen.models import ConvE, DistMult, RotatE, TransE

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator, default_batch_size, rank_triples
from pykeen_conj_hale.evaluation.batches import in_batches
from pykeen_conj_hale.models import ConjComplEx, QueryDistMult
from pykeen_conj_hale.workflow.predicting import Question, predict

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(scope="module")
def nations():
    return Nations(create_inverse_triples=True)


@pytest.fixture
def model(nations):
    return DistMult(triples_factory=nations.training, embedding_dim=4, random_seed=0)


@pytest.fixture(
    params=[
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 92.55 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:132] . DefaultCPUAllocator: can't allocate memory: you tried …"),
    ],
    ids=["GPU", "CPU"],
)
def sizes(request, model, monkeypatch):
    """Make the model run out of memory where it scores more than five queries, and note the sizes of batches."""
    predict_all, seen, error = model.predict, [], request.param

    def limited(hrt_batch, target, **kwargs):
        seen.append(len(hrt_batch))
        if len(hrt_batch) > 5:
            raise error
        return predict_all(hrt_batch, target=target, **kwargs)

    monkeypatch.setattr(model, "predict", limited)
    return seen


def test_the_cache_sets_the_size_for_query_models(nations):
    model = QueryDistMult(triples_factory=nations.training, embedding_dim=512)
    assert default_batch_size(model, 10**9, CPU) == 1
    assert 16 <= default_batch_size(model, 40_943, CPU) <= 256
    assert default_batch_size(model, 40_943, CUDA) > default_batch_size(model, 40_943, CPU)


@pytest.mark.parametrize(("device", "limit"), [(CPU, 2**30), (CUDA, 2**32)])
def test_a_vector_per_score_has_a_place_in_memory(nations, device, limit):
    """ConvE multiplies each query with each entity, number by number, before it sums."""
    model = ConvE(triples_factory=nations.training, embedding_dim=200)
    size = default_batch_size(model, 40_943, device)
    assert limit / 2 < 4 * size * 40_943 * 200 <= limit


def test_queries_of_relations_are_vectors(nations):
    """A query depends on the relation: that of each candidate is made."""
    model = ConjComplEx(triples_factory=nations.training, embedding_dim=256)
    size = default_batch_size(model, 474, CPU, ["relation"])
    assert 2**29 < 4 * size * 474 * 512 <= 2**30
    assert default_batch_size(model, 474, CPU, ["head", "tail"]) > 2 * size


def test_a_complex_number_is_two(nations):
    sizes = [
        default_batch_size(model, 40_943, CPU)
        for model in (
            RotatE(triples_factory=nations.training, embedding_dim=100),
            TransE(triples_factory=nations.training, embedding_dim=200),
        )
    ]
    assert sizes == [32, 32]


@given(number=st.integers(0, 50), batch_size=st.integers(1, 60), limit=st.integers(1, 60))
def test_halved_batches_cover_all_queries_in_order(number, batch_size, limit):
    lengths = []

    def work(rows):
        length = rows.stop - rows.start
        if length > limit:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        lengths.append(length)
        return list(range(rows.start, rows.stop))

    assert [query for batch in in_batches(work, number, batch_size) for query in batch] == list(range(number))
    assert all(0 < length <= min(batch_size, limit) for length in lengths)
    # never halved more than need be
    assert not lengths or lengths[0] >= min(batch_size, limit, number) / 2


@pytest.mark.parametrize(
    ("error", "batch_size", "may_shrink"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), 1, True),
        (torch.OutOfMemoryError("CUDA out of memory."), 8, False),
        (RuntimeError("another one"), 8, True),
    ],
    ids=["one query", "together with others", "another error"],
)
def test_other_failures_are_raised_at_once(error, batch_size, may_shrink):
    calls = []

    def work(rows):
        calls.append(rows)
        raise error

    with pytest.raises(RuntimeError) as raised:
        list(in_batches(work, 9, batch_size, may_shrink=may_shrink))
    assert raised.value is error
    assert len(calls) == 1


@pytest.mark.parametrize("batch_size", [None, 7])
def test_ranks_are_those_of_enough_memory(nations, model, batch_size, sizes):
    triples, evaluator = nations.validation.mapped_triples, IndexedRankBasedEvaluator()
    found = evaluator.evaluate(model, triples, batch_size=batch_size, use_tqdm=False).to_flat_dict()
    assert max(sizes) > 5
    enough = evaluator.evaluate(model, triples, batch_size=5, use_tqdm=False).to_flat_dict()
    assert found == pytest.approx(enough, nan_ok=True)


def test_rows_are_those_of_enough_memory(nations, model, sizes):
    found = rank_triples(model, nations.validation)
    assert max(sizes) > 5
    pd.testing.assert_frame_equal(found, rank_triples(model, nations.validation, batch_size=5))


def test_answers_are_those_of_enough_memory(nations, model, sizes):
    triples = nations.validation.label_triples(nations.validation.mapped_triples[:20])
    questions = [Question(head, relation, None) for head, relation, _ in triples]
    found = predict(model, nations.training, questions)
    assert max(sizes) > 5
    pd.testing.assert_frame_equal(found, predict(model, nations.training, questions, batch_size=5))
