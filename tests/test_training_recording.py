"""What is trained is told to trackers: those that refuse another value of a name hear one only."""

import logging

from pykeen.trackers import MultiResultTracker, PythonResultTracker, ResultTracker
from pykeen.utils import flatten_dictionary

from pykeen_conj_hale.training.recording import record


class Refusing(ResultTracker):
    """As MLflow and Weights & Biases do."""

    def __init__(self):
        self.params = {}

    def log_params(self, params, prefix=None):
        for name, value in flatten_dictionary(params, prefix=prefix).items():
            assert self.params.setdefault(name, value) == value, f"{name} is {self.params[name]} already"


def test_a_value_that_changes_ends_no_training(caplog):
    own, refusing = PythonResultTracker(), Refusing()
    tracker = MultiResultTracker([own, refusing])
    caplog.set_level(logging.INFO, logger="pykeen_conj_hale")
    record(tracker, dict(training_loop_kwargs=dict(threads=1), batch_size=256))
    record(tracker, dict(training_loop_kwargs=dict(threads=1)))
    assert not caplog.text
    record(tracker, dict(training_loop_kwargs=dict(threads=2)))
    assert own.configuration == dict(training_loop_kwargs=dict(threads=2), batch_size=256)
    assert refusing.params == {"trained.training_loop_kwargs.threads": 1, "trained.batch_size": 256}
    assert "Refusing keeps its first values of trained.training_loop_kwargs.threads" in caplog.text
    # another tracker hears its own first value
    other = Refusing()
    record(MultiResultTracker([other]), dict(training_loop_kwargs=dict(threads=2)))
    assert other.params == {"trained.training_loop_kwargs.threads": 2}
