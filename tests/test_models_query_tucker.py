"""QueryTuckER: the formula, its options, training, PyKEEN's mixins."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import model_resolver
from pykeen.pipeline import pipeline

from pykeen_conj_hale.models import QueryTuckER
from pykeen_conj_hale.nn.model import _mixes_rows as mixes_rows

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")
QueryTuckERInteraction = QueryTuckER.interaction_class


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


def test_score_is_the_formula():
    interaction = QueryTuckERInteraction(embedding_dim=4, num_matrices=3).double()
    torch.nn.init.normal_(interaction.matrices)
    h, t = torch.randn(5, 4).double(), torch.randn(7, 4).double()
    mixture, translation = torch.randn(5, 3).double(), torch.randn(5, 4).double()
    matrix = torch.eye(4) + torch.einsum("bk,kde->bde", mixture, interaction.matrices)
    query = torch.einsum("bd,bde->be", h, matrix) + translation
    expected = -(query.unsqueeze(1) - t).square().sum(-1)
    torch.testing.assert_close(interaction.score_t(h, (mixture, translation), t), expected)


@pytest.mark.parametrize(("dropout", "training", "mixes"), [(0.0, True, False), (0.5, True, True), (0.5, False, False)])
def test_a_dropout_of_nothing_is_no_chance(dropout, training, mixes):
    """Queries that depend on chance are made for each head by itself."""
    assert mixes_rows(QueryTuckERInteraction(embedding_dim=4, query_dropout=dropout).train(training)) is mixes


def test_model(triples):
    model = model_resolver.make("querytucker", triples_factory=triples, embedding_dim=8, num_matrices=5)
    assert type(model) is QueryTuckER
    assert [x.shape for x in model.relation_representations] == [(5,), (8,), ()]
    assert model.interaction.matrices.shape == (5, 8, 8)


def test_queries_start_close_to_translated_heads(triples):
    model = QueryTuckER(triples_factory=triples, embedding_dim=64, random_seed=0)
    h, r, _ = (x if isinstance(x, list) else [x] for x in _looked_up(model, triples))
    difference = model.interaction.transform(h[0], r[:2]) - h[0] - r[1]
    assert difference.norm() < 0.2 * h[0].norm()


def _looked_up(model, triples):
    ids = triples.mapped_triples
    return model._get_representations(h=ids[:, 0], r=ids[:, 1], t=ids[:, 2], mode=None)


def test_training(triples):
    mrr = {}
    for epochs in (1, 40):
        result = pipeline(
            dataset=Nations(create_inverse_triples=True),
            model="QueryTuckER",
            model_kwargs=dict(embedding_dim=16, num_matrices=4, query_dropout=0.1),
            training_loop="QuerySampling",
            training_kwargs=dict(num_epochs=epochs, use_tqdm=False),
            evaluation_kwargs=dict(use_tqdm=False),
            random_seed=0,
        )
        mrr[epochs] = result.get_metric("mrr")
    assert mrr[40] > mrr[1] + 0.05


@pytest.mark.parametrize(
    ("options", "message"),
    [({"num_matrices": 0}, "num_matrices=0"), ({"query_dropout": 1.0}, "query_dropout=1.0")],
)
def test_bad_arguments(triples, options, message):
    with pytest.raises(ValueError, match=message):
        QueryTuckER(triples_factory=triples, **options)


class QueryTuckERInteractionTests(cases.InteractionTestCase):
    """PyKEEN's tests."""

    cls = QueryTuckERInteraction
    kwargs = dict(embedding_dim=3, num_matrices=2)
    dim = 3
    shape_kwargs = dict(k=2)

    def _exp_score(self, h, r, t):
        (mixture, translation), matrices = r, self.instance.matrices
        query = h + h @ torch.einsum("k,kde->de", mixture.view(-1), matrices) + translation
        return -(query - t).square().sum()


class QueryTuckERTests(cases.ModelTestCase):
    """PyKEEN's tests."""

    cls = QueryTuckER
    kwargs = dict(num_matrices=2)
    num_constant_init = 1
    cli_extras = ["--num-matrices", "2"]
