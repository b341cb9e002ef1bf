"""Entities composed of words: values, gradients, masks, the table of all entities, PyKEEN's mixin."""

import copy
import pickle

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import ERModel
from pykeen.nn import representation_resolver
from pykeen.nn.representation import Embedding
from torch.nn.functional import normalize

from pykeen_conj_hale.text import TextFeatures, Vocabulary, WordBag
from pykeen_conj_hale.text.words.building import build
from pykeen_conj_hale.text.words.composition import WordSum

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

TEXTS = [
    ("cuba", "island of sugar"),
    ("china", "a state"),
    ("", ""),
    ("cuba", "a state of sugar"),
    ("x", "a"),
    *[("", "a")] * 2,
]


def parts():
    features = TextFeatures(2, prefix_fields=[0])
    listed = list(map(features, TEXTS))
    vocabulary = Vocabulary.count(listed, min_count=2)
    return dict(encoded=vocabulary.encode(listed, 20), vocabulary=vocabulary, features=features)


def make(**options):
    return WordBag(**{**parts(), "shape": 4, "word_dropout": 0.5, **options}).eval()


def scatter(bag):
    """Make parameters that are all different."""
    with torch.no_grad():
        for parameter in bag.words.parameters():
            parameter.add_(torch.rand_like(parameter))
    return bag


def naive_sums(words, tokens, kinds):
    """Sum up feature by feature."""
    sums = []
    for row, kind in zip(tokens.tolist(), kinds.tolist(), strict=True):
        pairs = [(t, k) for t, k in zip(row, kind, strict=True) if t]
        vectors = [words.weights[t] * words.kind_weights[k].exp() * words.vectors[t] for t, k in pairs]
        sums.append(torch.stack(vectors).sum(0) if vectors else torch.zeros_like(words.vectors[0]))
    return torch.stack(sums)


def test_the_sum_is_the_formula():
    bag = scatter(make()).double()
    sums, known = bag.words(bag.tokens, bag.kinds)
    torch.testing.assert_close(sums, naive_sums(bag.words, bag.tokens, bag.kinds))
    assert known.tolist() == [True, True, False, True, True, True, True]


def test_bags_and_padded_rows_are_the_same():
    words = scatter(make()).words.double()
    bag = make()
    kept = bag.tokens != 0
    bags = words._sum_of_bags(bag.tokens[kept], bag.kinds[kept], kept.sum(-1))
    weights = words._weights_of(bag.tokens, bag.kinds) * kept
    padded = torch.nn.functional.embedding_bag(bag.tokens, words.vectors, per_sample_weights=weights, mode="sum")
    torch.testing.assert_close(bags, padded)


def test_gradients():
    bag = make()
    words = scatter(bag).words.double()
    parameters = [p.detach().requires_grad_() for p in words.parameters()]

    def compose(*values):
        sums, _ = torch.func.functional_call(
            words, dict(zip(dict(words.named_parameters()), values, strict=True)), (bag.tokens, bag.kinds)
        )
        return normalize(sums, dim=-1)

    assert torch.autograd.gradcheck(compose, parameters)


def test_entities_are_directions_times_a_length_plus_own_vectors():
    own = Embedding(7, shape=4)
    has_own = torch.tensor([True, False, True, True, True, True, True])
    bag = scatter(make(own=own, has_own=has_own, length=3.0))
    sums = naive_sums(bag.words, bag.tokens, bag.kinds)
    expected = 3 * normalize(sums, dim=-1) + own() * has_own.unsqueeze(-1)
    expected[2] = 3 * bag.unknown + own()[2]  # no known word
    torch.testing.assert_close(bag(), expected)
    ids = torch.tensor([[3, 1], [1, 0]])
    torch.testing.assert_close(bag(ids), expected[ids])


def test_complex_vectors_are_pairs():
    real, pairs = make(shape=8), make(is_complex=True, own=Embedding(7, shape=4, dtype=torch.cfloat))
    with torch.no_grad():
        for one, other in zip(real.words.parameters(), pairs.words.parameters(), strict=True):
            other.copy_(one)
        pairs.unknown.copy_(real.unknown)
    torch.testing.assert_close(torch.view_as_real(pairs() - pairs.own()).flatten(1), real())


def test_word_dropout_is_for_training_only():
    bag = make()
    assert torch.equal(bag(), bag())
    bag.train()
    torch.manual_seed(0)
    outputs = torch.stack([bag() for _ in range(400)])
    # the entity with one word loses it in half of the draws
    lost = (outputs[:, 5] - bag.unknown).norm(dim=-1) < 1e-5
    assert 0.4 < lost.double().mean() < 0.6
    # what is left is not made larger, as the sum is normalised
    torch.testing.assert_close(outputs[~lost, 5], make_single(bag, 5).expand(int((~lost).sum()), -1))


def make_single(bag, entity):
    bag.eval()
    return bag(torch.tensor([entity]))


@pytest.mark.parametrize(("dropout", "low", "high"), [(0.0, 1.0, 1.0), (0.5, 0.4, 0.6), (1.0, 0.0, 0.0)])
def test_own_dropout(dropout, low, high):
    own = Embedding(7, shape=4)
    bag = make(own=own, own_dropout=dropout, word_dropout=0.0)
    words = bag() - own()
    bag.train()
    torch.manual_seed(0)
    there = torch.stack([(bag() - words).norm(dim=-1) > 1e-5 for _ in range(100)]).double().mean()
    assert low <= there <= high


def test_the_table_is_composed_once_and_after_a_change_again(monkeypatch):
    bag = make()
    calls = []
    compose = bag._compose
    monkeypatch.setattr(bag, "_compose", lambda ids: calls.append(ids) or compose(ids))
    with torch.no_grad():
        table = bag(None)
        assert bag(None) is table
        assert torch.equal(bag(torch.tensor([1, 3])), table[[1, 3]])
        assert len(calls) == 1
        bag.words.vectors.add_(torch.rand_like(bag.words.vectors))
        assert not torch.equal(bag(torch.tensor([1, 3])), table[[1, 3]])
        assert not torch.equal(bag(None), table)
        assert len(calls) == 3
        bag.train()
        bag(None)
        assert len(calls) == 4
    assert bag.eval()(None).requires_grad


def test_training_mode_forgets_the_table():
    """PyTorch counts no change that is made through `.data`."""
    bag = make()
    with torch.no_grad():
        before = bag(None)
        bag.log_length.data.add_(1)
        assert bag.eval()(None) is before
        bag.train().eval()
        torch.testing.assert_close(bag(None), before * torch.e)


def test_pickles_and_copies_leave_the_table_out():
    bag = make()
    with torch.no_grad():
        table = bag(None)
        for other in (pickle.loads(pickle.dumps(bag)), copy.deepcopy(bag)):
            assert other._table is None
            assert torch.equal(other(None), table)


def test_a_look_up_composes_its_entities_only(monkeypatch):
    bag = make().train()
    shapes = []
    forward = WordSum.forward
    monkeypatch.setattr(WordSum, "forward", lambda self, t, k: shapes.append(t.shape[0]) or forward(self, t, k))
    bag(torch.tensor([1, 1, 3, 1]))
    assert shapes == [2]


def test_look_ups_share_what_is_composed_once(monkeypatch):
    bag = make(own=Embedding(7, shape=4), own_dropout=0.5)
    expected = bag()
    shapes = []
    forward = WordSum.forward
    monkeypatch.setattr(WordSum, "forward", lambda self, t, k: shapes.append(t.shape[0]) or forward(self, t, k))
    with bag.composed(torch.tensor([[3, 1], [5, 3]])):
        ids = torch.tensor([[1, 1], [5, 3]])
        torch.testing.assert_close(bag(ids), expected[ids])
        assert shapes == [3]
        with pytest.raises(IndexError):
            bag(torch.tensor([2]))
        torch.testing.assert_close(bag(), expected)  # which the three rows cannot serve
        assert shapes == [3, 7]
    with bag.train().composed(None):
        assert torch.equal(bag()[[4, 2]], bag(torch.tensor([4, 2])))  # the same words and own vectors are left out
        assert shapes == [3, 7, 7]
    bag(torch.tensor([2]))
    assert shapes == [3, 7, 7, 1]


def test_further_texts(caplog):
    bag = make(own=Embedding(7, shape=4))
    before = bag()
    more = [bag.features((" ".join(["cuba"] * 3), "sugar " * 9 + "state island of")), bag.features(("unknown", ""))]
    bag.append(bag.vocabulary.encode(more, 20))
    after = bag()
    assert bag.texts.startswith("9 texts")
    assert (bag.max_id, len(after)) == (9, 9)
    assert torch.equal(after[:7], before)
    torch.testing.assert_close(after[8], bag.unknown)  # the default length 1
    sums = naive_sums(bag.words, bag.tokens[7:8], bag.kinds[7:8])
    torch.testing.assert_close(after[7:8], normalize(sums, dim=-1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_id": 5}, "max_id=5 is not allowed"),
        ({"own": Embedding(5, shape=4)}, "own vectors of 5"),
        ({"own_dropout": 1.5}, "own_dropout=1.5"),
        ({"own_start": -1}, "own_start=-1"),
        ({"word_dropout": 1.0}, "word_dropout=1.0"),
        ({"length": 0.0}, "length=0.0"),
        ({"is_complex": "no"}, "is_complex='no'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


def test_from_a_triples_factory_and_by_name():
    training = Nations(create_inverse_triples=True).training
    texts = {"cuba": "a state", "china": "a state"}
    bag = WordBag.from_triples_factory(training, texts, shape=8, word_dropout=0.1)
    assert (bag.max_id, bag.shape) == (14, (8,))
    model = ERModel(
        triples_factory=training,
        interaction="DistMult",
        entity_representations="WordBag",
        entity_representations_kwargs=dict(build(training, texts), shape=8),
        relation_representations_kwargs=dict(shape=8),
    )
    assert isinstance(model.entity_representations[0], WordBag)
    assert model.predict_t(training.mapped_triples[:3, :2]).shape == (3, 14)


def test_name():
    assert representation_resolver.lookup("WordBag") is WordBag


class WordBagTests(cases.RepresentationTestCase):
    """PyKEEN's tests."""

    cls = WordBag
    kwargs = dict(parts(), shape=4)
