"""Requests -> the replies they got before; failures are only noted.

SQLite in WAL mode: a reply is on disk when `put` returns, whoever is killed after it, and
several processes may share a file. The first reply to a call is the one that stays.
"""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import orjson

from tunesmith.endpoints.chat import ChatFailure, ChatReply, ChatRequest
from tunesmith.errors import DiskFullError, RefusedError
from tunesmith.files import hash_json

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
"""


def call_id_of(request: ChatRequest, identity: Mapping[str, str]) -> str:
    """The hash that names a call: everything asked, and who is asked."""
    return hash_json({"endpoint": dict(identity), "request": asdict(request)})


def default_cache_path() -> Path:
    """Where replies lie that belong to no run: `$XDG_CACHE_HOME/tunesmith/calls.sqlite`."""
    place = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(place).expanduser() / "tunesmith" / "calls.sqlite"


class CallCache:
    """The replies of one file; safe for several threads and several processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            RefusedError: The file is something else, or of another version.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, timeout=_WAIT_SECONDS, check_same_thread=False)
        with self._use():
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                raise RefusedError(
                    f"the calls were stored by another version ({version}, not {_VERSION})",
                    where=str(path),
                    cure="Move the file away; calls are then made anew.",
                )
            self._database.executescript(_TABLES)
            self._database.execute(f"PRAGMA user_version = {_VERSION}")

    def get(self, call_id: str) -> ChatReply | None:
        """The reply to a call, if it was made before."""
        query = "SELECT text, finish_reason, prompt_tokens, completion_tokens FROM replies"
        with self._use():
            row = self._database.execute(f"{query} WHERE call_id = ?", (call_id,)).fetchone()
        if row is None:
            return None
        return ChatReply(
            call_id=call_id,
            text=row[0],
            finish_reason=row[1],
            prompt_tokens=row[2],
            completion_tokens=row[3],
            is_cached=True,
        )

    def put(self, reply: ChatReply, request: ChatRequest, endpoint: str) -> ChatReply:
        """Keep a reply.

        Returns:
            The reply that stays: this one, or one that another process was told first.
        """
        row = (
            reply.call_id,
            endpoint,
            request.purpose,
            orjson.dumps(asdict(request)).decode(),
            reply.text,
            reply.finish_reason,
            reply.prompt_tokens,
            reply.completion_tokens,
            time.time(),
        )
        with self._use() as changes:
            changes.execute("INSERT OR IGNORE INTO replies VALUES (?,?,?,?,?,?,?,?,?)", row)
            is_new = changes.execute("SELECT changes()").fetchone()[0] == 1
        return reply if is_new else self.get(reply.call_id) or reply

    def note_failure(
        self, failure: ChatFailure, request: ChatRequest, endpoint: str, attempts: int
    ) -> None:
        """Note that a call failed; it is made again when it is asked again."""
        row = (
            failure.call_id,
            endpoint,
            request.purpose,
            failure.reason,
            failure.detail,
            attempts,
            time.time(),
        )
        with self._use() as changes:
            changes.execute("INSERT INTO failures VALUES (?,?,?,?,?,?,?)", row)

    def failures(self) -> dict[str, int]:
        """How many calls ever failed, by reason; a call that was tried again counts again."""
        with self._use():
            rows = self._database.execute(
                "SELECT reason, COUNT(*) FROM failures GROUP BY reason ORDER BY reason"
            ).fetchall()
        return dict(rows)

    def __len__(self) -> int:
        """How many replies it holds."""
        with self._use():
            (count,) = self._database.execute("SELECT COUNT(*) FROM replies").fetchone()
        return int(count)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    @contextlib.contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        """One thread at a time; what was changed is committed, or undone after an error."""
        try:
            with self._lock, self._database:
                yield self._database
        except sqlite3.DatabaseError as error:
            words = str(error)
            if "full" in words:
                raise DiskFullError(
                    "no space left to keep a reply",
                    where=str(self.path),
                    cure="Free some space and run the same command again; no reply is lost.",
                ) from error
            raise RefusedError(
                f"the stored calls cannot be used ({words})",
                where=str(self.path),
                cure="Move the file away; calls are then made anew.",
            ) from error
