"""Ctrl-C between two steps: noted, raised there, never lost; twice, at once."""

import contextlib
import os
import signal

from pykeen_conj_hale.reproduce.interrupt import Interruption


def press():
    os.kill(os.getpid(), signal.SIGINT)


def listen(interruption, *actions):
    """Do things, and return those that were done."""
    done = []
    with contextlib.suppress(KeyboardInterrupt), interruption.listening():
        for action in actions:
            action()
            done.append(action)
        return done, False
    return done, True


def test_it_is_raised_before_the_next_step(caplog):
    interruption, before = Interruption(), signal.getsignal(signal.SIGINT)
    done, raised = listen(interruption, interruption.pre_batch, press, dict, interruption.pre_batch, list)
    assert raised
    assert done == [interruption.pre_batch, press, dict]
    assert "once more to end at once" in caplog.text
    assert signal.getsignal(signal.SIGINT) is before


def test_without_a_further_step_it_is_raised_at_the_end():
    assert listen(Interruption(), press, dict) == ([press, dict], True)


def test_the_second_time_it_is_raised_at_once():
    assert listen(Interruption(), press, press, dict) == ([press], True)


def test_nothing_happens_without_it():
    with Interruption().listening():
        pass
