"""The whole job: train on files, load, predict, measure, export; and what is refused before time is spent."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import DistMult
from pykeen.pipeline import pipeline
from pykeen.triples import CoreTriplesFactory, TriplesFactory

from pykeen_conj_hale import __version__
from pykeen_conj_hale.embeddings import load_embeddings
from pykeen_conj_hale.locks import FileInUseError, only_writer
from pykeen_conj_hale.nn import NonFiniteScoreError
from pykeen_conj_hale.training import TimedStopper
from pykeen_conj_hale.workflow import UnknownLabelError, load, train_triples
from pykeen_conj_hale.workflow.earlier import EARLIER, EarlierTraining
from pykeen_conj_hale.workflow.folder import ModelFolder
from pykeen_conj_hale.workflow.labels import look_up
from pykeen_conj_hale.workflow.measuring import BASELINE
from pykeen_conj_hale.workflow.pictures import draw_map
from pykeen_conj_hale.workflow.predicting import Question, predict, read_questions
from pykeen_conj_hale.workflow.results import _say_if_too_short, _say_if_trivial
from pykeen_conj_hale.workflow.tracking import CURVE, CurveTracker, read_curve

SECONDS = 0.5


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Write Nations as three files; a country is called 007, another NaN."""
    folder, dataset = tmp_path_factory.mktemp("nations"), Nations()
    for name, split in (("train", dataset.training), ("valid", dataset.validation), ("test", dataset.testing)):
        triples = split.label_triples(split.mapped_triples)
        triples = np.where(triples == "uk", "007", np.where(triples == "cuba", "NaN", triples))
        (folder / f"{name}.txt").write_text("".join("\t".join(triple) + "\n" for triple in triples.tolist()))
    return folder


@pytest.fixture(scope="module")
def trained(source, tmp_path_factory):
    return train_triples(source, tmp_path_factory.mktemp("trained") / "model", seconds=SECONDS, use_tqdm=False)


@pytest.fixture
def model_copy(trained, tmp_path):
    """Copy the trained model: to be replaced, or not."""
    return Path(shutil.copytree(trained.path, tmp_path / "copy"))


def known_triples(trained):
    return {
        tuple(x) for factory in trained.splits.values() for x in factory.label_triples(factory.mapped_triples).tolist()
    }


def test_what_is_loaded_is_what_was_trained(trained, source):
    again = load(trained.path, device="cpu")
    pickled = torch.load(trained.path / "pykeen" / "trained_model.pkl", weights_only=False)
    for model in (again.model, pickled):
        state = model.state_dict()
        assert state.keys() == trained.model.state_dict().keys()
        assert all(torch.equal(state[name], value) for name, value in trained.model.state_dict().items())
    assert {"007", "NaN"} <= set(again.training.entity_to_id)
    lines = (source / "train.txt").read_text().splitlines()
    assert (trained.path / "triples" / "train.txt").read_text().splitlines() == lines


def test_metrics_are_pykeens(trained):
    result = RankBasedEvaluator().evaluate(
        trained.model,
        trained.splits["testing"].mapped_triples,
        additional_filter_triples=[factory.mapped_triples for factory in trained.splits.values()],
        batch_size=64,
        use_tqdm=False,
    )
    names = {"MRR": "inverse_harmonic_mean_rank", "Hits@10": "hits_at_10", "mean rank": "arithmetic_mean_rank"}
    found = trained.evaluate().loc["ConjComplEx"]
    for name, theirs in names.items():
        assert found[name] == pytest.approx(result.get_metric(f"both.realistic.{theirs}"))
    assert trained.metrics["test"] == pytest.approx(found.to_dict())
    pd.testing.assert_frame_equal(trained.test_metrics, trained.evaluate())


def test_the_baseline_counts_answers(trained):
    """Against a plain count: rank by the number of training triples of the relation, ties by their mean."""
    triples = known_triples(trained)
    train = trained.training.label_triples(trained.training.mapped_triples).tolist()
    tests = trained.splits["testing"].label_triples(trained.splits["testing"].mapped_triples).tolist()
    reciprocal = []
    for h, r, t in tests:
        for side, true in ((0, h), (2, t)):
            counts = dict.fromkeys(trained.training.entity_to_id, 0)
            for triple in train:
                counts[triple[side]] += triple[1] == r
            for other in counts.copy():
                if other != true and ((other, r, t) if side == 0 else (h, r, other)) in triples:
                    del counts[other]
            better = sum(count > counts[true] for count in counts.values())
            ties = sum(count == counts[true] for count in counts.values())
            reciprocal.append(1 / (better + (1 + ties) / 2))
    assert trained.metrics[BASELINE]["MRR"] == pytest.approx(np.mean(reciprocal), rel=1e-5)


@pytest.mark.parametrize("asked", ["head", "relation", "tail"])
def test_predictions_are_the_models_scores(trained, asked):
    given = {"head": "brazil", "relation": "embassy", "tail": "007"}
    del given[asked]
    found = trained.predict(**given, top=1_000)
    training = trained.training
    labels = training.relation_to_id if asked == "relation" else training.entity_to_id
    assert set(found[asked]) == set(labels)  # each once: no inverse relations
    ids = [
        [training.entity_to_id[h], training.relation_to_id[r], training.entity_to_id[t]]
        for h, r, t in found[["head", "relation", "tail"]].itertuples(index=False)
    ]
    triples = torch.as_tensor(ids)
    if asked == "head":  # by the inverse relation, as heads are evaluated
        scores = trained.model.predict_h(triples[:1, 1:])[0, triples[:, 0]]
    else:
        scores = trained.model.predict_hrt(triples)[:, 0]
    np.testing.assert_allclose(found["score"], scores.detach().numpy(), rtol=1e-4, atol=1e-5)
    assert found["score"].is_monotonic_decreasing
    assert found["rank"].tolist() == list(range(1, len(found) + 1))
    known = known_triples(trained)
    assert found["known"].tolist() == [
        t in known for t in found[["head", "relation", "tail"]].itertuples(index=False, name=None)
    ]
    rest = trained.predict(**given, top=1_000, known="drop")
    assert rest[asked].tolist() == found.loc[~found["known"], asked].tolist()


def test_many_questions_are_answered_as_one(trained, tmp_path):
    (tmp_path / "q.txt").write_text("brazil\tembassy\t?\n?\tembassy\t007\nbrazil\t?\t007\nNaN\tembassy\t?\n")
    questions = read_questions(tmp_path / "q.txt")
    found = trained.predict_all(questions, top=3)
    for number, question in enumerate(questions):
        one = trained.predict(**question._asdict(), top=3)
        mine = found[found["question"] == number].drop(columns="question").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, one, rtol=1e-4)
    (tmp_path / "q.txt").write_text("brazil\tembassy\t?\nbrazil\tembassy\tusa\n")
    with pytest.raises(ValueError, match=r"q\.txt, line 2: expected '\?' for one of"):
        read_questions(tmp_path / "q.txt")


def test_labels_are_text(trained):
    """The number 7 is not the label 007, and none is looked for by its digits."""
    with pytest.raises(UnknownLabelError, match="entity=7 is not allowed: labels are text, as '7'"):
        trained.predict(head=7, relation="embassy")
    with pytest.raises(UnknownLabelError, match="entity=7 is not allowed"):
        trained.neighbours(7)


def test_labels_are_found_in_any_form_of_unicode(tmp_path):
    """One form of a label looks like the other one, in the error, too."""
    nfc, nfd = (unicodedata.normalize(form, "São Tomé") for form in ("NFC", "NFD"))
    names = [nfd, *(f"n{i}" for i in range(5))]
    lines = [f"{one}\té\t{other}\n" for one in names for other in names if one != other]
    (tmp_path / "t.tsv").write_text("".join(lines), encoding="utf-8")
    trained = train_triples(tmp_path / "t.tsv", tmp_path / "m", seconds=0.05, use_tqdm=False)
    relation = unicodedata.normalize("NFD", "é")
    answers = trained.predict(head=nfc, relation=relation)
    pd.testing.assert_frame_equal(answers, trained.predict(head=nfd, relation="é"))
    assert set(answers["head"]) == {nfd}
    pd.testing.assert_frame_equal(trained.neighbours(nfc), trained.neighbours(nfd))
    (tmp_path / "further.tsv").write_text(f"{nfc}\t{relation}\tn0\n", encoding="utf-8")
    assert trained.read(tmp_path / "further.tsv").mapped_triples[0, 0] == trained.training.entity_to_id[nfd]
    # both forms in one graph: each is itself
    assert [look_up("entity", label, {nfc: 0, nfd: 1}) for label in (nfc, nfd)] == [0, 1]


def test_wrong_questions(trained):
    with pytest.raises(UnknownLabelError, match=r"entity='Brasil' is unknown .* did you mean 'brazil'"):
        trained.predict(head="Brasil", relation="embassy")
    with pytest.raises(UnknownLabelError, match=r"relation='embasy' .* 'embassy'"):
        trained.predict_all([Question("brazil", "embasy", None)])
    known = Question("brazil", "embassy", None)
    with pytest.raises(UnknownLabelError, match=r"^questions\[2\]: entity='Brasil' is unknown"):
        trained.predict_all([known, known, Question("Brasil", "embassy", None), known])
    with pytest.raises(ValueError, match=r"^questions\[1\]: A question gives two"):
        trained.predict_all([known, Question("brazil", None, None)])
    with pytest.raises(UnknownLabelError, match=r"no label looks like it"):
        trained.neighbours("xxxxxxxx")
    with pytest.raises(ValueError, match=r"gives two of head, relation and tail"):
        trained.predict(head="brazil")
    with pytest.raises(ValueError, match="top=0"):
        trained.predict(head="brazil", relation="embassy", top=0)
    with pytest.raises(ValueError, match="known='hide'"):
        trained.predict(head="brazil", relation="embassy", known="hide")


def test_nan_is_no_answer():
    """Of PyKEEN's own models, which do not look: the answers were left out, and the table was empty."""
    training = Nations().training
    model = DistMult(triples_factory=training, random_seed=0, embedding_dim=4)
    with torch.no_grad():
        model.entity_representations[0]._embeddings.weight[:5] = np.nan
    with pytest.raises(NonFiniteScoreError):
        predict(model, training, [Question("brazil", "embassy", None)])


def test_neighbours_are_nearest(trained):
    weight = torch.view_as_real(trained.model.entity_representations[0]()).flatten(1).detach()
    x = trained.training.entity_to_id["brazil"]
    cosine = torch.nn.functional.cosine_similarity(weight, weight[x], dim=1)
    cosine[x] = -2
    best = cosine.topk(3)
    found = trained.neighbours("brazil", top=3)
    assert [trained.training.entity_to_id[label] for label in found["entity"]] == best.indices.tolist()
    np.testing.assert_allclose(found["cosine"], best.values, rtol=1e-5)


def test_evaluation_on_other_triples(trained, tmp_path, caplog):
    (tmp_path / "t.csv").write_text("subject,predicate,object\nbrazil,embassy,007\nbrazil,embassy,atlantis\n")
    triples = trained.read(tmp_path / "t.csv")
    assert triples.num_triples == 1
    assert (
        "1 of 2 triples have a label that the model does not know, as ['brazil', 'embassy', 'atlantis']" in caplog.text
    )
    assert trained.evaluate(triples)["MRR"].between(0, 1).all()
    (tmp_path / "t.csv").write_text("subject,predicate,object\nbrazil,embassy,atlantis\n")
    with pytest.raises(ValueError, match="no triple whose three labels are all known"):
        trained.read(tmp_path / "t.csv")


def test_evaluation_on_training_triples_is_said(trained, tmp_path, caplog):
    triples = trained.training.label_triples(trained.training.mapped_triples[:2]).tolist()
    lines = ["\t".join(triple) for triple in [["brazil", "embassy", "atlantis"], *triples]]
    (tmp_path / "t.tsv").write_text("\n".join(lines))
    trained.read(tmp_path / "t.tsv")
    assert f"2 of 3 triples are in training, as {triples[0]}: figures on them are too good" in caplog.text


def test_triples_with_other_ids_are_not_ranked(trained):
    testing = trained.splits["testing"]
    labels = testing.label_triples(testing.mapped_triples)
    same = dict(entity_to_id=testing.entity_to_id, relation_to_id=testing.relation_to_id)
    expected = trained.evaluate()
    pd.testing.assert_frame_equal(trained.evaluate(TriplesFactory.from_labeled_triples(labels, **same)), expected)
    core = CoreTriplesFactory(testing.mapped_triples, testing.num_entities, testing.num_relations)
    pd.testing.assert_frame_equal(trained.evaluate(core), expected)
    for other in (
        TriplesFactory.from_labeled_triples(labels[:50]),
        CoreTriplesFactory(testing.mapped_triples, testing.num_entities + 1, testing.num_relations),
    ):
        with pytest.raises(ValueError, match="triples have other ids than the model"):
            trained.evaluate(other)
    with pytest.raises(ValueError, match=r"triples='t\.tsv' is not allowed: it must be a factory"):
        trained.evaluate("t.tsv")


def test_exported_vectors(trained, tmp_path):
    weight = torch.view_as_real(trained.model.entity_representations[0]()).flatten(1).detach().numpy()
    for file_format, name, separator in (("word2vec", "v.txt", " "), ("tsv", "v.tsv", "\t")):
        lines = trained.export(tmp_path / name, file_format).read_text().splitlines()
        rows = [line.split(separator) for line in (lines[1:] if file_format == "word2vec" else lines)]
        assert [row[0] for row in rows] == list(trained.training.entity_to_id)
        np.testing.assert_array_equal(np.array([row[1:] for row in rows], dtype=np.float32), weight)
    with pytest.raises(FileExistsError, match="force"):
        trained.export(tmp_path / "v.txt", "word2vec")
    with pytest.raises(ValueError, match="file_format='gif' is unknown"):
        trained.export(tmp_path / "v.gif", "gif")
    assert load_embeddings(trained.path / "vectors.safetensors").labels["entity"] == list(trained.training.entity_to_id)


def test_an_export_replaces_nothing_of_the_model(model_copy):
    trained, before = load(model_copy), files_of(model_copy)
    for name in ("entities.tsv", "weights.pt", "triples/train.txt", "pykeen/trained_model.pkl"):
        with pytest.raises(ValueError, match="is an input, too, and would be lost"):
            trained.export(model_copy / name, "tsv", force=True)
    assert files_of(model_copy) == before


def test_an_export_to_the_home_folder(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trained.export("~/v.tsv", "tsv") == tmp_path / "v.tsv"
    assert (tmp_path / "v.tsv").exists()


def test_what_cannot_be_drawn_keeps_no_model_from_being_written(source, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("pykeen_conj_hale.workflow.pictures.draw_map", lambda *_: 1 / 0)
    trained = train_triples(source, tmp_path / "m", seconds=0.05, use_tqdm=False)
    page = (trained.path / "report.html").read_text()
    assert "A picture could not be drawn: ZeroDivisionError" in page
    assert "Use it" in page
    assert "The report has not all pictures" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_folders_whose_names_are_no_text(source, tmp_path):
    """As those of old archives: they were found out at the end of the training."""
    folder, odd = tmp_path / os.fsdecode(b"\xe9"), tmp_path / os.fsdecode(b"\xe8")
    shutil.copytree(source, odd)
    trained = train_triples(odd, folder, seconds=0.05, use_tqdm=False)
    assert trained.configuration["source"] == str(tmp_path / "?")
    assert "<h1>?</h1>" in (folder / "report.html").read_text()


def test_the_legend_of_the_map_has_relations_that_begin_with_an_underscore():
    training = TriplesFactory.from_labeled_triples(np.array([["a", "_is", "b"], ["b", "has", "c"]]))
    figure, _ = draw_map(np.eye(3), training)
    assert [text.get_text().strip() for text in figure.legends[0].get_texts()] == ["other", "_is", "has"]


def test_the_report_is_one_page(trained):
    page = (trained.path / "report.html").read_text()
    assert f"{trained.metrics['test']['MRR']:.3f}" in page
    assert page.count("data:image/png;base64,") == 3
    assert "http" not in page


def test_damaged_and_foreign_folders(trained, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"is no folder of a trained model: it has no configuration\.json"):
        load(tmp_path)
    configuration = json.loads((trained.path / "configuration.json").read_text())
    for change, message in (
        ({"version": 99}, "has version 99 of the format, and 1 is needed"),
        ({"format": "x"}, "not written by"),
        ({"pipeline": ...}, "does not say pipeline"),
    ):
        (tmp_path / "configuration.json").write_text(
            json.dumps({name: value for name, value in {**configuration, **change}.items() if value is not ...})
        )
        with pytest.raises(ValueError, match=message):
            load(tmp_path)
    (tmp_path / "configuration.json").write_text("{")
    with pytest.raises(ValueError, match="is no JSON, or damaged"):
        load(tmp_path)


def interrupt(source, output, monkeypatch, validations=1, **arguments):
    """Train until Ctrl-C, which is pressed when some validations are done."""
    look = TimedStopper.look

    def look_and_press_ctrl_c(self, *args, **kwargs):
        if len(self.results) + 1 == validations:
            os.kill(os.getpid(), signal.SIGINT)
        return look(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(TimedStopper, "look", look_and_press_ctrl_c)
        with pytest.raises(KeyboardInterrupt, match="--resume"):
            train_triples(source, output, use_tqdm=False, **arguments)


def settled(curve):
    """Leave out the evaluation at an interruption: the next one takes its place, if it has the same time to be in."""
    return curve[:-1] if len(curve) > 1 else curve


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_interrupted_training_goes_on(source, tmp_path, monkeypatch):
    arguments = dict(seconds=SECONDS, use_tqdm=False, model="DistMult", loss="AllNeg")
    interrupt(source, tmp_path / "m", monkeypatch, seconds=SECONDS, model="DistMult", loss="AllNeg")
    with pytest.raises(FileNotFoundError, match=r"was interrupted.*--resume"):
        load(tmp_path / "m")
    with pytest.raises(FileExistsError, match="--resume"):
        train_triples(source, tmp_path / "m", **arguments)
    one_file = source / "train.txt"
    with pytest.raises(ValueError, match="holds a training on other triples of training"):
        train_triples(one_file, tmp_path / "m", **arguments, resume=True)
    for other, there in (dict(model="RotE"), "DistMult"), (dict(loss="HaLE"), "AllNeg"), (dict(seed=7), "0"):
        ((name, value),) = other.items()
        with pytest.raises(ValueError, match=rf"{name}={value!r}: the training in .* has begun with {name}='?{there}"):
            train_triples(source, tmp_path / "m", **{**arguments, **other}, resume=True)
    for name, value in ("model", "DistMlt"), ("loss", "AllNegg"):
        with pytest.raises(ValueError, match=rf"{name}='{value}' is unknown: did you mean '{value[:5].lower()}"):
            train_triples(source, tmp_path / "m", **{**arguments, name: value}, resume=True)
    first = json.loads((tmp_path / "m" / "training" / "validation.json").read_text())
    trained = train_triples(source, tmp_path / "m", **arguments, resume=True)
    kept = settled(first)
    assert trained.metrics["validation"][: len(kept)] == kept
    assert len(trained.metrics["validation"]) > len(first) > 0
    assert type(trained.model).__name__ == "DistMult"
    assert not (tmp_path / "m" / "training").exists()
    with pytest.raises(ValueError, match="holds a training that has ended"):
        train_triples(source, tmp_path / "m", **arguments, resume=True)


@pytest.mark.parametrize("seconds", [2 * SECONDS, SECONDS / 20])
@pytest.mark.parametrize("has_interval", [True, False])
def test_other_seconds_are_those_in_all(source, tmp_path, monkeypatch, seconds, has_interval):
    """Validation stays where it was, and what is recorded is what was trained."""
    interrupt(source, tmp_path / "m", monkeypatch, validations=3, seconds=SECONDS)
    path = tmp_path / "m" / "configuration.json"
    begun = json.loads(path.read_text())
    assert begun["validation_seconds"] == SECONDS / 20
    if not has_interval:  # the first folders had none
        del begun["validation_seconds"]
        path.write_text(json.dumps({**begun, "package": "0.0.0"}))
    curve = read_curve(tmp_path / "m" / "training" / "validation.json")
    seen, look = set(), TimedStopper.look

    def look_and_note(self, *args, **kwargs):
        seen.add((self.seconds, self.patience))
        return look(self, *args, **kwargs)

    monkeypatch.setattr(TimedStopper, "look", look_and_note)
    trained = train_triples(source, tmp_path / "m", seconds=seconds, use_tqdm=False, resume=True)
    found = trained.configuration
    assert found["seconds"] == found["pipeline"]["training_loop_kwargs"]["time_budget"] == seconds
    assert (found["validation_seconds"], found["package"]) == (SECONDS / 20, __version__)
    validation, trained_seconds = trained.metrics["validation"], trained.metrics["training"]["seconds"]
    assert len(curve) >= 3
    kept = settled(curve) if seconds > SECONDS else curve
    assert validation[: len(kept)] == kept
    if seconds > SECONDS:
        assert seen == {(SECONDS / 20, 20)}
        assert len(validation) > len(curve)
        assert trained_seconds > SECONDS
    else:  # they were spent before
        assert seen <= {(SECONDS / 20, 1)}
        assert validation == curve
        assert seconds < trained_seconds < SECONDS


def test_a_training_that_was_killed_before_it_began_goes_on(source, tmp_path, monkeypatch):
    """The configuration is written first, so that the folder is known to be ours."""
    with monkeypatch.context() as patch:
        patch.setattr(ModelFolder, "write_splits", lambda *args: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            train_triples(source, tmp_path / "m", seconds=0.1, use_tqdm=False)
    assert [path.name for path in (tmp_path / "m").iterdir() if path.name[0] != "."] == ["configuration.json"]
    trained = train_triples(source, tmp_path / "m", seconds=0.1, use_tqdm=False, resume=True)
    assert len(trained.metrics["validation"]) > 0


def test_what_does_not_go_on_leaves_the_curve(source, tmp_path, monkeypatch):
    interrupt(source, tmp_path / "m", monkeypatch, validations=3, seconds=SECONDS)
    before = files_of(tmp_path / "m")
    monkeypatch.setattr("pykeen_conj_hale.workflow.run.pipeline", lambda **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train_triples(source, tmp_path / "m", seconds=7 * SECONDS, use_tqdm=False, resume=True)
    # the seconds that were asked for are kept, and nothing else
    configuration, after = tmp_path / "m" / "configuration.json", files_of(tmp_path / "m")
    begun = json.loads(before.pop(configuration))
    assert json.loads(after.pop(configuration)) == {**begun, "seconds": 7 * SECONDS}
    assert after == before


def test_without_seconds_it_goes_on_for_those_asked_for_before(source, tmp_path, monkeypatch):
    """Also where it was interrupted twice: the default of a new training would end it, or nearly never."""
    interrupt(source, tmp_path / "m", monkeypatch, seconds=SECONDS)
    interrupt(source, tmp_path / "m", monkeypatch, validations=5, seconds=2 * SECONDS, resume=True)
    trained = train_triples(source, tmp_path / "m", use_tqdm=False, resume=True)
    assert trained.configuration["seconds"] == 2 * SECONDS
    assert trained.metrics["training"]["seconds"] > SECONDS


def test_results_whose_writing_was_interrupted(source, tmp_path, monkeypatch, caplog):
    """The training is over, and does no further step."""
    with monkeypatch.context() as patch:
        patch.setattr("pykeen_conj_hale.workflow.run.write_results", lambda *_: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt, match="--resume"):
            train_triples(source, tmp_path / "m", seconds=SECONDS, use_tqdm=False)
    trained = train_triples(source, tmp_path / "m", seconds=SECONDS, use_tqdm=False, resume=True)
    facts = trained.metrics["training"]
    assert facts["triples_per_second"] is None
    assert facts["steps"] > 0
    assert facts["seconds"] > 0
    # an epoch that was cut off is none
    assert (facts["epochs"] == 0) == ("has not seen each triple once" in caplog.text)
    assert (tmp_path / "m" / "report.html").exists()


def test_a_validation_has_one_point(tmp_path):
    """A killed training does again what came after its last checkpoint."""
    names = list(CURVE.values())
    for seconds in ((1.01, 2.02), (2.01, 3.03)):
        tracker = CurveTracker(tmp_path / "curve.json", interval=1.0)
        for step, second in enumerate(seconds):
            tracker.log_metrics({names[0]: second}, step=step)
            tracker.log_metrics(dict.fromkeys(names[1:], second / 10), step=step)
    assert [point[0] for point in read_curve(tmp_path / "curve.json")] == [1.01, 2.01, 3.03]


@pytest.mark.slow
def test_killed_training_goes_on(source, tmp_path):
    """SIGKILL leaves no time to write anything: what counts is the last checkpoint."""
    folder = tmp_path / "m"
    checkpoint = folder / "training" / "checkpoint.pt"
    command = [
        sys.executable,
        "-m",
        "pykeen_conj_hale",
        "train",
        source,
        "-o",
        folder,
        "--seconds",
        "8",
        "--no-progress",
    ]

    first = None
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        # the first one is written before the first step
        while process.poll() is None and (first is None or checkpoint.stat().st_mtime_ns == first):
            time.sleep(0.05)
            if first is None and checkpoint.is_file():
                first = checkpoint.stat().st_mtime_ns
        process.kill()
    assert process.returncode == -signal.SIGKILL
    before = json.loads((folder / "training" / "validation.json").read_text())
    with pytest.raises(FileNotFoundError, match=r"was interrupted.*--resume"):
        load(folder)
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    metrics = load(folder).metrics
    assert metrics["validation"][0] == before[0]
    assert metrics["test"]["MRR"] > 0.3
    assert not checkpoint.exists()


def refuse(error, message, source, output, **kwargs):
    with pytest.raises(error, match=message):
        train_triples(source, output, **{"seconds": SECONDS, "use_tqdm": False, **kwargs})


def test_what_is_refused_before_time_is_spent(source, tmp_path, monkeypatch):
    monkeypatch.setattr("pykeen_conj_hale.workflow.run.pipeline", lambda **kwargs: pytest.fail("it has begun"))
    refuse(ValueError, "seconds=0", source, tmp_path / "m", seconds=0)
    refuse(ValueError, "seed=-1", source, tmp_path / "m", seed=-1)
    refuse(ValueError, "seed=4294967296", source, tmp_path / "m", seed=2**32)
    refuse(
        ValueError, "'CooccurrenceFilteredModel' has no vectors", source, tmp_path / "m0", model="CooccurrenceFiltered"
    )
    for device in ("abacus", "meta", "mps:7", "cuda:99", 0):
        refuse(ValueError, f"device={device!r}", source, tmp_path / "m", device=device)
    for name in ("force", "resume", "use_tqdm"):
        refuse(ValueError, f"{name}='false' is not allowed", source, tmp_path / "m", **{name: "false"})
    refuse(ValueError, "model='Nope'", source, tmp_path / "m0", model="Nope")
    refuse(ValueError, "force and resume exclude", source, tmp_path / "m", force=True, resume=True)
    refuse(FileNotFoundError, "no folder of a trained model", source, tmp_path / "m", resume=True)
    refuse(ValueError, "is in the input", source, source / "m")
    refuse(ValueError, "is the input", source, source)
    refuse(ValueError, "holds the input", source, source.parent)
    refuse(FileNotFoundError, "is no file of triples", tmp_path / "missing", tmp_path / "m1")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    refuse(FileExistsError, r"is not empty \(it has thesis\.txt\)", source, tmp_path / "mine")
    refuse(FileNotFoundError, "no folder of a trained model", source, tmp_path / "mine", force=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"
    refuse(NotADirectoryError, "is a file", source, tmp_path / "mine" / "thesis.txt")
    broken = tmp_path / "broken.tsv"
    broken.write_text("a\tr\tb\na\tr\n")
    refuse(ValueError, r"broken\.tsv, line 2: expected three non-empty columns", broken, tmp_path / "m2")


@pytest.mark.parametrize("epochs_done", [0, 1])
def test_a_training_is_too_short_without_a_whole_epoch(epochs_done, caplog):
    _say_if_too_short(SimpleNamespace(epochs_done=epochs_done, num_steps=3))
    assert ("In 3 steps the training has not seen each triple once" in caplog.text) == (not epochs_done)


def test_force_replaces_an_earlier_training(model_copy, source, caplog):
    (model_copy / "notes.txt").write_text("mine")
    before = load(model_copy)
    again = train_triples(source, model_copy, seconds=0.01, use_tqdm=False, force=True, seed=5)
    assert "has not seen each triple once" in caplog.text
    assert again.metrics["training"]["epochs"] == 0
    assert "(0 whole epochs)" in (model_copy / "report.html").read_text()
    assert (before.configuration["seed"], again.configuration["seed"]) == (0, 5)
    assert (model_copy / "notes.txt").read_text() == "mine"


def test_what_cannot_be_read_replaces_nothing(model_copy, tmp_path):
    before = files_of(model_copy)
    (tmp_path / "broken.tsv").write_text("a\tr\tb\na\tr\n")
    refuse(ValueError, "line 2", tmp_path / "broken.tsv", model_copy, force=True)
    enough = tmp_path / "enough.tsv"
    enough.write_text("".join(f"{i}\tr\t{j}\n" for i in range(6) for j in range(6)))
    refuse(ValueError, "model='Nope'", enough, model_copy, force=True, model="Nope")
    refuse(ValueError, "has no vectors", enough, model_copy, force=True, model="CooccurrenceFiltered")
    assert files_of(model_copy) == before


def test_a_model_that_cannot_be_made_replaces_nothing(model_copy, source, tmp_path):
    """R-GCN takes no inverse triples, which its constructor says."""
    before = files_of(model_copy)
    for output, force in ((model_copy, True), (tmp_path / "new", False)):
        with pytest.raises(Exception, match=r"(?i)inverse"):
            train_triples(source, output, seconds=SECONDS, use_tqdm=False, model="RGCN", force=force)
    assert files_of(model_copy) == before
    assert load(model_copy).configuration["seed"] == 0
    assert train_triples(source, tmp_path / "new", seconds=0.05, use_tqdm=False).path == tmp_path / "new"


@pytest.mark.parametrize("error", [ZeroDivisionError, MemoryError])
def test_a_training_that_fails_at_once_replaces_nothing(error, model_copy, source, monkeypatch, caplog):
    before = files_of(model_copy)

    def fail(**kwargs):
        assert ModelFolder(model_copy).read_configuration()["seed"] == 5
        ModelFolder(model_copy).training.mkdir()
        raise error

    monkeypatch.setattr("pykeen_conj_hale.workflow.run.pipeline", fail)
    refuse(error, "^$", source, model_copy, force=True, seed=5)
    assert files_of(model_copy) == before
    assert f"The earlier training in {model_copy} is as it was" in caplog.text


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_earlier_training_stays_until_the_new_one_has_ended(error, model_copy, source, monkeypatch, caplog):
    """It stays while the new one can go on, and while that one is begun anew."""
    whole, before = pipeline, files_of(model_copy)

    def fail(**kwargs):
        whole(**kwargs)
        raise error

    monkeypatch.setattr("pykeen_conj_hale.workflow.run.pipeline", fail)
    arguments = dict(seconds=0.05, use_tqdm=False)
    for seed in (5, 6):
        with pytest.raises(error):
            train_triples(source, model_copy, force=True, seed=seed, **arguments)
        assert ModelFolder(model_copy).read_configuration()["seed"] == seed
        aside = {
            model_copy / path.relative_to(model_copy / EARLIER): content
            for path, content in files_of(model_copy / EARLIER).items()
        }
        assert aside == before
        assert f"{model_copy / EARLIER} until the one that replaces it has ended" in caplog.text
    monkeypatch.undo()
    assert train_triples(source, model_copy, resume=True, seed=6, **arguments).configuration["seed"] == 6
    assert not (model_copy / EARLIER).exists()


@pytest.mark.parametrize("moves", range(10))
@pytest.mark.parametrize("killed", ["set_aside", "restore"])
def test_a_kill_while_files_are_moved_loses_nothing(killed, moves, model_copy, trained, monkeypatch):
    """Wherever it comes: a forced training that fails puts back all that there was."""
    before, (folder, earlier) = (
        files_of(model_copy),
        (ModelFolder(model_copy), EarlierTraining(ModelFolder(model_copy))),
    )

    def begin():
        folder.write_configuration({"pipeline": {}, "create_inverse_triples": True})
        folder.write_splits({**trained.splits, "validation": trained.splits["testing"]})
        folder.training.mkdir()

    def kill_after(path, target, left=iter(range(moves)), replace=Path.replace):  # noqa: B008
        if next(left, None) is None:
            raise SystemExit
        return replace(path, target)

    if killed == "restore":
        earlier.set_aside()
        begin()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", kill_after)
        with contextlib.suppress(SystemExit):
            getattr(earlier, killed)()
    earlier.set_aside()
    assert earlier.is_there
    begin()
    earlier.restore()
    assert files_of(model_copy) == before


def test_arguments_may_be_numpys(model_copy, source):
    """They are written as JSON after the earlier training is gone."""
    arguments = dict(seconds=np.float32(0.05), seed=np.int64(3), force=np.True_)
    trained = train_triples(source, model_copy, use_tqdm=False, **arguments)
    assert (trained.configuration["seconds"], trained.configuration["seed"]) == (pytest.approx(0.05), 3)


def test_making_a_model_first_draws_no_random_numbers(source, tmp_path, monkeypatch):
    states = []

    def note(*args, **kwargs):
        states.append(torch.get_rng_state())
        raise ZeroDivisionError

    for name in ("make_model", "pipeline"):
        monkeypatch.setattr(f"pykeen_conj_hale.workflow.run.{name}", note)
        with pytest.raises(ZeroDivisionError):
            train_triples(source, tmp_path / name, seconds=SECONDS, use_tqdm=False)
        monkeypatch.undo()
    assert torch.equal(*states)


def test_loading_leaves_random_states_as_they_are(trained):
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
        load(trained.path, device="cpu")
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.array_equal(np.random.get_state()[1], before[1])
        assert random.getstate() == before[2]


@pytest.mark.parametrize("ours", [0.2, 0.3])
def test_a_model_that_is_no_better_than_a_trivial_one_is_said(ours, caplog):
    _say_if_trivial({"test": {"MRR": ours}, BASELINE: {"MRR": 0.2}})
    assert ("no better than the most frequent answers (MRR 0.200, theirs 0.200)" in caplog.text) == (ours == 0.2)


def test_two_at_once(model_copy, source, monkeypatch):
    monkeypatch.setattr("pykeen_conj_hale.locks.WAIT_SECONDS", 0.1)
    with only_writer(model_copy / "configuration.json"):
        refuse(FileInUseError, f"in use by process {os.getpid()}", source, model_copy, force=True)
    assert load(model_copy).configuration["seed"] == 0


def test_a_killed_training_leaves_no_obstacle(source, tmp_path, monkeypatch):
    """What remains of the lock of a process that is killed does not make a folder one that is not empty."""
    monkeypatch.setattr("pykeen_conj_hale.workflow.run.read_splits", lambda *_, **__: pytest.fail("it has begun"))
    (tmp_path / "m").mkdir()
    with only_writer(tmp_path / "m" / "configuration.json"):
        left = {path: path.read_bytes() for path in (tmp_path / "m").iterdir()}
    for path, content in left.items():
        path.write_bytes(content)
    assert left
    with pytest.raises(pytest.fail.Exception, match="it has begun"):
        train_triples(source, tmp_path / "m", seconds=SECONDS)


def test_leaks_duplicates_and_untrained_entities_are_said(source, tmp_path, caplog):
    folder = tmp_path / "leaky"
    folder.mkdir()
    lines = (source / "train.txt").read_text().splitlines()
    (folder / "train.txt").write_text("\n".join(["head\trelation\ttail", *lines, lines[0]]) + "\n")
    (folder / "valid.txt").write_text((source / "valid.txt").read_text())
    (folder / "test.txt").write_text((source / "test.txt").read_text() + f"{lines[1]}\nbrazil\tembassy\tatlantis\n")
    trained = train_triples(folder, tmp_path / "m", seconds=0.01, use_tqdm=False)
    assert trained.training.num_triples == len(lines)
    assert f"lines 2 and {len(lines) + 2}: the same triple twice" in caplog.text
    assert "1 of 203 triples of testing are in training, too" in caplog.text
    assert "1 of 15 entities are in no training triple, as 'atlantis'" in caplog.text


def test_a_first_triple_that_looks_like_a_header_is_said_once(tmp_path, caplog):
    rows = [f"e{i}\tr\te{j}\n" for i in range(1, 7) for j in range(1, 7) if i != j]
    (tmp_path / "t.tsv").write_text("".join(["head\trelation\ttail\n", *rows]))
    trained = train_triples(tmp_path / "t.tsv", tmp_path / "m", seconds=0.01, use_tqdm=False)
    assert (
        caplog.text.count("a header, ['head', 'relation', 'tail'], where the first triple is expected; it is left") == 1
    )
    assert len(known_triples(trained)) == len(rows)
    # the files of a trained model are our own
    (tmp_path / "m" / "triples" / "train.txt").write_text("".join(rows))
    caplog.clear()
    assert len(known_triples(load(tmp_path / "m"))) == len(rows)
    assert "header" not in caplog.text
    (tmp_path / "t.tsv").write_text("".join(rows))
    trained = train_triples(tmp_path / "t.tsv", tmp_path / "n", seconds=0.01, use_tqdm=False)
    assert len(known_triples(trained)) == len(rows)
    assert caplog.text.count("may be names of columns, and is read as a triple") == 1


def test_one_relation_in_one_file(tmp_path):
    rows = [f"n{i}\tnext to\tn{j}\n" for i in range(6) for j in range(6) if i != j]
    (tmp_path / "t.tsv").write_text("".join(rows))
    trained = train_triples(tmp_path / "t.tsv", tmp_path / "m", seconds=0.05, use_tqdm=False)
    assert trained.predict(head="n0", tail="n1")["relation"].tolist() == ["next to"]
    assert Path(trained.configuration["source"]).name == "t.tsv"


def test_labels_that_begin_as_a_byte_order_mark(tmp_path):
    """As where files with such marks were put one behind the other; a first label of a file keeps it, too."""
    rows = [f"\ufeffn{i}\t\ufeffnext to\t\ufeffn{j}\n" for i in range(6) for j in range(6) if i != j]
    (tmp_path / "t.tsv").write_text("".join(["head\trelation\ttail\n", *rows]))
    trained = train_triples(tmp_path / "t.tsv", tmp_path / "m", seconds=0.05, use_tqdm=False)
    assert list(trained.training.entity_to_id) == [f"\ufeffn{i}" for i in range(6)]
    assert list(trained.training.relation_to_id) == ["\ufeffnext to"]
    assert {tuple(labels) for labels in known_triples(trained)} == {tuple(row.strip("\n").split("\t")) for row in rows}
