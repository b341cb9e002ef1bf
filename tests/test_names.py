"""Names that PyKEEN lists can be typed back, and INFO lines are seen where PyKEEN's are."""

import logging
import shlex

import pytest
from docdata import get_docdata
from pykeen.datasets import dataset_resolver
from pykeen.losses import loss_resolver
from pykeen.models import model_resolver

import pykeen_conj_hale


@pytest.mark.parametrize(
    "resolver", [model_resolver, loss_resolver, dataset_resolver], ids=["model", "loss", "dataset"]
)
def test_listed_names_can_be_typed_back(resolver):
    found = [cls for cls in resolver if cls.__module__.startswith("pykeen_conj_hale")]
    assert found
    for cls in found:
        name = (get_docdata(cls) or {"name": resolver.normalize_cls(cls)})["name"]
        assert resolver.lookup(name) is cls
        assert shlex.quote(name) == name


def test_info_is_seen_as_pykeens_is():
    assert (
        logging.getLogger(pykeen_conj_hale.__name__).getEffectiveLevel()
        == logging.getLogger("pykeen").getEffectiveLevel()
    )
