"""CP as a query: PyKEEN's with its weights, both vectors of an entity, streams and biases, PyKEEN's mixins."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import CP
from pykeen.pipeline import pipeline

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import QueryCP
from pykeen_conj_hale.streaming.activations import Hanon
from pykeen_conj_hale.training.query_terms import QueryTerms

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

OPTIONS = dict(relation_scale=True, head_bias=True, tail_bias=True)


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


def test_equals_the_model_of_pykeen_with_its_weights(triples):
    other = CP(triples_factory=triples, embedding_dim=8, rank=1, random_seed=0).eval()
    ours = QueryCP(triples_factory=triples, embedding_dim=8).eval()
    weights = {k: v for k, v in other.state_dict().items() if "representations" in k and "regularizer" not in k}
    assert not ours.load_state_dict(weights, strict=False).missing_keys
    batch = triples.mapped_triples[:16]
    torch.testing.assert_close(ours.score_t(batch[:, :2]), other.score_t(batch[:, :2]))
    torch.testing.assert_close(ours.score_h(batch[:, 1:]), other.score_h(batch[:, 1:]))
    torch.testing.assert_close(ours.score_hrt(batch), other.score_hrt(batch))


def test_biases_and_scale_are_after_both_vectors(triples):
    model = QueryCP(triples_factory=triples, embedding_dim=3, random_seed=0, **OPTIONS).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    head, tail, head_bias, tail_bias = (x(None) for x in model.entity_representations)
    relation, raw = (x(None) for x in model.relation_representations)
    h, r, t = triples.mapped_triples[:9].T
    scores = torch.nn.functional.softplus(raw[r]) * (head[h] * relation[r] * tail[t]).sum(-1)
    expected = scores + head_bias[h] + tail_bias[t]
    torch.testing.assert_close(model.score_hrt(triples.mapped_triples[:9])[:, 0], expected)


@pytest.mark.parametrize("options", [{}, OPTIONS, dict(similarity="squared_distance")])
def test_the_loss_is_that_of_stored_scores(triples, options):
    model = QueryCP(triples_factory=triples, embedding_dim=4, loss=HaLELoss(alpha=1.0), random_seed=0, **options)
    model = model.double().train()
    batch = triples.mapped_triples[:8]
    terms = QueryTerms(model, model.loss)(batch)
    hanon = Hanon()
    expected = torch.logsumexp(-hanon(-model.score_t(batch[:, :2])), dim=-1).mean()
    assert any(torch.isclose(term.double(), expected) for term in terms.values())


@pytest.mark.parametrize(("loop", "loss"), [("QuerySampling", "HaLE"), ("LCWA", "CrossEntropy")])
def test_trains_both_vectors_by_name(loop, loss):
    result = pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model="QueryCP",
        model_kwargs=dict(embedding_dim=8, regularizer="DURA", similarity="dot"),
        loss=loss,
        loss_kwargs=dict(alpha=0.5) if loss == "HaLE" else None,
        training_loop=loop,
        optimizer_kwargs=dict(lr=0.02),
        training_kwargs=dict(num_epochs=4, batch_size=256, use_tqdm=False),
        evaluation_kwargs=dict(batch_size=64, use_tqdm=False),
        random_seed=0,
    )
    assert result.losses[-1] < result.losses[0]
    head, tail = (x(None) for x in result.model.entity_representations)
    assert not torch.allclose(head, tail)


class QueryCPTests(cases.ModelTestCase):
    """PyKEEN's tests."""

    cls = QueryCP
    embedding_dim = 4
    create_inverse_triples = True
