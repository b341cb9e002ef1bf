"""The command ``words``."""

import json
import re

import pytest
import torch
from click.testing import CliRunner
from pykeen.datasets import Nations

from pykeen_conj_hale.cli import main
from pykeen_conj_hale.locks import only_writer
from pykeen_conj_hale.text.words import read_vectors


def invoke(*arguments, code=0):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Nations, in which uk and usa are in no triple of training."""
    folder = tmp_path_factory.mktemp("nations")
    factory = Nations().training
    triples = factory.triples
    unseen = [bool({h, t} & {"uk", "usa"}) for h, _, t in triples]
    for name, chosen in {
        "train": [t for t, u in zip(triples, unseen, strict=True) if not u][50:],
        "valid": [t for t, u in zip(triples, unseen, strict=True) if u][:40],
        "test": [t for t, u in zip(triples, unseen, strict=True) if u][40:80]
        + [t for t, u in zip(triples, unseen, strict=True) if not u][:50],
    }.items():
        (folder / f"{name}.txt").write_text("\n".join("\t".join(map(str, triple)) for triple in chosen))
    sides = ["west", "east", "south"]
    texts = [f"{label}\t{label}\ta state in the {sides[i % 3]}" for i, label in enumerate(factory.entity_to_id)]
    (folder / "texts.tsv").write_text("\n".join(["entity\tname\ttext", *texts]))
    return folder


def arguments(folder, out):
    return (
        "words", folder, "--texts", folder / "texts.tsv", "--text-columns", "1,2", "--header", "drop", "-o", out,
        "--dim", 8, "--epochs", 2, "--prefix-fields", "0", "--own",
    )  # fmt: skip


def test_from_triples_and_texts_to_metrics_and_vectors(folder, tmp_path):
    out = tmp_path / "out"
    output = invoke(
        *arguments(folder, out), "--neighbours", "cuba", "--neighbours", "atlantis", "--options", '{"num_matrices": 3}'
    )
    metrics = json.loads((out / "metrics.json").read_text())
    assert {name: group["triples"] for name, group in metrics["testing"].items()} == {
        "seen": 50,
        "unseen": 40,
        "all": 90,
    }
    assert {name: group["triples"] for name, group in metrics["validation"].items()} == {"unseen": 40, "all": 40}
    testing = metrics["testing"]
    mean = (50 * testing["seen"]["mrr"] + 40 * testing["unseen"]["mrr"]) / 90
    assert testing["all"]["mrr"] == pytest.approx(mean)
    assert f"{testing['unseen']['mrr']:.3f}" in output
    assert "atlantis: unknown" in output
    assert "state" in read_vectors(out / "word_vectors.txt").words
    model = torch.load(out / "trained_model.pkl", weights_only=False)
    assert model.interaction.matrices.shape == (3, 8, 8)
    assert model.num_trained == 12
    written = json.loads((out / "results.json").read_text())
    assert written["metrics"]["both"]["realistic"]["inverse_harmonic_mean_rank"] == pytest.approx(testing["all"]["mrr"])
    assert "there already" in invoke(*arguments(folder, out), code=2)


def test_epochs_are_those_that_were_typed(folder, tmp_path):
    """PyKEEN's own number of epochs, too, which the loop takes for none at all where nobody tells."""
    out = tmp_path / "out"
    invoke(*arguments(folder, out), "--epochs", 5)
    assert len(json.loads((out / "results.json").read_text())["losses"]) == 5
    assert "'own_drop', which TextEntities" in invoke(
        *arguments(folder, tmp_path / "other"), "--options", '{"own_drop": 1}', code=2
    )
    assert "'own_drop=1' must be a mapping in JSON" in invoke(
        *arguments(folder, tmp_path / "other"), "--options", "own_drop=1", code=2
    )


def test_labels_that_differ_in_white_space_only(folder, tmp_path, caplog):
    """A text file of vectors cannot tell them apart: all else is written."""
    for name in ("train.txt", "valid.txt", "test.txt", "texts.tsv"):
        text = (folder / name).read_text().replace("cuba", "new york").replace("china", "new_york")
        (tmp_path / name).write_text(text)
    out = tmp_path / "out"
    out.mkdir()
    (out / "word_vectors.txt").write_text("of an earlier run")
    invoke(*arguments(tmp_path, out), "--force")
    assert (out / "metrics.json").is_file()
    assert (out / "trained_model.pkl").is_file()
    assert not (out / "word_vectors.txt").exists()
    assert "No word_vectors.txt: Some tokens would be the same in the file: ['ENTITY/new_york']" in caplog.text


@pytest.mark.parametrize("option", ["--vectors", "--texts"])
def test_an_input_is_never_written_to(folder, tmp_path, option):
    """What one run has written may be what the next one begins with, but not in the same place."""
    vectors = tmp_path / "out" / "word_vectors.txt"
    vectors.parent.mkdir()
    vectors.write_text("state 0.1 0.2\n")
    shown = invoke(*arguments(folder, vectors.parent), option, vectors, "--force", code=2)
    assert "is an input, too, and would be lost" in shown
    assert vectors.read_text() == "state 0.1 0.2\n"


def test_a_folder_that_another_run_writes_to(folder, tmp_path, monkeypatch):
    """The second run is told at the start."""
    monkeypatch.setattr("pykeen_conj_hale.locks.WAIT_SECONDS", 0.0)
    monkeypatch.setattr("pykeen_conj_hale.text.words.run.pipeline", None)  # training would be an error
    with only_writer(tmp_path / "out" / "results.json"):
        for force in ((), ("--force",)):
            assert "is in use by process" in invoke(*arguments(folder, tmp_path / "out"), *force, code=2)


def test_what_is_in_options_goes_before_defaults_and_is_said_once(folder, tmp_path):
    plain = ("words", folder, "--texts", folder / "texts.tsv", "--header", "drop", "--epochs", 1)
    options = ("--options", '{"embedding_dim": 6, "own": true}')
    invoke(*plain, "-o", tmp_path / "a", *options)
    assert (tmp_path / "a" / "word_vectors.txt").read_text().split("\n")[0].endswith(" 6")
    for given in (("--dim", 6), ("--own",), ("--no-own",)):
        assert "is in --options, and" in invoke(*plain, "-o", tmp_path / "b", *options, *given, code=2)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"texts": "texts.tsv"}, "texts is in --options, .* say it by --texts"),
        ({"text_columns": [1]}, "text_columns is in --options, .* say it by --text-columns"),
        ({"header": "drop"}, "header is in --options, .* say it by --header"),
        ({"quoting": False}, "quoting is in --options, .* say it by --quoting or --no-quoting"),
    ],
)
def test_how_texts_are_read_is_not_said_in_options(folder, tmp_path, options, says):
    out = tmp_path / "out"
    assert re.search(says, invoke(*arguments(folder, out), "--options", json.dumps(options), code=2))
    assert not out.exists()


def test_bad_options(folder, tmp_path):
    for option, value, says in [
        ("--text-columns", "a", "must be whole numbers"),
        ("--options", "[1]", "must be a mapping in JSON"),
        ("--options", "{", "--options"),
        ("--header", "error", "a header"),
        ("--base", "NoModel", "base='NoModel' is unknown"),
        ("--seed", -1, "--seed"),
        ("--seed", 2**32, "--seed"),
        ("--text-columns", "1,7", "none of number [7]"),
    ]:
        assert says in invoke(*arguments(folder, tmp_path / "none"), option, value, code=2)
    # but for hidden files, which say who writes there
    assert not list((tmp_path / "none").glob("[!.]*"))
