"""Fused optimizers where they work and nothing else is asked for; optimizers that PyKEEN makes again."""

import pytest
import torch
from budget_runs import LOOPS, nations
from pykeen.models import DistMult
from pykeen.optimizers import optimizer_resolver
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.training.optimizer import let_make_again, prefer_fused


def parameters(dtype=torch.float32):
    return [torch.nn.Parameter(torch.ones(3, dtype=dtype)), torch.nn.Parameter(torch.zeros(2, 2, dtype=dtype))]


@pytest.mark.parametrize("cls", [torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.Adagrad])
def test_steps_are_the_same(cls):
    sides = []
    for fused in (False, True):
        optimizer = cls(parameters(), lr=0.1)
        if fused:
            prefer_fused(optimizer)
            assert optimizer.param_groups[0]["fused"] is True
        for _ in range(5):
            for i, parameter in enumerate(optimizer.param_groups[0]["params"]):
                parameter.grad = torch.full_like(parameter, 0.5 + i)
            optimizer.step()
        sides.append(optimizer.param_groups[0]["params"])
    for a, b in zip(*sides, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("options", [{"fused": False}, {"foreach": True}, {"differentiable": True}])
def test_what_was_asked_for_stays(options):
    optimizer = torch.optim.Adam(parameters(), **options)
    prefer_fused(optimizer)
    assert not optimizer.param_groups[0]["fused"]


@pytest.mark.parametrize("cls", [torch.optim.RMSprop, torch.optim.SparseAdam])
def test_optimizers_without_it_stay(cls):
    optimizer = cls(parameters(), lr=0.1)
    prefer_fused(optimizer)
    assert not optimizer.param_groups[0].get("fused")


def test_devices_and_types_without_it_stay():
    meta = torch.optim.Adam([torch.nn.Parameter(torch.zeros(3, device="meta"))])
    prefer_fused(meta)
    assert not meta.param_groups[0]["fused"]
    complex_ = torch.optim.Adam(parameters(torch.cfloat))
    prefer_fused(complex_)
    assert not complex_.param_groups[0]["fused"]


@pytest.mark.parametrize("name", sorted({cls.__name__ for cls in optimizer_resolver} - {"Muon", "SparseAdam", "LBFGS"}))
def test_what_an_optimizer_was_made_with_makes_it_again(name):
    cls = optimizer_resolver.lookup(name)
    optimizer = cls(parameters(), lr=0.25)
    let_make_again(optimizer)
    group = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
    again = cls(parameters(), **group)
    assert again.param_groups[0]["lr"] == 0.25
    assert {key: again.param_groups[0][key] for key in group} == group


@pytest.mark.parametrize("cls", LOOPS)
@pytest.mark.parametrize("automatic", [True, False])
def test_adamw_in_every_loop(cls, automatic):
    """With and without PyKEEN's probe of the memory, which makes another one; twice, and going on."""
    factory = nations()
    model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0)
    loop = cls(
        model=model,
        triples_factory=factory,
        optimizer="AdamW",
        optimizer_kwargs={"lr": 0.1, "weight_decay": 0.5},
        automatic_memory_optimization=automatic,
    )
    train = {"batch_size": 512, "use_tqdm": False}
    loop.train(factory, num_epochs=1, **train)
    loop.train(factory, num_epochs=2, **train)
    loop.train(factory, num_epochs=3, continue_training=True, **train)
    assert type(loop.optimizer) is torch.optim.AdamW
    assert (loop.optimizer.param_groups[0]["lr"], loop.optimizer.param_groups[0]["weight_decay"]) == (0.1, 0.5)
    assert loop.optimizer.param_groups[0].get("decoupled_weight_decay", True) is True


@pytest.mark.parametrize("cls", LOOPS)
@pytest.mark.parametrize("automatic", [True, False])
def test_a_schedule_that_changes_the_rate_when_it_is_made_changes_it_once(cls, automatic):
    """PyKEEN makes optimizer and schedule again, with the rate of the moment: the loop gives the one that was given."""
    rates = []

    class See(TrainingCallback):
        def post_epoch(self, **kwargs):
            rates.append(self.training_loop.optimizer.param_groups[0]["lr"])

    factory = nations()
    model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.04)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=2)
    loop = cls(
        model=model,
        triples_factory=factory,
        optimizer=optimizer,
        lr_scheduler=scheduler,
        automatic_memory_optimization=automatic,
    )
    train = {"batch_size": 2_000, "use_tqdm": False, "callbacks": See()}
    for _ in range(2):
        loop.train(factory, num_epochs=3, **train)
        assert rates == pytest.approx([0.004, 0.022, 0.04])
        rates.clear()


@pytest.mark.parametrize("cls", LOOPS)
def test_going_on_without_a_state(cls):
    """Plain SGD has no state, which PyKEEN takes for never trained."""
    factory = nations()
    parts, whole = (
        cls(
            model=DistMult(triples_factory=factory, embedding_dim=4, random_seed=0),
            triples_factory=factory,
            optimizer="SGD",
            optimizer_kwargs={"lr": 0.1},
        )
        for _ in range(2)
    )
    train = {"batch_size": 512, "use_tqdm": False}
    torch.manual_seed(0)
    parts.train(factory, num_epochs=1, **train)
    losses = parts.train(factory, num_epochs=2, continue_training=True, **train)
    torch.manual_seed(0)
    assert whole.train(factory, num_epochs=2, **train)[:1] == losses[:1]
    assert len(losses) == 2
    fresh = cls(model=parts.model, triples_factory=factory, optimizer=torch.optim.SGD(parts.model.parameters(), lr=0.1))
    with pytest.raises(ValueError, match="Cannot continue_training without being trained once"):
        fresh.train(factory, num_epochs=2, continue_training=True, **train)
