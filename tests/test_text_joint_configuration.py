"""Configurations of joint runs: what is wrong is named before any work."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pykeen_conj_hale.text.corpus import count_text
from pykeen_conj_hale.text.joint_configuration import check_configuration, read_configuration

GOOD = {
    "metadata": {"title": "a run"},
    "cooccurrence": {
        "documents": ["corpus.txt"],
        "descriptions": "glosses.tsv",
        "description_columns": [0, 1],
        "mentions": "mentions.tsv",
        "mention_columns": [0, 1],
        "mention_separator": ", ",
        "held_out": "held_out.txt",
        "header": "drop",
        "quoting": True,
        "window": 5,
        "context": "left",
        "min_count": 1,
        "max_vocab": 10,
        "description_weight": 2.5,
        "ambiguous": "first",
        "use_tqdm": False,
    },
    "pipeline": {
        "dataset": "nations",
        "dataset_kwargs": {"create_inverse_triples": True},
        "model": "JointGloVe",
        "model_kwargs": {"base": "RotE", "embedding_dim": 8},
        "loss": "HaLE",
        "training_loop": "QuerySampling",
        "training_kwargs": {"num_epochs": 1},
    },
}


def changed(*path, value):
    configuration = copy.deepcopy(GOOD)
    part = configuration
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    return configuration


def test_a_good_one():
    check_configuration(GOOD)
    more = {"optimizer_kwargs": None, "negative_sampler": "basic", "result_tracker": "csv"}
    check_configuration({"pipeline": {**GOOD["pipeline"], **more}, "metadata": None})


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ([], r"the configuration=\[\] is not allowed: it must be a mapping"),
        (None, "the configuration=None"),
        ({"metadata": {}}, "there is no part `pipeline`"),
        (changed("pipeline", value=[1]), r"pipeline=\[1\] is not allowed"),
        (changed("metadata", value="title"), "metadata='title' is not allowed"),
        (changed("metadata", value={"date": {1}}), "JSON has no such values"),
        (changed("cooccurrence", value=["corpus.txt"]), r"cooccurrence=\['corpus.txt'\] is not allowed"),
        (changed("cooccurrence", "descriptions", value=5), r"cooccurrence\.descriptions=5"),
        (changed("cooccurrence", "documents", value=[1]), r"cooccurrence\.documents=\[1\]"),
        (changed("cooccurrence", "held_out", value=None), r"cooccurrence\.held_out=None"),
        (changed("pipeline", "model_kwargs", value="TransE"), "model_kwargs='TransE' is not allowed"),
        (changed("pipeline", "training_kwargs", value=3), "training_kwargs=3 is not allowed"),
        (changed("pipeline", "model_kwargs", value={"base": 3}), "base=3 is unknown"),
        (changed("pipeline", "model_kwargs", value=None), "base=None"),
        (changed("pipeline", "loss", value="Hale!?x"), "loss='Hale!.x' is unknown"),
        (changed("pipeline", "dataset", value="moons"), "dataset='moons' is unknown"),
        (changed("pipeline", "negative_sampler", value="bascc"), "negative_sampler='bascc' is unknown"),
        (changed("pipeline", "result_tracker", value="cvs"), "result_tracker='cvs' is unknown"),
        # PyKEEN looks up every text as a name
        (changed("pipeline", "dataset", value=__file__), "dataset=.* is unknown"),
        (changed("pipeline", "model_kwargs", value={"base": "RotE", "dim": 3}), "model_kwargs has 'dim', which"),
        (changed("pipeline", "epoch", value=3), r"pipeline has \['epoch'\], which are no arguments"),
        (
            {"pipeline": {**GOOD["pipeline"], "model_kwargs": {"base": "RotE", "cooccurrence": 3}}},
            r"model_kwargs\.cooccurrence=3",
        ),
    ],
)
def test_what_is_wrong_is_named(configuration, message):
    with pytest.raises(ValueError, match=message):
        check_configuration(configuration)


@pytest.mark.parametrize(
    ("name", "content"),
    [("c.json", "{"), ("c.json", b"\xff{}"), ("c.yaml", "a: [1"), ("c.txt", "{}"), ("c.json", "[]"), ("c.yml", "")],
)
def test_files_that_are_none(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=rf"^'.*{name}'"):
        read_configuration(path)
    with pytest.raises(FileNotFoundError):
        read_configuration(tmp_path / "none.json")


PATHS = [
    *((part,) for part in GOOD),
    *((part, name) for part in GOOD for name in GOOD[part]),
    *(("pipeline", part, name) for part in GOOD["pipeline"] for name in GOOD["pipeline"][part] if "kwargs" in part),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(PATHS), VALUES)
def test_any_value_anywhere_is_taken_or_named(path, value):
    """No error but a ValueError comes out, whatever JSON can hold."""
    configuration = changed(*path, value=value)
    try:
        check_configuration(json.loads(json.dumps(configuration)))
    except ValueError as error:
        assert str(error)  # noqa: PT017 (there may be none)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(set(GOOD["cooccurrence"]) - {"documents", "descriptions", "mentions", "held_out"})), VALUES
)
def test_any_option_is_taken_or_named(tmp_path, name, value):
    (tmp_path / "t.tsv").write_text("a\tb c\nb\tc d\n")
    options = {"min_count": 1, "use_tqdm": False, "descriptions": tmp_path / "t.tsv", "mentions": tmp_path / "t.tsv"}
    try:
        count_text(**{**options, name: value})
    except ValueError as error:
        assert name in str(error) or "t.tsv" in str(error) or "occur together" in str(error)  # noqa: PT017
