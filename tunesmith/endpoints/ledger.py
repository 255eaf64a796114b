"""What calls take -> entries in the cache's file, so that a budget outlives a killed process.

An entry holds the most that a call can take until it is settled: a call that was in flight when
the process was killed stays in the books with that.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from tunesmith.endpoints.database import Database
from tunesmith.files import hash_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Calls, tokens and money that were spent, or may be."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.prompt_tokens + self.completion_tokens

    def plus(self, other: "Spending", times: int = 1) -> "Spending":
        """The sum, or with `times=-1` the difference."""
        return Spending(
            calls=self.calls + times * other.calls,
            prompt_tokens=self.prompt_tokens + times * other.prompt_tokens,
            completion_tokens=self.completion_tokens + times * other.completion_tokens,
        )


class Ledger:
    """What calls to one endpoint took, written down so that it outlives the process."""

    def __init__(self, database: Database, identity: Mapping[str, str]) -> None:
        self._database = database
        self._identity = hash_json(dict(identity))

    def total(self) -> Spending:
        """What all processes together have taken so far."""
        query = (
            "SELECT COUNT(*), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0)"
            " FROM spending WHERE identity = ?"
        )
        with self._database.use() as connection:
            row = connection.execute(query, (self._identity,)).fetchone()
        return Spending(calls=row[0], prompt_tokens=row[1], completion_tokens=row[2])

    def write(self, most: Spending) -> int:
        """Enter a call before it is made; returns the entry's number."""
        row = (self._identity, most.prompt_tokens, most.completion_tokens, time.time())
        with self._database.use() as connection:
            cursor = connection.execute("INSERT INTO spending VALUES (NULL,?,?,?,?)", row)
            assert cursor.lastrowid is not None, "an insert has a row"
            return cursor.lastrowid

    def settle(self, entry: int, took: Spending | None) -> None:
        """Correct an entry to what was taken; None: the call was never made."""
        with self._database.use() as connection:
            if took is None:
                connection.execute("DELETE FROM spending WHERE entry = ?", (entry,))
            else:
                connection.execute(
                    "UPDATE spending SET prompt_tokens = ?, completion_tokens = ? WHERE entry = ?",
                    (took.prompt_tokens, took.completion_tokens, entry),
                )
