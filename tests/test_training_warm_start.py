"""Warm starts: what is known by labels goes on, all else begins as in a new model."""

import logging

import numpy as np
import pytest
import torch
from budget_runs import LOOPS
from pykeen.datasets import Nations
from pykeen.models import DistMult, RotatE, TransE
from pykeen.pipeline import pipeline
from pykeen.triples import TriplesFactory

from pykeen_conj_hale.embeddings import export_embeddings, load_embeddings
from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import MODELS, ConjFiveStarE, HypER, RotE, RotL
from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.warm_start import plan_warm_start

OLD = Nations(create_inverse_triples=True).training


def grow(factory=OLD, inverse=True):
    """Rename some entities and a relation, so that ids are others and some labels are new."""
    names = {"uk": "britain", "usa": "america", "tourism": "travel"}
    rows = [[names.get(label, label) for label in row] for row in factory.label_triples(factory.mapped_triples)]
    return TriplesFactory.from_labeled_triples(
        np.array([*rows, ["0", "travel", "britain"]]), create_inverse_triples=inverse
    )


NEW = grow()


def make(cls, factory, seed=0, **kwargs):
    return cls(triples_factory=factory, embedding_dim=12, random_seed=seed, **kwargs)


def rows_by_label(model, factory):
    """Get all rows by the name of the table and the label, by PyKEEN's own ids."""
    found = {}
    for index, table in enumerate(model.entity_representations):
        found |= {(f"entity.{index}", label): table(torch.tensor([i]))[0] for label, i in factory.entity_to_id.items()}
    for index, table in enumerate(model.relation_representations):
        for label, i in factory.relation_to_id.items():
            direct = torch.tensor([[0, i, 0]])
            for row, name in zip(
                factory._add_inverse_triples_if_necessary(direct), (label, f"{label} inverse"), strict=False
            ):
                found[f"relation.{index}", name] = table(row[1:2])[0]
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A pipeline's folder, with a file of embeddings in it."""
    folder = tmp_path_factory.mktemp("trained")
    data = Nations(create_inverse_triples=True)
    result = pipeline(
        dataset=data, model="RotE", model_kwargs=dict(embedding_dim=12), loss="HaLE", training_loop="QuerySampling",
        training_kwargs=dict(num_epochs=2, use_tqdm=False), evaluation_kwargs=dict(use_tqdm=False), random_seed=0,
    )  # fmt: skip
    result.save_to_directory(folder)
    export_embeddings(folder / "embeddings.safetensors", result.model, result.training)
    return folder, result


@pytest.mark.parametrize("cls", [DistMult, RotatE, *MODELS])
@pytest.mark.parametrize("inverse", [True, False])
def test_known_rows_go_on_and_others_stay(cls, inverse, tmp_path):
    """Independently of ids, with and without inverse triples on the new side."""
    factory = grow(inverse=inverse)
    old, new = make(cls, OLD).eval(), make(cls, factory, seed=1).eval()
    export_embeddings(tmp_path / "e", old, OLD)
    before, known = rows_by_label(new, factory), rows_by_label(old, OLD)
    plan_warm_start(tmp_path / "e", new, factory)()
    after = rows_by_label(new, factory)
    assert {label for name, label in after if name == "entity.0"} - {label for _, label in known} == {
        "0",
        "britain",
        "america",
    }
    for key, row in after.items():
        torch.testing.assert_close(row, known.get(key, before[key]))


@pytest.mark.parametrize("source", ["", "embeddings.safetensors"])
def test_in_a_pipeline_by_name(source, trained, caplog):
    """With a rate of 0 the result is what the training began with; new rows are those of a cold start of that seed."""
    folder, result = trained
    caplog.set_level(logging.INFO)
    runs = {}
    for start in (None, str(folder / source)):
        runs[start] = pipeline(
            training=NEW, testing=NEW, model="RotE", model_kwargs=dict(embedding_dim=12), loss="HaLE",
            optimizer="SGD", optimizer_kwargs=dict(lr=0.0),
            training_loop="QuerySampling", training_loop_kwargs=dict(start_from=start),
            training_kwargs=dict(num_epochs=1, use_tqdm=False), evaluation_kwargs=dict(use_tqdm=False), random_seed=3,
        ).model.eval()  # fmt: skip
    cold, warm = (rows_by_label(model, NEW) for model in runs.values())
    known = rows_by_label(result.model.eval(), OLD)
    assert all(torch.equal(row, known.get(key, cold[key])) for key, row in warm.items())
    assert f"{len(NEW.entity_to_id) - 3} rows of entity.0 are known by their labels, 3 begin as new ones" in caplog.text


@pytest.mark.parametrize("loop", LOOPS)
def test_in_every_loop_and_anew_in_each_training(loop, trained):
    folder, result = trained
    model = make(RotE, NEW, loss=HaLELoss(alpha=1.0))
    training = loop(model=model, triples_factory=NEW, start_from=folder, optimizer="SGD", optimizer_kwargs=dict(lr=0.0))
    known = rows_by_label(result.model.eval(), OLD)
    for _ in range(2):
        training.train(NEW, num_epochs=1, batch_size=512, use_tqdm=False)
        rows = rows_by_label(model, NEW)
        assert all(torch.equal(row, known[key]) for key, row in rows.items() if key in known)


def test_a_budget_of_zero_gives_the_start(trained):
    folder, result = trained
    model = make(RotE, NEW, loss=HaLELoss())
    QuerySamplingTrainingLoop(model=model, triples_factory=NEW, start_from=folder, time_budget=0).train(
        NEW, use_tqdm=False
    )
    known = rows_by_label(result.model.eval(), OLD)
    rows = rows_by_label(model, NEW)
    assert all(torch.equal(row, known[key]) for key, row in rows.items() if key in known)


def test_resuming(trained, tmp_path, caplog):
    """A run that was cut off equals one that was not, and does not need the source any more."""
    folder, _ = trained

    def train(epochs, start, checkpoint):
        torch.manual_seed(0)
        loop = QuerySamplingTrainingLoop(
            model=make(RotE, NEW, loss=HaLELoss()),
            triples_factory=NEW,
            start_from=start,
            optimizer_kwargs=dict(lr=0.01),
        )
        loop.train(NEW, num_epochs=epochs, batch_size=256, checkpoint=checkpoint, use_tqdm=False)
        return loop.model.state_dict()

    whole = train(3, folder, tmp_path / "whole.pt")
    train(1, folder, tmp_path / "cut.pt")
    caplog.set_level(logging.INFO)
    resumed = train(3, "nowhere", tmp_path / "cut.pt")
    assert "is not looked at: this training goes on" in caplog.text
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_the_state_of_an_interaction(tmp_path, caplog):
    """A folder has HypER's convolution; a file has not, and the log says so."""
    kwargs = dict(training_loop="QuerySampling", model="HypER", model_kwargs=dict(embedding_dim=12))
    few = dict(
        training_kwargs=dict(num_epochs=1, use_tqdm=False), evaluation_kwargs=dict(use_tqdm=False), random_seed=0
    )
    result = pipeline(dataset=Nations(create_inverse_triples=True), **kwargs, **few)
    result.save_to_directory(tmp_path / "run")
    export_embeddings(tmp_path / "e", result.model, result.training)
    for path, is_whole in ((tmp_path / "run", True), (tmp_path / "e", False)):
        caplog.clear()
        model = HypER(triples_factory=NEW, embedding_dim=12, random_seed=5)
        plan_warm_start(path, model, NEW)()
        here, there = model.interaction.state_dict(), result.model.interaction.state_dict()
        assert all(torch.equal(here[name], there[name]) for name in here) == is_whole
        assert ("begin as in a new model" in caplog.text) != is_whole


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_state_of_an_interaction_that_no_model_can_use(value, tmp_path):
    model = make(HypER, OLD)
    name, parameter = next(iter(model.interaction.named_parameters()))
    parameter.data.view(-1)[0] = value
    torch.save(model, tmp_path / "trained_model.pkl")
    OLD.to_path_binary(tmp_path / "training_triples")
    with pytest.raises(ValueError, match=rf"start_from='.*' has NaN or infinite values in interaction\.{name}, which"):
        plan_warm_start(tmp_path, make(HypER, NEW), NEW)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: RotE(triples_factory=NEW, embedding_dim=16), r"shape \(16,\) here, .* of shape \(12,\) there"),
        (lambda: make(RotL, NEW), r"is of another model, RotE, than this RotL"),
        (lambda: make(TransE, NEW), r"is of another model, RotE, than this TransE"),
        (lambda: make(RotE, NEW, similarity="dot"), r"interaction\.similarity is SquaredDistance there, .*Dot.* here"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("source", ["", "embeddings.safetensors"])
def test_another_model_is_refused_before_the_first_step(model, message, source, trained):
    loop = QuerySamplingTrainingLoop(model=model(), triples_factory=NEW, start_from=trained[0] / source)
    before = {name: value.clone() for name, value in loop.model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        loop.train(NEW, use_tqdm=False)
    assert all(torch.equal(value, before[name]) for name, value in loop.model.state_dict().items())


def test_variants_of_a_model_are_others(tmp_path):
    export_embeddings(tmp_path / "e", make(ConjFiveStarE, OLD, variant="negative"), OLD)
    with pytest.raises(ValueError, match="is of another model, ConjFiveStarE, than this ConjFiveStarE"):
        plan_warm_start(tmp_path / "e", make(ConjFiveStarE, NEW), NEW)


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "trained_model.pkl").write_bytes(b"junk")
    (tmp_path / "junk" / "training_triples").mkdir()
    (tmp_path / "run.pt").write_bytes(b"junk")
    model = make(RotE, NEW)
    for name, message in {
        "empty": r"start_from='.*empty': the folder has no trained_model\.pkl",
        "junk": "junk': the folder cannot be read",
        "run.pt": r"run\.pt': .*is no file of safetensors, or damaged",
    }.items():
        with pytest.raises(ValueError, match=message):
            plan_warm_start(tmp_path / name, model, NEW)
    with pytest.raises(FileNotFoundError, match=r"start_from='.*nowhere' is not there"):
        plan_warm_start(tmp_path / "nowhere", model, NEW)
    with pytest.raises(ValueError, match="start_from=3 is not allowed"):
        QuerySamplingTrainingLoop(model=model, triples_factory=NEW, start_from=3)


def test_labels_in_another_form_of_unicode(tmp_path):
    """One text in two forms is one entity, unless the source has both."""
    composed, decomposed = "S\u00e3o", "Sa\u0303o"
    old = TriplesFactory.from_labeled_triples(np.array([[decomposed, "r", "b"], ["b", "r", "c"]]))
    new = TriplesFactory.from_labeled_triples(np.array([["x", "r", composed], ["b", "r", "c"]]))
    export_embeddings(tmp_path / "e", make(RotE, old), old)
    model = make(RotE, new, seed=1)
    plan_warm_start(tmp_path / "e", model, new)()
    row = model.entity_representations[0](torch.tensor([new.entity_to_id[composed]]))
    assert torch.equal(row, load_embeddings(tmp_path / "e").rows("entity.0", [decomposed]))
    assert torch.equal(row, load_embeddings(tmp_path / "e").rows("entity.0", [composed]))
