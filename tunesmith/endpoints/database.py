"""A file -> an SQLite database that threads and processes share, with our own errors.

WAL mode: what was committed survives a killed process, and readers never wait for a writer.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from tunesmith.errors import DiskFullError, RefusedError

_WAIT_SECONDS = 60.0
_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS replies (
    call_id TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    purpose TEXT NOT NULL,
    request TEXT NOT NULL,
    text TEXT NOT NULL,
    finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
    call_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    purpose TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS spending (
    entry INTEGER PRIMARY KEY,
    identity TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    at REAL NOT NULL
);
"""


class Database:
    """One SQLite file; safe for several threads and several processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            RefusedError: The file is something else, of another version, or cannot be written.
        """
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=_WAIT_SECONDS, check_same_thread=False, isolation_level=None
            )
        except (OSError, sqlite3.Error) as error:
            raise self._refused(str(error)) from error
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        with self.use() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            raise self._refused(f"they are of version {version}, not {_VERSION}")
        if version == 0:
            with self.use() as connection:
                connection.executescript(
                    f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;"
                )

    @contextlib.contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """One thread at a time; each statement is on disk when it returns.

        Raises:
            DiskFullError: There is no room for what is written.
            RefusedError: The file is damaged or cannot be written.
        """
        try:
            with self._lock:
                yield self._connection
        except sqlite3.DatabaseError as error:
            if "full" in str(error):
                raise DiskFullError(
                    "no space left to keep what a model answered",
                    where=str(self.path),
                    cure="Free some space and run the same command again; no reply is lost.",
                ) from error
            raise self._refused(str(error)) from error

    def _refused(self, why: str) -> RefusedError:
        return RefusedError(
            f"the kept calls cannot be used: {why}",
            where=str(self.path),
            cure="Move the file away, and calls are made anew; or look who may write there.",
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
