"""A loss whose arguments are open: chosen once, and listed such that they make it again."""

import pickle

import pytest
from pykeen.losses import loss_resolver

from pykeen_conj_hale.losses import AllNegLoss, HaLELoss


def test_the_arguments_are_one_set():
    assert HaLELoss().is_open
    assert repr(HaLELoss()) == repr(HaLELoss(activation="hanon", alpha=0.1, lambda_=1.0, square=True, candidates="all"))
    for given in (
        dict(alpha=0.1),
        dict(gamma=5.0),
        dict(square=False),
        dict(candidates="all"),
        dict(activation="none"),
    ):
        assert not HaLELoss(**given).is_open
    assert not AllNegLoss().is_open


def test_open_arguments_are_chosen_once():
    loss = HaLELoss()
    loss.choose(activation="none", alpha=1.0, square=False)
    assert not loss.is_open
    assert repr(loss) == repr(HaLELoss(activation="none", alpha=1.0, square=False))
    with pytest.raises(ValueError, match="none is open"):
        loss.choose(alpha=0.5)
    with pytest.raises(ValueError, match="none is open"):
        HaLELoss(alpha=0.3).choose(alpha=0.5)
    with pytest.raises(ValueError, match="alpha=2 is not allowed"):
        HaLELoss().choose(alpha=2)


@pytest.mark.parametrize(
    "loss",
    [
        HaLELoss(),
        HaLELoss(activation="halin", gamma=20.0, beta=4.0, alpha=0.3, lambda_=0.5, square=False, candidates=7),
        HaLELoss(activation="none", candidates=0.5),
        AllNegLoss(activation="hanon", gamma=10.0, candidates=3),
        AllNegLoss(),
    ],
    ids=repr,
)
def test_the_arguments_make_the_same_loss(loss):
    again = loss_resolver.make(loss_resolver.normalize_inst(loss), loss.arguments())
    assert repr(again) == repr(loss)
    assert (type(again), again.arguments()) == (type(loss), loss.arguments())


def test_a_loss_of_an_earlier_version_is_not_open():
    loss = HaLELoss()
    del loss._is_open
    assert not pickle.loads(pickle.dumps(loss)).is_open
