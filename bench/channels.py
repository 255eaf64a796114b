"""Real channels without threads, whose conversations are known -> how well they are found.

    python -m bench.channels

Of each stretch of labelled lines: how many lines given to an answer belong to the conversation
of its question, and how many of the real exchanges (somebody asks, somebody answers) were found.
Weights were chosen on the stretches called tuned; judge by the others. Then the seconds of the
processor that a hundred thousand lines take. JSON is printed.
"""

import json
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measuring.channel_labels import HAND_LABELLED, IRC, IRC_LINKS, Stretch
from tests.examples.conversion.shared_thread_labels import SLACK_EXCHANGES
from tunesmith.examples.conversion.asker_and_staff import Habits
from tunesmith.examples.conversion.from_threads import Conversation, to_conversations
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import Thread
from tunesmith.sources.read_source import read_source

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SLACK = "slack_export/hfaran"
HALVES = ((1001, 1125, True), (1126, 1250, True))  # of the lines whose links are published
NUM_LINES = 100_000
Exchange = tuple[Sequence[Any], Sequence[Any]]  # places that ask, places that answer


def main() -> None:
    """Measure and print; without the shared data there is nothing to measure."""
    if not SHARED.is_dir():
        print(json.dumps({"skipped": "the shared data are not here"}))
        return
    print(json.dumps(measure(SHARED) | {"seconds": seconds(NUM_LINES)}, indent=1))


def measure(shared: Path) -> dict[str, Any]:
    """All labelled stretches, by their first and last line; together, tuned and held back."""
    found = exchanges_of(shared, IRC)
    as_lines = [[_numbers(side) for side in pair] for pair in found]
    rows = [_stretch(stretch, as_lines) for stretch in HAND_LABELLED]
    rows += [_published(shared, half, as_lines) for half in HALVES]
    slack = exchanges_of(shared, SLACK)
    right = [pair for pair in SLACK_EXCHANGES if pair in slack]
    return {
        "irc": rows,
        "tuned": _sum(row for row in rows if row["is_tuned"]),
        "held back": _sum(row for row in rows if not row["is_tuned"]),
        "slack": {"labelled": len(SLACK_EXCHANGES), "exchanges": len(slack), "equal": len(right)},
    }


def exchanges_of(shared: Path, path: str) -> list[Exchange]:
    """The places of all questions and answers that a source of chats gives."""
    items = read_source(SourceRecipe(path=path), folder=shared)
    threads = [item for item in items if isinstance(item, Thread)]
    habits = Habits()
    for thread in threads:
        habits.add(thread)
    parts = [part for thread in threads for part in to_conversations(thread, habits)]
    return [
        (tuple(turn.source for turn in asked), tuple(turn.source for turn in answered))
        for part in parts
        if isinstance(part, Conversation)
        for asked, answered in part.exchanges
    ]


def compare(
    found: Iterable[Exchange], conversation_of: Mapping[int, int], wanted: Sequence[Exchange]
) -> dict[str, Any]:
    """Count the answers' lines that are in their question's conversation, and what was found."""
    pairs = list(found)
    lines = [(asked[-1], line) for asked, answered in pairs for line in answered]
    wrong = [(a, b) for a, b in lines if conversation_of.get(a) != conversation_of.get(b, -1)]
    missed = [
        (asked, answered)
        for asked, answered in wanted
        if not any(set(asked) & set(pair[0]) and set(answered) & set(pair[1]) for pair in pairs)
    ]
    return {
        "exchanges": len(pairs),
        "lines": len(lines),
        "right": len(lines) - len(wrong),
        "labelled": len(wanted),
        "met": len(wanted) - len(missed),
        "missed": missed,
        "wrong": wrong,
    }


def _stretch(stretch: Stretch, found: Iterable[Exchange]) -> dict[str, Any]:
    place = {n: i for i, members in enumerate(stretch.members()) for n, _ in members}
    inside = [pair for pair in found if stretch.first <= pair[0][-1] <= stretch.last]
    result = compare(inside, place, list(stretch.exchanges()))
    return _named(stretch.first, stretch.last, is_tuned=stretch.is_tuned) | _shares(result)


def _published(
    shared: Path, half: tuple[int, int, bool], found: Iterable[Exchange]
) -> dict[str, Any]:
    """The lines whose links are published: a question mark, and another's line linked to it."""
    first, last, is_tuned = half
    text = (shared / IRC).read_text(encoding="utf-8").split("\n")
    links = list(_links(shared))
    parent = {n: n for pair in links for n in pair}
    for early, late in links:
        parent[_root(parent, late)] = _root(parent, early)
    place = {n: _root(parent, n) for n in parent}
    wanted = [
        ((a,), (b,))
        for a, b in links
        if first <= a <= last and "?" in text[a - 1] and _nick(text[a - 1]) != _nick(text[b - 1])
    ]
    inside = [pair for pair in found if first <= pair[0][-1] <= last]
    return _named(first, last, is_tuned=is_tuned) | _shares(compare(inside, place, wanted))


def _links(shared: Path) -> Iterator[tuple[int, int]]:
    """Pairs of lines, the earlier first; lines count from 1 here and from 0 in the file."""
    for row in (shared / IRC_LINKS).read_text(encoding="utf-8").splitlines():
        early, late = sorted(int(number) + 1 for number in row.split()[:2])
        yield early, late


def _root(parent: Mapping[int, int], number: int) -> int:
    while parent[number] != number:
        number = parent[number]
    return number


def _nick(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]


def _named(first: int, last: int, *, is_tuned: bool) -> dict[str, Any]:
    return {"stretch": f"{first}-{last}", "is_tuned": is_tuned}


def _sum(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    kept = list(rows)
    names = ("exchanges", "lines", "right", "labelled", "met")
    return _shares({name: sum(row[name] for row in kept) for name in names})


def _shares(counts: dict[str, Any]) -> dict[str, Any]:
    precision = round(counts["right"] / max(1, counts["lines"]), 3)
    return counts | {
        "precision": precision,
        "found": round(counts["met"] / max(1, counts["labelled"]), 3),
    }


def _numbers(places: Iterable[str]) -> tuple[int, ...]:
    return tuple(int(place.rpartition(":")[2]) for place in places)


def seconds(num_lines: int) -> float:
    """How long a log takes to read that repeats the real one."""
    lines = (SHARED / IRC).read_text(encoding="utf-8").split("\n")
    with tempfile.TemporaryDirectory() as folder:
        copies = num_lines // len(lines)
        text = "\n".join("\n".join(lines) for _ in range(copies))
        (Path(folder) / "long.log").write_text(text, encoding="utf-8")
        begin = time.process_time()
        for _ in read_source(SourceRecipe(path="long.log", kind="irc"), folder=Path(folder)):
            pass
        return round(time.process_time() - begin, 2)


if __name__ == "__main__":
    main()
