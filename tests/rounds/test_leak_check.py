"""Nothing that stands in the test set, in some form, becomes a training row."""

import random
from collections.abc import Callable

from tunesmith.examples.example import Example, Message
from tunesmith.rounds.leak_check import LEAK, refuse_test_rows

WORDS = [
    "parcel", "courier", "invoice", "warranty", "battery", "charger", "garden", "museum", "ticket",
    "harbour", "window", "ladder", "engine", "bottle", "carpet", "lantern", "pillow", "saddle",
]  # fmt: skip


def pair(question: str, answer: str, group: str | None = None) -> Example:
    messages = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=messages, source="a.jsonl:1", group=group)


def long_question(number: int) -> str:
    drawn = random.Random(number)
    return " ".join(drawn.choices(WORDS, k=28)) + "?"


def short_question(number: int) -> str:
    drawn = random.Random(1000 + number)
    return "Where is the " + " and the ".join(drawn.sample(WORDS, 5)) + "?"


CHANGES: dict[str, Callable[[str], str]] = {
    "same": lambda text: text,
    "case": str.upper,
    "punctuation": lambda text: text.replace("?", " !?").replace(" and ", ", and "),
    "blanks": lambda text: "  " + text.replace(" ", "\n "),
    "not seen": lambda text: text.replace("e", "e\u200b", 2).replace("a", "\u2060a", 1),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in text),
    "soft hyphen": lambda text: text[:9] + "\u00ad" + text[9:],
}


def test_two_hundred_planted_leaks_are_all_refused() -> None:
    test = [pair(short_question(n), f"In room {n}.") for n in range(30)]
    test += [pair(long_question(n), f"It is number {n}.") for n in range(30)]
    test.append(pair("A question of a thread about ladders?", "Yes.", group="thread:7"))
    planted = [
        pair(change(asked(n)), f"Another answer, {n} {name}.")
        for name, change in CHANGES.items()
        for asked in (short_question, long_question)
        for n in range(13)
    ]
    for n in range(30):  # some words of many are changed
        words = long_question(n).split()
        words[n % 20] = "otherwise"
        planted.append(pair(" ".join(words), f"It is number {n}, said otherwise."))
    planted.append(pair("Something else of it?", "No.", group="thread:7"))
    assert len(planted) >= 200
    fresh, refused = refuse_test_rows(planted, test)
    assert [one.prompt[0].content for one in fresh] == []
    assert {one.reason for one in refused} == {LEAK}
    assert all(one.detail.endswith("a test row") for one in refused)


def test_innocent_rows_pass_as_they_are() -> None:
    test = [pair(short_question(n), f"In room {n}.") for n in range(100)]
    innocent = [pair(short_question(n), f"In room {n}.") for n in range(500, 600)]
    innocent += [pair(long_question(n), "ﬁne\u200b") for n in range(500, 600)]
    fresh, refused = refuse_test_rows(innocent, test)
    assert fresh == innocent
    assert refused == []
    assert refuse_test_rows(innocent, []) == (innocent, [])
    assert refuse_test_rows([], test) == ([], [])
