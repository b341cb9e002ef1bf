"""What all query models have from their base."""

import math

import numpy as np
import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import model_resolver
from pykeen.pipeline import pipeline
from pykeen.predict import predict_target
from pykeen.triples import KGInfo

from pykeen_conj_hale.functional.moebius import CONJUGATE_VARIANTS, MOEBIUS_MAPS
from pykeen_conj_hale.models import MODELS, ConjFiveStarE, FiveStarE, HypER, RotE
from pykeen_conj_hale.streaming.activations import Hanon

INFO = KGInfo(num_entities=4_000, num_relations=3, create_inverse_triples=False)


@pytest.mark.parametrize("dim", [8, 64])
@pytest.mark.parametrize(
    "name",
    [
        "RotE",
        "RotL",
        "QueryTransE",
        "QueryDistMult",
        "QueryRotatE",
        "QueryTuckER",
        "ConjComplEx",
        "QueryComplEx",
        "FiveStarE",
    ],
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


def combinations():
    """List all models with each option that changes how they start."""
    for model in MODELS:
        options = [{}]
        if issubclass(model, FiveStarE | ConjFiveStarE):
            options = [{"normalization": name} for name in MOEBIUS_MAPS]
        if model is ConjFiveStarE:
            options = [{**other, "variant": name} for other in options for name in CONJUGATE_VARIANTS]
        if model is HypER:
            options = [{}, {"hypernetwork": False}]
        yield from ((model, other) for other in options)


@pytest.mark.parametrize("dim", [16, 32, 200])
@pytest.mark.parametrize("similarity", [None, "dot", "squared_distance", "exponential_distance"])
@pytest.mark.parametrize(("model", "options"), combinations())
def test_every_model_starts_in_the_slope_of_the_activation(model, options, similarity, dim):
    """HaLE has a gradient from its first step on. (A flat start has less than 1e-4 of Hanon's steepest slope.)"""
    triples = Nations(create_inverse_triples=True).training
    made = model(triples_factory=triples, embedding_dim=dim, similarity=similarity, random_seed=0, **options).train()
    made.reset_parameters_()  # as a training does
    batch = triples._add_inverse_triples_if_necessary(triples.mapped_triples)[:128]
    hanon = Hanon()
    with torch.no_grad():
        x = -made.score_t(batch[:, :2])
    slope = hanon.derivative(x) / (hanon.gamma * hanon.beta / 4)
    assert slope.mean() > 0.02
    positives = slope.gather(1, batch[:, 2:])
    assert positives.mean() > 0.02


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("ConjFiveStarE", {"variant": "horizontal"}),
        ("ConjFiveStarE", {"variant": "vertical"}),
        ("ConjFiveStarE", {"variant": "vertical", "normalization": "exact"}),
        ("HypER", {"num_filters": 4}),
    ],
)
def test_the_pipeline_leaves_the_choice_to_the_model(model, options):
    """PyKEEN's pipeline hands the initializers over that a model's signature names."""
    result = pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model=model,
        model_kwargs=dict(embedding_dim=32, similarity="squared_distance", **options),
        loss="HaLE",
        training_loop="QuerySampling",
        optimizer_kwargs=dict(lr=0.01),
        training_kwargs=dict(num_epochs=10, batch_size=256, use_tqdm=False),
        evaluation_kwargs=dict(use_tqdm=False),
        random_seed=0,
    )
    assert result.losses[-1] < result.losses[0] - 0.1


def test_the_dot_product_starts_as_it_did():
    triples = Nations(create_inverse_triples=True).training
    vertical = ConjFiveStarE(triples_factory=triples, embedding_dim=8, variant="vertical", random_seed=0)
    for part in vertical.relation_representations:
        torch.testing.assert_close(part(None).abs(), torch.ones(110, 8))
    hyper = HypER(triples_factory=triples, embedding_dim=200, random_seed=0)
    assert hyper.entity_representations[0](None).std().item() == pytest.approx(math.sqrt(2 / 214), rel=0.05)


def test_booleans_and_whole_numbers_are_checked():
    options = dict(triples_factory=INFO, embedding_dim=8)
    for name in ("relation_scale", "tail_bias", "head_bias"):
        # PyKEEN's command line knows texts only
        assert getattr(RotE(**options, **{name: "false"}).interaction, name) is False
        with pytest.raises(ValueError, match=f"{name}='no' is not allowed: it must be True or False"):
            RotE(**options, **{name: "no"})
        with pytest.raises(ValueError, match=f"{name}='false' is not allowed: it must be True or False"):
            RotE.interaction_class(**{name: "false"})
    with pytest.raises(ValueError, match="hypernetwork='false' is not allowed"):
        HypER(**options, filter_length=3, hypernetwork="false")
    with pytest.raises(ValueError, match="num_filters='3' is not allowed"):
        HypER(**options, filter_length=3, num_filters="3", hypernetwork=False)
    with pytest.raises(ValueError, match="embedding_dim='8' must be even"):
        RotE(triples_factory=INFO, embedding_dim="8")
    with pytest.raises(ValueError, match="create_inverse_triples='false' is not allowed"):
        RotE(triples_factory=Nations(create_inverse_triples="false").training, embedding_dim=8)
    assert RotE(triples_factory=INFO, embedding_dim=np.int64(8), tail_bias=np.False_).interaction.tail_bias is False


def test_predicted_relations_with_inverse_triples_have_the_ids_of_rows():
    """PyKEEN's: the label is right, and the id is twice the one in the dataset. The documentation of models says so."""
    for inverse in (False, True):
        triples = Nations(create_inverse_triples=inverse).training
        model = RotE(triples_factory=triples, embedding_dim=8, random_seed=0)
        found = predict_target(model, head="uk", tail="usa", triples_factory=triples).df
        ids = [triples.relation_to_id[label] for label in found["relation_label"]]
        assert found["relation_id"].tolist() == [i * (2 if inverse else 1) for i in ids]
