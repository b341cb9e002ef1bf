"""The activation of a loss: by name, class or instance, with those of γ and β that it has."""

import inspect

import pytest

from pykeen_conj_hale.losses import LOSSES, AdvNegLoss, AllNegLoss, HaLELoss, NonNegLoss, SamNegLoss
from pykeen_conj_hale.losses.activation_arguments import make_activation
from pykeen_conj_hale.streaming.activations import Halin, Hanon, Identity


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("hanon",), Hanon(gamma=5.0, beta=3.0)),
        (("halin",), Halin(gamma=5.0, beta=10.0)),
        ((Hanon, 20.0, 2.0), Hanon(gamma=20.0, beta=2.0)),
        (("Halin", 7), Halin(gamma=7.0, beta=10.0)),
        ((Halin(gamma=7.0),), Halin(gamma=7.0)),
        (("none", 7.0, 2.0), Identity()),
    ],
)
def test_it_is_made(arguments, expected):
    assert make_activation(*arguments, default="none") == expected


def test_losses_hand_theirs_over():
    assert HaLELoss().activation == Hanon()
    for cls in (HaLELoss, NonNegLoss, SamNegLoss):
        assert cls(activation="hanon", gamma=20.0, beta=2.0).activation == Hanon(gamma=20.0, beta=2.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("relu",), r"activation='relu' is unknown; choose one of .*hanon"),
        (("hanon", 0), "gamma=0 is not allowed"),
        (("hanon", 1.0, -3.0), "beta=-3.0 is not allowed"),
        ((Hanon(), 3.0, 2.0), "gamma and beta cannot be combined with an instance"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_activation(*arguments, default="none")


@pytest.mark.parametrize(
    ("cls", "default"),
    [
        (AdvNegLoss, Identity()),
        (AllNegLoss, Identity()),
        (HaLELoss, Hanon()),
        (NonNegLoss, Identity()),
        (SamNegLoss, Identity()),
    ],
)
def test_none_is_the_arguments_own_default(cls, default):
    """JSON's null. HaLE's default is None itself: without any argument, the graph decides."""
    assert inspect.signature(cls).parameters["activation"].default == (None if cls is HaLELoss else "none")
    assert cls().activation == cls(activation=None).activation == default
    assert set(LOSSES) == {AdvNegLoss, AllNegLoss, HaLELoss, NonNegLoss, SamNegLoss}
