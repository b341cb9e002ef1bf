"""Adam of the looked-up rows: its formula, what it shares with Adam, and where it goes Adam's way."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import Adam

from pykeen_conj_hale.training.lazy_adam import LazyAdam, as_adam, can_be_lazy, sum_by_row


def table(num_rows=6, dim=3, dtype=torch.float64):
    return torch.nn.Parameter(torch.zeros(num_rows, dim, dtype=dtype))


def give(parameter, rows, values):
    values = torch.as_tensor(values, dtype=parameter.dtype)
    parameter.grad = torch.sparse_coo_tensor(
        torch.as_tensor(rows).unsqueeze(dim=0), values, parameter.shape, check_invariants=True
    )


@settings(deadline=None, max_examples=20)
@given(
    steps=st.lists(st.lists(st.tuples(st.integers(0, 3), st.floats(-2, 2)), min_size=1, max_size=5), max_size=6),
    maximize=st.booleans(),
)
def test_formula(steps, maximize):
    """Number by number, from the docstring's formula; rows that are there twice have the sum as their gradient."""
    rate, beta1, beta2, eps = 0.1, 0.8, 0.97, 1e-3
    parameter = table(4, 1)
    optimizer = LazyAdam([parameter], lr=rate, betas=(beta1, beta2), eps=eps, maximize=maximize)
    theta, v, last = [0.0] * 4, [0.0] * 4, [0] * 4
    kappa = (1 - beta1) / (1 - beta1 / math.sqrt(beta2))
    for t, entries in enumerate(steps, start=1):
        give(parameter, [row for row, _ in entries], [[value] for _, value in entries])
        optimizer.step()
        for row in {row for row, _ in entries}:
            g = sum(value for other, value in entries if other == row)
            v[row] = beta2 ** (t - last[row]) * v[row] + (1 - beta2) * g**2
            move = rate * kappa * g / (math.sqrt(v[row] / (1 - beta2**t)) + eps)
            theta[row] += move if maximize else -move
            last[row] = t
    expected = torch.tensor(theta, dtype=torch.float64).unsqueeze(dim=-1)
    torch.testing.assert_close(parameter.detach(), expected, rtol=1e-9, atol=1e-9)


def test_a_row_that_waits_arrives_where_adam_takes_it():
    """One gradient per 60 steps, late in a training: the sum of Adam's moves is the move at once."""
    sparse, dense = table(2, 1), table(2, 1)
    lazy, adam = LazyAdam([sparse], lr=0.1), Adam([dense], lr=0.1)
    generator = torch.Generator().manual_seed(0)
    for step in range(4_001):
        # row 1 has a gradient in each step
        row = 0 if step % 60 == 0 and step < 3_950 else 1
        value = torch.rand(1, 1, generator=generator, dtype=torch.float64).add_(0.5)
        if step == 2_400:
            before = sparse[0].item(), dense[0].item()
        give(sparse, [row], value)
        dense.grad = sparse.grad.to_dense()
        lazy.step()
        adam.step()
    moved = sparse[0].item() - before[0], dense[0].item() - before[1]
    assert abs(moved[1]) > 1
    assert moved[0] == pytest.approx(moved[1], rel=0.02)


def test_a_row_in_every_step_moves_as_far_as_adam_moves_it():
    sparse, dense = table(1, 1), table(1, 1)
    lazy, adam = LazyAdam([sparse], lr=0.1), Adam([dense], lr=0.1)
    for step in range(2_000):
        value = torch.tensor([[1.0 + 0.5 * math.sin(step)]], dtype=torch.float64)
        give(sparse, [0], value)
        dense.grad = value
        lazy.step()
        adam.step()
    assert sparse.item() == pytest.approx(dense.item(), rel=0.02)


def test_rows_without_gradient_keep_their_bits():
    parameter = torch.nn.Parameter(torch.randn(5, 2))
    before = parameter.detach().clone()
    optimizer = LazyAdam([parameter], lr=0.1)
    for rows in ([1], [3, 1]):
        give(parameter, rows, torch.ones(len(rows), 2))
        optimizer.step()
    changed = (parameter != before).any(dim=-1)
    assert changed.tolist() == [False, True, False, True, False]


def test_a_step_that_overflows_is_left_out():
    """Fused Adam leaves scaled gradients to its kernel."""
    embedding = torch.nn.Embedding(5, 2, sparse=True)
    before = embedding.weight.detach().clone()
    optimizer = LazyAdam(embedding.parameters(), lr=0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16)
    for factor in (math.inf, 1.0):
        optimizer.zero_grad()
        scaler.scale((embedding(torch.tensor([1, 2])) * factor).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        expected = before.clone()
        if factor == 1.0:
            kappa = 0.1 / (1 - 0.9 / math.sqrt(0.999))
            expected[[1, 2]] -= 0.1 * kappa
        torch.testing.assert_close(embedding.weight.detach(), expected)
    assert optimizer.state[embedding.weight]["exp_avg_sq"].max().item() == pytest.approx(0.001)


def test_dense_gradients_are_adams():
    sides = []
    for cls in (Adam, LazyAdam):
        torch.manual_seed(0)
        parameters = [torch.nn.Parameter(torch.randn(3)), torch.nn.Parameter(torch.randn(2, 2))]
        optimizer = cls(parameters, lr=0.1, weight_decay=0.01)
        for _ in range(4):
            for parameter in parameters:
                parameter.grad = parameter.detach().sin()
            optimizer.step()
        sides.append(parameters)
    for a, b in zip(*sides, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("options", [{"weight_decay": 0.1}, {"amsgrad": True}, {"betas": (0.9, 0.5)}])
def test_what_changes_all_rows_is_adams(options):
    sparse, dense = table(), table()
    lazy, adam = LazyAdam([sparse], lr=0.1, **options), Adam([dense], lr=0.1, **options)
    assert not can_be_lazy(lazy.param_groups[0])
    for rows in ([0, 0, 2], [1]):
        give(sparse, rows, torch.ones(len(rows), 3))
        dense.grad = sparse.grad.to_dense()
        lazy.step()
        adam.step()
    assert torch.equal(sparse, dense)


def test_the_first_gradient_decides():
    """A dense gradient of a table updates all its rows; a sparse one of another parameter is Adam's."""
    as_table, other, as_rows = table(), table(), table()
    optimizer = LazyAdam([as_table, other, as_rows], lr=0.1)
    give(as_table, [1], torch.ones(1, 3))
    give(as_rows, [1], torch.ones(1, 3))
    other.grad = torch.ones(6, 3, dtype=torch.float64)
    optimizer.step()
    as_table.grad = torch.ones(6, 3, dtype=torch.float64)
    give(as_rows, range(6), torch.ones(6, 3))
    give(other, [1], torch.ones(1, 3))
    optimizer.step()
    assert torch.equal(as_table, as_rows)
    assert set(optimizer.state[as_table]) == {"step", "exp_avg_sq", "last_step"}
    assert set(optimizer.state[other]) == {"step", "exp_avg", "exp_avg_sq"}


DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("is_loaded", [True, False])
def test_steps_are_counted_exactly(dtype, is_loaded):
    """A table of bfloat16 cannot tell 4,098 from 4,097 steps."""
    parameter = table(dtype=dtype)
    optimizer = LazyAdam([parameter], lr=0.1)
    give(parameter, [0], torch.ones(1, 3))
    optimizer.step()
    optimizer.state[parameter]["step"] += 4_096
    give(parameter, [1, 2], torch.ones(2, 3))
    optimizer.step()
    if is_loaded:
        state = optimizer.state_dict()
        optimizer = LazyAdam([parameter], lr=0.1)
        optimizer.load_state_dict(state)
    give(parameter, [1], torch.ones(1, 3))
    optimizer.step()
    assert optimizer.state[parameter]["last_step"].tolist() == [1, 4_099, 4_098, 0, 0, 0]
    # one step before, so that the second moment has decayed by a single β₂
    moments = optimizer.state[parameter]["exp_avg_sq"][1].double()
    assert moments.tolist() == pytest.approx([0.001 * 0.999 + 0.001] * 3, rel=0.01)


@pytest.mark.parametrize("dtype", DTYPES)
def test_steps_in_the_tables_own_type_are_read(dtype):
    parameter = table(dtype=dtype)
    optimizer = LazyAdam([parameter], lr=0.1)
    give(parameter, [0, 3], torch.ones(2, 3))
    optimizer.step()
    state = optimizer.state_dict()
    state["state"][0]["last_step"] = state["state"][0]["last_step"].to(dtype)
    optimizer = LazyAdam([parameter], lr=0.1)
    optimizer.load_state_dict(state)
    give(parameter, [3], torch.ones(1, 3))
    optimizer.step()
    assert optimizer.state[parameter]["last_step"].tolist() == [1, 0, 0, 2, 0, 0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_state_that_was_saved_goes_on_bit_for_bit(dtype):
    generator = torch.Generator().manual_seed(0)
    gradients = [
        (torch.randint(6, (4,), generator=generator), torch.randn(4, 3, generator=generator)) for _ in range(9)
    ]
    whole, cut = table(dtype=dtype), table(dtype=dtype)
    optimizers = [LazyAdam([whole], lr=0.1), LazyAdam([cut], lr=0.1)]
    for number, (rows, values) in enumerate(gradients):
        if number == 5:
            state = optimizers[1].state_dict()
            optimizers[1] = LazyAdam([cut], lr=0.5)
            optimizers[1].load_state_dict(state)
        for parameter, optimizer in zip((whole, cut), optimizers, strict=True):
            give(parameter, rows, values)
            optimizer.step()
    assert torch.equal(whole, cut)


def test_a_state_that_was_saved_elsewhere():
    """PyTorch leaves the number of steps on the CPU if Adam is not fused; a row's update needs it beside the table."""
    parameter = table(dtype=torch.float32)
    optimizer = LazyAdam([parameter], lr=0.1)
    give(parameter, [0], torch.ones(1, 3))
    optimizer.step()
    # of the type of a device that is always there
    elsewhere = torch.nn.Parameter(parameter.detach().to("meta"))
    restored = LazyAdam([elsewhere], lr=0.1)
    restored.load_state_dict(optimizer.state_dict())
    assert {name: tensor.device.type for name, tensor in restored.state[elsewhere].items()} == {
        "step": "meta",
        "exp_avg_sq": "meta",
        "last_step": "meta",
    }


def test_adam_goes_on():
    """Second moments are Adam's; a row without further gradients stays, as it has moved by all that is to come."""
    generator = torch.Generator().manual_seed(0)
    lazy, dense = table(), table()
    optimizers = [LazyAdam([lazy], lr=0.1), Adam([dense], lr=0.1)]
    for _ in range(9):
        give(lazy, torch.randint(5, (3,), generator=generator), torch.randn(3, 3, generator=generator))
        dense.grad = lazy.grad.to_dense()
        for optimizer in optimizers:
            optimizer.step()
    before, state = lazy.detach().clone(), optimizers[0].state[lazy]
    as_adam(state, 0.999)
    expected = optimizers[1].state[dense]
    assert state.keys() == expected.keys()
    torch.testing.assert_close(state["exp_avg_sq"], expected["exp_avg_sq"])
    adam = Adam([lazy], lr=0.1)
    adam.state[lazy] = state
    for row in (None, 2):
        lazy.grad = torch.zeros_like(lazy)
        if row is not None:
            lazy.grad[row] = 1
        adam.step()
        moved = (lazy != before).any(dim=-1)
        assert moved.tolist() == [i == row for i in range(6)]


def test_closure_and_schedule():
    parameter = table()
    optimizer = LazyAdam([parameter], lr=0.5)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.0)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.embedding(torch.tensor([2, 2]), parameter, sparse=True).sum()
        loss.backward()
        return loss + 7

    assert optimizer.step(closure) == 7
    schedule.step()
    after = parameter.detach().clone()
    optimizer.step(closure)
    assert after[2].ne(0).all()
    assert torch.equal(parameter, after)


def test_sum_by_row():
    rows, sums = sum_by_row(
        torch.tensor([4, 0, 4, 2, 0, 4]), torch.tensor([[1.0], [10.0], [2.0], [5.0], [20.0], [4.0]])
    )
    assert rows.tolist() == [0, 0, 2, 4, 4, 4]
    assert sums.squeeze(dim=-1).tolist() == [30.0, 30.0, 5.0, 7.0, 7.0, 7.0]
