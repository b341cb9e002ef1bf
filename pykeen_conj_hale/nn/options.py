"""The options of a model: taken out of its keyword arguments, and shown in the signature of its ``__init__``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Optional
from weakref import WeakSet

import torch
from pykeen.typing import Hint, Initializer

from ..checks import check_bool, check_number
from ..pykeen_internals import show_options
from .declaration import interaction_options, relations_of
from .initializers import check_initializer
from .query import QueryInteraction
from .similarity import Similarity

if TYPE_CHECKING:
    from .model import QueryModel

__all__ = [
    "embedding_dtype",
    "is_made",
    "list_options",
    "make_init",
    "read_bool",
    "read_number",
    "take_options",
    "take_relations",
]

#: Of which PyKEEN's command line makes no option
_INITIALIZER: Any = Hint[Initializer]  # type: ignore[misc]
#: Constructors that :func:`make_init` has made
_made: WeakSet[Callable[..., None]] = WeakSet()


def take_options(model: type[QueryModel], embedding_dim: int | None, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Take the interaction's options out of keyword arguments.

    :param model: the model's class
    :param embedding_dim: the dimension of entities, None for the model's default
    :param kwargs: the keyword arguments; changed
    :return: ``embedding_dim`` and the interaction's options
    :raises TypeError: if the class has no interaction
    """
    if not hasattr(model, "interaction_class"):
        raise TypeError(f"{model.__name__} has neither a transform nor an interaction_class: declare one of them.")
    options = {name: p.default for name, p in interaction_options(model.interaction_class).items()}
    options = {name: kwargs.pop(name, default) for name, default in options.items()}
    options["embedding_dim"] = model.embedding_dim_default if embedding_dim is None else embedding_dim
    return {name: value for name, value in options.items() if value is not inspect.Parameter.empty}


def take_relations(
    model: type[QueryModel], options: Mapping[str, Any], similarity: Similarity, kwargs: dict[str, Any]
) -> list[dict[str, Any]]:
    """Describe the embeddings of relations, with the initializers that are among keyword arguments.

    :param model: the model's class
    :param options: what :func:`take_options` returned
    :param similarity: the model's similarity
    :param kwargs: the keyword arguments; changed
    :return: arguments of an embedding for each relation representation
    """
    relations = relations_of(model)
    keys = {f"{relation.option or name}_initializer" for name, relation in relations.items()}
    given = {key: (kwargs.pop(key, None), kwargs.pop(f"{key}_kwargs", None)) for key in keys}
    embeddings = []
    for name, relation in relations.items():
        key = f"{relation.option or name}_initializer"
        initializer, initializer_kwargs = given[key]
        check_initializer(key, initializer)
        embedding = relation.embedding_kwargs(options, similarity)
        embedding.update(initializer_kwargs=initializer_kwargs)
        if initializer is not None:
            embedding.update(initializer=initializer)
        if relation.shape:
            embedding.update(embedding_dtype(model.interaction_class))
        embeddings.append(embedding)
    return embeddings


def read_bool(argument: str, value: bool | str | None, default: bool) -> bool:
    """Read an option that is true or false; on PyKEEN's command line it is a text.

    :param argument: the option's name
    :param value: its value; None for the default
    :param default: the default
    :return: the value
    :raises ValueError: if it is neither
    """
    texts = {"true": True, "false": False}
    if isinstance(value, str):
        value = texts.get(value.lower(), value)
    return check_bool(argument, default if value is None else value)


def read_number(argument: str, value: float | str | None, default: float) -> float:
    """Read an option that is a number; on PyKEEN's command line it is a text.

    :param argument: the option's name
    :param value: its value; None for the default
    :param default: the default
    :return: the value
    :raises ValueError: if it is no finite number
    """
    if isinstance(value, str):
        with suppress(ValueError):
            value = float(value)
    return check_number(argument, default if value is None else value)


def embedding_dtype(interaction: type[QueryInteraction]) -> dict[str, Any]:
    """Describe what makes an embedding complex, where the interaction is.

    :param interaction: the interaction
    :return: arguments of an embedding
    """
    return dict(dtype=torch.cfloat) if interaction.is_complex else {}


def list_options(model: type[QueryModel]) -> dict[str, tuple[Any, Any]]:
    """List the options of a model.

    :param model: the model's class
    :return: annotation and default by name, in the order in which they are shown
    """
    initializers: dict[str, set[Hint[Initializer]]] = {"entity": {model.entity_initializer_default}}
    for name, relation in relations_of(model).items():
        initializers.setdefault(relation.option or name, set()).add(relation.initializer)
    interaction = interaction_options(model.interaction_class) if hasattr(model, "interaction_class") else {}
    # None, as PyKEEN's pipeline hands a default over as if it had been asked for; `Optional`, as PyKEEN's command line
    # makes an option of it with this default
    options: dict[str, tuple[Any, Any]] = {"embedding_dim": (Optional[int], None)}  # noqa: UP045
    options |= {name: (p.annotation, p.default) for name, p in interaction.items() if name != "embedding_dim"}
    for name, defaults in initializers.items():
        # None where the representations that share the option start in different ways, or options decide how
        default = next(iter(defaults)) if len(defaults) == 1 else None
        options[f"{name}_initializer"] = _INITIALIZER, default
        options[f"{name}_initializer_kwargs"] = Mapping[str, Any] | None, None
    return options | {
        "loss": (Any, None),
        # PyKEEN's command line makes no option of a number without a default, but of a text
        **dict.fromkeys(
            ("similarity", "relation_scale", "tail_bias", "head_bias", "min_reflexive"),
            (Optional[str], None),  # noqa: UP045
        ),
    }


def make_init(model: type[QueryModel], doc: str | None) -> Callable[..., None]:
    """Make a constructor that does no more than carry the signature: PyKEEN reads the annotations of ``__init__``.

    :param model: the model's class
    :param doc: the constructor's docstring; the interaction's options are added
    :return: the constructor
    """

    def init(self: Any, **kwargs: Any) -> None:
        super(model, self).__init__(**kwargs)

    init.__name__, init.__qualname__, init.__module__ = "__init__", f"{model.__qualname__}.__init__", model.__module__
    own = vars(getattr(model, "interaction_class", object)).get("__init__")
    docs = [inspect.cleandoc(text) for text in (doc, own.__doc__ if inspect.isfunction(own) else None) if text]
    init.__doc__ = "\n\n".join(docs)
    show_options(init, list_options(model))
    _made.add(init)
    return init


def is_made(init: Callable[..., None]) -> bool:
    """Tell whether a constructor was made, rather than written by hand.

    :param init: the constructor
    :return: whether it was
    """
    return init in _made
