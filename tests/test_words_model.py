"""Any model with entities of words: loops, losses, HPO, checkpoints, pickle, the inductive mode, bad input."""

import copy
import logging
import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from pykeen.datasets import Kinships, Nations
from pykeen.hpo import hpo_pipeline
from pykeen.models import ERModel, TransE, model_resolver
from pykeen.pipeline import pipeline
from pykeen.triples import CoreTriplesFactory, TriplesFactory

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.text import JointGloVe, TextEntities, WordBag, add_entities
from pykeen_conj_hale.training import CheckpointError, QuerySamplingTrainingLoop

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

#: What PyKEEN's test cases, which make their arguments when they are defined, take
TEXT = Path(tempfile.mkdtemp()) / "texts.tsv"
SIDES = {"brazil": "south america", "burma": "south asia", "china": "east asia", "cuba": "middle america"}


@pytest.fixture(scope="module")
def nations():
    return Nations(create_inverse_triples=True)


@pytest.fixture(scope="module")
def path(nations, tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "texts.tsv"
    path.write_text("\n".join(f"{x}\t{x}\ta state in {SIDES.get(x, 'europe')}" for x in nations.training.entity_to_id))
    return str(path)


def make(nations, path, base="RotE", **options):
    options = {"embedding_dim": 8, "text_columns": [1, 2], "min_count": 1, "random_seed": 0, **options}
    return model_resolver.make("TextEntities", triples_factory=nations.training, base=base, texts=path, **options)


def run(path, base="RotE", inverse=True, **changes):
    model_kwargs = dict(base=base, embedding_dim=8, texts=path, text_columns=[1, 2], min_count=1)
    model_kwargs.update(changes.pop("model_kwargs", {}))
    arguments = {
        "dataset": Nations(create_inverse_triples=inverse),
        "model": "TextEntities",
        "model_kwargs": model_kwargs,
        "loss": "HaLE",
        "training_loop": "QuerySampling",
        "optimizer_kwargs": {"lr": 0.01},
        "training_kwargs": {"num_epochs": 2, "batch_size": 512, "use_tqdm": False},
        "evaluation_kwargs": {"batch_size": 64, "use_tqdm": False},
        "random_seed": 0,
    }
    return pipeline(**{**arguments, **changes})


def test_it_is_the_base_model(nations, path):
    model = make(nations, path, "TransE")
    assert isinstance(model, TransE)
    assert isinstance(model, TextEntities)
    assert type(model) is TextEntities.of("transe") is TextEntities.of(TransE)
    assert type(model).loss_default is TransE.loss_default
    assert {"embedding_dim", "scoring_fct_norm", "word_dropout"} <= set(type(model).hpo_default)
    assert isinstance(model.entity_representations[0], WordBag)
    assert model.bag.own is None
    assert make(nations, path, "TransE", own=True).bag.own.shape == (8,)


def test_an_evaluation_composes_all_entities_once(nations, path, monkeypatch):
    """What stays of it can be looked up outside of it, and training goes on."""
    model = make(nations, path)
    calls, compose = [], model.bag._compose
    monkeypatch.setattr(model.bag, "_compose", lambda ids: calls.append(ids) or compose(ids))
    triples = nations.testing.mapped_triples
    IndexedRankBasedEvaluator().evaluate(model, triples, batch_size=16, use_tqdm=False)
    assert sum(ids is None for ids in calls) == 1
    with torch.no_grad():
        table = model.bag(None)
    assert sum(ids is None for ids in calls) == 1
    assert not table.is_inference()
    assert not table.requires_grad
    model.train().score_t(triples[:4, :2]).sum().backward()
    assert model.bag.words.vectors.grad.abs().sum() > 0


@pytest.mark.parametrize("own", [True, False])
def test_validation_in_the_middle_of_a_training(path, own):
    """By time, with the evaluator of this package: the training is that without a validation."""
    epochs = {"num_epochs": 3, "batch_size": 512, "use_tqdm": False}
    arguments = dict(model_kwargs={"own": own}, evaluator="IndexedRankBased", training_kwargs=epochs)
    validated = run(path, **arguments, stopper="timed", stopper_kwargs={"seconds": 1e-9})
    assert len(validated.stopper.results) == 21
    assert validated.losses == run(path, **arguments).losses


@pytest.mark.parametrize("base", ["RotL", "ConjComplEx"])
def test_with_own_vectors_distances_start_as_the_base_models_and_by_the_words(nations, path, base):
    drawn = make(nations, path, base, own=True, own_start=1.0).bag
    bag = make(nations, path, base, own=True).bag
    norms = drawn.own().norm(dim=-1)
    # the drawn vectors are others of the same distribution: 14 of dimension 8
    assert 0.8 < bag.log_length.exp() / norms.mean() < 1.25
    assert 0.08 < bag.own().norm(dim=-1).mean() / norms.mean() < 0.125
    bag.reset_parameters()
    assert 0.08 < bag.own().norm(dim=-1).mean() / norms.mean() < 0.125
    assert (bag.words.dropout, bag.own_dropout) == (0.1, 0.2)


def test_defaults_without_own_vectors(nations, path):
    bag = make(nations, path, "RotL").bag
    torch.testing.assert_close(bag.log_length.exp(), torch.tensor(3.0))
    assert bag.words.dropout == 0.3
    given = make(nations, path, "RotL", own=True, length=2.0, word_dropout=0.25).bag
    torch.testing.assert_close(given.log_length.exp(), torch.tensor(2.0))
    assert given.words.dropout == 0.25


@pytest.mark.parametrize("base", ["TransE", "ComplEx", "RotatE", "ConjComplEx", "RotL", "FiveStarE", "QueryTuckER"])
@pytest.mark.parametrize("own", [True, False])
def test_all_parameters_learn(nations, path, base, own):
    model = make(nations, path, base, own=own, word_dropout=0.0, own_dropout=0.0)
    model.train()
    loss = model.score_hrt(nations.training.mapped_triples[:64]).sum()
    loss.backward()
    used = [name for name, p in model.bag.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert {"words.vectors", "words.weights", "words.kind_weights", "log_length"} <= set(used)
    assert any(name.startswith("own.") for name in used) == own


def look_up_alike(nations, model, base, **options):
    """Make the base model with the composed entities, and the same relations, as embeddings."""
    plain = model_resolver.make(base, triples_factory=nations.training, embedding_dim=8, random_seed=0, **options)
    with torch.no_grad():
        entities = model.entity_representations[0](None)
        entities = torch.view_as_real(entities) if entities.is_complex() else entities
        plain.entity_representations[0]._embeddings.weight.copy_(entities.flatten(1))
        plain.relation_representations.load_state_dict(model.relation_representations.state_dict())
    return plain


@pytest.mark.parametrize(
    ("base", "options"),
    [
        ("ComplEx", {}),
        ("DistMult", {"regularizer": "LP"}),
        ("QueryComplEx", {"regularizer": "LP", "loss": "AllNeg", "loss_kwargs": {"candidates": 5}}),
        ("QueryComplEx", {"regularizer": "N3", "loss": "AllNeg", "loss_kwargs": {"candidates": 5}}),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_composed_entities_are_regularized_as_the_base_models(nations, path, base, options, own):
    """Once per look-up, by the base's default regularizer too, and also where a sample of entities is looked up."""
    model = make(nations, path, base, own=own, own_dropout=0.0, word_dropout=0.0, **options)
    plain = look_up_alike(nations, model, base, **options)
    batch = nations.training.mapped_triples[:20]
    terms = []
    for one in (model, plain):
        one.train()
        one.score_hrt(batch)
        one.score_t(batch[:, :2])
        terms.append(one.collect_regularization_term())
        if "loss" in options:
            torch.manual_seed(0)
            QuerySamplingTrainingLoop(model=one, triples_factory=nations.training).terms(batch)
            terms.append(one.collect_regularization_term())
    half = len(terms) // 2
    assert all(term > 0 for term in terms[:1])
    torch.testing.assert_close(terms[:half], terms[half:])


class DroppedDistMult(ERModel):
    """A model whose embedding of entities has a dropout."""

    def __init__(self, *, embedding_dim=8, **kwargs):
        super().__init__(
            interaction="DistMult",
            entity_representations_kwargs=dict(shape=embedding_dim, dropout=0.5),
            relation_representations_kwargs=dict(shape=embedding_dim),
            **kwargs,
        )


@pytest.mark.parametrize("own", [True, False])
def test_normalizer_and_dropout_are_those_of_whole_entities(nations, path, own):
    model = make(nations, path, "PairRE", own=own)
    torch.testing.assert_close(model.entity_representations[0](None).norm(dim=-1), torch.ones(14))
    vectors = torch.from_numpy(model.word_vectors().vectors)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(len(vectors)))
    dropped = make(nations, path, DroppedDistMult, own=own, own_dropout=0.0, word_dropout=0.0)
    assert (dropped.eval().entity_representations[0](None) != 0).all()
    torch.manual_seed(0)
    rows = dropped.train().entity_representations[0](torch.zeros(500, dtype=torch.long))
    assert 0.45 < (rows == 0).double().mean() < 0.55


@pytest.mark.parametrize("base", ["TransE", "DistMult"])
def test_a_constraint_on_whole_entities_does_not_undo_how_small_own_vectors_start(nations, path, base):
    own = make(nations, path, base, own=True, own_start=0.1)
    before = own.bag.own().clone()
    assert before.norm(dim=-1).max() < 0.5
    own.post_parameter_update()
    assert torch.equal(own.bag.own(), before)


@pytest.mark.parametrize(
    ("loop", "loss", "loss_kwargs"),
    [
        ("QuerySampling", "HaLE", {}),
        ("QuerySampling", "AllNeg", {"candidates": 5}),
        ("QuerySampling", "CrossEntropy", {}),
        ("BudgetedLCWA", "CrossEntropy", {}),
        ("BudgetedSLCWA", "NSSA", {}),
        ("sLCWA", "MarginRanking", {}),
    ],
)
def test_loops_and_losses(path, loop, loss, loss_kwargs):
    result = run(path, training_loop=loop, loss=loss, loss_kwargs=loss_kwargs, model_kwargs={"own": True})
    assert len(result.losses) == 2
    assert 0 < result.get_metric("mrr") <= 1


def test_training_makes_words_useful(path):
    untrained, trained = (
        run(
            path,
            "QueryTransE",
            model_kwargs=dict(min_reflexive=0),
            training_kwargs=dict(num_epochs=n, batch_size=512, use_tqdm=False),
        )
        for n in (1, 40)
    )
    assert trained.get_metric("mrr") > untrained.get_metric("mrr") + 0.05


def test_a_sample_composes_its_entities_only(nations, path, monkeypatch):
    model = make(nations, path, loss="AllNeg", loss_kwargs=dict(candidates=5)).train()
    rows = []
    compose = WordBag.compose
    monkeypatch.setattr(WordBag, "compose", lambda self, t, k: rows.append(len(t)) or compose(self, t, k))
    loop = QuerySamplingTrainingLoop(model=model, triples_factory=nations.training)
    loop.terms(nations.training.mapped_triples[:4])
    batch = nations.training.mapped_triples[:4, [0, 2]]
    assert len(rows) == 1
    assert len(batch.unique()) <= rows[0] <= len(batch.unique()) + 5


def test_pickle_and_copy(nations, path):
    model = make(nations, path, own=True).eval()
    batch = nations.testing.mapped_triples[:8]
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert type(other) is type(model)
        assert torch.equal(other.predict_hrt(batch), model.predict_hrt(batch))


class Mine(TextEntities):
    """A user's subclass."""


class MineOfTransE(TextEntities.of("TransE")):
    """A user's subclass for one base model."""


@pytest.mark.parametrize(("cls", "options"), [(Mine, {"base": "TransE"}), (MineOfTransE, {})])
def test_a_subclass_is_pickled_and_copied_as_such(nations, path, cls, options):
    model = cls(triples_factory=nations.training, texts=path, embedding_dim=8, **options)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert isinstance(other, cls)
        assert type(other) is type(model)
        assert torch.equal(other.bag.words.vectors, model.bag.words.vectors)


def test_checkpoints_continue(path, tmp_path):
    kwargs = dict(batch_size=512, use_tqdm=False)
    whole = run(path, training_kwargs=dict(num_epochs=4, **kwargs))
    place = dict(checkpoint_directory=tmp_path, checkpoint_name="c.pt", checkpoint_frequency=0)
    run(path, training_kwargs=dict(num_epochs=2, **kwargs, **place))
    gone_on = run(path, training_kwargs=dict(num_epochs=4, **kwargs, **place))
    assert whole.losses == gone_on.losses
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, gone_on.model.state_dict()[key])


def test_a_checkpoint_of_other_texts_with_the_same_words_is_refused(nations, tmp_path):
    labels = sorted(nations.training.entity_to_id)
    texts = [
        {label: "alpha beta" if (i < 7) == first else "gamma zeta" for i, label in enumerate(labels)}
        for first in (True, False)
    ]
    place = dict(checkpoint=tmp_path / "c.pt", checkpoint_seconds=1e-3, batch_size=512, use_tqdm=False)
    run(texts[0], training_kwargs=dict(num_epochs=1, **place), model_kwargs=dict(text_columns=[-1]))
    with pytest.raises(CheckpointError, match=r"representations\.0\.texts is '14 texts with SHA-256 \w+' there, '14"):
        run(texts[1], training_kwargs=dict(num_epochs=2, **place), model_kwargs=dict(text_columns=[-1]))
    gone_on = run(texts[0], training_kwargs=dict(num_epochs=2, **place), model_kwargs=dict(text_columns=[-1]))
    assert len(gone_on.losses) == 2


def test_hpo(path):
    result = hpo_pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model="TextEntities",
        model_kwargs=dict(base="RotE", texts=path, text_columns=[1, 2], min_count=1, embedding_dim=8),
        model_kwargs_ranges=dict(word_dropout=dict(type=float, low=0.0, high=0.5)),
        loss="HaLE",
        training_loop="QuerySampling",
        training_kwargs=dict(num_epochs=1, use_tqdm=False),
        evaluation_kwargs=dict(use_tqdm=False),
        n_trials=1,
    )
    assert "model.word_dropout" in result.study.best_params


def inductive(nations):
    """Leave the triples of the last two entities out of training."""
    triples = nations.training.mapped_triples
    return TriplesFactory(
        mapped_triples=triples[(triples[:, [0, 2]] < 12).all(dim=-1)],
        entity_to_id=nations.training.entity_to_id,
        relation_to_id=nations.training.relation_to_id,
        create_inverse_triples=True,
    )


@pytest.mark.parametrize("options", [{}, {"tail_bias": True}])
def test_the_inductive_mode_trains_with_the_trained_entities_only(nations, path, options, caplog):
    factory = inductive(nations)
    caplog.set_level(logging.INFO)
    options = dict(embedding_dim=8, text_columns=[1, 2], min_count=1, own=True, loss="CrossEntropy", **options)
    model = model_resolver.make("TextEntities", triples_factory=factory, base="RotE", texts=path, **options)
    assert model.num_trained == 12
    assert "2 of 14 entities are in no training triple. The last 2 of them" in caplog.text
    assert not model.bag.has_own[12:].any()
    batch = factory.mapped_triples[:6, :2]
    model.eval()
    assert model.score_t(batch, mode="training").shape == (6, 12)
    assert torch.equal(model.score_t(batch, mode="training"), model.score_t(batch)[:, :12])
    QuerySamplingTrainingLoop(model=model, triples_factory=factory, mode="training").train(factory, use_tqdm=False)
    assert model.predict_t(batch).shape == (6, 14)
    # what nothing but unseen entities say has no vector
    assert "usa" not in model.bag.vocabulary


def test_word_vectors(nations, path):
    vectors = make(nations, path, "ComplEx", prefix_fields=[0]).word_vectors()
    assert vectors.entities[:2] == ["brazil", "burma"]
    assert "america" in vectors.words
    assert not any(word.startswith("<") for word in vectors.words)
    assert vectors.vectors.shape == (14 + len(vectors.words), 16)


def test_word_vectors_in_half_precision(nations, path):
    model = make(nations, path, "TransE")
    expected = model.word_vectors().vectors
    np.testing.assert_allclose(model.bfloat16().word_vectors().vectors, expected, atol=0.05)


def test_a_table_with_a_header(nations, tmp_path):
    table, new = tmp_path / "texts.tsv", tmp_path / "new.tsv"
    table.write_text("entity\ttext\ncuba\tan island\nchina\ta state\n")
    new.write_text("entity\ttext\njamaica\tan island\n")
    options = dict(base="TransE", text_columns=[-1])
    with pytest.raises(ValueError, match=r"a header, .* leave it out by header='drop'"):
        make(nations, table, **options)
    model = make(nations, table, header="drop", **options)
    assert "island" in model.bag.vocabulary
    assert "text" not in model.bag.vocabulary
    extended = add_entities(model, nations.training, new, header="drop")
    assert extended.triples_factory.num_entities == 15
    assert WordBag.from_triples_factory(nations.training, table, header="drop", min_count=1, shape=4).max_id == 14


def test_texts_that_do_not_fit(nations, path, caplog):
    with caplog.at_level(logging.WARNING):
        make(nations, {"cuba": "an island", "atlantis": "an island"})
    assert "13 of 14 entities have no text" in caplog.text
    with pytest.raises(ValueError, match="None of the 14 entities of the graph has a text"):
        make(nations, {"atlantis": "an island"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base": None}, "base=None: name the base model"),
        ({"base": "JointGloVe"}, "JointGloVe has no embeddings of its own"),
        ({"texts": None}, "texts=None"),
        ({"texts": 3}, "texts=3 is not allowed"),
        ({"own": "yes"}, "own='yes'"),
        ({"representation": 3}, "representation=3"),
        ({"min_count": 0}, "min_count=0"),
        ({"max_length": 0}, "max_length=0"),
        ({"header": "skip"}, "header='skip' is unknown"),
        ({"prefix_fields": [5]}, "prefix_fields=5"),
        ({"vectors_dimension": "pad"}, "vectors_dimension='pad' is unknown"),
        ({"vectors_trainable": "no"}, "vectors_trainable='no'"),
    ],
)
def test_bad_arguments(nations, path, changes, message):
    arguments = dict(base="RotE", texts=path, text_columns=[1, 2], triples_factory=nations.training)
    with pytest.raises(ValueError, match=message):
        model_resolver.make("TextEntities", **{**arguments, **changes})


def test_triples_need_labels(nations, path):
    with pytest.raises(ValueError, match="has no labels"):
        model_resolver.make(
            "TextEntities",
            triples_factory=CoreTriplesFactory(nations.training.mapped_triples, 14, 55),
            base="TransE",
            texts=path,
        )


def test_another_wrapper_is_another_class():
    assert TextEntities.of("TransE") is not JointGloVe.of("TransE")


class TextEntitiesTests(cases.ModelTestCase):
    """PyKEEN's tests of models."""

    cls = TextEntities
    kwargs = {"base": "DistMult", "texts": str(TEXT), "min_count": 1, "own": True}
    num_constant_init = 3  # weights of words and of fields, and the length


@pytest.fixture(scope="module", autouse=True)
def _text_file():
    """Write the texts of PyKEEN's test cases, which train on Nations and Kinships."""
    TEXT.parent.mkdir(exist_ok=True)  # a process of pytest may come back to this module
    labels = [*Nations().training.entity_to_id, *Kinships().training.entity_to_id]
    TEXT.write_text("".join(f"{label}\tnumber {label}\n" for label in labels))
    yield
    shutil.rmtree(TEXT.parent)


def test_a_base_with_two_vectors_per_entity_is_warned_of(nations, path, caplog):
    make(nations, path, "QueryCP", loss="AllNeg")
    assert "2 vectors per entity. Text composes number 0 only" in caplog.text
    caplog.clear()
    make(nations, path, "RotL", loss="AllNeg", tail_bias=True)
    assert "per entity" not in caplog.text
