"""SamNeg and AdvNeg: PyKEEN's losses of activated scores, in every form PyKEEN hands scores over."""

import numpy as np
import pytest
import torch
from pykeen.losses import BCEWithLogitsLoss, NSSALoss, loss_resolver
from torch.nn import functional

from pykeen_conj_hale.losses import AdvNegLoss, SamNegLoss
from pykeen_conj_hale.streaming.activations import Hanon

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")


def scores(*shape):
    return -2 * torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


POSITIVE, NEGATIVE = scores(6, 1), scores(6, 9)
MASK = NEGATIVE > -1.7
PAIRS = [
    (SamNegLoss(margin=0.0), BCEWithLogitsLoss(), lambda x: x),
    (SamNegLoss(margin=0.0, pos_weight=9.0), BCEWithLogitsLoss(pos_weight=9.0), lambda x: x),
    (SamNegLoss("hanon", margin=2.0), BCEWithLogitsLoss(), lambda x: 2.0 - Hanon()(-x)),
    (AdvNegLoss(margin=3.0), NSSALoss(margin=3.0), lambda x: x),
    (
        AdvNegLoss("hanon", margin=2.0, gamma=10.0, adversarial_temperature=0.5),
        NSSALoss(margin=2.0, adversarial_temperature=0.5),
        lambda x: -Hanon(gamma=10.0)(-x),
    ),
]


@pytest.mark.parametrize(("ours", "theirs", "activate"), PAIRS)
def test_they_are_pykeens_of_activated_scores(ours, theirs, activate):
    positive, negative = activate(POSITIVE), activate(NEGATIVE)
    torch.testing.assert_close(
        ours.process_slcwa_scores(POSITIVE, NEGATIVE), theirs.process_slcwa_scores(positive, negative)
    )
    torch.testing.assert_close(
        ours.process_slcwa_scores(POSITIVE, NEGATIVE[MASK], batch_filter=MASK),
        theirs.process_slcwa_scores(positive, negative[MASK], batch_filter=MASK),
    )
    labels = functional.one_hot(torch.arange(6), 9).double()
    torch.testing.assert_close(ours.process_lcwa_scores(NEGATIVE, labels), theirs.process_lcwa_scores(negative, labels))


def test_sam_neg_is_the_formula():
    h = 5 * torch.sigmoid(3 * (-torch.cat([POSITIVE, NEGATIVE], dim=1) - 0.5) - torch.log(torch.tensor(5.0)))
    sign = torch.tensor([1.0] + 9 * [-1.0], dtype=torch.float64)
    expected = -functional.logsigmoid(sign * (2.5 - h)).mean()
    actual = SamNegLoss(activation="hanon", margin=2.5).process_slcwa_scores(POSITIVE, NEGATIVE)
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("cls", [SamNegLoss, AdvNegLoss])
def test_bad_arguments(cls):
    with pytest.raises(ValueError, match="activation='relu' is unknown"):
        cls(activation="relu")
    with pytest.raises(ValueError, match="gamma=-1"):
        cls(activation="hanon", gamma=-1)


@pytest.mark.parametrize(
    ("cls", "arguments", "message"),
    [
        (SamNegLoss, {"margin": "3"}, "margin='3' is not allowed: it must be a finite number"),
        (SamNegLoss, {"margin": float("inf")}, "margin=inf is not allowed"),
        (SamNegLoss, {"pos_weight": -5}, "pos_weight=-5 is not allowed: it must be a finite number > 0"),
        (SamNegLoss, {"pos_weight": 0}, "pos_weight=0 is not allowed"),
        (SamNegLoss, {"reduction": "none"}, r"reduction='none' is unknown; choose one of \['mean', 'sum'\]"),
        (AdvNegLoss, {"margin": None}, "margin=None is not allowed"),
        (AdvNegLoss, {"adversarial_temperature": -1}, "adversarial_temperature=-1 is not allowed"),
        (AdvNegLoss, {"reduction": None}, "reduction=None is unknown"),
    ],
)
def test_numbers_out_of_range(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


def test_numpys_numbers_are_numbers():
    loss = SamNegLoss(margin=np.float32(2.5), pos_weight=np.int64(9))
    assert (type(loss.margin), loss.margin, loss.pos_weight.item()) == (float, 2.5, 9.0)


def test_names():
    assert loss_resolver.lookup("SamNeg") is SamNegLoss
    assert loss_resolver.lookup("AdvNeg") is AdvNegLoss


class SamNegLossTests(cases.PointwiseLossTestCase):
    """PyKEEN's tests."""

    cls = SamNegLoss


class ActivatedSamNegLossTests(cases.PointwiseLossTestCase):
    """PyKEEN's tests with an activation."""

    cls = SamNegLoss
    kwargs = {"activation": "hanon"}


class AdvNegLossTests(cases.SetwiseLossTestCase):
    """PyKEEN's tests."""

    cls = AdvNegLoss
