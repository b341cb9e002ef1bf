"""The state of an optimizer out of a checkpoint: where it is put, and what is not taken."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from pykeen_conj_hale.sharding import Shards
from pykeen_conj_hale.sharding.embedding import ShardedEmbedding
from pykeen_conj_hale.training.lazy_adam import LazyAdam
from pykeen_conj_hale.training.lightning.optimizer_tensors import load_optimizer_tensors, optimizer_tensors

TABLE = "table._embeddings.weight"


class Module(nn.Module):
    """A sharded table of 7 rows, of which 4 are own ones, and another parameter; on a device that stands for a GPU."""

    def __init__(self, device="meta"):
        super().__init__()
        self.table = ShardedEmbedding(max_id=7, shape=3)
        processes = SimpleNamespace(size=lambda: 2, get_local_rank=lambda: 0, get_group=lambda: None)
        self.table.share(Shards(processes), torch.device(device), seed=0)
        self.other = nn.Parameter(torch.zeros(2, device=device))


def load(optimizer, module, options=None, **shapes):
    """Load states of 7 rows; return what is read, by the names of the states."""
    shapes = {f"{TABLE}:{state}": (torch.Size(shape), torch.float32) for state, shape in shapes.items()}
    read = {}
    options = [{"lr": 0.5, **(options or {})}]
    load_optimizer_tensors(module, optimizer, shapes, options, read.update)
    assert optimizer.param_groups[0]["lr"] == 0.5
    return {key.partition(":")[2]: tensor for key, tensor in read.items()}


@pytest.mark.parametrize(("option", "device"), [(None, "cpu"), ("fused", "meta"), ("capturable", "meta")])
def test_each_state_is_read_where_the_optimizer_wants_it(option, device):
    module = Module()
    optimizer = torch.optim.Adam(module.parameters())
    if option:
        optimizer.param_groups[0][option] = True  # no argument: the stand-in for a GPU has no kernels
    read = load(optimizer, module, step=(), exp_avg=(7, 3), exp_avg_sq=(7, 3))
    assert {key: (tensor.device.type, tuple(tensor.shape)) for key, tensor in read.items()} == {
        "step": (device, ()),
        "exp_avg": ("meta", (4, 3)),
        "exp_avg_sq": ("meta", (4, 3)),
    }
    # what is read is the state, and no copy of it
    assert all(read[key] is tensor for key, tensor in optimizer.state[module.table._embeddings.weight].items())


def test_lazy_adam_has_its_steps_beside_the_table():
    module = Module()
    read = load(LazyAdam(module.parameters()), module, step=(), exp_avg_sq=(7, 3), last_step=(7,))
    assert {tensor.device.type for tensor in read.values()} == {"meta"}


@pytest.mark.parametrize(("there", "here"), [(True, False), (False, True), (None, True)])
def test_whether_a_step_is_fused_is_not_taken(there, here):
    """With sparse gradients it cannot be, and was where replicas averaged dense ones."""
    module = Module("cpu")
    optimizer = torch.optim.Adagrad(module.parameters())
    optimizer.param_groups[0]["fused"] = here
    load(optimizer, module, options=dict(fused=there), step=(), sum=(7, 3))
    assert optimizer.param_groups[0]["fused"] is here


def test_there_and_back():
    modules = [Module("cpu") for _ in range(2)]
    optimizers = [torch.optim.Adam(module.parameters()) for module in modules]
    sum(p.square().sum() for p in modules[0].parameters()).backward()
    optimizers[0].step()
    tensors, options = optimizer_tensors(modules[0], optimizers[0])

    def fill(own):
        for key, tensor in own.items():
            tensor.copy_(tensors[key])

    shapes = {
        key: (torch.Size([7, *x.shape[1:]]) if len(x.shape) == 2 else x.shape, x.dtype) for key, x in tensors.items()
    }
    load_optimizer_tensors(modules[1], optimizers[1], shapes, options, fill)
    restored = optimizer_tensors(modules[1], optimizers[1])
    torch.testing.assert_close(restored[0], tensors, rtol=0, atol=0)
    assert restored[1] == options
