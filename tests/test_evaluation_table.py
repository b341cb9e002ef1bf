"""The table of ranks: its means are the evaluator's, and its ranks those of a plain count."""

import numpy as np
import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import DistMult

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator, observed_candidates, rank_triples
from pykeen_conj_hale.models import RotE
from pykeen_conj_hale.nn import NonFiniteScoreError


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "inverse"])
def nations(request):
    return Nations(create_inverse_triples=request.param)


@pytest.fixture(scope="module")
def model(nations):
    model = RotE(triples_factory=nations.training, random_seed=0, embedding_dim=8)
    weight = model.entity_representations[0]._embeddings.weight
    with torch.no_grad():
        weight[:] = weight[torch.arange(len(weight)) % 7]  # so that there are ties
    return model


@pytest.mark.parametrize("targets", [("head", "tail"), ("head",), ("tail",)])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_the_means_are_the_evaluators(nations, model, targets, batch_size):
    known = [nations.training, nations.validation.mapped_triples]
    table = rank_triples(model, nations.testing, known=known, targets=targets, batch_size=batch_size)
    results = IndexedRankBasedEvaluator().evaluate(
        model,
        nations.testing.mapped_triples,
        additional_filter_triples=[nations.training.mapped_triples, nations.validation.mapped_triples],
        targets=targets,
        use_tqdm=False,
    )
    for side in targets:
        rows = table[table["side"] == side]
        for kind, column in [("realistic", "rank"), ("optimistic", "optimistic"), ("pessimistic", "pessimistic")]:
            expected = results.get_metric(f"{side}.{kind}.arithmetic_mean_rank")
            assert rows[column].mean() == pytest.approx(expected, rel=1e-6)
        expected = results.get_metric(f"{side}.realistic.inverse_harmonic_mean_rank")
        assert rows["reciprocal_rank"].mean() == pytest.approx(expected, rel=1e-6)
    assert len(table) == len(targets) * nations.testing.num_triples
    assert set(table["side"]) == set(targets)


def test_rows_have_the_labels_of_their_triples(nations, model):
    table = rank_triples(model, nations.testing)
    labels = nations.testing.label_triples(nations.testing.mapped_triples)
    assert (table[["head", "relation", "tail"]].to_numpy()[::2] == labels).all()
    assert (table[["head", "relation", "tail"]].to_numpy()[1::2] == labels).all()
    assert table["side"].tolist()[:4] == ["head", "tail", "head", "tail"]
    ids = rank_triples(model, nations.testing.mapped_triples, targets=["tail"])
    assert (ids[["head", "relation", "tail"]].to_numpy() == nations.testing.mapped_triples.numpy()).all()
    assert ids["rank"].tolist() == table["rank"].tolist()[1::2]


def test_candidates(nations, model):
    """Against a count per triple, one after the other, of the same scores: in other batches, ties need not be ties."""
    candidates = observed_candidates(nations.training)
    del candidates["tail"][3]
    table = rank_triples(model, nations.testing.mapped_triples, known=[nations.training], candidates=candidates)
    known = {tuple(t) for part in (nations.training, nations.testing) for t in part.mapped_triples.tolist()}
    batch = nations.testing.mapped_triples
    all_scores = {side: model.predict(hrt_batch=batch, target=side).tolist() for side in ("head", "tail")}
    rows = table.to_dict("records")
    for number, row in enumerate(rows):
        triple = (row["head"], row["relation"], row["tail"])
        column = 0 if row["side"] == "head" else 2
        scores = all_scores[row["side"]][number // 2]
        others = candidates[row["side"]].get(row["relation"], range(nations.num_entities))
        others = [e for e in others if (*triple[:column], e, *triple[column + 1 :]) not in known]
        better = sum(scores[e] > scores[triple[column]] for e in others)
        equal = sum(scores[e] == scores[triple[column]] for e in others)
        assert (row["optimistic"], row["pessimistic"]) == (1 + better, 1 + better + equal)
        assert row["rank"] == 1 + better + equal / 2
        assert row["candidates"] == 1 + len(others)
    assert len(rows) == 2 * nations.testing.num_triples


def test_without_candidates_no_batch_is_waited_for(nations, monkeypatch):
    """A list is made of numbers that are on the host: a device with work before them is waited for."""
    model = DistMult(triples_factory=nations.training, random_seed=0)
    lists, to_list = [], torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, "tolist", lambda tensor: lists.append(tensor) or to_list(tensor))
    counts = []
    for batch_size in (50, 1_000):
        lists.clear()
        rank_triples(model, nations.testing.mapped_triples, batch_size=batch_size)
        counts.append(len(lists))
    assert counts[0] == counts[1]


def test_all_entities_as_candidates_change_nothing(nations, model):
    everything = range(nations.num_entities)
    candidates = {side: dict.fromkeys(range(nations.num_relations), everything) for side in ("head", "tail")}
    options = {"known": [nations.training]}
    expected = rank_triples(model, nations.testing, **options)
    assert rank_triples(model, nations.testing, candidates=candidates, **options).equals(expected)


def test_observed_candidates(nations):
    found = observed_candidates(nations.training, nations.testing)
    triples = [*nations.training.mapped_triples.tolist(), *nations.testing.mapped_triples.tolist()]
    for side, column in (("head", 0), ("tail", 2)):
        relations = {r for _, r, _ in triples}
        assert found[side] == {r: sorted({t[column] for t in triples if t[1] == r}) for r in relations}


def test_what_is_not_allowed(nations, model):
    triples = nations.testing.mapped_triples
    for options, message in [
        ({"triples": triples[:0]}, "nothing to rank"),
        ({"targets": ()}, "targets"),
        ({"targets": ("relation",)}, "targets='relation' is unknown"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"candidates": {"side": {}}}, "candidates='side' is unknown"),
        ({"candidates": {"tail": [0, 1]}}, r"candidates\['tail'\]=\[0, 1\] is not allowed: it must be a mapping"),
        ({"candidates": {"tail": {"accusation": [0]}}}, r"candidates\['tail'\]: relation='accusation' is not allowed"),
        ({"candidates": {"tail": {110: [0]}}}, "relation=110 is not allowed: it must be a whole number"),
        ({"candidates": {"tail": {0: ["brazil"]}}}, r"candidates\['tail'\]\[0\]='brazil' is not allowed"),
        ({"candidates": {"tail": {0: [0, 99]}}}, "has ids from 0 to 99: those of entities are 0 to 13"),
    ]:
        with pytest.raises(ValueError, match=message):
            rank_triples(model, **{"triples": triples, **options})


def test_candidates_of_no_triples():
    with pytest.raises(ValueError, match="triples is empty"):
        observed_candidates()


def test_nan_is_not_ranked(nations):
    model = DistMult(triples_factory=nations.training, random_seed=0, embedding_dim=4)
    with torch.no_grad():
        model.entity_representations[0]._embeddings.weight[:5] = np.nan
    model.train()
    with pytest.raises(NonFiniteScoreError):
        rank_triples(model, nations.testing)
    assert model.training
