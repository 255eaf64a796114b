"""Words that a Slack message holds outside of its text: blocks, attachments, files."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunesmith.sources.chats.slack.slack import read_slack
from tunesmith.sources.chats.slack.slack_blocks import block_text
from tunesmith.sources.chats.slack.slack_message import slack_words
from tunesmith.sources.material import Thread
from tunesmith.sources.row import Dropped, NotRead

NAMES = {"U1": "ann", "C1": "general", "S1": "support"}
Json = dict[str, Any]


def text(words: str, **style: bool) -> Json:
    return {"type": "text", "text": words} | ({"style": style} if style else {})


def part(kind: str, *elements: Json, **more: Any) -> Json:
    return {"type": f"rich_text_{kind}", "elements": list(elements), **more}


def items(*words: str, **more: Any) -> Json:
    return part("list", *(part("section", text(word)) for word in words), **more)


def rich(*parts: Json) -> list[Json]:
    return [{"type": "rich_text", "elements": list(parts)}]


def section(*elements: Json) -> list[Json]:
    return rich(part("section", *elements))


MRKDWN = {"type": "mrkdwn", "text": "see <https://e.example/x|the page>, <@U1> &amp; all"}
SEEN = "see the page (https://e.example/x), @ann & all"


@pytest.mark.parametrize(
    ("blocks", "seen"),
    [
        (section(text("Where is the "), text("lamp", bold=True), text("?")), "Where is the lamp?"),
        (section(text("run "), text("ls -l", code=True)), "run `ls -l`"),
        (rich(items("hall", "coat", style="ordered")), "1. hall\n2. coat"),
        (rich(items("hall", "coat", style="bullet")), "- hall\n- coat"),
        (
            rich(
                items("a", style="ordered"),
                items("x", "y", style="bullet", indent=1),
                items("b", style="ordered", offset=1),
            ),
            "1. a\n    - x\n    - y\n2. b",
        ),
        (rich(part("quote", text("one\ntwo"))), "> one\n> two"),
        (rich(part("preformatted", text("if a:\n    b"))), "```\nif a:\n    b\n```"),
        (
            rich(part("section", text("Try this:\n")), items("a", style="bullet")),
            "Try this:\n- a",
        ),
        (section({"type": "link", "url": "https://e.example/x"}), "https://e.example/x"),
        (
            section({"type": "link", "url": "https://e.example/x", "text": "the page"}),
            "the page (https://e.example/x)",
        ),
        (section({"type": "emoji", "name": "wave"}), ":wave:"),
        (section({"type": "emoji", "unicode": "1f44b-1f3fd"}), "👋🏽"),
        (section({"type": "user", "user_id": "U1"}, text(" and all")), "@ann and all"),
        (section({"type": "user", "user_id": "U9"}), "@U9"),
        (section({"type": "channel", "channel_id": "C1"}), "#general"),
        (section({"type": "usergroup", "usergroup_id": "S1"}), "@support"),
        (section({"type": "broadcast", "range": "here"}), "@here"),
        (section({"type": "date", "timestamp": 0, "fallback": "Monday"}), "Monday"),
        (section({"type": "date", "timestamp": 0, "format": "{date}"}), "1970-01-01 00:00 UTC"),
        (section({"type": "color", "value": "#ff0000"}), "#ff0000"),
        (section({"type": "new_thing", "label": {"text": "odd words"}}), "odd words"),
        ([{"type": "section", "text": MRKDWN}], SEEN),
        (
            [{"type": "section", "text": {"type": "plain_text", "text": "a &amp; <b>"}}],
            "a &amp; <b>",
        ),
        (
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "*A*"}, MRKDWN]}],
            f"*A*\n{SEEN}",
        ),
        ([{"type": "header", "text": {"type": "plain_text", "text": "Outage"}}], "Outage"),
        ([{"type": "context", "elements": [MRKDWN]}, {"type": "divider"}], SEEN),
        ([{"type": "markdown", "text": "# Title\n- a"}], "# Title\n- a"),
        (
            [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, *section(text("b"))]]}],
            "| a | b |",
        ),
        ([{"type": "rich_text", "elements": "broken"}, 7, None], ""),
        ("broken", ""),
        (section({"type": "text", "text": ["broken"]}, {"type": ["broken"]}), ""),
    ],
)
def test_blocks_are_read_as_people_see_them(blocks: Any, seen: str) -> None:
    assert block_text(blocks, NAMES).text == seen


@pytest.mark.parametrize(
    ("block", "name"),
    [
        ({"type": "image", "alt_text": "w1", "title": {"text": "w2"}}, "picture"),
        ({"type": "video", "title": {"text": "w1"}, "description": {"text": "w2"}}, "picture"),
        ({"type": "context", "elements": [{"type": "image", "alt_text": "w1 w2"}]}, "picture"),
        ({"type": "actions", "elements": [{"text": {"text": "w1"}, "value": "w2"}]}, "button"),
        ({"type": "section", "text": MRKDWN, "accessory": {"text": {"text": "w1 w2"}}}, "button"),
        ({"type": "carousel", "cards": [{"text": "w1"}, {"title": "w2"}]}, "block 'carousel'"),
    ],
)
def test_what_is_no_text_is_named_with_its_words(block: Json, name: str) -> None:
    ((found, words),) = block_text([block], NAMES).not_read
    assert found == name
    assert "w1" in words
    assert "w2" in words


@pytest.mark.parametrize(
    ("said", "blocks", "seen", "left"),
    [
        ("", section(text("Is it open?")), "Is it open?", []),
        (None, section(text("Is it open?")), "Is it open?", []),
        (
            "Is it *open*?",
            section(text("Is it "), text("open", bold=True), text("?")),
            "Is it *open*?",
            [],
        ),
        ("• a\n• b", rich(items("a", "b", style="bullet")), "• a\n• b", []),
        ("Is it", section(text("Is it open?")), "Is it open?", []),
        ("New order", section(text("New order 7 of ten cups")), "New order 7 of ten cups", []),
        (
            "This content can't be displayed.",
            section(text("Yes")),
            "Yes",
            ["This content can t be displayed"],
        ),
        (
            "This message contains interactive elements.",
            section(text("Yes")),
            "Yes",
            ["This message contains interactive elements"],
        ),
        ("[no preview available]", section(text("Yes")), "Yes", ["no preview available"]),
        (
            "Ann bought a cup",
            section(text("Order 7 of Ann for two large cups")),
            "Order 7 of Ann for two large cups",
            ["bought a cup"],
        ),
    ],
)
def test_text_and_blocks_are_never_read_twice(
    said: str | None, blocks: Any, seen: str, left: list[str]
) -> None:
    words = slack_words({"text": said, "blocks": blocks}, NAMES)
    assert (words.text, [text for _, text in words.not_read]) == (seen, left)


ATTACHED: Json = {
    "fallback": "ignored where there is more",
    "pretext": "Build",
    "title": "Job 7",
    "text": "failed at <https://e.example|step two>",
    "fields": [{"title": "Branch", "value": "main"}],
    "footer": "CI",
}
SAID = "Build\nJob 7\nfailed at step two (https://e.example)\nBranch: main\nCI"


@pytest.mark.parametrize(
    ("fields", "seen", "left"),
    [
        ({"text": "", "attachments": [ATTACHED]}, SAID, []),
        ({"text": "", "attachments": [{"fallback": "Job 7 failed"}]}, "Job 7 failed", []),
        ({"text": "", "attachments": [{"blocks": section(text("Job 7"))}]}, "Job 7", []),
        ({"text": "Look!", "attachments": [ATTACHED]}, "Look!", [("attachment", SAID)]),
        ({"text": "Look!", "attachments": "broken"}, "Look!", []),
        ({"text": "Look!", "files": [{"name": "a.png"}, 7]}, "Look!", [("file", "a.png")]),
        ({"text": "", "files": [{"title": "Plan", "filetype": "quip"}]}, "", [("canvas", "Plan")]),
        ({"text": "", "files": [{"title": "Plan", "mode": "canvas"}]}, "", [("canvas", "Plan")]),
        (
            {"text": "Look!", "files": [{"name": "n", "preview": "words"}]},
            "Look!",
            [("file", "n\nwords")],
        ),
    ],
)
def test_attachments_files_and_canvases(
    fields: Json, seen: str, left: list[tuple[str, str]]
) -> None:
    words = slack_words(fields, NAMES)
    assert (words.text, list(words.not_read)) == (seen, left)


def message(number: int, said: Any, user: str | None = "U1", **fields: Any) -> Json:
    record = {"type": "message", "user": user, "text": said, "ts": f"{1767600000 + number}.0001"}
    return {key: value for key, value in {**record, **fields}.items() if value is not None}


def read(folder: Path, *days: list[Json], **files: Any) -> list[Thread | Dropped | NotRead]:
    (folder / "e" / "general").mkdir(parents=True, exist_ok=True)
    for number, day in enumerate(days, start=1):
        path = folder / "e" / "general" / f"2026-01-0{number}.json"
        path.write_text(json.dumps(day), encoding="utf-8")
    for name, value in files.items():
        (folder / "e" / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return list(read_slack(folder / "e", "e"))


def threads(found: list[Thread | Dropped | NotRead]) -> list[list[str]]:
    return [[turn.text for turn in item.turns] for item in found if isinstance(item, Thread)]


def test_a_thread_that_stands_in_blocks_alone(tmp_path: Path) -> None:
    start = "1767600000.0001"
    day = [
        message(0, "", blocks=section(text("Where is the lamp?")), thread_ts=start),
        message(1, "", "U2", blocks=rich(items("hall", "coat", style="ordered")), thread_ts=start),
    ]
    assert threads(read(tmp_path, day)) == [["Where is the lamp?", "1. hall\n2. coat"]]


def test_a_mention_in_blocks_says_whom_one_speaks_to() -> None:
    blocks = section({"type": "user", "user_id": "U2"}, text(" where?"))
    assert slack_words({"blocks": blocks, "text": "<@U1> x"}, NAMES).to == ("U1", "U2")


def test_an_edit_takes_the_place_of_text_and_blocks(tmp_path: Path) -> None:
    start = "1767600000.0001"
    edited = message(1, "Under the pot.", "U2", thread_ts=start)
    old = message(1, "", "U2", blocks=section(text("Under the mat by the door.")), thread_ts=start)
    change = message(2, "", None, subtype="message_changed", message=edited)
    found = read(tmp_path, [message(0, "Where?", thread_ts=start), old, change])
    assert threads(found) == [["Where?", "Under the pot."]]
    (dropped,) = [item for item in found if isinstance(item, Dropped)]
    assert (dropped.reason, dropped.text) == ("system message", "Under the mat by the door.")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"subtype": ["odd"]}, "system message"),
        ({"subtype": {"a": 1}}, "system message"),
        ({"subtype": "huddle_thread"}, "system message"),
        ({"subtype": "tombstone"}, "deleted message"),
        ({"subtype": "bot_message", "attachments": [{"text": "w2"}]}, "bot message"),
        ({"text": 7}, "no message"),
        ({"text": None, "files": [{"name": "w2"}]}, "no text"),
    ],
)
def test_a_message_that_is_left_out_costs_itself_and_shows_its_words(
    tmp_path: Path, fields: Json, reason: str
) -> None:
    good = [message(0, "Where is the key?"), message(1, "Under the mat.", "U2")]
    found = read(tmp_path, [*good, message(2, "w1") | fields])
    assert threads(found) == [["Where is the key?", "Under the mat."]]
    (dropped,) = [item for item in found if isinstance(item, Dropped)]
    assert dropped.reason == reason
    assert dropped.text == ("w2" if "w2" in str(fields) else "7" if "text" in fields else "w1") or (
        dropped.text == "w1\nw2"
    )


def test_files_at_the_top_and_topics_are_named(tmp_path: Path) -> None:
    topic = {"id": "C1", "name": "general", "topic": {"value": "w1"}, "purpose": {"value": "w2"}}
    day = [message(0, "Where?"), message(1, "There.", "U2")]
    found = read(tmp_path, day, channels=[topic], integration_logs=["w3"], canvases=["w4"])
    named = {item.name: item.text for item in found if isinstance(item, NotRead)}
    assert named["topic of a channel"] == "w2"
    assert "w3" in named["list of the export"]
    assert "w4" in named["canvases"]


def place(number: int, word: str) -> Json:
    """A message with a word in one of the places that hold some."""
    kinds: list[Json] = [
        {"text": word},
        {"text": "", "blocks": section(text(word))},
        {"text": "", "blocks": rich(items(word, style="bullet"), part("quote", text("x")))},
        {"text": "said", "blocks": section(text(word), {"type": "odd", "deep": [{"text": "y"}]})},
        {"text": "said", "attachments": [{"fallback": "f", "title": word}]},
        {"text": "", "attachments": [{"fields": [{"title": "t", "value": word}]}]},
        {"text": "said", "files": [{"title": word}]},
        {"text": word, "subtype": "channel_topic"},
        {"text": "", "subtype": "bot_message", "blocks": [{"type": "card", "x": {"text": word}}]},
        {"text": "said", "blocks": [{"type": "actions", "elements": [{"text": {"text": word}}]}]},
        {"text": word, "thread_ts": "1767600000.0001"},
        {"text": word, "ts": "broken"},
    ]
    return message(number, "") | kinds[number % len(kinds)]


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(numbers=st.lists(st.integers(0, 400), min_size=1, max_size=8, unique=True))
def test_every_word_of_an_export_comes_out(
    tmp_path: Path, numbers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunesmith.sources.lines.PREVIEW_CHARACTERS", 10**6)
    found = read(tmp_path, [place(number, f"w{number}z") for number in numbers])
    said = json.dumps(
        [
            [turn.text for turn in one.turns] if isinstance(one, Thread) else one.text
            for one in found
        ]
    )
    assert [said.count(f"w{number}z") for number in numbers] == [1] * len(numbers)
