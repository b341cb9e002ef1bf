"""Embeddings with labels: there and back, by label, and what does not fit."""

import json

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import ComplEx, DistMult, TransE
from pykeen.triples import TriplesFactory

from pykeen_conj_hale.embeddings import export_embeddings, import_embeddings, load_embeddings
from pykeen_conj_hale.models import ConjComplEx, RotE

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
