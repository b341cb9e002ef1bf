"""A query's own entity is no answer where the relation connects no entity with itself."""

import copy
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import model_resolver
from pykeen.models.cli.builders import build_cli_from_cls
from pykeen.predict import predict_target
from pykeen.triples import CoreTriplesFactory, KGInfo, TriplesFactory
from pykeen.typing import TRAINING

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.nn import reflexive
from pykeen_conj_hale.nn.reflexive import find_irreflexive, lowest_of, set_at
from pykeen_conj_hale.text import add_entities

#: Relation 0: no triple is reflexive, 1: one of four, 2: all, 3: no triple
TRIPLES = [[0, 0, 1], [1, 0, 0], [2, 0, 1], [0, 1, 1], [1, 1, 1], [2, 1, 0], [2, 1, 1], [0, 2, 0]]


def graph(inverse=False):
    return CoreTriplesFactory.create(
        torch.tensor(TRIPLES), num_entities=3, num_relations=4, create_inverse_triples=inverse
    )


def make(inverse, model="RotE", **options):
    return model_resolver.make(model, triples_factory=graph(inverse), embedding_dim=4, random_seed=0, **options)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.01, [True, False, False, False]), (0.25, [True, False, False, False]), (0.3, [True, True, False, False])],
)
def test_relations_are_irreflexive_by_their_share_of_triples(inverse, share, expected):
    assert find_irreflexive(graph(inverse), share).tolist() == expected


def test_without_triples_there_is_nothing_to_learn_from():
    info = KGInfo(num_entities=3, num_relations=4, create_inverse_triples=False)
    model_resolver.make("RotE", triples_factory=info, embedding_dim=4)
    with pytest.raises(ValueError, match=r"min_reflexive=0\.1: it has no triples"):
        model_resolver.make("RotE", triples_factory=info, embedding_dim=4, min_reflexive=0.1)
    with pytest.raises(ValueError, match="min_reflexive=2"):
        make(False, min_reflexive=2)


@pytest.mark.parametrize("sigmoid", [False, True])
@pytest.mark.parametrize("inverse", [False, True])
def test_own_entities_come_last_and_all_other_scores_stay(inverse, sigmoid):
    plain, model = (make(inverse, predict_with_sigmoid=sigmoid, min_reflexive=share) for share in (0, 0.01))
    model.load_state_dict(plain.state_dict())
    queries = torch.cartesian_prod(torch.arange(3), torch.arange(4))
    own = torch.nn.functional.one_hot(queries[:, 0], 3).bool() & (queries[:, 1:] == 0)
    lowest = 0.0 if sigmoid else -1e30
    for predict, batch in (("predict_t", queries), ("predict_h", queries.flip(1))):
        expected = getattr(plain, predict)(batch).masked_fill(own, lowest)
        assert getattr(model, predict)(batch).equal(expected)
        name = "tails" if predict == "predict_t" else "heads"
        chosen = torch.tensor([2, 0])
        expected = getattr(plain, predict)(batch, **{name: chosen}).masked_fill(own[:, chosen], lowest)
        assert getattr(model, predict)(batch, **{name: chosen}).equal(expected)
        rows = torch.randint(3, (len(batch), 5), generator=torch.Generator().manual_seed(0))
        expected = getattr(plain, predict)(batch, **{name: rows}).masked_fill(own.gather(1, rows), lowest)
        assert getattr(model, predict)(batch, **{name: rows}).equal(expected)
    triples = torch.cartesian_prod(torch.arange(3), torch.arange(4), torch.arange(3))
    expected = plain.predict_hrt(triples).masked_fill(own.reshape(-1, 1), lowest)
    assert model.predict_hrt(triples).equal(expected)
    assert model.predict_r(triples[:, ::2]).equal(plain.predict_r(triples[:, ::2]))


def test_training_does_not_see_the_rule():
    plain, model = make(True), make(True, min_reflexive=1.0)
    batch = torch.tensor(TRIPLES)
    assert model.score_t(batch[:, :2]).equal(plain.score_t(batch[:, :2]))
    assert model.score_hrt(batch).equal(plain.score_hrt(batch))
    assert model.state_dict().keys() == plain.state_dict().keys()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_lowest_score_is_finite_and_so_is_the_sum_of_a_batch(dtype):
    lowest = torch.full((4096,), lowest_of(torch.zeros(1, dtype=dtype)), dtype=dtype)
    assert lowest.isfinite().all()
    assert lowest[0] < -60000
    assert dtype == torch.float16 or lowest.sum().isfinite()


@given(st.lists(st.tuples(st.integers(-3, 6), st.booleans()), min_size=1, max_size=5))
def test_places_out_of_range_are_left_alone(rows):
    scores = torch.arange(float(len(rows) * 4)).view(-1, 4)
    places, affected = (torch.tensor(x).unsqueeze(1) for x in zip(*rows, strict=True))
    found = set_at(scores, places, affected, -7.0)
    for row, (place, is_affected) in enumerate(rows):
        expected = [-7.0 if is_affected and column == place else 4.0 * row + column for column in range(4)]
        assert found[row].tolist() == expected


@pytest.mark.parametrize("kind", ["plain", "gradient", "expanded"])
def test_scores_that_cannot_be_changed_are_copied(kind):
    scores = {
        "plain": torch.zeros(2, 3),
        "gradient": torch.zeros(2, 3, requires_grad=True),
        "expanded": torch.zeros(1, 3).expand(2, 3),
    }[kind]
    found = set_at(scores, torch.tensor([[0], [2]]), torch.tensor([[True], [False]]), -1.0)
    assert found.tolist() == [[-1, 0, 0], [0, 0, 0]]
    assert (found is scores) == (kind == "plain")
    assert scores.sum() == (-1 if kind == "plain" else 0)


def test_pykeens_evaluation_and_predictions_follow_it():
    factory = Nations(create_inverse_triples=True)
    model = model_resolver.make(
        "QueryTransE", triples_factory=factory.training, embedding_dim=4, random_seed=0, min_reflexive=1.0
    )
    with torch.no_grad():  # relations that change nothing: each entity is nearest to its own query
        for x in model.relation_representations:
            x._embeddings.weight.zero_()
    top = predict_target(model, head="brazil", relation="accusation", triples_factory=factory.training).df
    assert top["tail_label"].iloc[-1] == "brazil"
    assert top["score"].iloc[-1] == pytest.approx(-1e30)
    model.irreflexive = None
    top = predict_target(model, head="brazil", relation="accusation", triples_factory=factory.training).df
    assert top["tail_label"].iloc[0] == "brazil"


def test_all_evaluators_agree():
    factory = Nations(create_inverse_triples=True)
    options = dict(triples_factory=factory.training, embedding_dim=4, random_seed=0)
    model, plain = (model_resolver.make("RotE", min_reflexive=x, **options) for x in (0.5, 0))
    known = [factory.training.mapped_triples]
    found = [
        evaluator.evaluate(
            each, factory.testing.mapped_triples, additional_filter_triples=known, use_tqdm=False, batch_size=32
        ).get_metric("mrr")
        for each in (model, plain)
        for evaluator in (RankBasedEvaluator(), IndexedRankBasedEvaluator())
    ]
    assert found[0] == pytest.approx(found[1])
    assert found[2] == pytest.approx(found[3])
    assert found[0] > found[2]


def test_a_graph_of_labels_is_one_of_triples():
    assert find_irreflexive(TriplesFactory.from_labeled_triples(Nations().training.triples), 0.5).any()


@pytest.mark.parametrize("value", [0.5, "0.5"])
def test_pykeens_command_line_has_the_option(value):
    shown = {name for option in build_cli_from_cls(model_resolver.lookup("RotE")).params for name in option.opts}
    assert "--min-reflexive" in shown
    assert make(False, min_reflexive=value).irreflexive.tolist() == [True, True, False, False]
    with pytest.raises(ValueError, match="min_reflexive='much'"):
        make(False, min_reflexive="much")


def test_triples_are_counted_block_by_block(monkeypatch):
    expected = find_irreflexive(graph(), 0.3)
    monkeypatch.setattr(reflexive, "BLOCK_ROWS", 3)
    assert find_irreflexive(graph(), 0.3).equal(expected)


def test_models_that_were_pickled_before_the_rule_predict_without_it():
    model, plain = make(True, min_reflexive=1.0), make(True)
    del model._buffers["irreflexive"]
    del model.__dict__["min_reflexive"]
    old = pickle.loads(pickle.dumps(model))
    queries = torch.tensor([[0, 0], [1, 1]])
    assert old.predict_t(queries).equal(plain.predict_t(queries))
    assert old.made_with["min_reflexive"] == 0


@pytest.mark.parametrize("base", ["TransE", "RotE", "TuckER"])
def test_entities_of_words_have_the_rule_over_any_model(base):
    triples = Nations(create_inverse_triples=True).training
    texts = {label: f"{label} of {label[0]}" for label in triples.entity_to_id}
    model = model_resolver.make(
        "TextEntities", triples_factory=triples, base=base, texts=texts, embedding_dim=4, min_count=1, random_seed=0
    )
    assert model.min_reflexive == 0.01
    extended, _, _ = add_entities(model, triples, {"atlantis": "brazil of b"})
    queries = torch.cartesian_prod(torch.arange(14), model.irreflexive.nonzero().flatten()[:5])
    for each in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model)), extended):
        for mode in (None, TRAINING):
            scores = each.predict_t(queries, mode=mode)
            assert scores.gather(1, queries[:, :1]).unique().tolist() == pytest.approx([-1e30])
            assert (scores < -1e29).sum() == len(queries)
    new = torch.tensor([[14, int(queries[0, 1])]])
    assert extended.predict_t(new)[0, 14] < -1e29
    assert extended.predict_t(new, mode=TRAINING).min() > -1e29
