"""A PostgreSQL server of Debian's package, for the tests: a cluster in a folder of its own, gone after them."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def find_programs() -> Path | None:
    """Find the folder of initdb and pg_ctl: Debian does not put it on the path."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").is_file():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def find_ordinary_user() -> pwd.struct_passwd:
    """Find a user to run the server where the tests run as root: Debian's package makes ``postgres``."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.skip("run as root, and there is no user 'postgres' or 'nobody' for the server")


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server; skip the test if there is none, with the reason.

    :return: the URL of its database
    """
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: pip install 'psycopg[binary]'")
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    as_user = {}
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        if os.getuid() == 0:
            # the server refuses to run as root
            user = find_ordinary_user()
            os.chown(folder, user.pw_uid, user.pw_gid)
            as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def call(program: str, *arguments: str) -> None:
            # no pipes: the server would keep them open
            subprocess.run(
                [programs / program, "-D", folder / "data", *arguments],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                **as_user,
            )

        call("initdb", "--username=tests", "--auth=trust", "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        call("pg_ctl", "--wait", "--log", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://tests@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "--wait", "--mode=immediate", "stop")
