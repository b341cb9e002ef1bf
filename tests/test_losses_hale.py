"""HaLE: identities with cross entropy, each term against a float64 formula, extreme scores, bad input."""

import math

import numpy as np
import pytest
import torch
from pykeen.losses import CrossEntropyLoss, UnsupportedLabelSmoothingError, loss_resolver
from torch.nn import functional

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.streaming.activations import Hanon

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")


def hanon(x, gamma, beta=3.0):
    return 1 / (1 / gamma + np.exp(-beta * (x - 0.5)))


def halin(x, gamma, beta=10.0):
    return np.where(x < 1, 2 * x, np.minimum(beta * (x - 1) + 2, gamma))


def scores_and_labels(batch=6, n=11, seed=0, positives=1):
    generator = torch.Generator().manual_seed(seed)
    scores = -3 * torch.rand(batch, n, dtype=torch.float64, generator=generator)
    labels = torch.zeros_like(scores)
    for row in labels:
        row[torch.randperm(n, generator=generator)[:positives]] = 1.0
    return scores.requires_grad_(), labels


def test_without_activation_and_sampling_it_is_cross_entropy():
    scores, labels = scores_and_labels()
    ours = HaLELoss(activation="none", alpha=1.0, lambda_=1.0, square=False)
    for theirs in (CrossEntropyLoss().process_lcwa_scores(scores, labels), functional.cross_entropy(scores, labels)):
        value = ours.process_lcwa_scores(scores, labels)
        torch.testing.assert_close(value, theirs)
        for a, b in zip(torch.autograd.grad(value, scores), torch.autograd.grad(theirs, scores), strict=True):
            torch.testing.assert_close(a, b)


@pytest.mark.parametrize(("name", "formula"), [("hanon", hanon), ("halin", halin)])
@pytest.mark.parametrize("gamma", [5.0, 20.0])
@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("positives", [1, 3])
def test_terms_are_the_papers(name, formula, gamma, square, positives):
    scores, labels = scores_and_labels(positives=positives)
    loss = HaLELoss(activation=name, alpha=1.0, lambda_=0.3, gamma=gamma, square=square)
    h = formula(-scores.detach().numpy(), gamma)
    pull = h[labels.numpy() == 1]
    alignment = 0.3 * (pull**2 if square else pull).mean()
    uniformity = np.log(np.exp(-h).sum(axis=1)).mean()
    assert loss.alignment(scores[labels == 1]).item() == pytest.approx(alignment, rel=1e-12)
    assert loss.uniformity(scores).item() == pytest.approx(uniformity, rel=1e-12)
    assert loss.process_lcwa_scores(scores, labels).item() == pytest.approx(alignment + uniformity, rel=1e-12)


def test_slcwa_estimates_the_log_sum_exp():
    """With every entity a negative of every row, the estimate is the thing itself."""
    scores, _ = scores_and_labels()
    loss = HaLELoss(alpha=1.0)
    positive = scores[:, :1]
    value = loss.process_slcwa_scores(positive, scores, num_entities=scores.shape[1])
    torch.testing.assert_close(value, loss.alignment(positive) + loss.uniformity(scores))


def test_slcwa_estimate_of_filtered_negatives():
    scores, _ = scores_and_labels()
    loss, positive = HaLELoss(), scores[:, :1]
    mask = torch.rand(scores.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    mask[0] = False  # a row that lost all its negatives
    value = loss.process_slcwa_scores(positive, scores[mask], batch_filter=mask, num_entities=100)
    rows = [-hanon(-row[keep].detach().numpy(), 5.0) for row, keep in zip(scores, mask, strict=True) if keep.any()]
    estimate = np.mean([np.log(np.exp(row).mean()) for row in rows]) + math.log(100)
    assert value.item() == pytest.approx(loss.alignment(positive).item() + estimate, rel=1e-12)
    value.backward()
    assert torch.isfinite(scores.grad).all()
    none = torch.zeros_like(mask)
    torch.testing.assert_close(
        loss.process_slcwa_scores(positive, scores[none], batch_filter=none), loss.alignment(positive)
    )


def test_slcwa_says_once_that_it_is_weaker(caplog):
    scores, _ = scores_and_labels()
    loss = HaLELoss()
    for _ in range(3):
        loss.process_slcwa_scores(scores[:, :1], scores)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert 'training_loop="QuerySampling"' in caplog.text


@pytest.mark.parametrize("activation", ["hanon", "halin", "none"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_for_scores_of_any_size(activation, dtype):
    magnitudes = torch.cat([-torch.logspace(6, -3, 20), torch.zeros(1), torch.logspace(-3, 6, 20)]).to(dtype)
    scores = magnitudes.repeat(2, 1).requires_grad_()
    labels = functional.one_hot(torch.tensor([0, 40]), num_classes=41).to(dtype)
    loss = HaLELoss(activation=activation, alpha=1.0)
    for value in (
        loss.process_lcwa_scores(scores, labels),
        loss.process_slcwa_scores(scores[:, :1], scores, num_entities=41),
        loss.process_slcwa_scores(scores[:, -1:], scores, num_entities=41),
    ):
        (gradient,) = torch.autograd.grad(value, scores)
        assert torch.isfinite(value)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize(("alpha", "batch", "size"), [(0.1, 1024, 102), (0.1, 3, 1), (1.0, 7, 7), (0.5, 7, 4)])
def test_sampled_queries(alpha, batch, size):
    rows = HaLELoss(alpha=alpha).sample_queries(batch, torch.device("cpu"))
    assert len(rows.unique()) == len(rows) == size
    assert ((rows >= 0) & (rows < batch)).all()


def test_sampling_is_fair_and_follows_the_seed():
    loss = HaLELoss(alpha=0.25)
    torch.manual_seed(0)
    draws = torch.stack([loss.sample_queries(8, torch.device("cpu")) for _ in range(4_000)])
    counts = draws.flatten().bincount(minlength=8)
    assert (counts - 1_000).abs().max() < 150  # 5 standard deviations
    torch.manual_seed(0)
    assert torch.equal(draws[0], loss.sample_queries(8, torch.device("cpu")))


def test_lcwa_samples_rows_for_uniformity_only():
    scores, labels = scores_and_labels(batch=40)
    loss = HaLELoss(alpha=0.1)
    torch.manual_seed(1)
    value = loss.process_lcwa_scores(scores, labels)
    torch.manual_seed(1)
    rows = loss.sample_queries(40, scores.device)
    torch.testing.assert_close(value, loss.alignment(scores[labels == 1]) + loss.uniformity(scores[rows]))


def test_a_batch_without_positives():
    """There is nothing to align: uniformity is left."""
    scores, labels = scores_and_labels()
    loss = HaLELoss(activation="none", alpha=1.0).process_lcwa_scores(scores, torch.zeros_like(labels))
    torch.testing.assert_close(loss, torch.logsumexp(scores, dim=-1).mean())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0.0}, r"alpha=0\.0 .* in \(0, 1\]"),
        ({"alpha": 1.1}, "alpha=1.1"),
        ({"alpha": 10**400}, "alpha=10000"),
        ({"square": "false"}, "square='false' is not allowed: it must be True or False"),
        ({"square": 1}, "square=1 is not allowed"),
        ({"alpha": "x"}, "alpha='x'"),
        ({"lambda_": 0.0}, "lambda_=0.0"),
        ({"lambda_": -1}, "lambda_=-1"),
        ({"gamma": 0}, "gamma=0"),
        ({"beta": -3.0}, "beta=-3.0"),
        ({"beta": math.nan}, "beta=nan"),
        ({"activation": "relu"}, r"activation='relu' is unknown; choose one of .*hanon"),
        ({"activation": Hanon(), "gamma": 3.0}, "gamma cannot be combined"),
        ({"reduction": "sum"}, "reduction='sum'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        HaLELoss(**arguments)


def test_label_smoothing_is_refused():
    scores, labels = scores_and_labels()
    with pytest.raises(UnsupportedLabelSmoothingError):
        HaLELoss().process_lcwa_scores(scores, labels, label_smoothing=0.1)


def test_names():
    assert loss_resolver.lookup("HaLE") is loss_resolver.lookup("HaLELoss") is HaLELoss


class HaLELossTests(cases.SetwiseLossTestCase):
    """PyKEEN's tests."""

    cls = HaLELoss


class PlainLossTests(cases.SetwiseLossTestCase):
    """PyKEEN's tests without activation."""

    cls = HaLELoss
    kwargs = {"activation": "none", "square": False}
