"""A server of PostgreSQL for tests: of our own, on a free port of loopback, as somebody who is not root."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest

__all__ = ["Server", "missing", "opened"]


def programs():
    """The folder with the server's programs, the newest; None if there is none."""
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def somebody():
    """Who the server runs as: it refuses to run as root."""
    if os.getuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def missing():
    """Why there is no server; None if there is one."""
    if programs() is None:
        return "PostgreSQL is missing (Debian: apt-get install postgresql)"
    if not os.getuid() and somebody() is None:
        return "PostgreSQL does not run as root, and there is no user nobody"
    return None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    def __init__(self):
        self.programs, self.user = programs(), somebody()
        self.folder = Path(tempfile.mkdtemp(prefix="thalweg-postgres-"))
        self.port, self.process = free_port(), None
        password = self.folder / "password"
        password.write_text(secrets.token_hex(16))
        self.url = f"postgresql://tests:{password.read_text()}@127.0.0.1:{self.port}/postgres"
        if self.user is not None:
            for path in (self.folder, password):
                os.chown(path, self.user.pw_uid, self.user.pw_gid)
        self.data = self.folder / "data"
        how = [
            "-U",
            "tests",
            "-A",
            "scram-sha-256",
            "--pwfile",
            password,
            "--no-sync",
            "--no-instructions",
            "-E",
            "UTF8",
        ]
        subprocess.run([self.programs / "initdb", "-D", self.data, *how], check=True, **self._how())
        self.start()

    def _how(self):
        who = {} if self.user is None else {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": self.folder, **who}

    def start(self):
        """Begin, and wait until it answers."""
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        options += ["-c", "shared_buffers=16MB", "-c", "max_connections=20"]
        self.process = subprocess.Popen(
            [self.programs / "postgres", "-D", self.data, "-p", str(self.port), *options], **self._how()
        )
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, "the server did not start"
            else:
                return

    def kill(self):
        """Have it die, with all its processes, without a word."""
        leader = psutil.Process(self.process.pid)
        everybody = [leader, *leader.children(recursive=True)]
        for each in everybody:
            try:
                each.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        self.process.wait()
        psutil.wait_procs(everybody[1:])

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # ends connections, and writes what is to be written
            self.process.wait(timeout=60)
        shutil.rmtree(self.folder)


def opened():
    """Give a server until it is needed no more, or skip and say what is missing: the body of a fixture."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    server = Server()
    yield server
    server.close()
