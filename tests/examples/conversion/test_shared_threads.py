"""Real chats against labels that were written before anything read them."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.examples.conversion import shared_thread_labels as labels
from tunesmith.examples.conversion.asker_and_staff import Habits
from tunesmith.examples.conversion.from_threads import Conversation, to_conversations
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped, Row

Exchange = tuple[tuple[str, ...], tuple[str, ...]]
IRC = "chats/ubuntu_irc_2004-11-15_03.ascii.txt"


def conversations(folder: Path, path: str) -> tuple[list[Conversation], list[Dropped]]:
    items = list(read_source(SourceRecipe(path=path), folder=folder))
    threads = [item for item in items if isinstance(item, Thread)]
    habits = Habits()
    for thread in threads:
        habits.add(thread)
    parts = [part for thread in threads for part in to_conversations(thread, habits)]
    kept = [part for part in parts if isinstance(part, Conversation)]
    return kept, [item for item in items if isinstance(item, Dropped)]


def places(turns: Sequence[Turn]) -> tuple[str, ...]:
    return tuple(turn.source for turn in turns)


def exchanges(kept: Iterable[Conversation]) -> list[Exchange]:
    pairs = [pair for conversation in kept for pair in conversation.exchanges]
    return [(places(asked), places(answered)) for asked, answered in pairs]


def test_slack_export(shared_data: Path) -> None:
    kept, dropped = conversations(shared_data, "slack_export/hfaran")
    assert sorted(exchanges(kept)) == sorted(labels.SLACK_EXCHANGES)
    wordless = [d.reason for d in dropped if d.reason in ("system message", "no text")]
    assert len(wordless) == labels.SLACK_NUM_JOINS_AND_INTEGRATIONS + labels.SLACK_NUM_UPLOADS


def test_messenger(shared_data: Path) -> None:
    path = "chats/facebook_chat.json"
    lines = (shared_data / path).read_text(encoding="utf-8").split("\n")
    records = json.loads("\n".join(lines))["messages"]
    stamps = {record.get("content"): record["timestamp_ms"] for record in records}
    kept, _ = conversations(shared_data, path)
    found = [
        tuple(tuple(stamps[turn.text] for turn in side) for side in pair)
        for conversation in kept
        for pair in conversation.exchanges
    ]
    assert found == labels.FACEBOOK_EXCHANGES
    for conversation in kept:
        for turn in (turn for pair in conversation.exchanges for side in pair for turn in side):
            # The place is the line where the message begins; its text stands right there.
            line = int(turn.source.rpartition(":")[2])
            assert turn.text in "\n".join(lines[line - 1 : line + 4])


def test_whatsapp(shared_data: Path) -> None:
    path = "chats/whatsapp_chat.txt"
    kept, dropped = conversations(shared_data, path)
    assert kept == []
    items = list(read_source(SourceRecipe(path=path), folder=shared_data))
    wordless = {d.source: d.reason for d in dropped if d.reason in ("no text", "deleted message")}
    assert wordless == {f"{path}:9": "no text", f"{path}:10": "deleted message"}
    assert len(items) > 0


def test_whatsapp_authors(shared_data: Path) -> None:
    from tunesmith.sources.chats.whatsapp.whatsapp import read_posts

    path = "chats/whatsapp_chat.txt"
    posts = [p for p in read_posts(shared_data / path, path) if not isinstance(p, Dropped)]
    found = {int(post.turn.source.rpartition(":")[2]): post.turn.author for post in posts}
    assert found == {k: v for k, v in labels.WHATSAPP_AUTHORS.items() if k < 9}


def test_abcd(shared_data: Path) -> None:
    path = "support/abcd_sample_dialogues.json"
    rows = json.loads((shared_data / path).read_text(encoding="utf-8"))
    kept, _ = conversations(shared_data, path)
    for conversation, row in zip(kept, rows, strict=True):
        found = [
            tuple(tuple(int(t.source.rpartition(" ")[2]) - 1 for t in side) for side in pair)
            for pair in conversation.exchanges
        ]
        assert found == labels.ABCD_EXCHANGES[row["convo_id"]]
        for turn in (turn for pair in conversation.exchanges for side in pair for turn in side):
            number = int(turn.source.rpartition(" ")[2])
            assert row["original"][number - 1][1].strip() == turn.text


def test_insurance(shared_data: Path) -> None:
    path = "support/insurance_convos.jsonl"
    kept, _ = conversations(shared_data, path)
    lines = (shared_data / path).read_text(encoding="utf-8").split("\n")
    found = {}
    for conversation in kept:
        line = int(conversation.group.partition(":")[2].split(" ")[0])
        text = json.loads(lines[line - 1])["conversation"]
        turns = [turn for pair in conversation.exchanges for side in pair for turn in side]
        assert all(turn.text in text for turn in turns)
        found[line] = len(conversation.exchanges)
    assert found == labels.INSURANCE_EXCHANGES


def test_irc_sides(shared_data: Path) -> None:
    """Who is helped in which line: 55 of 59 labels are met, and 3 lines are too many."""
    kept, _ = conversations(shared_data, IRC)
    found = set()
    for conversation in kept:
        asker = conversation.exchanges[0][0][0].author
        for asked, answered in conversation.exchanges:
            for side, turns in (("Q", asked), ("A", answered)):
                lines = [int(turn.source.rpartition(":")[2]) for turn in turns]
                inside = [n for n in lines if labels.IRC_FIRST <= n <= labels.IRC_LAST]
                found |= {(asker, side, line) for line in inside}
    wanted = {(who, "Q", n) for who, lines in labels.IRC_ASKED.items() for n in lines}
    wanted |= {(who, "A", n) for who, lines in labels.IRC_ANSWERED.items() for n in lines}
    met = len(found & wanted)
    assert met / len(found) >= 0.94
    assert met / len(wanted) >= 0.93


@pytest.mark.parametrize(
    "path",
    [
        "chats/glaive_toolcall_en_150.json",
        "chats/sharegpt_dummy_250.json",
        "chats/identity_templated.json",
        "support/banking77_test.csv",
        "support/bitext_requests_dev.csv",
    ],
)
def test_rows_beside_the_chats_stay_rows(shared_data: Path, path: str) -> None:
    items = list(read_source(SourceRecipe(path=path, limit=50), folder=shared_data))
    assert len(items) == 50
    assert all(isinstance(item, Row) for item in items)
