"""NonNeg: its terms against a formula, what it does to a model, and where it is refused."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.losses import UnsupportedLabelSmoothingError, loss_resolver
from pykeen.models import ComplEx
from pykeen.pipeline import pipeline

from pykeen_conj_hale.losses import HaLELoss, NonNegLoss
from pykeen_conj_hale.models import RotE
from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.query_terms import QueryTerms


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


def test_terms():
    scores = torch.tensor([-1.0, -3.0], dtype=torch.float64)
    entities = torch.tensor([[0.0, 1.0], [0.0, -1.0], [3.0, 0.0]], dtype=torch.float64)
    loss = NonNegLoss(lambda_=0.5)
    assert loss.alignment(scores).item() == pytest.approx(0.5 * (1 + 9) / 2)
    # the centre is (1, 0): squared distances 2, 2, 4
    assert loss.spread(entities).item() == pytest.approx(-torch.tensor(8 / 3, dtype=torch.float64).log().item())


@pytest.mark.parametrize("cls", [RotE, ComplEx])
def test_the_loop_hands_over_all_entities(triples, cls):
    options = {"relation_scale": False} if cls is RotE else {}
    model = cls(triples_factory=triples, embedding_dim=4, random_seed=0, loss=NonNegLoss(), **options)
    batch = triples.mapped_triples[:7]
    terms = QueryTerms(model, model.loss)(batch)
    entities = model.entity_representations[0]()
    entities = torch.view_as_real(entities).flatten(1) if entities.is_complex() else entities
    expected = -(entities - entities.mean(dim=0)).square().sum(dim=1).mean().log()
    torch.testing.assert_close(terms["spread"], expected)
    torch.testing.assert_close(terms["alignment"], model.score_hrt(batch).square().mean())


def test_entities_do_not_meet_in_a_point():
    result = pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model="RotE",
        model_kwargs=dict(embedding_dim=8, relation_scale=False),
        loss="NonNeg",
        training_loop="QuerySampling",
        training_kwargs=dict(num_epochs=40, batch_size=256, use_tqdm=False),
        optimizer_kwargs=dict(lr=0.02),
        random_seed=0,
    )
    assert result.losses[-1] < result.losses[0] - 0.5
    entities = result.model.entity_representations[0]()
    assert entities.var(dim=0).sum() > 0.1
    assert result.get_metric("mrr") > 0.3  # 14 entities in random order have one of .23


def test_other_loops_are_refused():
    arguments = dict(dataset="nations", model="RotE", loss="NonNeg", training_kwargs=dict(num_epochs=1, use_tqdm=False))
    for loop in ("sLCWA", "LCWA"):
        with pytest.raises(ValueError, match='training_loop="QuerySampling"'):
            pipeline(**arguments, training_loop=loop)


def test_bad_arguments(triples):
    with pytest.raises(ValueError, match=r"lambda_=0\.0"):
        NonNegLoss(lambda_=0.0)
    with pytest.raises(ValueError, match="reduction='sum'"):
        NonNegLoss(reduction="sum")
    model = RotE(triples_factory=triples, embedding_dim=4, loss=NonNegLoss(), relation_scale=False)
    with pytest.raises(UnsupportedLabelSmoothingError):
        QueryTerms(model, model.loss)(triples.mapped_triples[:7], label_smoothing=0.1)


def test_a_scale_per_relation_is_refused(triples):
    model = RotE(triples_factory=triples, embedding_dim=4, loss=NonNegLoss())
    with pytest.raises(ValueError, match=r"loss='NonNeg' cannot be combined with relation_scale=True.*=False"):
        QuerySamplingTrainingLoop(model=model, triples_factory=triples)
    # it is this loss that does not go with it
    QueryTerms(model, HaLELoss())


def test_name():
    assert loss_resolver.lookup("NonNeg") is NonNegLoss
