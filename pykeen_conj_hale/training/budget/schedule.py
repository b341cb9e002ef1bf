r"""Learning rates that follow the budget: linear and cosine decay over the share p of the training done, after warm-up.

PyKEEN calls schedulers after each epoch. A budget is not a number of epochs. So the loops under a budget call these
schedulers after each optimizer step, with the share that is done. They are ordinary schedulers otherwise:
``lr_scheduler=`` takes them by name, in a pipeline and, with their search space, in HPO.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pykeen.lr_schedulers import lr_schedulers_hpo_defaults
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ...checks import check_number, check_whole
from ..optimizer import set_rate

__all__ = ["LOOPS", "BudgetCosineLR", "BudgetLR", "BudgetLinearLR"]

#: The training loops that tell the time, for errors
LOOPS: Final = '"QuerySampling", "BudgetedSLCWA", "BudgetedLCWA" or "BudgetedSymmetricLCWA"'


class BudgetLR(LRScheduler):
    r"""Base of the schedules over a budget.

    .. math::
        \eta(p) = \eta_0 \cdot \begin{cases} p / w & p < w \\ f + (1 - f) \, d((p - w) / (1 - w)) & p \geq w \end{cases}

    with the optimizer's learning rate :math:`\eta_0`, the share p ∈ [0, 1] of the training that is done, the share w of
    warm-up, the final factor f, and a decay d from d(0) = 1 to d(1) = 0. The share p is the share of the budget's
    seconds or, without a budget, of the steps of all epochs. It is computed after each step, and sets the learning rate
    of the next step. During warm-up the factor is at least 0.01, so that the first step is not wasted.

    :param optimizer: the optimizer
    :param warmup: the share w of the training that is warm-up, 0 ≤ w < 1
    :param final: the factor f of the learning rate at the end, 0 ≤ f ≤ 1
    :param last_epoch: −1, as in any scheduler that starts anew; epochs do not matter
    :raises ValueError: if warmup or final is not in its range, or last_epoch is not −1
    """

    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        warmup=dict(type="categorical", choices=[0.0, 0.05, 0.1]),
        final=dict(type="categorical", choices=[0.0, 0.01, 0.1]),
    )

    def __init__(self, optimizer: Optimizer, warmup: float = 0.0, final: float = 0.0, last_epoch: int = -1) -> None:
        self.warmup = check_number("warmup", warmup, minimum=0, below=1)
        self.final = check_number("final", final, minimum=0, maximum=1)
        check_whole("last_epoch", last_epoch, minimum=-1, maximum=-1)
        #: The share done; None until a loop sets it. When a training starts, PyKEEN makes another optimizer with the
        #: current learning rate, so that this must not change before.
        self.progress: float | None = None
        super().__init__(optimizer, last_epoch)

    @abstractmethod
    def decay(self, x: float) -> float:
        """Compute d(x), for x ∈ [0, 1]."""

    def factor(self, progress: float) -> float:
        """Compute the learning rate's factor η(p) / η₀.

        :param progress: the share p done, clamped to [0, 1]
        :return: the factor, in [0, 1]
        """
        progress = min(max(progress, 0.0), 1.0)
        if progress < self.warmup:
            return max(progress / self.warmup, 0.01)
        return self.final + (1 - self.final) * self.decay((progress - self.warmup) / (1 - self.warmup))

    def get_lr(self) -> list[float]:  # type: ignore[override]
        """Compute the learning rates of the optimizer's groups."""
        if self.progress is None:
            return [float(group["lr"]) for group in self.optimizer.param_groups]
        factor = self.factor(self.progress)
        return [factor * float(lr) for lr in self.base_lrs]

    def advance(self, progress: float) -> None:
        """Set the learning rates by the share of the training that is done."""
        self.progress = progress
        rates = self.get_lr()
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            set_rate(group, lr)
        self._last_lr = [*rates]

    def step(self, epoch: int | None = None) -> None:
        """Do nothing: epochs do not matter.

        :param epoch: the epoch that is done, in PyKEEN's loops
        :raises ValueError: if no loop tells the share that is done
        """
        if self.last_epoch < 0:
            # the constructor's first step
            self.last_epoch = 0
            self._last_lr = [*self.get_lr()]
        elif self.progress is None:
            raise ValueError(
                f"lr_scheduler={type(self).__name__!r} follows the budget of a training loop of this package, and this "
                f"loop is none: take training_loop={LOOPS}, or another lr_scheduler."
            )


class BudgetLinearLR(BudgetLR):
    """Linear decay over the budget: d(x) = 1 - x. See :class:`BudgetLR`."""

    def decay(self, x: float) -> float:
        """Compute 1 - x."""
        return 1.0 - x


class BudgetCosineLR(BudgetLR):
    """Cosine decay over the budget: d(x) = (1 + cos πx) / 2. See :class:`BudgetLR`."""

    def decay(self, x: float) -> float:
        """Compute (1 + cos πx) / 2."""
        return 0.5 * (1.0 + math.cos(math.pi * x))


# PyKEEN has the search spaces of schedulers in one table, and looks there for those of any name
for _cls in (BudgetLinearLR, BudgetCosineLR):
    lr_schedulers_hpo_defaults[_cls] = _cls.hpo_default  # type: ignore[index]
