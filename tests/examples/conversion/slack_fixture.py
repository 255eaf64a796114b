"""The hand-written threads of `slack_threads.txt` -> a Slack export, and what is wanted of it."""

import datetime
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PEOPLE = (
    *("ann", "ben", "cho", "dia", "eva", "finn", "gus"),
    *("hal", "ida", "jon", "kim", "lou", "max", "ned"),
)
_BLOCK = re.compile(r"== (\S+) (\S+) (\S+) (thread|open)")
_LINE = re.compile(
    r"(?P<label>[QA.]\d?) (?P<author>\w+)(?: (?P<joined>joined)$|: (?:\[\+(?P<gap>\d+)\] )?"
    r"(?:\[(?P<kind>bot|broadcast|edited|deleted|file)\] )?(?P<text>.*?)(?: => (?P<plain>.*))?$)",
    re.DOTALL,
)
Exchange = tuple[str, str]  # what is asked and what is answered, as written in the example


@dataclass
class Written:
    """One message, and what the label says of it."""

    label: str
    author: str
    text: str
    plain: str
    gap: int
    kind: str | None


@dataclass
class Block:
    """One thread, or some messages outside of threads."""

    channel: str
    start: float
    is_thread: bool
    messages: list[Written] = field(default_factory=list)

    def wanted(self) -> list[list[Exchange]]:
        """The conversations that should come of it, each as its exchanges."""
        found = []
        for number in sorted({m.label[1:] for m in self.messages if m.label != "."}):
            sides: list[tuple[str, str]] = []
            for message in self.messages:
                if message.label == "." or message.label[1:] != number:
                    continue
                if sides and sides[-1][0] == message.label[0]:
                    sides[-1] = (message.label[0], f"{sides[-1][1]}\n{message.plain}")
                else:
                    sides.append((message.label[0], message.plain))
            assert [side for side, _ in sides] == ["Q", "A"] * (len(sides) // 2)
            texts = [text for _, text in sides]
            found.append(list(zip(texts[::2], texts[1::2], strict=True)))
        return found


def account(name: str) -> str:
    """An account's id as Slack writes them."""
    return f"U0{name.upper()}"


def read_blocks() -> list[Block]:
    """The blocks of the text file."""
    text = (Path(__file__).parent / "slack_threads.txt").read_text(encoding="utf-8")
    blocks: list[Block] = []
    for paragraph in re.split(r"\n\n(?===)", text.partition("\n\n")[2]):
        head, _, body = paragraph.partition("\n")
        match = _BLOCK.fullmatch(head)
        assert match, head
        channel, day, time, kind = match.groups()
        start = datetime.datetime.fromisoformat(f"{day}T{time}+00:00").timestamp()
        block = Block(channel, start, kind == "thread")
        for line in re.split(r"\n(?=[QA.]\d? \w+)", body.strip()):
            block.messages.append(_written(line))
        blocks.append(block)
    return blocks


def _written(line: str) -> Written:
    match = _LINE.fullmatch(line)
    assert match, line
    raw = match["text"] or ""
    kind = "joined" if match["joined"] else match["kind"]
    plain = match["plain"] or raw
    gap = int(match["gap"] or 60)
    return Written(match["label"], match["author"], raw, plain, gap, kind)


def write_export(folder: Path) -> dict[str, str]:
    """Write the export as Slack does; gives each message's text by its place."""
    days: dict[tuple[str, str], list[dict[str, Any]]] = {}
    places: dict[str, str] = {}
    number = 0
    for block in read_blocks():
        seconds, first = block.start, ""
        for message in block.messages:
            number += 1
            seconds += message.gap
            ts = f"{int(seconds)}.{number:06}"
            first = first or ts
            record = _record(message, ts)
            if block.is_thread:
                record["thread_ts"] = first
            day = datetime.datetime.fromtimestamp(seconds, datetime.UTC).date().isoformat()
            for each in (record, *_later(message, record, seconds)):
                days.setdefault((block.channel, day), []).append(each)
            places[f"{block.channel}/{day}.json:{ts}"] = message.plain
    folder.mkdir(parents=True)
    users = [{"id": account(name), "name": name, "profile": {}} for name in PEOPLE]
    (folder / "users.json").write_text(json.dumps(users))
    (folder / "channels.json").write_text(json.dumps([{"id": "C0OFFICE", "name": "office"}]))
    for (channel, day), messages in days.items():
        (folder / channel).mkdir(exist_ok=True)
        text = json.dumps(messages, indent=4, ensure_ascii=False)
        (folder / channel / f"{day}.json").write_text(text, encoding="utf-8")
    return places


def _record(message: Written, ts: str) -> dict[str, Any]:
    text = re.sub(r"<@(\w+)>", lambda match: f"<@{account(match[1])}>", message.text)
    record: dict[str, Any] = {"type": "message", "user": account(message.author), "text": text}
    record["ts"] = ts
    match message.kind:
        case "bot":
            del record["user"]
            record |= {"subtype": "bot_message", "bot_id": "B01", "username": message.author}
        case "broadcast":
            record["subtype"] = "thread_broadcast"
        case "edited":
            record["edited"] = {"user": record["user"], "ts": ts}
        case "file":
            record |= {"text": "", "files": [{"name": message.text}]}
        case "joined":
            record |= {"subtype": "channel_join", "text": f"<@{record['user']}> has joined"}
    return record


def _later(message: Written, record: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    """What else the export holds because of a message."""
    if message.kind != "deleted":
        return []
    ts = f"{int(seconds) + 5}.999999"
    deletion = {"type": "message", "subtype": "message_deleted", "deleted_ts": record["ts"]}
    return [{**deletion, "ts": ts}]
