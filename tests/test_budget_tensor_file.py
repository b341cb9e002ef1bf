"""Files of tensors: why one cannot be written, and why one cannot be read."""

import errno
import os

import pytest
import torch

from pykeen_conj_hale import files
from pykeen_conj_hale.training.budget.tensor_file import UnreadableFileError, read_tensors, write_tensors


class Full:
    """A file on a disk with space for so many bytes."""

    def __init__(self, file, space):
        self.file, self.space = file, space

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, data):
        if self.file.tell() + len(data) > self.space:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(data)


@pytest.mark.parametrize("space", [0, 1_000, 20_000])
def test_a_full_disk_is_called_that(tmp_path, monkeypatch, space):
    """PyTorch says "unexpected pos" where the space ends in the middle."""
    path = tmp_path / "file"
    write_tensors(path, {"a": torch.ones(3)})
    real = files.Path.open
    monkeypatch.setattr(files.Path, "open", lambda self, mode="r": _full(real(self, mode), space))
    with pytest.raises(OSError, match=r"\[Errno 28\] No space left on device: '.*file'"):
        write_tensors(path, {"a": torch.zeros(10_000)})
    monkeypatch.undo()
    assert torch.equal(read_tensors(path)["a"], torch.ones(3))
    assert os.listdir(tmp_path) == ["file"]


class _full:  # noqa: N801
    def __init__(self, file, space):
        self.file = Full(file, space)

    def __enter__(self):
        return self.file

    def __exit__(self, *args):
        self.file.close()


def test_errors_of_pytorch_are_errors_still(tmp_path):
    with pytest.raises(AttributeError, match="pickle"):
        write_tensors(tmp_path / "file", {"a": lambda: None})


def test_what_is_in_the_way_is_said(tmp_path):
    path = tmp_path / "file"
    torch.save({"a": torch.nn.Linear(1, 1)}, path)
    with pytest.raises(UnreadableFileError, match="it holds something other than tensors and plain data"):
        read_tensors(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UnreadableFileError, match="it is no whole archive of tensors"):
        read_tensors(path)
