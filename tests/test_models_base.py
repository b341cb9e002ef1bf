"""What all query models have from their base."""

import math

import pytest
import torch
from pykeen.models import model_resolver
from pykeen.triples import KGInfo

INFO = KGInfo(num_entities=4_000, num_relations=3, create_inverse_triples=False)


@pytest.mark.parametrize("dim", [8, 64])
@pytest.mark.parametrize(
    "name", ["RotE", "RotL", "QueryTransE", "QueryDistMult", "QueryRotatE", "ConjComplEx", "FiveStarE"]
)
def test_distances_of_entities_do_not_depend_on_the_dimension_at_first(name, dim):
    model = model_resolver.make(name, triples_factory=INFO, embedding_dim=dim, random_seed=0)
    entities = model.entity_representations[0](None).detach()
    values = torch.view_as_real(entities).flatten(1) if entities.is_complex() else entities
    real_dim = values.shape[1]
    assert real_dim == (2 * dim if entities.is_complex() else dim)
    assert values.std().item() == pytest.approx(math.sqrt(0.32 / real_dim), rel=0.02)
    assert values.mean().item() == pytest.approx(0.0, abs=0.01 / math.sqrt(real_dim))
    distances = (values[0::2] - values[1::2]).square().sum(dim=1)
    assert distances.mean().item() == pytest.approx(0.64, rel=0.05)


def test_another_initializer_and_its_arguments():
    kwargs = dict(triples_factory=INFO, embedding_dim=8, random_seed=0)
    wide = model_resolver.make("RotE", entity_initializer_kwargs=dict(std=3.0), **kwargs)
    uniform = model_resolver.make("RotE", entity_initializer="uniform", **kwargs)
    assert wide.entity_representations[0](None).std().item() == pytest.approx(3.0, rel=0.02)
    values = uniform.entity_representations[0](None)
    assert values.min().item() >= 0.0
    assert values.std().item() == pytest.approx(math.sqrt(1 / 12), rel=0.02)
