"""Replies that are kept: whole after a kill, the same for all who share them."""

import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.endpoints.rig import question
from tests.forks import Fork
from tunesmith.endpoints.cache import CallCache, call_id_of, default_cache_path
from tunesmith.endpoints.chat_request import ChatFailure, ChatReply
from tunesmith.endpoints.database import Database
from tunesmith.errors import DiskFullError, RefusedError

WRITER = """
import sys
from pathlib import Path
from tests.endpoints.rig import question
from tunesmith.endpoints.cache import CallCache
from tunesmith.endpoints.chat_request import ChatReply

path, writer, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
cache = CallCache(path)
for number in range(most):
    text = f"{writer} wrote {number} " + "x" * 2000
    reply = ChatReply(call_id=f"call {number}", text=text, finish_reason="stop")
    kept = cache.put(reply, question("q"), "tiny")
    assert cache.get(f"call {number}").text == kept.text
    print(number, kept.text.split()[0], flush=True)
"""


def start_writer(path: Path, writer: str, most: int) -> Fork:
    return Fork(["-c", WRITER, str(path), writer, str(most)])


def reply(call_id: str, text: str = "an answer") -> ChatReply:
    return ChatReply(call_id=call_id, text=text, finish_reason="length", prompt_tokens=3)


def test_a_reply_is_read_back_as_it_was(tmp_path: Path) -> None:
    cache = CallCache(tmp_path / "deep" / "calls.sqlite")
    assert cache.get("one") is None
    cache.put(reply("one", "line\nbreak \u2028 \U0001f600"), question("q"), "tiny")
    cache.close()
    again = CallCache(tmp_path / "deep" / "calls.sqlite")
    kept = again.get("one")
    again.close()
    assert kept == ChatReply(
        call_id="one",
        text="line\nbreak \u2028 \U0001f600",
        finish_reason="length",
        prompt_tokens=3,
        completion_tokens=None,
        is_cached=True,
    )


def test_the_first_reply_stays(tmp_path: Path) -> None:
    mine, theirs = CallCache(tmp_path / "c.sqlite"), CallCache(tmp_path / "c.sqlite")
    assert not theirs.put(reply("one", "first"), question("q"), "tiny").is_cached
    kept = mine.put(reply("one", "second"), question("q"), "tiny")
    assert (kept.text, kept.is_cached) == ("first", True)
    mine.close()
    theirs.close()


def test_failures_are_counted_and_never_read_back(tmp_path: Path) -> None:
    cache = CallCache(tmp_path / "calls.sqlite")
    failure = ChatFailure(call_id="one", reason="timeout")
    cache.note_failure(failure, question("q"), "tiny", attempts=5)
    cache.note_failure(failure, question("q"), "tiny", attempts=5)
    assert cache.get("one") is None
    assert cache.failures() == {"timeout": 2}
    cache.close()


def test_the_call_id_names_the_request_and_who_is_asked() -> None:
    one = call_id_of(question("q"), {"url": "u", "model": "m"})
    assert one == call_id_of(question("q"), {"model": "m", "url": "u"})
    assert one != call_id_of(question("q"), {"url": "u", "model": "n"})
    assert one != call_id_of(question("p"), {"url": "u", "model": "m"})


def test_parallel_writers_lose_nothing_and_agree(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    writers = [start_writer(path, name, 60) for name in ("ann", "bob", "cid")]
    said = [writer.communicate(timeout=60)[0].splitlines() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert said[0] == said[1] == said[2]
    assert len(said[0]) == 60


def test_a_killed_writer_loses_nothing_that_it_has_kept(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    for kill in range(5):
        writer = start_writer(path, f"life{kill}", 100_000)
        before = int(writer.stdout.readline().split()[0])
        time.sleep(0.02 * kill)
        writer.send_signal(signal.SIGKILL)
        told = [line.split() for line in writer.communicate()[0].splitlines()]
        database = sqlite3.connect(path)
        (state,) = database.execute("PRAGMA integrity_check").fetchone()
        kept = dict(database.execute("SELECT call_id, text FROM replies"))
        database.close()
        assert state == "ok"
        assert before == 0
        for number, name in (one for one in told if len(one) == 2):
            assert kept[f"call {number}"].startswith(f"{name} wrote {number} ")
        assert all(len(text) > 2000 for text in kept.values())


def test_a_file_that_is_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    path.write_text("not a database, but long enough to be taken for one" * 20)
    with pytest.raises(RefusedError, match="Move the file away"):
        CallCache(path)
    assert path.read_text().startswith("not a database")


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path / "calls.sqlite")
    with database.use() as connection:
        connection.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(RefusedError, match="of version 99"):
        CallCache(tmp_path / "calls.sqlite")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RefusedError, match="calls"):
        CallCache(tmp_path / "file" / "calls.sqlite")


def test_a_full_disk_has_its_own_error(tmp_path: Path) -> None:
    cache = CallCache(tmp_path / "calls.sqlite")
    with cache.database.use() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFullError, match="no reply is lost"):
        cache.put(reply("one", "x" * 100_000), question("q"), "tiny")
    assert cache.get("one") is None
    cache.close()


def test_replies_without_a_run_lie_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_path() == tmp_path / "tunesmith" / "calls.sqlite"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache_path() == Path.home() / ".cache" / "tunesmith" / "calls.sqlite"
