"""Calls that go on until a test lets them go, in whatever thread, task or process they are made.

A call that comes to a door knocks, by a connection, and waits until somebody ends that: nothing sleeps, and nobody
looks again and again.  Where the call is ended by force the connection ends with it, and the door knows.
"""

import asyncio
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress

PATIENCE_SECONDS = 60.0  # before a test that waits in vain is given up


class Door:
    """What slow calls wait at; to be used in a ``with`` block, with whose end all of them are let go."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.listener.settimeout(PATIENCE_SECONDS)
        self.address = self.listener.getsockname()
        self.guests = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for guest in self.guests:
            guest.close()

    def guest(self):
        """Wait until a call has come."""
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE_SECONDS)
        self.guests.append(connection)
        return Guest(connection)

    def is_quiet(self):
        """Has nobody come that has not been let in?"""
        self.listener.settimeout(0)
        try:
            self.guests.append(self.listener.accept()[0])
        except BlockingIOError:
            return True
        finally:
            self.listener.settimeout(PATIENCE_SECONDS)
        return False

    def wait(self, value=None):
        """To be called as, or in, a slow call; gives `value`."""
        with suppress(ConnectionError), socket.create_connection(self.address) as connection:
            connection.recv(1)
        return value

    async def await_(self, value=None):
        """As `wait`, for coroutine functions."""
        try:
            reader, writer = await asyncio.open_connection(*self.address)
        except ConnectionError:
            return value
        try:
            with suppress(ConnectionError):
                await reader.read(1)
            return value
        finally:
            writer.transport.abort()

    def __reduce__(self):
        return _Outside, (self.address,)


class _Outside(Door):
    """A door as another process has it."""

    def __init__(self, address):
        self.address = address


class Guest:
    """A call that waits at a door."""

    def __init__(self, connection):
        self.connection = connection

    def let_go(self):
        """Let the call end."""
        self.connection.close()

    def left(self):
        """Wait until the call has been ended by others."""
        with suppress(ConnectionError):
            assert self.connection.recv(1) == b""


class Book:
    """Notes of calls, wherever they are made: a file, a line each."""

    def __init__(self, path):
        self.path = path
        path.touch()

    def note(self, text):
        with self.path.open("a") as file:
            file.write(f"{text}\n")
        return text

    def lines(self):
        return self.path.read_text().splitlines()


def aside(function, *args, **options):
    """Begin something in another thread; gives a future of what it gives."""
    future = Future()

    def work():
        try:
            future.set_result(function(*args, **options))
        except BaseException as error:  # noqa: BLE001 - told to who asks
            future.set_exception(error)

    threading.Thread(target=work, name="aside", daemon=True).start()
    return future
