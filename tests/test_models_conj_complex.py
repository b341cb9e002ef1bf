"""ConjComplEx as a PyKEEN model."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import ComplEx

from pykeen_conj_hale.models import ConjComplEx
from pykeen_conj_hale.nn import NonFiniteScoreError

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")


@pytest.fixture
def nations():
    return Nations(create_inverse_triples=True)


@pytest.mark.parametrize("dim", [2, 8, 32])
def test_half_the_relation_parameters_of_complex(nations, dim):
    ours, theirs = (
        cls(triples_factory=nations.training, embedding_dim=dim, random_seed=0) for cls in (ConjComplEx, ComplEx)
    )
    count = [sum(p.numel() for p in m.relation_representations.parameters()) for m in (ours, theirs)]
    assert 2 * count[0] == count[1] > 0
    assert ours.num_parameters == theirs.num_parameters - count[0]


def test_tied_weights_give_the_scores_of_complex(nations):
    ours, theirs = (
        cls(triples_factory=nations.training, embedding_dim=8, random_seed=0) for cls in (ConjComplEx, ComplEx)
    )
    with torch.no_grad():
        theirs.entity_representations[0]._embeddings.weight.copy_(ours.entity_representations[0]._embeddings.weight)
        r = ours.relation_representations[0](None)
        tied = torch.view_as_real(torch.cat([r, r.conj()], dim=-1).resolve_conj()).flatten(1)
        theirs.relation_representations[0]._embeddings.weight.copy_(tied)
        batch = nations.training.mapped_triples[:16]
        for name, columns in (("score_hrt", [0, 1, 2]), ("score_t", [0, 1]), ("score_h", [1, 2]), ("score_r", [0, 2])):
            torch.testing.assert_close(
                getattr(ours, name)(batch[:, columns]), getattr(theirs, name)(batch[:, columns]), rtol=1e-5, atol=1e-6
            )


@pytest.mark.parametrize("dim", [0, 1, 7, -2])
def test_embedding_dim_must_be_even(nations, dim):
    with pytest.raises(ValueError, match=f"embedding_dim={dim} must be even"):
        ConjComplEx(triples_factory=nations.training, embedding_dim=dim)


@pytest.mark.parametrize("rows", [slice(None), slice(0, 7)])
def test_non_finite_scores_are_refused(nations, rows):
    model = ConjComplEx(triples_factory=nations.training, embedding_dim=4, random_seed=0)
    with torch.no_grad():
        model.entity_representations[0]._embeddings.weight[rows] = float("nan")
    with pytest.raises(NonFiniteScoreError, match=r"entity_representations\.0"):
        RankBasedEvaluator().evaluate(
            model,
            nations.testing.mapped_triples,
            additional_filter_triples=[nations.training.mapped_triples],
            batch_size=32,
            use_tqdm=False,
        )


def test_large_finite_scores_pass(nations):
    model = ConjComplEx(triples_factory=nations.training, embedding_dim=4, random_seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1e12)
    assert torch.isfinite(model.predict_t(nations.testing.mapped_triples[:, :2])).all()


@pytest.mark.parametrize("options", [{}, {"similarity": "distance", "relation_scale": True, "tail_bias": True}])
def test_compiled_scores(nations, options):
    model = ConjComplEx(triples_factory=nations.training, embedding_dim=4, random_seed=0, **options)
    batch = nations.training.mapped_triples[:5, :2]
    compiled = torch.compile(model.score_t, backend="eager")
    torch.testing.assert_close(compiled(batch), model.score_t(batch))


class ConjComplExTests(cases.ModelTestCase):
    """PyKEEN's tests."""

    cls = ConjComplEx
    embedding_dim = 4


class ReciprocalDistanceTests(cases.ModelTestCase):
    """PyKEEN's tests with all options and inverse relations."""

    cls = ConjComplEx
    embedding_dim = 4
    create_inverse_triples = True
    kwargs = {"similarity": "distance", "relation_scale": True, "tail_bias": True}
    num_constant_init = 2
