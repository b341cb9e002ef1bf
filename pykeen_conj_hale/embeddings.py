"""Embeddings of entities and relations with their labels, in a file that any tool can read and that holds no code.

The format is safetensors (extra ``safetensors``): tensors ``entity.0``, ``entity.1``, …, ``relation.0``, …, one for
each representation of the model, one row per entity or relation; in the metadata their labels, as JSON lists. Complex
numbers are stored as pairs of real ones, in a last dimension of size 2.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import torch
from pykeen.models import ERModel
from pykeen.nn import Embedding, Representation
from pykeen.triples import TriplesFactory
from torch import Tensor

from .files import replacing
from .pykeen_internals import weight_of

__all__ = ["LabeledEmbeddings", "export_embeddings", "import_embeddings", "load_embeddings"]

logger = logging.getLogger(__name__)

FORMAT: Final = "pykeen-conj-hale embeddings 1"

#: What has labels
KINDS: Final = ("entity", "relation")

#: As PyKEEN's datasets call them
INVERSE_SUFFIX: Final = "_inverse"


@dataclasses.dataclass(frozen=True)
class LabeledEmbeddings:
    """What a file of embeddings holds."""

    #: The tensors, by name; shape: ``(number of labels, *shape)``
    tensors: Mapping[str, Tensor]
    #: The labels of the rows, by kind: ``"entity"`` and ``"relation"``
    labels: Mapping[str, Sequence[str]]

    def rows(self, name: str, labels: Sequence[str]) -> Tensor:
        """Look rows up by their labels.

        :param name: the tensor's name, e.g. ``"entity.0"``
        :param labels: the labels
        :return: shape: ``(len(labels), *shape)``
        :raises KeyError: if there is no row of a label
        """
        row = {label: i for i, label in enumerate(self.labels[name.partition(".")[0]])}
        return self.tensors[name][[row[label] for label in labels]]


def export_embeddings(path: str | Path, model: ERModel[Any, Any, Any], triples_factory: TriplesFactory) -> None:
    """Write the embeddings of all entities and relations, with their labels.

    What a model has beside its embeddings, as the convolutions of HypER, is not in the file; the log says so.

    :param path: the file, which is written as a whole or not at all
    :param model: the model
    :param triples_factory: the training triples, which have the labels
    :raises ValueError: if the model has another number of entities or relations than the triples, or two rows have the
        same label
    """
    tensors, pairs = {}, []
    labels = _labels(model, triples_factory)
    _say_what_is_missing(model)
    was_training = model.training
    model.eval()  # without dropout
    with torch.inference_mode():
        for name, representation in _representations(model):
            _check_number_of_rows(name, representation, labels[name.partition(".")[0]])
            tensor = representation(None).cpu()
            if tensor.is_complex():
                tensor = torch.view_as_real(tensor)
                pairs.append(name)
            tensors[name] = tensor.contiguous()
    model.train(was_training)
    metadata = {"format": FORMAT, "model": type(model).__name__, "complex": json.dumps(pairs)}
    metadata.update({f"{kind}_labels": json.dumps(values, ensure_ascii=False) for kind, values in labels.items()})
    content = _safetensors().save(tensors, metadata=metadata)
    with replacing(path) as file:
        file.write(content)


def load_embeddings(path: str | Path) -> LabeledEmbeddings:
    """Read a file of embeddings.

    :param path: the file
    :return: tensors and labels
    :raises ValueError: if the file is damaged, not of this format, or what it holds cannot be: labels of another number
        than rows, twice the same one, or whole numbers
    """
    _safetensors()
    from safetensors import safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dictionary)
    except OSError:
        raise
    except Exception as error:  # the library's own class is of no module that is typed
        raise ValueError(f"path={str(path)!r} is no file of safetensors, or damaged ({error}).") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"path={str(path)!r} was not written by export_embeddings: it has no labels.")
    missing = [name for name in ("complex", *(f"{kind}_labels" for kind in KINDS)) if name not in metadata]
    if missing:
        raise ValueError(f"path={str(path)!r} has no {missing[0]} in its metadata.")
    try:
        labels = {kind: _checked_labels(kind, json.loads(metadata[f"{kind}_labels"])) for kind in KINDS}
        for name in json.loads(metadata["complex"]):
            tensors[name] = torch.view_as_complex(tensors[name])
        for name, tensor in tensors.items():
            _check_tensor(name, tensor, labels)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"path={str(path)!r} cannot be used: {error}") from error
    return LabeledEmbeddings(tensors, labels)


def import_embeddings(path: str | Path, model: ERModel[Any, Any, Any], triples_factory: TriplesFactory) -> None:
    """Copy embeddings from a file into a model, by their labels. The log says how many labels are not in the file.

    What a model has beside its embeddings stays as it is; the log says so. A training that starts afresh forgets the
    embeddings: go on with ``continue_training=True``, or give :meth:`LabeledEmbeddings.rows` to
    :class:`pykeen.nn.init.PretrainedInitializer`.

    :param path: the file, of :func:`export_embeddings`
    :param model: the model, which is changed; nothing is, if there is an error
    :param triples_factory: the triples that the model was made with
    :raises ValueError: if the model's embeddings are others, no label is in the file, or a value is not finite
    """
    source, labels = load_embeddings(path), _labels(model, triples_factory)
    _say_what_is_missing(model)
    found: list[tuple[Embedding, list[int], Tensor]] = []
    for name, representation in _representations(model):
        here = labels[name.partition(".")[0]]
        _check_number_of_rows(name, representation, here)
        known = set(source.labels[name.partition(".")[0]])
        rows = [i for i, label in enumerate(here) if label in known]
        tensor = source.tensors.get(name)
        if not isinstance(representation, Embedding) or tensor is None or not _fits(representation, tensor):
            there = "missing" if tensor is None else f"{tensor.dtype} of shape {tuple(tensor.shape[1:])}"
            raise ValueError(
                f"path={str(path)!r} does not fit the model: {name} is {type(representation).__name__} of shape "
                f"{tuple(representation.shape)} here, and {there} there."
            )
        if not rows:
            raise ValueError(f"path={str(path)!r} has no label of {name} in common with triples_factory.")
        if len(rows) < len(here):
            logger.warning("%s: %d of %d labels are not in %s", name, len(here) - len(rows), len(here), path)
        values = source.rows(name, [here[i] for i in rows])
        if not values.isfinite().all():
            raise ValueError(f"path={str(path)!r} has NaN or infinite values in {name}, which no model can use.")
        found.append((representation, rows, values))
    with torch.no_grad():
        for embedding, rows, values in found:
            weight = weight_of(embedding).weight
            values = torch.view_as_real(values) if values.is_complex() else values
            weight[rows] = values.reshape(len(rows), -1).to(weight)


def _fits(embedding: Embedding, tensor: Tensor) -> bool:
    return tensor.shape[1:] == torch.Size(embedding.shape) and tensor.is_complex() == embedding.is_complex


def _representations(model: ERModel[Any, Any, Any]) -> Iterator[tuple[str, Representation]]:
    for kind in KINDS:
        for index, representation in enumerate(getattr(model, f"{kind}_representations")):
            yield f"{kind}.{index}", representation


def _labels(model: ERModel[Any, Any, Any], triples_factory: TriplesFactory) -> dict[str, list[str]]:
    """List the labels of the rows; an inverse relation's row follows that of the relation."""
    if not isinstance(triples_factory, TriplesFactory):
        raise ValueError(
            f"triples_factory={triples_factory!r} has no labels, by which rows are known; a TriplesFactory has."
        )
    entities = [triples_factory.entity_id_to_label[i] for i in range(triples_factory.num_entities)]
    relations = [label for _, label in sorted(triples_factory.relation_id_to_label.items())]
    if model.use_inverse_triples:
        relations = [name for label in relations for name in (label, f"{label}{INVERSE_SUFFIX}")]
    return {"entity": _checked_labels("entity", entities), "relation": _checked_labels("relation", relations)}


def _checked_labels(kind: str, labels: list[str]) -> list[str]:
    """Check that each row has a label of its own."""
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"the labels of {kind} embeddings are no list of strings.")
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise ValueError(
            f"two rows of {kind} embeddings have the label {twice[0]!r}; by labels they cannot be told apart. (The "
            f"inverse of a relation is labeled RELATION{INVERSE_SUFFIX}: no relation may be called so beside it.)"
        )
    return labels


def _check_tensor(name: str, tensor: Tensor, labels: Mapping[str, Sequence[str]]) -> None:
    """Check a tensor of a file."""
    kind = name.partition(".")[0]
    if kind not in labels:
        raise ValueError(f"the tensor {name} is of neither entities nor relations.")
    if not tensor.ndim or len(tensor) != len(labels[kind]):
        raise ValueError(f"{name} has the shape {tuple(tensor.shape)}, and there are {len(labels[kind])} labels.")
    if not (tensor.is_floating_point() or tensor.is_complex()):
        raise ValueError(f"{name} is of {tensor.dtype}; embeddings are real or complex.")


def _check_number_of_rows(name: str, representation: Representation, labels: Sequence[str]) -> None:
    if representation.max_id != len(labels):
        raise ValueError(
            f"triples_factory has labels of {len(labels)} rows of {name.partition('.')[0]} embeddings, and the model "
            f"has {representation.max_id}: give the triples that the model was made with."
        )


def _say_what_is_missing(model: ERModel[Any, Any, Any]) -> None:
    """Say what a model has beside its embeddings."""
    rows = {id(x) for _, representation in _representations(model) for x in representation.parameters()}
    others = [name for name, parameter in model.named_parameters() if id(parameter) not in rows]
    if others:
        logger.warning(
            "A file of embeddings is not the whole %s: %d further parameters (%s, …) are not in it. torch.save keeps "
            "them.",
            type(model).__name__,
            len(others),
            others[0],
        )


def _safetensors() -> ModuleType:
    try:
        import safetensors.torch
    except ImportError as error:
        raise ImportError(
            "Embeddings are stored by safetensors: pip install 'pykeen-conj-hale[safetensors]'"
        ) from error
    return safetensors.torch
