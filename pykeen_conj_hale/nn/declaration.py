"""What a model declares, and the interaction that is made from it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from docdata import get_docdata
from pykeen.typing import Hint, Initializer
from torch import Tensor

from .query import QueryInteraction, parts_of
from .similarity import Similarity

if TYPE_CHECKING:
    from .model import QueryModel

__all__ = ["Relation", "declares", "give_docdata", "interaction_options", "make_interaction", "relations_of"]


@dataclass(frozen=True)
class Relation:
    """A relation representation, declared as an attribute of a model's class: an embedding per relation.

    The model gets the options ``NAME_initializer`` and ``NAME_initializer_kwargs``. The embedding is complex where the
    model is, but a single number is always real. One of the name ``curvature`` and of shape ``""`` is the parameter of
    the curvature: the transform gets the positive number that is made of it, and so does the similarity.

    :param initializer: the initializer where none is given
    :param shape: PyKEEN's notation: ``"d"`` for a vector of ``embedding_dim`` numbers, ``""`` for a single number,
        another letter for a vector whose length :attr:`size` says
    :param size: gets the model's ``embedding_dim`` and the interaction's options as keywords, returns the length
    :param is_factor: whether it is a factor of the scores that regularizers act on; not so if the transform normalises
        it, or if it is no vector
    :param option: the ``NAME`` of the options; the attribute's by default. Several representations may share a name.
    :param initializer_for: chooses the initializer where it depends on options, which it gets like :attr:`size`, and
        the model's ``similarity``
    :raises ValueError: if nothing says the length, or nothing the initializer
    """

    initializer: Hint[Initializer] = None
    shape: str = "d"
    size: Callable[..., int] | None = None
    is_factor: bool = True
    option: str | None = None
    initializer_for: Callable[..., Hint[Initializer]] | None = None

    def __post_init__(self) -> None:
        if self.size is None and self.shape not in ("d", ""):
            raise ValueError(f"shape={self.shape!r} needs size=…, a function of the options that returns the length.")
        if (self.initializer is None) == (self.initializer_for is None):
            raise ValueError("Give either initializer=… or initializer_for=…, a function of the options.")

    def embedding_kwargs(self, options: Mapping[str, Any], similarity: Similarity) -> dict[str, Any]:
        """Describe the embedding.

        :param options: ``embedding_dim`` and the interaction's options
        :param similarity: the model's similarity
        :return: its ``shape`` and ``initializer``, and what forbids a regularizer
        """
        default_size = options["embedding_dim"] if self.shape else ()
        return dict(
            shape=default_size if self.size is None else self.size(**options),
            initializer=self.initializer
            if self.initializer_for is None
            else self.initializer_for(similarity=similarity, **options),
            **({} if self.is_factor else dict(regularizer=None)),
        )


def relations_of(model: type) -> dict[str, Relation]:
    """List the relation representations that a class declares or inherits.

    :param model: the class
    :return: its declarations by name, in their order, those of its bases first
    """
    members = {name: member for base in reversed(model.__mro__) for name, member in vars(base).items()}
    return {name: member for name, member in members.items() if isinstance(member, Relation)}


def declares(model: type) -> bool:
    """Tell whether a class itself declares what its interaction is made from.

    :param model: the class
    :return: whether it does
    """
    names = {"transform", "relation_factors", "is_complex", "is_diagonal", "has_tail_vectors", "similarity_default"}
    return any(name in names or isinstance(member, Relation) for name, member in vars(model).items())


def make_interaction(model: type[QueryModel]) -> type[QueryInteraction]:
    """Make the interaction of a model from its transform and its declarations.

    Its name is the model's with PyKEEN's suffix. Pickles find it as the attribute ``interaction_class`` of the model.

    :param model: the model, with a static method ``transform(h, …)``
    :return: the interaction's class
    :raises TypeError: if the transform's parameters are not the head and the declared representations
    """
    relations, phi = relations_of(model), model.transform
    factors: Callable[..., Iterable[Tensor]] | None = getattr(model, "relation_factors", None)
    parameters = list(inspect.signature(phi).parameters)
    if parameters[1:] != list(relations):
        raise TypeError(
            f"{model.__name__}.transform takes {parameters}, but the relation representations are {list(relations)}: "
            f"make it a static method transform({', '.join(['h', *relations])})."
        )

    class Made(QueryInteraction):
        __doc__ = model.__doc__
        synonyms: ClassVar[set[str] | None] = getattr(model, "synonyms", None)
        is_complex: ClassVar[bool] = model.is_complex
        similarity_default: ClassVar[str] = model.similarity_default or QueryInteraction.similarity_default
        is_diagonal: ClassVar[bool] = model.is_diagonal
        entity_shape = ("d", "d") if model.has_tail_vectors else ("d",)
        # None is PyKEEN's for all
        _head_indices = (0,) if model.has_tail_vectors else None
        _tail_indices = (1,) if model.has_tail_vectors else None
        relation_shape = tuple(relation.shape for relation in relations.values())
        curvature_index: ClassVar[int | None] = list(relations).index("curvature") if "curvature" in relations else None

        def transform(self, h: Any, r: Any) -> Tensor:
            return phi(h, *parts_of(r))

        def relation_factors(self, r: Any) -> Iterable[Tensor]:
            if factors is not None:
                return factors(*parts_of(r))
            return [x for x, relation in zip(parts_of(r), relations.values(), strict=True) if relation.is_factor]

    Made.__name__ = f"{model.__name__}Interaction"
    Made.__module__, Made.__qualname__ = model.__module__, f"{model.__qualname__}.interaction_class"
    return Made


def give_docdata(model: type[QueryModel], interaction: type[QueryInteraction]) -> None:
    """Let an interaction without a citation of its own have the model's.

    :param model: the model
    :param interaction: the interaction
    """
    docdata = get_docdata(model)
    if docdata is not None and "__docdata__" not in vars(interaction):
        # without the name, which is the model's
        interaction.__docdata__ = {key: value for key, value in docdata.items() if key != "name"}  # type: ignore[attr-defined]


def interaction_options(interaction: type[QueryInteraction]) -> dict[str, inspect.Parameter]:
    """List the options of an interaction beyond those of all query models.

    :param interaction: the interaction
    :return: the parameters of its ``__init__`` and of its bases', by name
    """
    options: dict[str, inspect.Parameter] = {}
    for base in interaction.__mro__[: interaction.__mro__.index(QueryInteraction)]:
        if "__init__" in vars(base):
            own = inspect.signature(vars(base)["__init__"], eval_str=True).parameters
            options |= {name: parameter for name, parameter in own.items() if name not in options}
    common = inspect.signature(QueryInteraction.__init__).parameters
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: p for name, p in options.items() if name not in common and p.kind not in variable}
