"""A Slack export: its markup, what is nobody's words, and files that are not what they should."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.sources.reading import reasons_of
from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.chats.slack.slack_text import mentioned, without_slack_markup
from tunesmith.sources.material import Thread
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped

NAMES = {"U1": "ann", "C1": "general"}
FIRST = 1_767_600_000


def message(number: int, text: str, user: str | None = "U1", **fields: Any) -> dict[str, Any]:
    record = {"type": "message", "user": user, "text": text, "ts": f"{FIRST + number}.000100"}
    return {key: value for key, value in {**record, **fields}.items() if value is not None}


def export(
    folder: Path, *days: object, users: object = None, channel: str = "general"
) -> list[Thread | Dropped]:
    """Write one channel, a day file each, and read it."""
    (folder / "export" / channel).mkdir(parents=True, exist_ok=True)
    for number, day in enumerate(days, start=1):
        data = day if isinstance(day, bytes) else json.dumps(day).encode()
        (folder / "export" / channel / f"2026-01-{number:02}.json").write_bytes(data)
    if users is not None:
        (folder / "export" / "users.json").write_text(json.dumps(users))
    items = read_source(SourceRecipe(path="export", kind="slack"), folder=folder)
    return [item for item in items if isinstance(item, Thread | Dropped)]


def texts(items: list[Thread | Dropped]) -> list[list[str]]:
    return [[turn.text for turn in item.turns] for item in items if isinstance(item, Thread)]


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("<@U1> hi", "@ann hi"),
        ("<@U9> hi", "@U9 hi"),
        ("<@U9|old name> hi", "@old name hi"),
        ("see <#C1|general>", "see #general"),
        ("see <#C1>", "see #general"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@support> help", "@support help"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<!date^1392734382^{date}>", "2014-02-18 14:39 UTC"),
        ("<!date^x^{date}>", "x"),
        ("<http://a.example>", "http://a.example"),
        ("<http://a.example|a.example>", "http://a.example"),
        ("<http://a.example/x|the page>", "the page (http://a.example/x)"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<tel:123|123>", "123"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&lt;@U1&gt;", "<@U1>"),
        ("if &amp;lt; stays", "if &lt; stays"),
        ("```if a &lt; b:\n    pass```", "```if a < b:\n    pass```"),
        ("x \u2028 y", "x \u2028 y"),
    ],
)
def test_markup_becomes_words(raw: str, plain: str) -> None:
    assert without_slack_markup(raw, NAMES) == plain


def test_mentions_are_found_once_each() -> None:
    assert mentioned("<@U1> and <@U2|bo>, <@U1>! &lt;@U3&gt;") == ("U1", "U2")


def test_replies_are_joined_across_day_files(tmp_path: Path) -> None:
    start = f"{FIRST}.000100"
    items = export(
        tmp_path,
        [message(0, "Where is the key?", thread_ts=start), message(1, "Who has the car?", "U3")],
        [message(90_000, "Under the mat.", "U2", thread_ts=start, parent_user_id="U1")],
    )
    assert texts(items) == [["Where is the key?", "Under the mat."]]
    assert reasons_of(items) == {f"general/2026-01-01.json:{FIRST + 1}.000100": "nobody answers"}


def test_edits_and_deletions_change_the_message_they_name(tmp_path: Path) -> None:
    start = f"{FIRST}.000100"
    edited = message(1, "Under the pot.", "U2", thread_ts=start)
    items = export(
        tmp_path,
        [
            message(0, "Where is the key?", thread_ts=start),
            message(1, "Under the mat.", "U2", thread_ts=start),
            message(2, "Oops.", "U2", thread_ts=start),
            message(3, "", None, subtype="message_changed", message=edited),
            message(4, "", None, subtype="message_deleted", deleted_ts=f"{FIRST + 2}.000100"),
            message(5, "This message was deleted.", "USLACKBOT", subtype="tombstone"),
            message(1, "Under the mat.", "U2", thread_ts=start),
        ],
    )
    assert texts(items) == [["Where is the key?", "Under the pot."]]
    assert sorted(item.reason for item in items if isinstance(item, Dropped)) == [
        "deleted message",
        "deleted message",
        "duplicate message",
        "system message",
    ]


def test_nobodys_words_are_counted_by_kind(tmp_path: Path) -> None:
    items = export(
        tmp_path,
        [
            message(0, "<@U1> has joined the channel", subtype="channel_join"),
            message(1, "set the topic", subtype="channel_topic"),
            message(2, "", None, subtype="bot_message", bot_id="B1", attachments=[{"text": "x"}]),
            message(3, "Build 7 is done", "UBOT"),
            message(4, "Reminder", "USLACKBOT"),
            message(5, "", files=[{"name": "a.png"}]),
            message(6, "<@U1> uploaded a file: <http://x|a>", subtype="file_share"),
            message(7, "Look at this.", subtype="file_share", files=[{"name": "a.png"}]),
        ],
        users=[{"id": "U1", "name": "ann"}, {"id": "UBOT", "name": "ci", "is_bot": True}],
    )
    reasons = [item.reason for item in items if isinstance(item, Dropped)]
    assert sorted(reasons) == [
        "bot message",
        "bot message",
        "bot message",
        "no question",
        "no text",
        "no text",
        "system message",
        "system message",
    ]


def test_without_users_ids_are_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        items = export(tmp_path, [message(0, "<@U2> where?"), message(1, "There.", "U2")])
    assert texts(items) == [["@U2 where?", "There."]]
    assert "has no users.json" in caplog.text


def test_a_deleted_user_keeps_their_id(tmp_path: Path) -> None:
    users = [{"id": "U1", "name": "ann"}, {"id": "U2", "deleted": True}]
    items = export(tmp_path, [message(0, "Where?"), message(1, "There.", "U2")], users=users)
    (thread,) = [item for item in items if isinstance(item, Thread)]
    assert [turn.author for turn in thread.turns] == ["U1", "U2"]
    assert thread.names == (("U1", "ann"),)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (b'[{"type":"message","user":"U1","text":"half', "bad JSON"),
        (b'{"ok": true}', "not a list"),
        (b"", "empty file"),
        (b"   ", "empty file"),
        (b"[" * 50_000 + b"]" * 50_000, "nested too deeply"),
        (b'[{"ts":"1.0","text":"caf\xe9","user":"U1"}]', "not UTF-8"),
        (b'[{"ts":"1.0","text":"\\ud83d","user":"U1"}]', "lone surrogate"),
        (b'[{"ts":"1.0","text":NaN,"user":"U1"}]', "NaN or Infinity"),
        (b"[7]", "data_type"),
        (b'[{"text":"no time","user":"U1"}]', "no timestamp"),
        (b'[{"ts":"../../x","text":"no time","user":"U1"}]', "no timestamp"),
        (b'[{"ts":"1.0","text":["a"],"user":"U1"}]', "no message"),
        (b'[{"ts":"1.0","text":"whose?"}]', "no message"),
        (b'[{"ts":"1.0","text":"' + b"x" * (17 << 20) + b'","user":"U1"}]', "line too long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_file_costs_only_itself(tmp_path: Path, day: bytes, reason: str) -> None:
    good = [message(0, "Where is the key?"), message(1, "Under the mat.", "U2")]
    items = export(tmp_path, good, day)
    assert texts(items) == [["Where is the key?", "Under the mat."]]
    assert [item.reason for item in items if isinstance(item, Dropped)] == [reason]


def test_the_messages_before_the_break_are_kept(tmp_path: Path) -> None:
    day = json.dumps([message(0, "Where?"), message(1, "There.", "U2")]).encode()
    items = export(tmp_path, day[:-1] + b', {"text": "ha')
    assert texts(items) == [["Where?", "There."]]
    assert list(reasons_of(items).values()) == ["bad JSON"]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "notes.json").write_text("[]")
    with pytest.raises(DataError, match="is no Slack export"):
        list(read_source(SourceRecipe(path="export", kind="slack"), folder=tmp_path))
    with pytest.raises(DataError, match="is a folder"):
        list(read_source(SourceRecipe(path="export"), folder=tmp_path))


def test_a_reply_to_a_message_that_is_gone_answers_nothing_else(tmp_path: Path) -> None:
    items = export(
        tmp_path,
        [
            message(0, "Where is the key?"),
            message(5, "Take the bus.", "U2", thread_ts="1767500000.000100"),
        ],
    )
    assert [len(turns) for turns in texts(items)] == [1]
    assert list(reasons_of(items).values()) == ["nobody answers"]
