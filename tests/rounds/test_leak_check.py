"""Law 23: no row that a person or a teacher adds holds a test row in any form."""

import random
from collections.abc import Callable

import pytest

from tunesmith.examples.example import Example, Message
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.rounds.leak_check import LEAK, refuse_test_rows

RNG = random.Random(7)
SYLLABLES = ("ba", "ko", "mi", "ture", "sal", "nef", "dor", "vi", "pla", "gru", "esh", "tam", "loo")
CYRILLIC = str.maketrans("aceopxyi", "асеорхуі")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def words(count: int) -> list[str]:
    return ["".join(RNG.choices(SYLLABLES, k=3)) for _ in range(count)]


def pair(question: str, answer: str, **more: str) -> Example:
    turns = Message(role="user", content=question), Message(role="assistant", content=answer)
    return Example(messages=turns, source="rows.jsonl:1", **more)  # type: ignore[arg-type]


def talk(*turns: str) -> Example:
    roles = ("user", "assistant")
    said = (
        Message(role=roles[place % 2], content=turn)  # type: ignore[arg-type]
        for place, turn in enumerate(turns)
    )
    return Example(messages=tuple(said), source="rows.jsonl:1")


def question(count: int) -> str:
    return f"How {' '.join(words(count))} {RNG.randrange(1000, 9999)}?"


SHORT = [pair(question(6), " ".join(words(5))) for _ in range(40)]
LONG = [pair(question(30), " ".join(words(12))) for _ in range(40)]
THREADS = [
    talk(question(7), " ".join(words(6)), question(7), " ".join(words(6))) for _ in range(10)
]
GROUPED = [pair(question(9), " ".join(words(5)), group=f"thread {n}") for n in range(10)]
TESTS = [*SHORT, *LONG, *THREADS, *GROUPED]


def reworded(test: Example, count: int, answer: str | None = None) -> Example:
    """With some words replaced, next to each other."""
    said = test.messages[0].content.split()
    said[9 : 9 + count] = words(count)
    return pair(" ".join(said), test.reference if answer is None else answer)


def asked(change: Callable[[str], str]) -> Callable[[Example], Example]:
    return lambda test: pair(change(test.messages[0].content), " ".join(words(4)))


SHORT_LEAKS: dict[str, Callable[[Example], Example]] = {
    "exact": lambda test: test,
    "case": lambda test: pair(test.messages[0].content.upper(), test.reference.title()),
    "punctuation": lambda test: pair(f"«{test.messages[0].content[:-1]}» ...!", test.reference),
    "blanks": asked(lambda text: text.replace(" ", " \n\u00a0 ")),
    "other answer": asked(str),
    "politeness": asked(lambda text: f"Hello, could you please tell me: {text} Thanks!"),
    "digits of another script": asked(lambda text: text.translate(ARABIC)),
    "unseen characters": asked("\u200b".join),
    "soft hyphens": asked("\u00ad".join),
    "accents": asked(lambda text: text.replace("a", "á").replace("o", "o\u0308")),
    "letters drawn alike": asked(lambda text: text.translate(CYRILLIC)),
    "wide letters": asked(
        lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    ),
    "another voice": lambda test: Example(
        messages=(Message(role="system", content="Be brief."), *test.messages), source="x:1"
    ),
    "later in a conversation": lambda test: talk("Hi", "Hello!", test.messages[0].content, "No."),
    "earlier in a conversation": lambda test: talk(test.messages[0].content, "So.", "Ah", "Yes."),
}
LONG_LEAKS: dict[str, Callable[[Example], Example]] = {
    "one word": lambda test: reworded(test, 1),
    "four words": lambda test: reworded(test, 4),
    "two words, other answer": lambda test: reworded(test, 2, " ".join(words(40))),
    "within another question": lambda test: pair(
        f"{' '.join(words(60))} {test.messages[0].content} {' '.join(words(60))}", "No."
    ),
    "in a plain text": lambda test: Example(
        messages=(
            Message(
                role="assistant",
                content=f"{' '.join(words(80))}\nQ: {test.messages[0].content}\nA: {test.reference}"
                f"\n{' '.join(words(80))}",
            ),
        ),
        source="x:1",
    ),
}
PLANTED = [
    *((name, change(test)) for name, change in SHORT_LEAKS.items() for test in SHORT[:9]),
    *((name, change(test)) for name, change in LONG_LEAKS.items() for test in LONG[:11]),
    *(("first turns", talk(*(m.content for m in test.messages[:2]))) for test in THREADS),
    *(("thread", pair(question(9), "No.", group=one.group or "")) for one in GROUPED),
]


def innocent() -> list[Example]:
    """Rows of their own, and such as share with a test row what proves nothing."""
    found = [pair(question(6), " ".join(words(5))) for _ in range(60)]
    found += [pair(question(30), " ".join(words(12))) for _ in range(40)]
    found += [pair(question(8), test.reference) for test in SHORT]  # the same answer
    found += [reworded(test, 18, " ".join(words(12))) for test in LONG[:20]]
    found += [talk("Hi", "Hello!", question(7), "No.", "Yes, please", "Here.") for _ in range(30)]
    return [*found, *(pair(f"Is 3 {sign} {n} even?", "No.") for sign in "-*" for n in range(5))]


def test_two_hundred_planted_leaks_are_all_refused() -> None:
    assert len(PLANTED) >= 200
    kept, refused = refuse_test_rows([row for _, row in PLANTED], TESTS)
    assert [name for name, row in PLANTED if any(row is one for one in kept)] == []
    assert [one.reason for one in refused] == [LEAK] * len(PLANTED)


def test_two_hundred_innocent_rows_pass() -> None:
    rows = innocent()
    assert len(rows) >= 200
    tests = [*TESTS, *(pair(f"Is 3 + {n} even?", "No.") for n in range(5))]
    tests += [talk("Yes, please", "Fine.", question(7), "Yes.")]
    assert refuse_test_rows(rows, tests) == (rows, [])


def test_a_refusal_names_the_test_row() -> None:
    test = SHORT[0]
    _, (refused,) = refuse_test_rows([asked(str)(test)], TESTS)
    assert refused.detail == f"the same prompt as test row {test.id}"
    assert refused.text == test.messages[0].content


@pytest.mark.parametrize("rows", [[], SHORT[:3]], ids=["none", "some"])
def test_without_rows_or_a_test_set_nothing_is_refused(rows: list[Example]) -> None:
    assert refuse_test_rows(rows, []) == (rows, [])
    assert refuse_test_rows([], TESTS) == ([], [])


def test_the_recipes_thresholds_count() -> None:
    """Where it groups nothing that is only alike, a row alike is no leak."""
    rows = [reworded(test, 4) for test in LONG[:5]]
    off = ExamplesRecipe(group_near_duplicates=None, drop_near_duplicates=None)
    assert refuse_test_rows(rows, TESTS, off) == (rows, [])
