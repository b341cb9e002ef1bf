"""Make PyKEEN find what this package adds to it by name.

What is added is listed as entry points in ``pyproject.toml``: one group for each of PyKEEN's resolvers. An entry
point names a class, or several, so that a new class needs no new installation. A program without the metadata of its
packages, as a frozen one, has the same list in :mod:`pykeen_conj_hale.entry_points`. PyKEEN itself loads only the
group ``pykeen.datasets``, at the end of importing :mod:`pykeen.datasets`. Often other modules of
PyKEEN are half imported at that moment (:mod:`pykeen.models` imports the datasets), so that importing ours would fail.

Hence nothing is registered at import. :func:`install` *arms* each resolver: its class is replaced by a subclass which,
at the first use of the resolver outside PyKEEN's own initialisation, registers our elements and puts the class back.
Where the resolver was obtained from and in which order modules were imported does not matter then, and nothing of ours
is loaded before it is needed. Resolvers to come are armed once their module is imported: the last step of that is to
set the module as attribute of its package, which a subclass of the package's class notices. PyKEEN's Lightning module
is imported by those only who ask for it: until then an import hook, which compares names, is all that stays of this.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

from .entry_points import DISTRIBUTION, ENTRY_POINTS, RESOLVERS
from .messages import Once

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["RESOLVERS", "datasets", "install"]

logger = logging.getLogger(__name__)
once = Once(logger)

_MODULES = {module for module, _ in RESOLVERS.values()}
#: Those which PyKEEN itself imports. The others use its resolvers while they are imported, as its command line does.
_OWN_MODULES = _MODULES - {"pykeen.contrib.lightning"}
_OWN_PACKAGES = {module.rpartition(".")[0] for module in _OWN_MODULES}

_lock = threading.RLock()  # for all that follows
_armed: dict[str, Any] = {}  # group -> the resolver which was armed for it
_watched: dict[str, tuple[type, type]] = {}  # package -> its class while it is watched, its own class
_active = threading.local()  # .groups: those which this thread is registering at the moment


def install() -> None:
    """Arm the resolvers which exist, and watch for the others. May be called any number of times, and never raises."""
    try:
        with _lock:
            _watch({RESOLVERS[group][0] for group in RESOLVERS if not _arm(group)})
    except Exception:
        logger.warning("PyKEEN will not find all names of %s", DISTRIBUTION, exc_info=True)


def _initialising(name: str) -> bool:
    """Tell whether the import of a module has begun, but not ended."""
    return bool(getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False))


def _derive(base: Any, **methods: Any) -> Any:
    """Derive a class which looks like its base, and whose instances can be moved to and fro by their ``__class__``."""
    return type(base.__name__, (base,), {"__module__": base.__module__, "__qualname__": base.__qualname__, **methods})


def _arm(group: str) -> bool:
    """Have the first use of a resolver register the elements of its group.

    :param group: the group of entry points.
    :returns: whether the resolver exists.
    """
    module, attribute = RESOLVERS[group]
    resolver = getattr(sys.modules.get(module), attribute, None)
    if resolver is None or resolver is _armed.get(group):
        return resolver is not None
    base: Any = type(resolver)

    def use(self: Any, name: str) -> Any:
        # isinstance() reads __class__, which is no use; anything else is, as each method reads attributes
        if name != "__class__" and _register(group, self):
            self.__class__ = base
        return base.__getattribute__(self, name)

    resolver.__class__ = _derive(base, __getattribute__=use)
    _armed[group] = resolver
    return True


def _watch(modules: set[str]) -> None:
    """Watch for modules with resolvers which are not imported yet, and leave no trace elsewhere.

    :param modules: their names; none once all resolvers are armed.
    """
    packages = {name.rpartition(".")[0] for name in modules}
    for name in packages:
        _watch_package(name)
    for name in _watched.keys() - packages:
        cls, base = _watched.pop(name)
        if type(sys.modules.get(name)) is cls:
            sys.modules[name].__class__ = base
    if modules and _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    elif not modules and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def _watch_package(name: str) -> None:
    """Have a package call :func:`install` when one of its modules with resolvers has been imported.

    :param name: name of the package; nothing is done if it is not imported.
    """
    package: Any = sys.modules.get(name)
    base: Any = type(package)
    if package is None or base is _watched.get(name, (None,))[0]:
        return

    def set_attribute(self: Any, attribute: str, value: Any) -> None:
        base.__setattr__(self, attribute, value)
        if f"{name}.{attribute}" in _MODULES:
            install()

    _watched[name] = _derive(base, __setattr__=set_attribute), base
    package.__class__ = _watched[name][0]


class _Finder:
    """Learns which module is about to be imported, and leaves finding it to the other finders."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        """Watch the package of a module with resolvers: it is imported by now, the module is not."""
        if fullname in _MODULES:
            with _lock:
                _watch_package(fullname.rpartition(".")[0])


_finder = _Finder()


def _busy() -> bool:
    """Tell whether a module with resolvers, or its package, is being initialised, so that loading ours could fail.

    PyKEEN's command lines are none of them: they are built from the resolvers while they are imported.
    """
    for name in filter(_initialising, _OWN_MODULES | _OWN_PACKAGES):
        with contextlib.suppress(Exception):
            importlib.import_module(name)  # waits if another thread is at it, returns at once if this one is
        if _initialising(name):
            return True
    return False


def _register(group: str, resolver: Any) -> bool:
    """Register our elements of a group.

    :param group: the group of entry points.
    :param resolver: its resolver.
    :returns: whether this is done; otherwise, it has to be tried again.
    """
    active: set[str] = _active.__dict__.setdefault("groups", set())
    if group in active or _busy():
        return False
    active.add(group)  # no lock, as importing has locks of its own; registering twice does no harm
    try:
        return all([_add(resolver, entry) for entry in _entries() if entry.group == group])  # noqa: C419 (try each)
    except Exception:
        logger.warning("PyKEEN will not find our names of %s", group, exc_info=True)
        return True
    finally:
        active.remove(group)


@functools.cache
def _entries() -> tuple[EntryPoint, ...]:
    """Read the entry points of our distribution, or, where it was left out of a frozen program, our list of them."""
    from importlib.metadata import EntryPoint, PackageNotFoundError, distribution

    try:
        return tuple(distribution(DISTRIBUTION).entry_points)
    except PackageNotFoundError:
        return tuple(
            EntryPoint(name, value, group) for group, entries in ENTRY_POINTS.items() for name, value in entries.items()
        )


def _add(resolver: Any, entry: EntryPoint) -> bool:
    """Register the elements of an entry point.

    :param resolver: the resolver.
    :param entry: the entry point, of an element or of several, as a list or tuple.
    :returns: whether this is done; otherwise, it has to be tried again.
    """
    try:
        loaded = entry.load()
        elements = loaded if isinstance(loaded, list | tuple) else [loaded]
    except Exception as error:
        half = [module for module in list(sys.modules) if module.startswith("pykeen") and _initialising(module)]
        if half and isinstance(error, (ImportError, AttributeError)):
            return False
        _warn(entry, f"cannot be loaded: {error!r}", exc_info=True)
        return True
    for element in elements:
        try:
            _add_element(resolver, entry, element)
        except Exception as error:
            _warn(entry, f"{element} cannot be registered: {error!r}", element=element, exc_info=True)
    return True


def _add_element(resolver: Any, entry: EntryPoint, element: Any) -> None:
    """Register one element, unless its name is taken.

    :param resolver: the resolver.
    :param entry: the entry point which the element is from.
    :param element: the element.
    """
    name = resolver.normalize(resolver.extract_name(element))
    synonyms = map(resolver.normalize, resolver.extract_synonyms(element))
    owners = {key: resolver.lookup_dict.get(key, resolver.synonyms.get(key)) for key in (name, *synonyms)}
    taken = {key: owner for key, owner in owners.items() if owner is not None and not _same(owner, element)}
    if name not in taken:
        resolver.register(element, raise_on_conflict=False)
    if taken:
        _warn(entry, f"PyKEEN keeps {taken}, and does not find {element} by the same name", element=element)


def _same(one: Any, other: Any) -> bool:
    """Compare classes by name, as reloading a module makes new ones."""
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def _warn(entry: EntryPoint, message: str, element: Any = None, **kwargs: Any) -> None:
    """Log a warning about an entry point, or one of its elements, once."""
    key = (entry.group, entry.name, getattr(element, "__qualname__", None))
    once.warning("%s of %s: %s", entry.name, entry.group, message, key=key, **kwargs)


class _Datasets:
    """What our entry points of datasets, which PyKEEN loads itself, refer to: the attributes are the classes."""

    def __getattr__(self, name: str) -> Any:
        """Get the class of a dataset, but not while PyKEEN registers the entry points.

        At that moment, a taken name or an error other than an ImportError would break ``import pykeen.datasets``, and
        our own module may be half imported. The resolver is armed by then: PyKEEN gets a class which it has, and skips.

        :param name: name of the class.
        :returns: the class.
        :raises AttributeError: if there is no such class.
        :raises ImportError: if our datasets cannot be imported, whatever the reason.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        install()
        resolver = _armed.get("pykeen.datasets")
        if resolver is not None and _initialising("pykeen.datasets"):
            return next(iter(resolver))
        try:
            return getattr(importlib.import_module(f"{__package__}.datasets"), name)
        except (ImportError, AttributeError):
            raise
        except Exception as error:
            raise ImportError(f"cannot import {__package__}.datasets: {error!r}") from error


datasets = _Datasets()
