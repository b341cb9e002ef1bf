"""Models that are made of a base model of PyKEEN: a subclass of it, made when it is asked for."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, cast

from class_resolver import HintOrType
from pykeen.models import ERModel, Model, model_resolver
from typing_extensions import Self

from ..checks import look_up
from ..wording import suggest

__all__ = ["OverBaseModel"]


class OverBaseModel(ERModel[Any, Any, Any]):
    """A model that *is* its base model: an instance of a subclass of both, whose defaults are the base model's.

    So every training loop, loss, evaluation and other facility of PyKEEN takes it as such. A subclass writes an
    ``__init__`` with the argument ``base``.
    """

    #: The default strategy for optimizing the model's hyper-parameters, to which the base model's is added
    hpo_default: ClassVar[Mapping[str, Any]] = {}

    #: The base model's class; None for a class that has still to be made from one
    base_class: ClassVar[type[ERModel[Any, Any, Any]] | None] = None

    #: The class that a class was made from, of a class that was made here only: a subclass of it does not count as such
    _origin: ClassVar[type[OverBaseModel] | None] = None

    def __new__(cls, *, base: HintOrType[Model] = None, **kwargs: Any) -> Self:
        """Make an instance of the class for the base model."""
        derived = cls if cls.base_class is not None else cls.of(base)
        return super().__new__(derived)

    @classmethod
    def of(cls, base: HintOrType[Model]) -> type[Self]:
        """Make the class for a base model.

        :param base: the base model, by name or class
        :return: a subclass of both, whose defaults are those of the base model
        :raises ValueError: if there is none, none of that name, or it is built another way
        """
        if base is None:
            raise ValueError(
                "base=None: name the base model, as in model_kwargs=dict(base='TransE', …). On the command line "
                "`pykeen-conj-hale words` (TextEntities) and `pykeen-conj-hale joint` (JointGloVe) do."
            )
        base_class = look_up(model_resolver, "base", base)
        if not issubclass(base_class, ERModel) or issubclass(base_class, OverBaseModel):
            raise ValueError(
                f"base={base!r} is not allowed: {base_class.__name__} has no embeddings of its own to share."
            )
        return cast("type[Self]", _derive(cls, base_class))

    @classmethod
    def check_base(cls, base: HintOrType[Model]) -> None:
        """Check that a class which has its base model is given no other one.

        :param base: the base model, by name or class; None for the class's own
        :raises ValueError: if it is another model
        """
        if base is not None and look_up(model_resolver, "base", base) is not cls.base_class:
            raise ValueError(f"base={base!r} is another model than that of {cls.__name__}; leave it out.")

    @classmethod
    def check_names(cls, names: Iterable[str]) -> None:
        """Check that a class which has its base model takes all arguments of a name, before it is made.

        :param names: the names
        :raises ValueError: if there is an unknown one
        """
        known: set[str] = set()
        for owner in cls.__mro__:
            if "__init__" not in vars(owner):
                continue
            parameters = inspect.signature(vars(owner)["__init__"]).parameters.values()
            known.update(x.name for x in parameters if x.kind not in {x.VAR_POSITIONAL, x.VAR_KEYWORD})
            # others are handed on to the next class
            if not any(x.kind is x.VAR_KEYWORD for x in parameters):
                break
        if unknown := sorted({*names} - known):
            raise ValueError(
                f"model_kwargs has {', '.join(map(repr, unknown))}, which {cls.__name__} does not take: "
                f"{suggest(unknown[0], sorted(known - {'self'}), 'name')}"
            )

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle a class that was made here by what it was made from: it has no name of its own to be found by."""
        origin: Any = vars(type(self)).get("_origin")
        made_from = (type(self), None) if origin is None else (origin, self.base_class)
        return _revive, made_from, self.__getstate__()  # type: ignore[no-untyped-call]


@functools.cache
def _derive(cls: Any, base_class: type[ERModel[Any, Any, Any]]) -> type[Any]:
    """Make a subclass of a class here and a base model."""
    members = {
        "__doc__": cls.__doc__,
        "__module__": cls.__module__,
        "base_class": base_class,
        "_origin": cls,
        "hpo_default": {**cls.hpo_default, **getattr(base_class, "hpo_default", {})},
    }
    return type(f"{cls.__name__}{base_class.__name__}", (cls, base_class), members)


def _revive(cls: Any, base_class: type[ERModel[Any, Any, Any]] | None) -> Any:
    """Make an instance without a state, for pickle: of the class for a base model, or of a class that has one."""
    derived: Any = cls if base_class is None else _derive(cls, base_class)
    return derived.__new__(derived)
