"""Embeddings of entities and relations with their labels, in a file that any tool can read and that holds no code.

The format is safetensors (extra ``safetensors``): tensors ``entity.0``, ``entity.1``, …, ``relation.0``, …, one for
each representation of the model, one row per entity or relation; in the metadata their labels, as JSON lists. Complex
numbers are stored as pairs of real ones, in a last dimension of size 2.
"""

from __future__ import annotations

import dataclasses
import json
import logging
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

    :param path: the file, which is written as a whole or not at all
    :param model: the model
    :param triples_factory: the training triples, which have the labels
    :raises ValueError: if the model has another number of entities or relations than the triples
    """
    tensors, pairs = {}, []
    labels = _labels(model, triples_factory)
    was_training = model.training
    model.eval()  # without dropout
    with torch.inference_mode():
        for name, representation in _representations(model):
            kind = name.partition(".")[0]
            if representation.max_id != len(labels[kind]):
                raise ValueError(
                    f"triples_factory has labels of {len(labels[kind])} rows of {kind} embeddings, and the model has "
                    f"{representation.max_id}: give the triples that the model was made with."
                )
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
    :raises ValueError: if the file is damaged, or not of this format
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
    for name in json.loads(metadata["complex"]):
        tensors[name] = torch.view_as_complex(tensors[name])
    return LabeledEmbeddings(tensors, {kind: json.loads(metadata[f"{kind}_labels"]) for kind in ("entity", "relation")})


def import_embeddings(path: str | Path, model: ERModel[Any, Any, Any], triples_factory: TriplesFactory) -> None:
    """Copy embeddings from a file into a model, by their labels. The log says how many labels are not in the file.

    A training that starts afresh forgets them: go on with ``continue_training=True``, or give
    :meth:`LabeledEmbeddings.rows` to :class:`pykeen.nn.init.PretrainedInitializer`.

    :param path: the file, of :func:`export_embeddings`
    :param model: the model, which is changed; nothing is, if there is an error
    :param triples_factory: the triples that the model was made with
    :raises ValueError: if the model's embeddings are others, or no label is in the file
    """
    source, labels = load_embeddings(path), _labels(model, triples_factory)
    found: list[tuple[Embedding, list[int], Tensor]] = []
    for name, representation in _representations(model):
        here = labels[name.partition(".")[0]]
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
        found.append((representation, rows, source.rows(name, [here[i] for i in rows])))
    with torch.no_grad():
        for embedding, rows, values in found:
            weight = weight_of(embedding).weight
            values = torch.view_as_real(values) if values.is_complex() else values
            weight[rows] = values.reshape(len(rows), -1).to(weight)


def _fits(embedding: Embedding, tensor: Tensor) -> bool:
    return tensor.shape[1:] == torch.Size(embedding.shape) and tensor.is_complex() == embedding.is_complex


def _representations(model: ERModel[Any, Any, Any]) -> Iterator[tuple[str, Representation]]:
    for kind in ("entity", "relation"):
        for index, representation in enumerate(getattr(model, f"{kind}_representations")):
            yield f"{kind}.{index}", representation


def _labels(model: ERModel[Any, Any, Any], triples_factory: TriplesFactory) -> dict[str, list[str]]:
    """List the labels of the rows; an inverse relation's row follows that of the relation."""
    entities = [triples_factory.entity_id_to_label[i] for i in range(triples_factory.num_entities)]
    relations = [label for _, label in sorted(triples_factory.relation_id_to_label.items())]
    if model.use_inverse_triples:
        relations = [name for label in relations for name in (label, f"{label}{INVERSE_SUFFIX}")]
    return {"entity": entities, "relation": relations}


def _safetensors() -> ModuleType:
    try:
        import safetensors.torch
    except ImportError as error:
        raise ImportError(
            "Embeddings are stored by safetensors: pip install 'pykeen-conj-hale[safetensors]'"
        ) from error
    return safetensors.torch
