"""Any model with GloVe: its term in every loop, checkpoints, HPO, pickle, bad input."""

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
from pykeen.models import ComplEx, ERModel, TransE, model_resolver
from pykeen.pipeline import pipeline
from pykeen.training import training_loop_resolver
from pykeen.training.training_loop import NonFiniteLossError
from pykeen.triples import CoreTriplesFactory

from pykeen_conj_hale.text import Cooccurrence, Document, JointGloVe

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

#: What PyKEEN's test cases, which make their arguments when they are defined, take
TEXT = Path(tempfile.mkdtemp()) / "cooccurrence.npz"


@pytest.fixture(scope="module")
def nations():
    return Nations(create_inverse_triples=True)


@pytest.fixture(scope="module")
def text():
    return make_text()


@pytest.fixture(scope="module")
def path(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "cooc.npz"
    text.save(path)
    return path


def make_text():
    training = Nations().training
    labels = [
        (training.entity_id_to_label[h], training.entity_id_to_label[t])
        for h, _, t in training.mapped_triples[:300].tolist()
    ]
    documents = [f"{h} and {t} share borders" for h, t in labels]
    documents.append(Document("a large state in south america", "brazil"))
    entities = {label: label for label in training.entity_to_id if label != "uk"}
    return Cooccurrence.from_documents(documents, entities, min_count=1, use_tqdm=False)


@pytest.fixture(scope="module", autouse=True)
def _text_file():
    """Write the text of PyKEEN's test cases, which train on Nations and Kinships."""
    TEXT.parent.mkdir(exist_ok=True)  # a process of pytest may come back to this module
    labels = [*Nations().training.entity_to_id, *Kinships().training.entity_to_id]
    counted = Cooccurrence.from_documents(
        [" ".join(labels)], {label: label for label in labels}, min_count=1, use_tqdm=False
    )
    counted.save(TEXT)
    yield
    shutil.rmtree(TEXT.parent)


def make(nations, text, base="TransE", **options):
    options = {"embedding_dim": 8, "random_seed": 0, "text_batch_size": 64, **options}
    return model_resolver.make("JointGloVe", triples_factory=nations.training, base=base, cooccurrence=text, **options)


def run(text, base="TransE", inverse=True, **changes):
    """Train in PyKEEN's pipeline; a `model_kwargs` adds to the others."""
    model_kwargs = {"base": base, "embedding_dim": 8, "cooccurrence": text, "weight": 0.5, "text_batch_size": 64}
    model_kwargs.update(changes.pop("model_kwargs", {}))
    arguments = {
        "dataset": Nations(create_inverse_triples=inverse),
        "model": "JointGloVe",
        "model_kwargs": model_kwargs,
        "loss": "HaLE",
        "training_loop": "QuerySampling",
        "optimizer_kwargs": {"lr": 0.01},
        "training_kwargs": {"num_epochs": 3, "batch_size": 512, "use_tqdm": False},
        "evaluation_kwargs": {"batch_size": 64, "use_tqdm": False},
        "random_seed": 0,
    }
    return pipeline(**{**arguments, **changes})


def test_it_is_the_base_model(nations, text):
    model = make(nations, text)
    plain = TransE(triples_factory=nations.training, embedding_dim=8, random_seed=0)
    assert isinstance(model, TransE)
    assert isinstance(model, JointGloVe)
    triples = nations.testing.mapped_triples
    assert torch.equal(model.predict_hrt(triples), plain.predict_hrt(triples))  # the same random numbers
    assert type(model) is JointGloVe.of("transe") is JointGloVe.of(TransE)
    assert type(model).loss_default is TransE.loss_default
    assert {"embedding_dim", "scoring_fct_norm", "weight", "x_max", "exponent"} <= set(type(model).hpo_default)


def test_a_reset_gives_the_same_embeddings_as_the_base_models(nations, text):
    model, plain = make(nations, text), TransE(triples_factory=nations.training, embedding_dim=8, random_seed=0)
    for instance in (model, plain):
        torch.manual_seed(1)
        instance.reset_parameters_()
    assert torch.equal(model.entity_representations[0](), plain.entity_representations[0]())


@pytest.mark.parametrize(
    "base", ["TransE", "ComplEx", "RotatE", "DistMult", "PairRE", "QuatE", "CP", "ConjComplEx", "RotL"]
)
@pytest.mark.parametrize("tied", [True, False])
def test_the_term_is_added_to_the_loss(nations, text, base, tied):
    model = make(nations, text, base, weight=0.5, tied=tied, **({"rank": 1} if base == "CP" else {}))
    vectors = model.embed(torch.arange(14))
    representation = model.entity_representations[0]
    assert not vectors.is_complex()
    assert vectors.shape == (14, representation._embeddings.embedding_dim)
    looked_up = representation(torch.arange(14))
    looked_up = torch.view_as_real(looked_up) if looked_up.is_complex() else looked_up
    assert torch.equal(vectors, looked_up.flatten(1))
    model.collect_regularization_term()  # of the look-up above
    torch.manual_seed(3)
    expected = 0.5 * model.glove(model.embed)
    torch.manual_seed(3)
    term = model.collect_regularization_term()
    assert term.item() == expected.item() > 0
    term.backward()
    assert representation._embeddings.weight.grad.abs().sum() > 0


def test_the_base_models_own_terms_stay(nations, text):
    model = make(nations, text, "ComplEx", weight=0.5)
    plain = ComplEx(triples_factory=nations.training, embedding_dim=8, random_seed=0)
    batch = nations.training.mapped_triples[:8]
    for instance in (model, plain):
        instance.score_hrt(batch)
    torch.manual_seed(3)
    both = model.collect_regularization_term().item()
    torch.manual_seed(3)
    term = model.collect_regularization_term().item()
    assert term > 0
    assert both - term == pytest.approx(plain.collect_regularization_term().item(), rel=1e-4)


def test_no_term_outside_of_training(nations, text):
    model = make(nations, text)
    assert make(nations, text, weight=0.0).collect_regularization_term() == 0
    with torch.no_grad():
        assert model.collect_regularization_term() == 0
    assert model.eval().collect_regularization_term() == 0


@pytest.mark.parametrize(
    ("loop", "tied"),
    [("LCWA", True), ("sLCWA", False), ("SymmetricLCWA", True), ("QuerySampling", True), ("QuerySampling", False)],
)
def test_every_loop_learns_the_text(text, loop, tied):
    training_kwargs = {"num_epochs": 3, "batch_size": 128, "use_tqdm": False}
    results = [
        run(
            text,
            training_loop=loop,
            inverse=loop != "SymmetricLCWA",
            model_kwargs={"weight": weight, "tied": tied},
            training_kwargs=training_kwargs,
            optimizer_kwargs={"lr": 0.05},
        )
        for weight in (0.0, 1.0)
    ]
    without, joint = (result.model.glove.exact(result.model.embed).item() for result in results)
    assert joint < 0.8 * without


def test_sub_batches(text):
    kwargs = {"num_epochs": 2, "batch_size": 512, "use_tqdm": False}
    plain = {"automatic_memory_optimization": False}
    whole = run(text, training_kwargs=kwargs, training_loop_kwargs=plain)
    result = run(text, training_kwargs={**kwargs, "sub_batch_size": 100}, training_loop_kwargs=plain)
    assert result.training_loop.num_steps == whole.training_loop.num_steps == 2 * 7
    # other queries and cells are drawn; a term that was added for each of six parts would weigh six times as much
    assert result.losses == pytest.approx(whole.losses, rel=0.03)


def test_everything_by_name_and_under_a_budget(path):
    result = run(str(path), training_loop_kwargs={"time_budget": 0.3}, model_kwargs={"base": "ConjComplEx"})
    assert result.train_seconds >= 0.3
    assert result.training_loop.stop_reason == "budget"
    assert type(result.model) is JointGloVe.of("ConjComplEx")
    assert result.model.word_vectors().words == Cooccurrence.load(path).words


def test_the_triples_are_learnt_beside_the_text(text):
    kwargs = {"num_epochs": 50, "batch_size": 512, "use_tqdm": False}
    result = run(text, training_kwargs=kwargs, model_kwargs={"base": "ConjComplEx"})
    # the MRR adjusted for chance; five seeds: .21 to .28; after one epoch: -.04 to .06
    assert result.get_metric("adjusted_inverse_harmonic_mean_rank") > 0.15


def test_a_resumed_training_goes_on_as_if_it_had_not_stopped(text, tmp_path):
    def train(num_epochs, **kwargs):
        training_kwargs = {"num_epochs": num_epochs, "batch_size": 512, "use_tqdm": False, **kwargs}
        return run(text, training_kwargs=training_kwargs, clear_optimizer=False)

    checkpoint = {"checkpoint_directory": tmp_path, "checkpoint_name": "c.pt", "checkpoint_frequency": 0}
    whole = train(6)
    train(3, **checkpoint)
    resumed = train(6, **checkpoint)
    assert resumed.losses == whole.losses
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name
    assert {"glove.words", "glove.contexts", "glove.word_biases", "glove.context_biases"} <= set(
        whole.model.state_dict()
    )


def test_a_checkpoint_of_another_text_is_refused(text, tmp_path):
    other = Cooccurrence(text.entities, text.words, text.counts, 2 * text.matrix)
    kwargs = {
        "num_epochs": 1,
        "batch_size": 512,
        "use_tqdm": False,
        "checkpoint_directory": tmp_path,
        "checkpoint_name": "c",
    }
    run(text, training_kwargs={**kwargs, "checkpoint_frequency": 0})
    with pytest.raises(Exception, match="checkpoint"):
        run(other, training_kwargs={**kwargs, "num_epochs": 2})


def test_hpo_searches_weight_x_max_and_exponent(path):
    result = hpo_pipeline(
        dataset="nations",
        dataset_kwargs={"create_inverse_triples": True},
        model="JointGloVe",
        model_kwargs={"base": "TransE", "cooccurrence": str(path)},
        loss="HaLE",
        training_loop="QuerySampling",
        training_loop_kwargs={"time_budget": 0.1},
        training_kwargs={"use_tqdm": False, "batch_size": 512},
        evaluation_kwargs={"batch_size": 64, "use_tqdm": False},
        n_trials=2,
    )
    assert [trial.state.name for trial in result.study.trials] == ["COMPLETE"] * 2
    names = {"model.embedding_dim", "model.weight", "model.x_max", "model.exponent"}
    assert names <= set(result.study.trials[0].params)


def test_pickled_and_copied(nations, text):
    model = make(nations, text, "RotE")
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert type(other) is type(model)
        triples = nations.testing.mapped_triples
        assert torch.equal(other.predict_hrt(triples), model.predict_hrt(triples))
        model.train(), other.train()
        torch.manual_seed(0)
        expected = model.collect_regularization_term()
        torch.manual_seed(0)
        assert torch.equal(other.collect_regularization_term(), expected)


@pytest.mark.parametrize("tied", [True, False])
def test_word_vectors(nations, text, tied):
    extended = Cooccurrence(["atlantis", *text.entities[1:]], text.words, text.counts, text.matrix)
    model = make(nations, extended, "ConjComplEx", tied=tied)
    vectors = model.word_vectors()
    assert vectors.entities == [*(nations.training.entity_id_to_label[i] for i in range(14)), "atlantis"]
    assert vectors.words == text.words
    assert vectors.vectors[:14].tolist() == model.embed(torch.arange(14)).tolist()
    row = model.glove.row_tokens.tolist().index(len(text.entities) + 2) - model.glove.num_tied
    assert vectors[text.words[2]].tolist() == model.glove.words[row].tolist()


def test_word_vectors_in_half_precision(nations, text):
    model = model_resolver.make("JointGloVe", triples_factory=nations.training, base="TransE", cooccurrence=text)
    expected = model.word_vectors().vectors
    np.testing.assert_allclose(model.bfloat16().word_vectors().vectors, expected, atol=0.05)


def test_missing_entities_are_logged(nations, text, caplog):
    extended = Cooccurrence(["atlantis", *text.entities[1:]], text.words, text.counts, text.matrix)
    with caplog.at_level(logging.WARNING, logger="pykeen_conj_hale"):
        make(nations, extended)
    assert "1 of 13 entities" in caplog.text


class Wrapped(ERModel):
    """Entities are transformed embeddings."""

    def __init__(self, **kwargs):
        transformed = dict(transformation=torch.nn.Identity(), base_kwargs=dict(shape=8))
        super().__init__(
            interaction="TransE",
            interaction_kwargs=dict(p=2),
            entity_representations="transformed",
            entity_representations_kwargs=transformed,
            relation_representations_kwargs=dict(shape=8),
            **kwargs,
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": None}, "base=None"),
        ({"base": "TransX"}, "base='TransX' is unknown"),
        ({"base": "JointGloVe"}, "base='JointGloVe' is not allowed"),
        ({"base": "CooccurrenceFiltered"}, "base='CooccurrenceFiltered' is not allowed"),
        ({"base": Wrapped, "embedding_dim": None}, "TransformedRepresentation and no plain embedding"),
        ({"base": "NodePiece", "num_tokens": 2}, "no plain embedding"),
        ({"weight": -0.1}, "weight=-0.1"),
        ({"weight": float("nan")}, "weight=nan"),
        ({"x_max": 0}, "x_max=0"),
        ({"text_batch_size": 0}, "text_batch_size=0"),
        ({"representation": 1}, "representation=1 is not allowed"),
        ({"representation": -2}, "representation=-2 is not allowed"),
        ({"base": "RotE", "tail_bias": True, "representation": 1}, "a bias"),
        ({"cooccurrence": None}, "cooccurrence=None"),
        ({"cooccurrence": __file__}, "no file of co-occurrences"),
    ],
)
def test_bad_input(nations, text, options, message):
    options = {
        "triples_factory": nations.training,
        "base": "TransE",
        "cooccurrence": text,
        "embedding_dim": 8,
        **options,
    }
    with pytest.raises(ValueError, match=message):
        JointGloVe(**options)


def test_triples_without_labels(nations, text):
    core = CoreTriplesFactory(nations.training.mapped_triples, num_entities=14, num_relations=55)
    with pytest.raises(ValueError, match="has no labels"):
        JointGloVe(triples_factory=core, base="TransE", cooccurrence=text)


def test_an_instance_of_a_made_class_needs_no_base(nations, text):
    made = JointGloVe.of("TransE")
    assert isinstance(made(triples_factory=nations.training, cooccurrence=text, embedding_dim=8), TransE)
    for base, message in ("RotatE", "is another model"), ("TransX", "is unknown"):
        with pytest.raises(ValueError, match=f"base='{base}' {message}"):
            made(triples_factory=nations.training, cooccurrence=text, base=base)


class JointGloVeTests(cases.ModelTestCase):
    """PyKEEN's tests of models."""

    cls = JointGloVe
    kwargs = {"base": "DistMult", "text_batch_size": 16, "cooccurrence": str(TEXT)}
    num_constant_init = 2  # the biases


@pytest.mark.parametrize("regularizer", [None, "N3"])
def test_a_text_objective_that_is_not_finite_is_named(nations, text, regularizer):
    """There may be no regularization at all. Which other terms are not finite depends on the processor."""
    arguments = dict(triples_factory=nations.training, base="RotL", embedding_dim=8, loss="HaLE", random_seed=0)
    model = JointGloVe(**arguments, cooccurrence=text, regularizer=regularizer)
    optimizer = torch.optim.Adam(model.get_grad_params(), lr=1e15 if regularizer is None else 0.01)
    if regularizer is not None:
        model.weight = float("inf")
    loop = training_loop_resolver.make(
        "QuerySampling", triples_factory=nations.training, model=model, optimizer=optimizer
    )
    with pytest.raises(NonFiniteLossError, match=r"at step \d: (alignment and )?(uniformity and )?GloVe (is|are) not"):
        loop.train(nations.training, num_epochs=3, batch_size=256, use_tqdm=False)
