"""Embeddings with labels: there and back, by label, and what does not fit."""

import json
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pykeen.datasets import Nations
from pykeen.models import ComplEx, DistMult, TransE
from pykeen.triples import TriplesFactory

from pykeen_conj_hale.embeddings import export_embeddings, import_embeddings, load_embeddings
from pykeen_conj_hale.models import ConjComplEx, HypER, RotE
from pykeen_conj_hale.text import TextEntities

safetensors = pytest.importorskip("safetensors")


@pytest.fixture(params=[True, False])
def training(request):
    return Nations(create_inverse_triples=request.param).training


def make(cls, training, seed=0, **kwargs):
    return cls(triples_factory=training, random_seed=seed, embedding_dim=8, **kwargs)


@pytest.mark.parametrize("cls", [ComplEx, DistMult, ConjComplEx, RotE, TransE])
def test_there_and_back(cls, training, tmp_path):
    model, other = make(cls, training), make(cls, training, seed=1)
    export_embeddings(tmp_path / "e", model, training)
    import_embeddings(tmp_path / "e", other, training)
    model.eval(), other.eval()
    for kind in ("entity", "relation"):
        reps = zip(getattr(model, f"{kind}_representations"), getattr(other, f"{kind}_representations"), strict=True)
        for one, two in reps:
            torch.testing.assert_close(one(None), two(None))
    triples = training.mapped_triples[:50]
    torch.testing.assert_close(model.predict_hrt(triples), other.predict_hrt(triples))


def test_labels_name_the_rows(training, tmp_path):
    """The rows of relations are those which PyKEEN looks up: relation, inverse, relation, inverse, …"""
    model = make(DistMult, training)
    export_embeddings(tmp_path / "e", model, training)
    embeddings = load_embeddings(tmp_path / "e")
    model.eval()
    uk = model.entity_representations[0](torch.tensor([training.entity_to_id["uk"]]))
    assert torch.equal(embeddings.rows("entity.0", ["uk"]), uk)
    triples = training._add_inverse_triples_if_necessary(training.mapped_triples[:1])
    relation = training.relation_id_to_label[int(training.mapped_triples[0, 1])]
    for row, label in zip(triples, [relation, f"{relation}_inverse"], strict=False):
        assert torch.equal(embeddings.rows("relation.0", [label]), model.relation_representations[0](row[1:2]))


def test_any_tool_can_read_it(training, tmp_path):
    export_embeddings(tmp_path / "e", make(ComplEx, training), training)
    with safetensors.safe_open(tmp_path / "e", framework="numpy") as file:
        assert json.loads(file.metadata()["entity_labels"])[training.entity_to_id["uk"]] == "uk"
        assert file.get_tensor("entity.0").shape == (14, 8, 2)


def test_other_ids_same_labels(tmp_path, caplog):
    """Only labels count; what is not in the file stays."""
    one = TriplesFactory.from_labeled_triples(labels([["a", "r", "b"], ["b", "s", "c"]]))
    other = TriplesFactory.from_labeled_triples(labels([["0", "s", "c"], ["c", "q", "a"]]))
    model, target = make(DistMult, one), make(DistMult, other, seed=1)
    before = target.entity_representations[0](None).clone()
    export_embeddings(tmp_path / "e", model, one)
    import_embeddings(tmp_path / "e", target, other)
    after = target.entity_representations[0](None)
    for label, i in other.entity_to_id.items():
        expected = model.entity_representations[0](None)[one.entity_to_id[label]] if label != "0" else before[i]
        assert torch.equal(after[i], expected)
    assert "entity.0: 1 of 3 labels are not in" in caplog.text


def labels(triples):
    import numpy as np

    return np.asarray(triples)


def test_what_does_not_fit(training, tmp_path):
    model = make(DistMult, training)
    export_embeddings(tmp_path / "e", model, training)
    for other in (make(ComplEx, training), DistMult(triples_factory=training, embedding_dim=4)):
        before = {name: value.clone() for name, value in other.state_dict().items()}
        with pytest.raises(ValueError, match=r"does not fit the model: entity\.0 is Embedding of shape \([48],\) here"):
            import_embeddings(tmp_path / "e", other, training)
        for name, value in other.state_dict().items():
            assert torch.equal(value, before[name])
    with pytest.raises(ValueError, match="triples_factory has labels of 3 rows"):
        export_embeddings(
            tmp_path / "f", model, TriplesFactory.from_labeled_triples(labels([["a", "r", "b"], ["b", "r", "c"]]))
        )
    assert not (tmp_path / "f").exists()


def test_no_label_in_common(training, tmp_path):
    export_embeddings(tmp_path / "e", make(DistMult, training), training)
    other = TriplesFactory.from_labeled_triples(labels([["a", "r", "b"], ["b", "r", "c"]]))
    with pytest.raises(ValueError, match=r"has no label of entity\.0 in common"):
        import_embeddings(tmp_path / "e", make(DistMult, other), other)


@pytest.mark.parametrize("content", [b"", b"abc", b"x" * 200])
def test_damaged_files(content, tmp_path):
    (tmp_path / "e").write_bytes(content)
    with pytest.raises(ValueError, match="is no file of safetensors, or damaged"):
        load_embeddings(tmp_path / "e")


def test_foreign_files(tmp_path):
    from safetensors.torch import save_file

    save_file({"entity.0": torch.zeros(2, 2)}, tmp_path / "e")
    with pytest.raises(ValueError, match="was not written by export_embeddings"):
        load_embeddings(tmp_path / "e")


def test_dropout_is_not_exported(training, tmp_path):
    """Rows are those of evaluation, and a model in training goes on in training."""
    model = make(RotE, training)
    representation = model.entity_representations[0]
    representation.dropout = torch.nn.Dropout(0.5)
    model.train()
    export_embeddings(tmp_path / "e", model, training)
    rows = load_embeddings(tmp_path / "e").tensors["entity.0"]
    torch.testing.assert_close(rows, representation._plain_forward(indices=None).detach())
    assert model.training


def make_factory(triples, **kwargs):
    """Make a factory that keeps relations which are called like inverse ones, as our datasets do."""
    return TriplesFactory.from_labeled_triples(labels(triples), filter_out_candidate_inverse_relations=False, **kwargs)


def test_a_relation_called_like_the_inverse_of_another(tmp_path):
    """By labels they could not be told apart: row 1 would get row 2's values."""
    triples = [["a", "r", "b"], ["b", "r_inverse", "c"]]
    plain, inverse = (make_factory(triples, create_inverse_triples=value) for value in (False, True))
    with pytest.raises(ValueError, match="two rows of relation embeddings have the label 'r_inverse'"):
        export_embeddings(tmp_path / "e", make(DistMult, inverse), inverse)
    assert not (tmp_path / "e").exists()
    export_embeddings(tmp_path / "e", make(DistMult, plain), plain)
    with pytest.raises(ValueError, match="two rows of relation embeddings have the label 'r_inverse'"):
        import_embeddings(tmp_path / "e", make(DistMult, inverse), inverse)
    import_embeddings(tmp_path / "e", make(DistMult, plain, seed=1), plain)


GOOD = {
    "tensors": {"entity.0": torch.zeros(3, 8), "relation.0": torch.ones(2, 8)},
    "entity_labels": ["a", "b", "c"],
    "relation_labels": ["r", "s"],
    "complex": [],
}


def write(path, **changes):
    from safetensors.torch import save_file

    content = {**GOOD, **changes}
    metadata = {name: json.dumps(value) for name, value in content.items() if name != "tensors"}
    save_file(content["tensors"], path, metadata={"format": "pykeen-conj-hale embeddings 1", **metadata})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"entity_labels": ["a", "b", "b"]}, "two rows of entity embeddings have the label 'b'"),
        ({"entity_labels": ["a", "b"]}, r"entity\.0 has the shape \(3, 8\), and there are 2 labels"),
        ({"entity_labels": [1, 2, 3]}, "the labels of entity embeddings are no list of strings"),
        ({"relation_labels": {"r": 0, "s": 1}}, "the labels of relation embeddings are no list of strings"),
        ({"complex": ["entity.7"]}, "entity.7"),
        ({"complex": ["entity.0"]}, "size 2"),
        ({"tensors": {"entity.0": torch.zeros(3, 8, dtype=torch.long)}}, r"entity\.0 is of torch\.int64"),
        ({"tensors": {"entity.0": torch.zeros(())}}, r"entity\.0 has the shape \(\), and there are 3 labels"),
        ({"tensors": {"word.0": torch.zeros(3, 8)}}, r"word\.0 is of neither entities nor relations"),
    ],
)
def test_what_a_file_cannot_hold(changes, message, tmp_path):
    write(tmp_path / "good")
    assert load_embeddings(tmp_path / "good").rows("relation.0", ["s"]).tolist() == [[1.0] * 8]
    write(tmp_path / "e", **changes)
    with pytest.raises(ValueError, match=message) as error:
        load_embeddings(tmp_path / "e")
    assert f"path={str(tmp_path / 'e')!r} cannot be used" in str(error.value)


@pytest.mark.parametrize("missing", ["entity_labels", "relation_labels", "complex"])
def test_a_file_without_a_part_of_its_metadata(missing, tmp_path):
    from safetensors.torch import save_file

    metadata = {name: json.dumps(value) for name, value in GOOD.items() if name not in ("tensors", missing)}
    save_file(GOOD["tensors"], tmp_path / "e", metadata={"format": "pykeen-conj-hale embeddings 1", **metadata})
    with pytest.raises(ValueError, match=f"has no {missing} in its metadata"):
        load_embeddings(tmp_path / "e")


names = st.lists(
    st.sampled_from(["r", "s", "r_inverse", "s_inverse", "r_inverse_inverse", "ſ"]), min_size=1, max_size=4
)


@given(names=names, inverse=st.booleans())
def test_each_row_comes_back_by_its_label_or_nothing_is_written(names, inverse):
    triples = [["a", name, "b"] for name in names] + [["b", names[0], "a"]]
    factory = make_factory(triples, create_inverse_triples=inverse)
    model, other = make(DistMult, factory), make(DistMult, factory, seed=1)
    rows = [row for name in factory.relation_to_id for row in ([name, f"{name}_inverse"] if inverse else [name])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e"
        if len(set(rows)) < len(rows):
            with pytest.raises(ValueError, match="two rows of relation embeddings have the label"):
                export_embeddings(path, model, factory)
            assert not path.exists()
            return
        export_embeddings(path, model, factory)
        import_embeddings(path, other, factory)
    assert torch.equal(other.relation_representations[0](None), model.relation_representations[0](None))


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_values_that_are_not_finite_are_not_imported(value, training, tmp_path):
    """A model that has diverged can still be looked at."""
    model, other = make(DistMult, training), make(DistMult, training)
    with torch.no_grad():
        model.relation_representations[0]._embeddings.weight[3, 0] = value
    export_embeddings(tmp_path / "e", model, training)
    assert not load_embeddings(tmp_path / "e").tensors["relation.0"].isfinite().all()
    before = other.entity_representations[0](None)
    with pytest.raises(ValueError, match=r"has NaN or infinite values in relation\.0"):
        import_embeddings(tmp_path / "e", other, training)
    assert torch.equal(other.entity_representations[0](None), before)


def test_triples_without_labels(training, tmp_path):
    with pytest.raises(ValueError, match="has no labels, by which rows are known; a TriplesFactory has"):
        export_embeddings(tmp_path / "e", make(DistMult, training), training.to_core_triples_factory())


def test_another_number_of_rows_on_import(training, tmp_path):
    export_embeddings(tmp_path / "e", make(DistMult, training), training)
    small = TriplesFactory.from_labeled_triples(labels([["uk", "r", "usa"], ["usa", "r", "uk"]]))
    with pytest.raises(
        ValueError, match="triples_factory has labels of 2 rows of entity embeddings, and the model has 14"
    ):
        import_embeddings(tmp_path / "e", make(DistMult, training), small)


def test_a_failed_export_leaves_the_model_in_its_mode(tmp_path):
    training = Nations(create_inverse_triples=True).training
    model = make(DistMult, training).train()
    model.entity_representations[0].max_id = 13
    with pytest.raises(ValueError, match="the model has 13"):
        export_embeddings(tmp_path / "e", model, training)
    assert model.training


def test_what_composed_entities_are_made_of_is_not_in_the_file(tmp_path, caplog):
    training = Nations(create_inverse_triples=True).training
    texts = {label: f"{label} state" for label in training.entity_to_id}
    model = make(TextEntities, training, base="DistMult", texts=texts, min_count=1, own=True)
    export_embeddings(tmp_path / "e", model, training)
    # the vectors and weights of words and fields, the length, the vector without words, and own vectors
    assert "is not the whole TextEntitiesDistMult: 6 further parameters (entity_representations.0." in caplog.text


def test_what_is_not_in_the_file_is_said(tmp_path, caplog):
    training = Nations(create_inverse_triples=True).training
    for cls in (DistMult, RotE):  # look-ups only
        export_embeddings(tmp_path / "e", make(cls, training), training)
        import_embeddings(tmp_path / "e", make(cls, training), training)
    assert "is not the whole" not in caplog.text
    model = make(HypER, training, filter_length=3)
    export_embeddings(tmp_path / "e", model, training)
    assert "A file of embeddings is not the whole HypER: 10 further parameters (interaction." in caplog.text
    caplog.clear()
    import_embeddings(tmp_path / "e", model, training)
    assert "A file of embeddings is not the whole HypER" in caplog.text


def test_more_labels_than_the_format_has_place_for(training, tmp_path, monkeypatch):
    """Some versions of safetensors write such a file, and none reads it."""
    monkeypatch.setattr("pykeen_conj_hale.extras.MAX_METADATA", 500)
    with pytest.raises(ValueError, match="a file of safetensors has place for 500: write the vectors as text"):
        export_embeddings(tmp_path / "e", make(DistMult, training), training)
    assert not (tmp_path / "e").exists()


def test_a_file_in_the_home_folder(training, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    export_embeddings("~/e", make(DistMult, training), training)
    assert load_embeddings("~/e").labels == load_embeddings(tmp_path / "e").labels
