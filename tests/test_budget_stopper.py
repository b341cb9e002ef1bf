"""The best model within the budget: when it is looked for, what is kept, and what HPO sees of it."""

import math
import struct
import zipfile

import pytest
import torch
from optuna.trial import TrialState
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.hpo import hpo_pipeline
from pykeen.models import DistMult
from pykeen.pipeline import pipeline
from pykeen.stoppers import EarlyStopper
from pykeen.trackers import PythonResultTracker
from pykeen.training.callbacks import TrainingCallback
from pykeen.triples import CoreTriplesFactory

from pykeen_conj_hale.models import ConjComplEx
from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSLCWATrainingLoop,
    QuerySamplingTrainingLoop,
    TimeBudget,
    TimedStopper,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Ticking(Clock):
    """Each look takes a millisecond: time that does not depend on the machine."""

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


class Step(TrainingCallback):
    def __init__(self, clock, seconds=1.0):
        super().__init__()
        self.clock, self.seconds, self.modes, self.steps = clock, seconds, [], 0

    def pre_batch(self, **kwargs):
        self.modes.append(self.model.training)

    def post_batch(self, **kwargs):
        self.clock.now += self.seconds
        self.steps += 1


class Scripted(RankBasedEvaluator):
    """Returns given values, draws random numbers, takes 50 seconds, and remembers which parameters it saw."""

    def __init__(self, clock, values):
        super().__init__()
        self.clock, self.values, self.seen = clock, list(values), []

    def evaluate(self, model, **kwargs):
        model.eval()
        torch.rand(10)
        self.clock.now += 50.0
        self.seen.append({name: value.clone() for name, value in model.state_dict().items()})
        value = self.values[len(self.seen) - 1]

        class Result:
            def get_metric(self, name):
                return value

            def to_flat_dict(self):
                return {"value": value}

        return Result()


def run(budget, values, cls=QuerySamplingTrainingLoop, *, step_seconds=1.0, train=None, path=None, seed=0, **kwargs):
    torch.manual_seed(seed)
    dataset = Nations(create_inverse_triples=True)
    clock = Clock()
    model = DistMult(triples_factory=dataset.training, embedding_dim=4, random_seed=seed)
    loop = cls(
        model=model,
        triples_factory=dataset.training,
        optimizer="Adam",
        time_budget=None if budget is None else TimeBudget(budget, clock=clock),
    )
    loop.stopwatch.clock = clock
    evaluator = Scripted(clock, values)
    stopper = TimedStopper(
        model=model,
        evaluator=evaluator,
        training_triples_factory=dataset.training,
        evaluation_triples_factory=dataset.validation,
        best_model_path=path,
        **kwargs,
    )
    step = Step(clock, step_seconds)
    arguments = {"batch_size": 300, "use_tqdm": False, "callbacks": step, "stopper": stopper, **(train or {})}
    loop.train(dataset.training, **arguments)
    return loop, stopper, evaluator, step


@pytest.mark.parametrize("cls", [QuerySamplingTrainingLoop, BudgetedSLCWATrainingLoop, BudgetedLCWATrainingLoop])
def test_the_best_of_the_budget_is_restored(cls, tmp_path):
    """11 steps per epoch, every 4 s: in the middle of epochs. The best is the second of 4 looks and one at the end."""
    loop, stopper, evaluator, step = run(19, [0.1, 0.5, 0.3, 0.2, 0.4], cls, path=tmp_path / "best", seconds=4)
    assert (loop.stop_reason, step.steps) == ("budget", 19)
    assert stopper.results == [0.1, 0.5, 0.3, 0.2, 0.4]
    assert (stopper.best_epoch, stopper.best_metric) == (2, 0.5)
    last = evaluator.seen[4]
    for name, value in loop.model.state_dict().items():
        assert torch.equal(value, evaluator.seen[1][name])
    assert any(not torch.equal(value, last[name]) for name, value in loop.model.state_dict().items())
    assert not (tmp_path / "best").exists()
    assert loop.seconds["training"] == 19
    assert loop.seconds["evaluation"] == 250
    assert all(step.modes)  # evaluation does not leave its mode behind


def test_the_tracker_gets_the_seconds_of_training():
    tracker = PythonResultTracker()
    run(10, [0.1, 0.2, 0.3, 0.4], step_seconds=3.0, seconds=2, result_tracker=tracker)
    seconds = {mark: metrics["validation.seconds"] for mark, metrics in tracker.metrics.items()}
    assert seconds == {1: 3.0, 3: 6.0, 4: 9.0, 5: 12.0}


def test_looking_leaves_no_trace_in_the_training():
    one, *_ = run(19, [0.1 * k for k in range(1, 9)], seconds=4)
    other, *_ = run(19, [0.5, 0.6], seconds=18)
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name])


def test_steps_longer_than_the_interval():
    """Looks at 3, 6 and 9 s are those nearest to the marks at 2, 6 and 8 s; HPO compares by the marks."""
    _, stopper, _, _ = run(10, [0.1, 0.2, 0.3, 0.4], step_seconds=3.0, seconds=2)
    assert len(stopper.results) == 4
    assert stopper.best_epoch == 5  # the last, at the end: one after the mark at 8 s
    marks = []
    run(10, [0.1, 0.2, 0.3, 0.4], step_seconds=3.0, seconds=2, result_callbacks=[lambda s, r, mark: marks.append(mark)])
    assert marks == [1, 3, 4]


def test_a_look_at_the_end_is_not_done_twice():
    """At 8 s the budget ends, which is a mark, too: nobody may prune a trial that has had all of its time."""
    marks = []
    _, stopper, _, _ = run(8, [0.1, 0.2], seconds=4, result_callbacks=[lambda s, r, mark: marks.append(mark)])
    assert stopper.results == [0.1, 0.2]
    assert marks == [1]


def test_patience(tmp_path):
    loop, stopper, evaluator, step = run(
        100, [0.5, 0.4, 0.3], path=tmp_path / "best", seconds=4, patience=2, train={"checkpoint": tmp_path / "c"}
    )
    assert (loop.stop_reason, step.steps, stopper.stopped) == ("early stopping", 12, True)
    for name, value in loop.model.state_dict().items():
        assert torch.equal(value, evaluator.seen[0][name])
    # a stopped training stays stopped
    again, _, _, more = run(
        100, [], path=tmp_path / "best", seconds=4, patience=2, train={"checkpoint": tmp_path / "c"}, seed=9
    )
    assert (again.stop_reason, more.steps) == ("early stopping", 0)
    for name, value in again.model.state_dict().items():
        assert torch.equal(value, evaluator.seen[0][name])


@pytest.mark.parametrize("more", [4, None])
def test_more_patience_goes_on(more, tmp_path):
    """As a training that had it from the beginning, bit for bit."""
    values = [0.5, 0.4, 0.3, 0.2, 0.6, 0.1, 0.1, 0.1]
    arguments = {"seconds": 4, "path": tmp_path / "best"}
    whole, expected, _, _ = run(30, values, patience=more, **arguments)
    train = {"checkpoint": tmp_path / "c"}
    _, first, _, _ = run(30, values, patience=2, train=train, **arguments)
    assert first.results == [0.5, 0.4, 0.3]
    resumed, stopper, _, step = run(30, values[3:], patience=more, train=train, seed=9, **arguments)
    assert stopper.results == expected.results
    assert (stopper.best_epoch, stopper.best_metric) == (5, 0.6)
    assert (resumed.num_steps, resumed.stop_reason) == (whole.num_steps, whole.stop_reason)
    assert step.steps == whole.num_steps - 12
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name])


def test_less_patience_ends_where_it_is_over(tmp_path):
    train = {"checkpoint": tmp_path / "c"}
    run(14, [0.5, 0.4, 0.3, 0.2], patience=9, seconds=4, train=train)
    resumed, stopper, _, step = run(30, [], patience=2, seconds=4, train=train, seed=9)
    assert (resumed.stop_reason, step.steps, stopper.stopped) == ("early stopping", 0, True)


def test_the_direction_follows_the_metric():
    """Unless the user says otherwise."""
    values = [3.0, 1.0, 2.0]
    for metric, larger, best in (
        ("arithmetic_mean_rank", None, 1.0),
        ("arithmetic_mean_rank", True, 3.0),
        ("mrr", None, 3.0),
        ("mrr", False, 1.0),
    ):
        _, stopper, _, _ = run(12, values, seconds=4, metric=metric, larger_is_better=larger)
        assert stopper.best_metric == best


def test_a_smaller_rank_is_better_in_the_pipeline():
    result = pipeline(
        **SETTINGS,
        model=ConjComplEx,
        loss="HaLE",
        training_loop="QuerySampling",
        training_loop_kwargs={"time_budget": TimeBudget(0.5, clock=Ticking())},
        stopper="timed",
        stopper_kwargs={"seconds": 0.1, "metric": "arithmetic_mean_rank"},
        random_seed=0,
    )
    assert len(result.stopper.results) > 1
    assert result.stopper.best_metric == min(result.stopper.results)


def test_a_direction_against_the_metric_is_said(caplog):
    run(4, [1.0], seconds=4, metric="median_rank", larger_is_better=True)
    assert "metric='median_rank' is better where it is smaller, and the stopper has larger_is_better" in caplog.text


@pytest.mark.parametrize("metric", ["hits@tenn", "hits@7", "", "mrrr", "head.mrr.foo"])
def test_an_unknown_metric_is_found_before_the_first_step(metric):
    arguments = {
        **SETTINGS,
        "model": "DistMult",
        "training_loop": "QuerySampling",
    }
    # PyKEEN's own stopper looks for it after its first evaluation
    for stopper in ("timed", "early"):
        with pytest.raises(ValueError, match=f"metric='{metric}' is (unknown|not computed)"):
            pipeline(**arguments, stopper=stopper, stopper_kwargs={"metric": metric})


class Sides(RankBasedEvaluator):
    """Remembers what it is asked for."""

    def evaluate(self, *args, targets=("head", "tail"), restrict_relations_to=None, **kwargs):
        self.asked = [*getattr(self, "asked", []), (targets, restrict_relations_to)]
        return super().evaluate(*args, targets=targets, restrict_relations_to=restrict_relations_to, **kwargs)


@pytest.mark.parametrize(
    ("evaluation", "stopper", "expected"),
    [
        ({}, {}, (("head", "tail"), None)),
        ({"targets": ("tail",)}, {}, (("tail",), None)),
        ({}, {"targets": ("tail",)}, (("tail",), None)),
        ({"targets": ("tail",)}, {"targets": ["head"]}, (("head",), None)),
        ({"restrict_relations_to": [6, 7], "pre_filtered_triples": False}, {"targets": "tail"}, (("tail",), [6, 7])),
    ],
)
def test_it_selects_by_what_is_evaluated_in_the_end(evaluation, stopper, expected):
    result = pipeline(
        **{**SETTINGS, "evaluation_kwargs": {**SETTINGS["evaluation_kwargs"], **evaluation}},
        model="DistMult",
        evaluator=Sides,
        training_loop="QuerySampling",
        training_loop_kwargs={"time_budget": TimeBudget(0.2, clock=Ticking())},
        stopper="timed",
        stopper_kwargs={"seconds": 0.1, **stopper},
    )
    asked = result.stopper.evaluator.asked
    assert len(asked) >= 2
    assert set(map(str, asked[:-1])) == {str(expected)}  # the last one is the pipeline's own


def test_smaller_is_better():
    _, stopper, _, _ = run(12, [3.0, 1.0, 2.0], seconds=4, larger_is_better=False)
    assert (stopper.best_epoch, stopper.best_metric) == (2, 1.0)


def test_epochs_without_a_budget():
    loop, stopper, _, _ = run(None, [0.1, 0.2, 0.3, 0.4], seconds=9, train={"num_epochs": 3})
    assert loop.stop_reason == "epochs"
    assert stopper.results == [0.1, 0.2, 0.3, 0.4]


def test_the_best_model_goes_with_the_checkpoint(tmp_path):
    """A new process knows nothing of the file of the old one."""
    values = [0.1, 0.9, 0.3, 0.2, 0.4]
    whole, *_ = run(20, values, seconds=4)
    train = {"checkpoint": tmp_path / "c"}
    run(14, values[:4], seconds=4, path=tmp_path / "a", train=train)
    resumed, stopper, _, step = run(20, values[3:], seconds=4, path=tmp_path / "b", train=train, seed=9)
    assert step.steps == 6
    assert stopper.results == values
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name])


def as_from_a_gpu(path):
    """Make a checkpoint one whose tensors are from a GPU."""
    with zipfile.ZipFile(path) as file:
        parts = {part.filename: file.read(part) for part in file.infolist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            if name.endswith("data.pkl"):
                cpu, gpu = (b"X" + struct.pack("<I", len(text)) + text for text in (b"cpu", b"cuda:0"))
                assert cpu in content
                content = content.replace(cpu, gpu)
            file.writestr(name, content)


@pytest.mark.parametrize("kind", ["timed", "early"])
def test_a_checkpoint_is_read_once_and_safely(kind, tmp_path, monkeypatch):
    """By PyKEEN, too, which would read it by pickle, and to a GPU that may be missing here."""
    path, factory = tmp_path / "c", Nations(create_inverse_triples=True).training
    read, load = [], torch.load

    def reading(file, **kwargs):
        read.append((str(getattr(file, "name", file)), kwargs["weights_only"]))
        return load(file, **kwargs)

    for num_epochs in (1, 2):
        model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0)
        loop = QuerySamplingTrainingLoop(model=model, triples_factory=factory, optimizer="Adam")
        common = dict(model=model, evaluator=Scripted(Clock(), [0.5] * 4), training_triples_factory=factory)
        common.update(evaluation_triples_factory=factory, best_model_path=tmp_path / f"best{num_epochs}")
        stopper = TimedStopper(seconds=1e-9, **common) if kind == "timed" else EarlyStopper(frequency=1, **common)
        loop.train(factory, num_epochs=num_epochs, batch_size=2000, use_tqdm=False, checkpoint=path, stopper=stopper)
        if num_epochs == 1:
            as_from_a_gpu(path)
            monkeypatch.setattr(torch, "load", reading)
    assert [name for name, _ in read].count(str(path)) == 1
    assert all(weights_only for _, weights_only in read)
    assert stopper.results == [0.5] * (4 if kind == "timed" else 2)
    # nothing is left on the stopper, which can be pickled
    assert "load_summary_dict_from_training_loop_checkpoint" not in vars(stopper)


def test_a_budget_that_is_reset_is_validated_from_its_beginning(tmp_path):
    """Its seconds are counted anew, also after a further checkpoint; the marks go on, as trackers need."""
    train, looks = {"checkpoint": tmp_path / "c"}, []
    for budget, values, reset in ((10, [0.1, 0.2, 0.3], False), (10, [0.3, 0.4, 0.5], True), (20, [0.5] * 3, False)):
        tracker = PythonResultTracker()
        options = {"seconds": 4, "path": tmp_path / f"best{len(looks)}", "result_tracker": tracker}
        _, stopper, _, _ = run(budget, values, train={**train, "reset_time_budget": reset}, **options)
        looks.append({mark: metrics["validation.seconds"] for mark, metrics in tracker.metrics.items()})
    assert looks == [{1: 4.0, 2: 8.0, 3: 10.0}, {3: 4.0, 4: 8.0, 5: 10.0}, {5: 12.0, 6: 16.0, 7: 20.0}]
    # that at the end of a budget is in no checkpoint
    assert stopper.results == [0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5]


def test_a_budget_that_is_reset_in_the_same_process():
    tracker = PythonResultTracker()
    loop, stopper, _, step = run(10, [0.1 * k for k in range(6)], seconds=4, result_tracker=tracker)
    again = {"batch_size": 300, "use_tqdm": False, "callbacks": step, "stopper": stopper}
    loop.train(loop._triples_factory, continue_training=True, reset_time_budget=True, **again)
    looks = {mark: metrics["validation.seconds"] for mark, metrics in tracker.metrics.items()}
    assert looks == {1: 4.0, 2: 8.0, 3: 10.0, 4: 4.0, 5: 8.0, 6: 10.0}


def test_bad_arguments():
    for arguments, message in (
        ({"seconds": 0}, "seconds=0 is not allowed"),
        ({"seconds": math.nan}, "seconds=nan"),
        ({"patience": 0}, "patience=0 is not allowed: it must be a whole number ≥ 1"),
        ({"patience": 1.5}, "patience=1.5 is not allowed"),
        ({"relative_delta": -1}, "relative_delta=-1 is not allowed"),
        ({"targets": ("tails",)}, "targets='tails' is unknown; choose one of"),
        ({"targets": ()}, r"targets=\(\) is not allowed: it must be a list of sides"),
        ({"targets": 0.5}, "targets=0.5 is not allowed: it must be a list of sides"),
        ({"metric": "head.mrr", "targets": "tail"}, "metric='head.mrr' is of the side 'head'"),
    ):
        with pytest.raises(ValueError, match=message):
            run(10, [], **arguments)
    empty = CoreTriplesFactory(torch.empty(0, 3, dtype=torch.long), num_entities=14, num_relations=55)
    for factory in (None, empty):
        with pytest.raises(ValueError, match="the dataset has none"):
            TimedStopper(model=None, evaluator=None, training_triples_factory=None, evaluation_triples_factory=factory)


SETTINGS = {
    "dataset": "nations",
    "dataset_kwargs": {"create_inverse_triples": True},
    "model_kwargs": {"embedding_dim": 4},
    "evaluation_kwargs": {"use_tqdm": False, "batch_size": 64},
    "training_kwargs": {"use_tqdm": False, "batch_size": 256},
}


def test_by_name():
    result = pipeline(
        **SETTINGS,
        model=ConjComplEx,
        loss="HaLE",
        training_loop="QuerySampling",
        training_loop_kwargs={"time_budget": 0.5},
        stopper="timed",
        stopper_kwargs={"seconds": 0.1},
    )
    assert isinstance(result.stopper, TimedStopper)
    assert 1 <= len(result.stopper.results) <= 5
    assert result.stopper.best_metric == max(result.stopper.results)


def test_pykeens_loops_have_no_clock():
    with pytest.raises(ValueError, match=r'stopper="timed" needs a training loop that tells the time'):
        pipeline(**{**SETTINGS, "training_kwargs": {"num_epochs": 2}}, model="DistMult", stopper="timed")


def test_pruning_by_time():
    """PyKEEN's own HPO reports what the stopper finds; its steps are marks in time, so that trials are comparable."""
    result = hpo_pipeline(
        **SETTINGS,
        model="DistMult",
        training_loop="BudgetedLCWA",
        training_loop_kwargs={"time_budget": TimeBudget(0.6, clock=Ticking())},
        stopper="timed",
        stopper_kwargs={"seconds": 0.2},
        n_trials=4,
        sampler="random",
        pruner="threshold",
        pruner_kwargs={"lower": 2.0, "n_warmup_steps": 2},  # all are worse, from the second mark on
    )
    for trial in result.study.trials:
        assert trial.state == TrialState.PRUNED
        assert list(trial.intermediate_values) == [1, 2]


def test_a_trial_that_has_had_its_time_is_complete():
    result = hpo_pipeline(
        **SETTINGS,
        model="DistMult",
        training_loop="BudgetedLCWA",
        training_loop_kwargs={"time_budget": TimeBudget(0.3, clock=Ticking())},
        stopper="timed",
        stopper_kwargs={"seconds": 0.1},
        n_trials=2,
        pruner="nop",
    )
    for trial in result.study.trials:
        assert trial.state == TrialState.COMPLETE
        assert list(trial.intermediate_values) == [1, 2]
