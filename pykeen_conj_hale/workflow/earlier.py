"""The earlier training of a folder, which stays until the one that replaces it has ended."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..files import replacing
from .folder import ModelFolder

__all__ = ["EARLIER", "EarlierTraining"]

logger = logging.getLogger(__name__)

#: The folder, in the one of the training, that holds what is to be replaced
EARLIER: Final = ".earlier-training"


class EarlierTraining:
    """What a training wrote that is about to be replaced: set aside, then discarded or put back.

    Files are moved one by one. Wherever the process is killed, nothing is lost: weights are in the folder only if all
    else is, and a configuration is aside only if all else is, or was.

    :param folder: the folder of the training
    """

    def __init__(self, folder: ModelFolder) -> None:
        self._folder = folder
        self._aside = ModelFolder(folder.path / EARLIER)

    @property
    def is_there(self) -> bool:
        """Say whether a training is set aside, all of it."""
        return self._aside.configuration.exists()

    def set_aside(self) -> None:
        """Move away what a training wrote, and nothing else.

        The folder keeps its configuration until a new one is written.

        :raises ValueError: if there is something, and it was not written by a training
        """
        if not self._folder.content():
            return
        self._folder.read_configuration()
        # only a training that has ended replaces what was set aside before it
        if self._folder.weights.exists():
            self.discard()
        # an interrupted one was to replace what is aside, and has nothing that is needed: but where moving, or putting
        # back, was interrupted, what is not aside is of the earlier training
        needless = {self._folder.training.name} if self.is_there else set()
        self._aside.path.mkdir(exist_ok=True)
        for name in self._names():
            path, target = self._folder.path / name, self._aside.path / name
            if target.exists() or name in needless:
                _remove(path)
            elif path.exists():
                path.replace(target)
        if not self.is_there:
            with replacing(self._aside.configuration) as file:
                file.write(self._folder.configuration.read_bytes())

    def discard(self) -> None:
        """Remove what is set aside, if there is something."""
        if self._aside.path.exists():
            # first of all what tells that all is there
            self._aside.configuration.unlink(missing_ok=True)
            shutil.rmtree(self._aside.path)

    def restore(self) -> None:
        """Put back what is set aside, in the place of what is in the folder."""
        weights, *others = self._names()
        for name in (*others, self._folder.configuration.name, weights):
            path, target = self._aside.path / name, self._folder.path / name
            if path.is_dir() or not path.exists():
                _remove(target)
            if path.exists():
                path.replace(target)
        shutil.rmtree(self._aside.path)

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """Replace the training by the one inside: it is discarded when that one has ended.

        If that one fails before its first validation, or is interrupted before it has begun, the earlier one is put
        back. Otherwise both stay: that one can go on, and the earlier one may be needed until it has ended.

        :yields: nothing
        """
        try:
            yield
        except BaseException as error:
            if self.is_there and self._goes_on(isinstance(error, Exception)):
                logger.warning(
                    "The earlier training is in %s until the one that replaces it has ended.", self._aside.path
                )
            elif self.is_there:
                self.restore()
                logger.warning("The earlier training in %s is as it was.", self._folder.path)
            raise
        self.discard()

    def _goes_on(self, failed: bool) -> bool:
        """Say whether the new training is one to go on with."""
        if failed:
            # there is a checkpoint before the first step, which may be the one that fails
            return self._folder.curve.exists() or self._folder.weights.exists()
        return self._folder.has_splits()

    def _names(self) -> list[str]:
        """Name all that a training writes but the configuration, the weights first."""
        return [path.name for path in self._folder.own_files()[:-1]]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
