"""A run alone, with a clock that the test moves and nothing of PyKEEN: time, position, what is due, and the end."""

import ast
import dataclasses
import math
import random
from pathlib import Path

import pytest
from budget_runs import Clock, Shuffled, make_run, train_run

from pykeen_conj_hale.training.budget import run as run_module
from pykeen_conj_hale.training.budget.clock import TimeBudget
from pykeen_conj_hale.training.budget.due import Due, Limits
from pykeen_conj_hale.training.budget.position import Position, Progress
from pykeen_conj_hale.training.budget.random_state import get_random_state
from pykeen_conj_hale.training.budget.run import Run


class Spy(Due):
    """Writes down when it is asked, under its name."""

    def __init__(self, name, asked, stop_at=None):
        self.name, self.asked, self.stop_at = name, asked, stop_at

    def begin(self, run):
        self.asked.append((self.name, "begin"))

    def after_step(self, run, elapsed):
        self.asked.append((self.name, run.num_steps, elapsed))
        if run.num_steps == self.stop_at:
            run.stop("early stopping")

    def after_epoch(self, run, epoch, loss):
        self.asked.append((self.name, "epoch", epoch, loss))

    def end(self, run):
        self.asked.append((self.name, "end", run.stop_reason))


class Evaluation(Due):
    """Takes 50 seconds after each third step."""

    def __init__(self, clock):
        self.clock = clock

    def after_step(self, run, elapsed):
        if run.num_steps % 3 == 0:
            with run.phase("evaluation"):
                self.clock.now += 50.0


@pytest.fixture
def clock():
    return Clock()


def test_nothing_of_pykeen():
    """Neither the run nor what it is made of imports PyKEEN."""
    folder, names, seen = Path(run_module.__file__).parent, ["run"], set()
    while names:
        name = names.pop()
        seen.add(name)
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module]
                assert node.level < 2, f"{name} imports {node.module} from outside of this wing"
                names += [node.module] if node.level == 1 and node.module not in seen else []
            assert not any(module.split(".")[0] == "pykeen" for module in modules), name
    assert seen == {"run", "clock", "due", "epoch", "position", "random_state"}


def test_order_of_what_is_due(clock):
    asked = []
    run = Run(TimeBudget(100, clock=clock), due=[Spy("a", asked), Spy("b", asked)])
    losses, seen = train_run(run, clock, epochs=1, batches=range(2))
    assert asked == [
        ("a", "begin"),
        ("b", "begin"),
        ("a", 1, 1.0),
        ("b", 1, 1.0),
        ("a", 2, 2.0),
        ("b", 2, 2.0),
        ("a", "epoch", 1, 0.5),
        ("b", "epoch", 1, 0.5),
        ("a", "end", "epochs"),
        ("b", "end", "epochs"),
    ]
    assert (losses, len(seen)) == ([0.5], 2)


def test_what_comes_after_a_stop_has_no_turn(clock):
    asked = []
    run = make_run(None, clock, [Spy("a", asked), Spy("b", asked, stop_at=2), Spy("c", asked)])
    train_run(run, clock)
    steps = [entry[:2] for entry in asked if isinstance(entry[1], int)]
    assert steps == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("b", 2)]
    assert [entry for entry in asked if entry[1] == "end"] == [(name, "end", "early stopping") for name in "abc"]


def test_a_device_is_waited_for_before_the_clock_is_read(clock):
    asked = []
    run = make_run(3, clock, [Spy("a", asked)])

    def wait():
        clock.now += 1.0

    run.wait = wait
    _, seen = train_run(run, clock)
    assert asked[1] == ("a", 1, 2.0)
    assert (len(seen), run.elapsed) == (2, 4.0)


@pytest.mark.parametrize(
    ("budget", "seconds", "steps"), [(4, 1.0, 4), (4.5, 1.0, 5), (5, 1.0, 5), (7, 1.0, 7), (1, 30.0, 1), (31, 30.0, 2)]
)
def test_budget(clock, budget, seconds, steps):
    """Spent exactly, or overrun by a part of one step; the seconds between epochs are not charged."""
    run = make_run(budget, clock)
    losses, seen = train_run(run, clock, epochs=100, seconds=seconds)
    assert len(seen) == run.num_steps == steps
    assert (run.stop_reason, run.is_spent) == ("budget", True)
    assert run.elapsed == seconds * steps
    assert len(losses) == math.ceil(steps / 5)
    assert run.stopwatch.seconds["callbacks"] == 10.0 * len(losses)


def test_a_budget_of_zero(clock):
    asked = []
    run = make_run(0, clock, [Spy("a", asked)])
    assert train_run(run, clock) == ([], [])
    assert (run.num_steps, run.stop_reason, run.has_begun, run.triples_per_second) == (0, "budget", False, 0.0)
    assert asked == [("a", "end", "budget")]


def test_time_at_the_end_of_an_epoch_can_spend_the_budget(clock):
    """A loop's own work after the last batch is training, too."""

    class Slow(Shuffled):
        def __iter__(self):
            yield from super().__iter__()
            clock.now += 3.0

    run = make_run(7, clock)
    losses, seen = train_run(run, clock, batches=Slow())
    assert (len(losses), len(seen), run.stop_reason, run.elapsed) == (1, 5, "budget", 8.0)
    assert run.position is None


@pytest.mark.parametrize("budget", [None, 100])
def test_a_signal_in_the_middle(clock, budget, caplog):
    asked = []
    run = make_run(budget, clock, [Spy("a", asked)])
    losses, seen = train_run(run, clock, during=lambda run: run.num_steps == 6 and run.stop_by_signal("SIGTERM"))
    assert (len(seen), len(losses), run.stop_reason, run.signal) == (7, 2, "budget", "SIGTERM")
    assert run.position.step == 2
    assert "SIGTERM: the training ends after the current step." in caplog.text
    assert ("a", 7, 7.0) not in asked  # the run was over


def test_evaluation_is_not_charged(clock):
    run = make_run(8, clock, [Evaluation(clock)])
    losses, seen = train_run(run, clock)
    assert len(seen) == 8
    assert run.stopwatch.seconds == {"training": 8.0, "evaluation": 100.0, "callbacks": 20.0}
    assert len(losses) == 2


@pytest.mark.parametrize("first", [2, 5, 8, 10])
@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_going_on(clock, first, is_elsewhere):
    """The same batches and random numbers as without an interruption: in this process, and in another from data."""
    random.seed(0)
    whole = make_run(14, clock)
    losses, seen = train_run(whole, clock)

    random.seed(0)
    run = make_run(first, clock)
    cut, before = train_run(run, clock)
    progress = run.progress
    if is_elsewhere:
        progress = dataclasses.replace(progress, random_state=get_random_state())
        random.seed(7)
    another = make_run(14, clock)
    another.go_on_from(progress)
    assert (another.num_steps, another.elapsed, another.is_resumed) == (first, first, is_elsewhere)
    whole_epochs = cut if progress.position is None else cut[: progress.position.num_losses]
    all_losses, after = train_run(another, clock, losses=whole_epochs)
    assert before + after == seen
    assert all_losses == losses
    assert (another.num_steps, another.elapsed, another.stop_reason) == (14, 14.0, "budget")
    assert another.position.step == whole.position.step == 4
    assert another.position.loss == whole.position.loss


def test_a_fresh_run_owes_nothing_to_the_one_before(clock):
    budget = TimeBudget(3, clock=clock)
    for _ in range(2):
        run = Run(budget, due=[Limits()])
        run.go_on_from(Progress())
        _, seen = train_run(run, clock)
        assert (len(seen), run.num_steps, run.elapsed) == (3, 3, 3.0)


def test_resetting_the_budget(clock):
    run = make_run(5, clock, reset_budget=True)
    run.go_on_from(Progress(seconds={"training": 4.0, "evaluation": 9.0}, num_steps=4))
    assert run.stopwatch.seconds == {"training": 0.0, "evaluation": 9.0}
    _, seen = train_run(run, clock)
    assert (len(seen), run.num_steps) == (5, 9)


def test_another_number_of_batches_in_the_middle_of_an_epoch(clock):
    run = make_run(5, clock)
    run.go_on_from(Progress(num_steps=2, position=Position(num_losses=0, num_batches=7, step=2)))
    with pytest.raises(ValueError, match=r"batch_size gives 5 batches per epoch, .* in the middle of an epoch of 7"):
        run.open_epoch(Shuffled(), num_losses=0)


def test_losses_are_those_of_whole_steps(clock):
    """A step that fails has no part in the position, though its first sub-batch had a loss."""
    run = make_run(None, clock)
    run.begin(3)
    batches = iter(run.open_epoch(range(3), num_losses=0))
    next(batches)
    run.add_loss(1.0)
    run.add_loss(2.0)
    next(batches)
    run.add_loss(5.0)
    assert (run.position.step, run.position.loss, run.position.mean_loss) == (1, 3.0, 3.0)


def test_triples_per_second(clock):
    run = make_run(8, clock, num_triples=50)
    train_run(run, clock, seconds=2.0)
    assert (run.num_steps, run.triples_per_second) == (4, 5.0)  # 10 triples per step, 2 s per step


@pytest.mark.parametrize("reset_budget", [False, True])
def test_triples_per_second_of_a_run_that_goes_on(clock, reset_budget):
    """Half as fast as the run before: what that one did, and whether its seconds are forgotten, is all the same."""
    run = make_run(8, clock, num_triples=50)
    train_run(run, clock, seconds=2.0)
    another = make_run(100, clock, num_triples=50, reset_budget=reset_budget)
    another.go_on_from(run.progress)
    assert another.triples_per_second == 0
    train_run(another, clock, seconds=4.0, epochs=2)
    assert another.num_steps > run.num_steps
    assert another.triples_per_second == 2.5
