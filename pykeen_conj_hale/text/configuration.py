"""Counting text and joint training, from options and from a configuration file."""

from __future__ import annotations

import inspect
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pykeen.pipeline import PipelineResult, pipeline_from_config
from pykeen.utils import load_configuration

from ..datasets.files import SplitFile
from .corpus.cooccurrence import Cooccurrence
from .corpus.documents import Document, DocumentLike, read_descriptions, read_mentions
from .corpus.leakage import remove_overlap
from .objective.joint import JointGloVe

__all__ = ["count_text", "read_configuration", "run_joint"]

#: The part of a configuration which PyKEEN's own lack
TEXT = "cooccurrence"
#: What a run writes beside PyKEEN's results
COUNTS_FILE, VECTORS_FILE = "cooccurrence.npz", "word_vectors.txt"


def count_text(
    *,
    documents: Iterable[str | os.PathLike[str]] = (),
    descriptions: str | os.PathLike[str] | None = None,
    description_columns: Sequence[int] = (0, -1),
    mentions: str | os.PathLike[str] | None = None,
    mention_columns: Sequence[int] = (0, 1),
    mention_separator: str | None = None,
    held_out: Iterable[str | os.PathLike[str]] = (),
    **options: Any,
) -> Cooccurrence:
    """Count files.

    :param documents: files with a document a line
    :param descriptions: a table of entities and their descriptions, separated by tabs
    :param description_columns: its columns of the entity and of the texts, from 0
    :param mentions: a table of entities and their mentions; without it, a description's entity has no mentions
    :param mention_columns: its columns of the entity and of the mentions, from 0
    :param mention_separator: what stands between the mentions of a column; None for one mention
    :param held_out: files of triples: what they connect is not named in descriptions
    :param options: arguments of :meth:`Cooccurrence.from_documents`
    :return: the co-occurrences
    :raises ValueError: if there is nothing to count, a column is missing, or an option is unknown or out of its range
    """
    if unknown := set(options) - set(inspect.signature(Cooccurrence.from_documents).parameters):
        raise ValueError(f"Counting text has no {sorted(unknown)}; it has the options of `cooccurrence build`.")
    if len(mention_columns) != 2 or len(description_columns) < 2:
        raise ValueError(
            f"description_columns={list(description_columns)!r} must be an entity's column and those of texts, and "
            f"mention_columns={list(mention_columns)!r} an entity's column and that of mentions."
        )
    entities: dict[str, list[str]] = {}
    if mentions is not None:
        entities = read_mentions(mentions, mention_columns[0], mention_columns[1], mention_separator)
    described: Iterable[Document] = ()
    if descriptions is not None:
        entity_column, *text_columns = description_columns
        triples = itertools.chain.from_iterable(map(_read_triples, held_out))
        described = remove_overlap(read_descriptions(descriptions, entity_column, text_columns), entities, triples)
        # read twice, as all entities have to be known before the first word is, and the texts may be long
        for document in read_descriptions(descriptions, entity_column, text_columns):
            entities.setdefault(str(document.entity), [])
    files = [Path(path) for path in documents]
    if not files and descriptions is None:
        raise ValueError("There is nothing to count: name files of documents, or of descriptions.")
    everything: Iterable[DocumentLike] = itertools.chain(files, described)
    return Cooccurrence.from_documents(everything, entities, **options)


def _read_triples(path: str | os.PathLike[str]) -> list[list[str]]:
    file = SplitFile(Path(path))
    triples = [line.split("\t") for line in file.read_bytes().decode("utf-8").splitlines() if line]
    if bad := next((triple for triple in triples if len(triple) != 3), None):
        raise ValueError(f"{path}: expected head, relation and tail with a tab between, found {bad}.")
    return triples


def read_configuration(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read and check a configuration file.

    :param path: a JSON or YAML file
    :return: its parts
    :raises ValueError: if it is no configuration of a joint run
    """
    configuration = load_configuration(Path(path))
    if not isinstance(configuration, Mapping) or not isinstance(configuration.get("pipeline"), Mapping):
        raise ValueError(f"{os.fspath(path)!r} has no part `pipeline`, the arguments of PyKEEN's pipeline.")
    if unknown := set(configuration) - {"metadata", "pipeline", TEXT}:
        raise ValueError(
            f"{os.fspath(path)!r} has unknown parts {sorted(unknown)}; there are metadata, pipeline, {TEXT}."
        )
    if configuration["pipeline"].get("model") != JointGloVe.__name__:
        raise ValueError(
            f"{os.fspath(path)!r} has model={configuration['pipeline'].get('model')!r}; a joint run has "
            f"model={JointGloVe.__name__!r} and model_kwargs with base, the model to train jointly."
        )
    return dict(configuration)


def run_joint(
    configuration: Mapping[str, Any], folder: str | os.PathLike[str], output_directory: str | os.PathLike[str]
) -> PipelineResult:
    """Count text, if the configuration says so, and train.

    :param configuration: see :func:`read_configuration`
    :param folder: what its paths are relative to
    :param output_directory: for PyKEEN's results, the co-occurrences and the word vectors
    :return: PyKEEN's result
    :raises ValueError: if the configuration is wrong
    """
    folder, output = Path(folder), Path(output_directory)
    settings = dict(configuration["pipeline"])
    model_kwargs = dict(settings.get("model_kwargs") or {})
    if TEXT in configuration:
        if TEXT in model_kwargs:
            raise ValueError(f"The configuration has a part {TEXT} and model_kwargs.{TEXT}; leave one of them out.")
        counted = count_text(**_resolve_paths(configuration[TEXT], folder))
        counted.save(output / COUNTS_FILE)
        model_kwargs[TEXT] = str(output / COUNTS_FILE)
    elif isinstance(model_kwargs.get(TEXT), str):
        model_kwargs[TEXT] = str(folder / model_kwargs[TEXT])
    settings["model_kwargs"] = model_kwargs
    result = pipeline_from_config({"metadata": configuration.get("metadata") or {}, "pipeline": settings})
    result.save_to_directory(output)
    assert isinstance(result.model, JointGloVe)
    result.model.word_vectors().save_word2vec(output / VECTORS_FILE)
    return result


def _resolve_paths(options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Make paths relative to a folder."""
    resolved = dict(options)
    for name in ("descriptions", "mentions"):
        if resolved.get(name) is not None:
            resolved[name] = folder / resolved[name]
    for name in ("documents", "held_out"):
        paths = resolved.get(name, ())
        resolved[name] = [folder / path for path in ([paths] if isinstance(paths, str) else paths)]
    return resolved
