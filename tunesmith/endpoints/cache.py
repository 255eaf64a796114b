"""Requests -> the replies they got before; failures are only noted.

A reply is on disk when `put` returns, whoever is killed after it. The first reply to a call is
the one that stays, so that two processes which ask the same end with the same.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import orjson

from tunesmith.endpoints.chat_request import ChatFailure, ChatReply, ChatRequest
from tunesmith.endpoints.database import Database
from tunesmith.files import hash_json


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
            RefusedError: The file is something else, of another version, or cannot be written.
        """
        self.database = Database(path)

    def get(self, call_id: str) -> ChatReply | None:
        """The reply to a call, if it was made before."""
        query = "SELECT text, finish_reason, prompt_tokens, completion_tokens FROM replies"
        with self.database.use() as connection:
            row = connection.execute(f"{query} WHERE call_id = ?", (call_id,)).fetchone()
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
        with self.database.use() as connection:
            connection.execute("INSERT OR IGNORE INTO replies VALUES (?,?,?,?,?,?,?,?,?)", row)
            is_new = connection.execute("SELECT changes()").fetchone()[0] == 1
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
        with self.database.use() as connection:
            connection.execute("INSERT INTO failures VALUES (?,?,?,?,?,?,?)", row)

    def failures(self) -> dict[str, int]:
        """How many calls ever failed, by reason; a call that was tried again counts again."""
        with self.database.use() as connection:
            rows = connection.execute(
                "SELECT reason, COUNT(*) FROM failures GROUP BY reason ORDER BY reason"
            ).fetchall()
        return dict(rows)

    def __len__(self) -> int:
        """How many replies it holds."""
        with self.database.use() as connection:
            (count,) = connection.execute("SELECT COUNT(*) FROM replies").fetchone()
        return int(count)

    def close(self) -> None:
        """Close the file."""
        self.database.close()
