"""Databases: transactions exclude each other on SQLite, too; no password is in an error."""

import pickle
import threading
import traceback

import optuna
import pytest
from optuna.storages import RDBStorage, get_storage
from optuna.trial import TrialState
from sqlalchemy import event

from pykeen_conj_hale.hpo import make_storage


def of_ours(url):
    return make_storage(url)


def of_the_user(url):
    return make_storage(RDBStorage(url))


def of_the_user_with_a_cache(url):
    return make_storage(get_storage(url))


def from_a_pickle(url):
    return pickle.loads(pickle.dumps(make_storage(url)))


@pytest.mark.parametrize("make", [of_ours, of_the_user, of_the_user_with_a_cache, from_a_pickle])
def test_a_trial_is_handed_out_once(make, tmp_path):
    """Another worker tries to take the trial between the reading of its state and the writing."""
    url = f"sqlite:///{tmp_path}/study.db"
    first, second = make(url), make(url)
    study = optuna.create_study(storage=first, study_name="s")
    study.enqueue_trial({})
    (trial,) = study.trials
    taken = {}
    thread = threading.Thread(
        target=lambda: taken.update(second=second.set_trial_state_values(trial._trial_id, TrialState.RUNNING))
    )

    def interfere(connection, cursor, statement, *args):
        if statement.startswith("UPDATE trials") and not thread.ident:
            thread.start()
            thread.join(timeout=1)

    event.listen(getattr(first, "_backend", first).engine, "before_cursor_execute", interfere)
    taken["first"] = first.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
    thread.join()
    assert taken == {"first": True, "second": False}


def test_two_instances_listen_once(tmp_path):
    storage = make_storage(RDBStorage(f"sqlite:///{tmp_path}/study.db"))
    statements = []
    event.listen(storage.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    make_storage(make_storage(storage)).get_all_studies()
    assert statements[0] == "BEGIN IMMEDIATE"
    assert statements.count("BEGIN IMMEDIATE") == 1


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secretpw@127.0.0.1:1/x",
        "postgresql+psycopg://u:secretpw@127.0.0.1:1/x",
        "postgresql+psycopg://u:secretpw@127.0.0.1:port/x",
        "postgresql+psycopg://u@127.0.0.1:1/x?password=secretpw",
        "postgresql+psycopg://u:{secretpw}@127.0.0.1:1/x",
        "postgresql+psycopg://u:se@secretpw@127.0.0.1:1/x",
        "foo://u:secretpw@host/x",
        "postgresql:u:secretpw@host/x",
        "u:secretpw@host",
    ],
)
def test_no_password_in_an_error(url, caplog, capfd):
    with pytest.raises(ValueError, match=r"storage='.*\*\*\*@?.*' (cannot be opened|is unknown)") as caught:
        make_storage(url)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    errors = "".join(line for line in shown.splitlines() if "secretpw" in line)
    assert errors == ""


def test_no_password_in_what_an_open_database_shows(tmp_path):
    storage = make_storage(f"sqlite:///{tmp_path}/study.db?password=secretpw")
    study = optuna.create_study(storage=storage, study_name="s")
    assert "secretpw" not in repr(storage) + str(storage) + repr(study) + repr(study.trials)


def test_braces_in_a_password_are_no_template(tmp_path):
    storage = make_storage(f"sqlite:///{tmp_path}/a{{b}}c.db")
    storage.get_all_studies()
    assert (tmp_path / "a{b}c.db").exists()
