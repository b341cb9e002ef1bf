"""What the research scripts share: a line of results, and the steps that end after their budget."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from pathlib import Path
from typing import Any

import torch
from pykeen.triples import TriplesFactory

from pykeen_conj_hale.files import append_json_line
from pykeen_conj_hale.training import TimeBudgetMixin
from pykeen_conj_hale.training.budget.run import Run


def write_line(path: Path, **facts: Any) -> str:
    """Append facts to a file, with the command that found them, and where.

    :param path: the file, of one JSON object per line
    :param facts: what was found
    :return: the line, in a form to read
    """
    line = dict(
        facts,
        command=shlex.join(["python", f"examples/research/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        machine=platform.machine(),
    )
    append_json_line(path, line)
    return json.dumps(line, indent=2) + "\n"


def keep_share(training: TriplesFactory, share: float, seed: int) -> TriplesFactory:
    """Keep a random share of training triples, with all ids.

    :param training: the training triples
    :param share: the share, in (0, 1]
    :param seed: what the draw depends on
    :return: the triples that are kept, in their order
    """
    order = torch.randperm(training.num_triples, generator=torch.Generator().manual_seed(seed))
    kept = order[: round(share * training.num_triples)].sort().values
    return training.clone_and_exchange_triples(training.mapped_triples[kept])


def count_late_steps(loop: TimeBudgetMixin[Any]) -> list[bool]:
    """Note for each step whether the budget is spent when it ends: for one step it should be.

    :param loop: the loop; its runs are told from others by their budget
    :return: a list that grows
    """
    late: list[bool] = []
    after_step = Run.after_step

    def note(self: Run) -> bool:
        if self.budget is loop.time_budget:
            late.append(self.is_spent)
        return after_step(self)

    Run.after_step = note  # type: ignore[method-assign]
    return late
