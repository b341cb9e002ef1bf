"""What several processes cannot do, or not quite: told before the training."""

import logging

import pytest
from pykeen.datasets import Nations
from pykeen.models import TransH
from torch.nn import SyncBatchNorm

from pykeen_conj_hale.models import HypER, RotE
from pykeen_conj_hale.training.lightning.processes import check_processes


def make(cls, **kwargs):
    return cls(triples_factory=Nations(create_inverse_triples=True).training, embedding_dim=8, **kwargs)


def test_one_process_can_do_all(caplog):
    for model in (make(TransH), make(HypER, filter_length=3)):
        check_processes(model, batch_size=1, world_size=1, is_first=True)
    check_processes(make(RotE), batch_size=4, world_size=4, is_first=True)
    assert "batch normalization" not in caplog.text


def test_a_regularizer_that_is_a_sum():
    with pytest.raises(ValueError, match=r"over 4 processes .*: NormLimitRegularizer, OrthogonalityRegularizer\."):
        check_processes(make(TransH), batch_size=64, world_size=4, is_first=True)


@pytest.mark.parametrize(("is_first", "count"), [(True, 1), (False, 0)])
def test_batch_normalization(caplog, is_first, count):
    model = make(HypER, filter_length=3)
    with pytest.raises(ValueError, match="batch_size=7 leaves less than two triples for each of 4 processes"):
        check_processes(model, batch_size=7, world_size=4, is_first=is_first)
    with caplog.at_level(logging.WARNING):
        check_processes(model, batch_size=8, world_size=4, is_first=is_first)
        check_processes(SyncBatchNorm.convert_sync_batchnorm(model), batch_size=8, world_size=4, is_first=is_first)
    assert caplog.text.count("sync_batchnorm=True") == count
