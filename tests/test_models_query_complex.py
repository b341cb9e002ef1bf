"""The unshared ComplEx: PyKEEN's with its weights, its shared twin with tied ones, PyKEEN's mixins."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import ComplEx

from pykeen_conj_hale.models import ConjComplEx, QueryComplEx

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")


def test_equals_the_model_of_pykeen_with_its_weights():
    triples = Nations(create_inverse_triples=True).training
    other = ComplEx(triples_factory=triples, embedding_dim=8, random_seed=0).eval()
    ours = QueryComplEx(triples_factory=triples, embedding_dim=8).eval()
    weights = {k: v for k, v in other.state_dict().items() if "representations" in k and "regularizer" not in k}
    assert not ours.load_state_dict(weights, strict=False).missing_keys
    batch = triples.mapped_triples[:16]
    torch.testing.assert_close(ours.score_t(batch[:, :2]), other.score_t(batch[:, :2]))
    torch.testing.assert_close(ours.score_hrt(batch), other.score_hrt(batch))


@pytest.mark.parametrize("options", [{}, {"similarity": "distance", "relation_scale": True, "head_bias": True}])
def test_equals_its_twin_with_tied_weights(options):
    h, t = torch.randn(2, 5, 8, dtype=torch.cdouble)
    half = torch.randn(5, 4, dtype=torch.cdouble)
    full = torch.cat([half, half.conj()], dim=-1)
    relation = [torch.randn(5, dtype=torch.double)] if "relation_scale" in options else []
    head = (h, torch.randn(5, dtype=torch.double)) if "head_bias" in options else h
    shared, unshared = (cls.interaction_class(**options) for cls in (ConjComplEx, QueryComplEx))
    r, s = ([x, *relation] if relation else x for x in (half, full))
    torch.testing.assert_close(unshared(head, s, t), shared(head, r, t))


def test_starts_as_its_twin_and_has_twice_its_relations():
    triples = Nations(create_inverse_triples=True).training
    made = [cls(triples_factory=triples, embedding_dim=8, random_seed=0) for cls in (ConjComplEx, QueryComplEx)]
    shared, unshared = ([p.numel() for p in model.relation_representations.parameters()] for model in made)
    assert 2 * sum(shared) == sum(unshared)
    for model in made:
        torch.testing.assert_close(model.relation_representations[0](None).abs().std(), torch.tensor(0.0))


class QueryComplExTests(cases.ModelTestCase):
    """PyKEEN's tests."""

    cls = QueryComplEx
    embedding_dim = 4
    create_inverse_triples = True
