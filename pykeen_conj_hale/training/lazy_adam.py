r"""Adam for tables of which a step looks up a few rows: the time of a step does not grow with the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from .sparse_rows import rows_of, set_aside

__all__ = ["LazyAdam", "as_adam", "can_be_lazy", "option_in_the_way", "sum_by_row"]


class LazyAdam(Adam):
    r"""Adam (Kingma and Ba, 2015) that updates, of a table with sparse gradients, the rows of a step only.

    Parameters with dense gradients are updated as by :class:`torch.optim.Adam`. A row with the gradient g at step t,
    whose gradient before was at step s, is updated by

    .. math::
        v \leftarrow \beta_2^{t - s} v + (1 - \beta_2) g^2, \qquad
        \theta \leftarrow \theta - \eta \kappa \frac{g}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}, \qquad
        \kappa = \sum_{k=0}^\infty (1 - \beta_1) \Big(\frac{\beta_1}{\sqrt{\beta_2}}\Big)^k
               = \frac{1 - \beta_1}{1 - \beta_1 / \sqrt{\beta_2}}

    The second moment v is Adam's: it decays in the steps without a gradient, too. Adam's first moment goes on to move
    a row in these steps, by a sum that is κ times as long as here. It is added at once. So a row that waits longer than
    the first moment lasts, some 1 / (1 - β₁) steps, arrives where Adam would take it (but for the decay of the learning
    rate, and the bias correction of the first steps); a row in every step moves as far, without Adam's delay. A table
    needs one moment only, and one number per row, the step s.

    (:class:`torch.optim.SparseAdam` lets no moment decay between the gradients of a row: rare rows then move by a
    fraction of what Adam moves them. It refuses dense gradients.)

    The first gradient of a parameter decides whether its rows are updated like this. A weight decay, and AMSGrad, would
    change all rows in each step: with them gradients become dense.

    See https://arxiv.org/abs/1412.6980 (Kingma and Ba, 2015).
    """

    @property
    def _step_supports_amp_scaling(self) -> bool:
        """No: a gradient scaler has to unscale gradients, and leave out a step that overflows, by itself.

        Fused Adam says yes, and then does both in its kernel, which rows do not go through.
        """
        return False

    @_step_supports_amp_scaling.setter
    def _step_supports_amp_scaling(self, value: bool) -> None:
        """Let fused Adam's constructor say what it likes."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Do an optimization step.

        :param closure: computes the loss anew, and its gradients
        :return: the closure's loss
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        tables = [(group, p) for group in self.param_groups for p in group["params"] if self._is_table(group, p)]
        with set_aside([table for _, table in tables]) as gradients:
            super().step()
            for (group, table), gradient in zip(tables, gradients, strict=True):
                self._update_rows(group, table, gradient)
        return loss

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state; see :meth:`torch.optim.Optimizer.load_state_dict`.

        :param state_dict: the state
        """
        super().load_state_dict(state_dict)
        # PyTorch has brought the steps into the types of the tables, in which they may not be exact
        saved = [number for group in state_dict["param_groups"] for number in group["params"]]
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        for number, table in zip(saved, parameters, strict=True):
            last_step = state_dict["state"].get(number, {}).get("last_step")
            if last_step is not None:
                state = self.state[table]
                state["last_step"] = last_step.to(table.device, _dtype_of_steps(table))
                # PyTorch leaves it where it was saved, unless Adam is fused
                state["step"] = state["step"].to(table.device)

    def _is_table(self, group: Mapping[str, Any], parameter: Tensor) -> bool:
        """Tell whether the rows of a parameter are updated alone; bring its gradient into the layout for it."""
        gradient = parameter.grad
        if gradient is None:
            return False
        state = self.state.get(parameter)
        is_table = "last_step" in state if state else gradient.is_sparse and can_be_lazy(group)
        if is_table and not gradient.is_sparse:
            parameter.grad = gradient.to_sparse(1)
        elif gradient.is_sparse and not is_table:
            parameter.grad = gradient.to_dense()
        return is_table

    def _update_rows(self, group: Mapping[str, Any], table: Tensor, gradient: Tensor) -> None:
        state = self.state[table]
        if not state:
            # as fused Adam has it
            state["step"] = torch.zeros((), device=table.device)
            state["exp_avg_sq"] = torch.zeros_like(table, memory_format=torch.preserve_format)
            state["last_step"] = table.new_zeros(len(table), dtype=_dtype_of_steps(table))
        state["step"] += 1
        step, (beta1, beta2) = state["step"].to(_dtype_of_steps(table)), group["betas"]
        rows, g = sum_by_row(*rows_of(gradient))
        if group["maximize"]:
            g = -g
        gap = step - state["last_step"].index_select(0, rows)
        v = state["exp_avg_sq"].index_select(0, rows)
        v.mul_((beta2**gap).unsqueeze(dim=-1)).addcmul_(g, g, value=1 - beta2)
        # 1 - β₂^t, exact for the first steps, too
        bias = -torch.expm1(step * math.log(beta2))
        kappa = (1 - beta1) / (1 - beta1 / math.sqrt(beta2))
        moves = g.mul_(kappa * group["lr"]).div_((v / bias).sqrt_().add_(group["eps"]))
        # a row that is there twice gets the same values twice
        table.index_copy_(0, rows, table.index_select(0, rows).sub_(moves))
        state["exp_avg_sq"].index_copy_(0, rows, v)
        # not index_fill_, which waits for the device to say the number
        state["last_step"].index_copy_(0, rows, step.to(state["last_step"].dtype).expand(len(rows)))


def _dtype_of_steps(table: Tensor) -> torch.dtype:
    """Choose the type of the numbers of steps: that of the table, but at least as exact as PyTorch's own `step`."""
    return torch.promote_types(table.dtype, torch.float32)


def can_be_lazy(group: Mapping[str, Any]) -> bool:
    """Tell whether Adam's options let a row without a gradient stay as it is.

    :param group: the options of Adam
    :return: whether :func:`option_in_the_way` finds none
    """
    return option_in_the_way(group) is None


def option_in_the_way(group: Mapping[str, Any]) -> str | None:
    r"""Find the option of Adam that does not let a row without a gradient stay as it is.

    :param group: the options of Adam
    :return: the name of a weight decay, of AMSGrad, or of an option by which steps are differentiated or captured;
        ``"betas"`` where :math:`\beta_1 < \sqrt{\beta_2}` does not hold, without which Adam would move a row without
        an end; None if there is none of them
    """
    options = ("weight_decay", "amsgrad", "differentiable", "capturable")
    found = next((name for name in options if group[name]), None)
    beta1, beta2 = group["betas"]
    return "betas" if found is None and not beta1 < math.sqrt(beta2) else found


def as_adam(state: dict[str, Tensor], beta2: float) -> None:
    """Turn the state of a table into Adam's, which goes on from it.

    The second moments decay up to the last step. The first ones are zero: rows have moved by all that is to come of
    their gradients so far.

    :param state: the state of a table, changed in place
    :param beta2: Adam's β₂
    """
    gap = state["step"].to(state["last_step"]) - state.pop("last_step")
    state["exp_avg_sq"].mul_((beta2**gap).unsqueeze(dim=-1))
    state["exp_avg"] = torch.zeros_like(state["exp_avg_sq"])


def sum_by_row(rows: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Add up the values of the same row, for each time that the row is there.

    The number of distinct rows is not asked for, so that the host need not wait for the device.

    :param rows: shape: ``(n,)``, the rows
    :param values: shape: ``(n, d)``
    :return: the rows in order, and for each of them its sum; shapes: ``(n,)`` and ``(n, d)``
    """
    rows, order = rows.sort(stable=True)
    number = torch.zeros_like(rows)
    torch.cumsum(rows[1:] != rows[:-1], dim=0, out=number[1:])
    return rows, torch.zeros_like(values).index_add_(0, number, values[order]).index_select(0, number)
