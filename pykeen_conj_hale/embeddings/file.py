"""Embeddings of entities and relations with their labels, in a file that any tool can read and that holds no code.

The format is safetensors (extra ``safetensors``): tensors ``entity.0``, ``entity.1``, …, ``relation.0``, …, one for
each representation of the model, one row per entity or relation; in the metadata their labels, as JSON lists. Complex
numbers are stored as pairs of real ones, in a last dimension of size 2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from pykeen.models import ERModel
from pykeen.triples import TriplesFactory
from torch import Tensor

from ..checks import check_path
from ..description import describe
from ..extras import check_metadata, import_safetensors
from ..files import replacing
from .labeled import KINDS, LabeledEmbeddings, check_labels, label_rows
from .tables import check_number_of_rows, list_tables, say_what_is_missing

__all__ = ["export_embeddings", "load_embeddings", "read_file"]

FORMAT: Final = "pykeen-conj-hale embeddings 1"


def export_embeddings(path: str | Path, model: ERModel[Any, Any, Any], triples_factory: TriplesFactory) -> None:
    """Write the embeddings of all entities and relations, with their labels.

    What a model has beside its embeddings, as the convolutions of HypER, is not in the file, and neither is what a
    representation computes its rows from, as the vectors of words; the log says so.

    :param path: the file, which is written as a whole or not at all
    :param model: the model
    :param triples_factory: the training triples, which have the labels
    :raises ValueError: if the model has another number of entities or relations than the triples, two rows have the
        same label, or the format has no place for so many labels
    """
    path = check_path("path", path).expanduser()
    if not isinstance(model, ERModel):
        raise ValueError(f"model={model!r} is not allowed: it must be a model of embeddings, an ERModel.")
    tensors, pairs = {}, []
    labels = label_rows(model, triples_factory)
    label_metadata = {f"{kind}_labels": json.dumps(values, ensure_ascii=False) for kind, values in labels.items()}
    check_metadata(label_metadata)
    say_what_is_missing(model)
    was_training = model.training
    model.eval()  # without dropout
    try:
        with torch.inference_mode():
            for name, representation in list_tables(model):
                check_number_of_rows(name, representation, labels[name.partition(".")[0]])
                tensor = representation(None).cpu()
                if tensor.is_complex():
                    tensor = torch.view_as_real(tensor)
                    pairs.append(name)
                tensors[name] = tensor.contiguous()
    finally:
        model.train(was_training)
    metadata = {"format": FORMAT, "model": type(model).__name__, "complex": json.dumps(pairs)}
    metadata["interaction"] = json.dumps(dict(describe("interaction", model.interaction)))
    content = import_safetensors().torch.save(tensors, metadata={**metadata, **label_metadata})
    with replacing(path) as file:
        file.write(content)


def load_embeddings(path: str | Path) -> LabeledEmbeddings:
    """Read a file of embeddings.

    :param path: the file
    :return: tensors and labels
    :raises OSError: if the file cannot be read
    :raises ValueError: if the file is damaged, not of this format, or what it holds cannot be: labels of another number
        than rows, twice the same one, or whole numbers
    """
    return read_file(path)[0]


def read_file(path: str | Path) -> tuple[LabeledEmbeddings, str, dict[str, str] | None]:
    """Read a file of embeddings, with what it says of the model.

    :param path: the file
    :return: tensors and labels; the name of the model's class; what its interaction is set to, None in files from
        before that was written
    :raises OSError: as :func:`load_embeddings`
    :raises ValueError: as :func:`load_embeddings`
    """
    library = import_safetensors()
    path = check_path("path", path).expanduser()
    try:
        with library.safe_open(path, framework="pt") as file:
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
        labels = {kind: check_labels(kind, json.loads(metadata[f"{kind}_labels"])) for kind in KINDS}
        for name in json.loads(metadata["complex"]):
            tensors[name] = torch.view_as_complex(tensors[name])
        for name, tensor in tensors.items():
            _check_tensor(name, tensor, labels)
        interaction = _check_interaction(json.loads(metadata.get("interaction", "null")))
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"path={str(path)!r} cannot be used: {error}") from error
    return LabeledEmbeddings(tensors, labels), metadata.get("model", "unknown"), interaction


def _check_tensor(name: str, tensor: Tensor, labels: Mapping[str, Sequence[str]]) -> None:
    """Check a tensor of a file."""
    kind = name.partition(".")[0]
    if kind not in labels:
        raise ValueError(f"the tensor {name} is of neither entities nor relations.")
    if not tensor.ndim or len(tensor) != len(labels[kind]):
        raise ValueError(f"{name} has the shape {tuple(tensor.shape)}, and there are {len(labels[kind])} labels.")
    if not (tensor.is_floating_point() or tensor.is_complex()):
        raise ValueError(f"{name} is of {tensor.dtype}; embeddings are real or complex.")


def _check_interaction(settings: Any) -> dict[str, str] | None:
    """Check what a file says of the interaction."""
    if settings is None:
        return None
    if not isinstance(settings, dict) or not all(isinstance(value, str) for value in settings.values()):
        raise ValueError("what it says of the interaction is no dictionary of texts.")
    return settings
