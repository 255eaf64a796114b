"""Answers that teach nothing go; short answers to short questions stay."""

import pytest

from tunesmith.examples.answers import BOILERPLATE, ELSEWHERE, REDACTED, REPEATS, TRIVIAL
from tunesmith.examples.clean import CLEANED, clean_example
from tunesmith.examples.example import Example, Message
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.sources.row import Dropped

QUESTION = "How do I reset the device?"


def pair(question: str, answer: str, given: str = "") -> Example:
    turns = (
        Message(role="user", content=question, input=given),
        Message(role="assistant", content=answer),
    )
    return Example(messages=turns, source="a.jsonl:1")


def reason(example: Example, language: str | None = None) -> str | None:
    item = clean_example(example, ExamplesRecipe(language=language)).item
    return item.reason if isinstance(item, Dropped) else None


FAULTS = {
    TRIVIAL: "ok|OK.|n/a|N/A|-|--|...|todo|TODO|TBD|**TBD**|???|+1|thanks!|me too|no answer|待定|—",
    ELSEWHERE: "See above.|see above|See the docs|Please see the documentation.|see below|As above"
    "|Click here|Refer to the manual.|https://example.org/help|<https://example.org>"
    "|[docs](https://example.org)|See https://example.org/faq|Check the wiki for more information."
    "|Just google it|RTFM|Same as above.|See the FAQ.|见上文|同上|Siehe oben.|Read the docs: "
    "https://example.org|please have a look at the documentation|As mentioned above",
    BOILERPLATE: "This page intentionally left blank.|Lorem ipsum dolor sit amet|Page not found"
    "|404 Not Found|Loading...|© 2024 Example Ltd.|Please enable JavaScript to view this page."
    "|Was this article helpful? Yes No|[deleted]|Sign in|2019 Example Inc. All rights reserved.",
    REPEATS: "How do I reset the device?|how do I reset the device",
    REDACTED: "ada@example.org|Ada@example.org or bob@example.org",
}


@pytest.mark.parametrize(
    ("expected", "answer"),
    [(name, one) for name, answers in FAULTS.items() for one in answers.split("|")],
)
def test_answers_that_teach_nothing_are_dropped(expected: str, answer: str) -> None:
    assert reason(pair(QUESTION, answer)) == expected
    assert expected in CLEANED


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the capital of France?", "Paris"),
        ("Is water wet?", "yes"),
        ("2 + 2?", "4"),
        ("Which operator adds?", "+"),
        ("Which letter comes first?", "a"),
        ("What does JavaScript call a missing value?", "undefined"),
        ("How many are left?", "None"),
        ("ISO code of Namibia?", "NA"),
        ("Symbol of sodium?", "Na"),
        ("What is not a number in Python?", "nan"),
        ("What does SQL call nothing?", "NULL"),
        ("How is 'not applicable' abbreviated?", "n/a"),
        ("“不适用”的缩写是什么？", "N/A"),
        ("Is the sum positive?", "No."),
        ("Translate to emoji: happy", "😀"),
        ("法国的首都是哪里？", "巴黎"),
        ("Where can I download it?", "https://example.org/download"),
        ("What is the link to the portal?", "https://example.org"),
        ("Which page lists the rates?", "See the website."),
        ("Hello", "Hello"),
        ("Fix the grammar.", "See the cat run."),
        ("What should I do at the museum?", "See the paintings on the second floor."),
        ("How do I start?", "Click here, then choose Install and wait for a minute."),
        ("How do I start?", "See above all that the cable is plugged in."),
        ("How do I log in?", "Sign in with your company account."),
        ("What does 404 mean?", "The server did not find the page."),
        ("Where is it written?", "Read the label on the back of the router."),
        ("Who wrote Lorem?", "Cicero, in 45 BC."),
        ("Whom do I ask?", "Write to ada@example.org"),
        ("Say it twice.", "OK, I will say it twice."),
        ("Name the state's abbreviation.", "IN"),
        ("Rate the review.", "5"),
    ],
)
def test_short_answers_that_say_something_stay(question: str, answer: str) -> None:
    assert reason(pair(question, answer)) is None


def test_an_answer_equal_to_the_input_may_be_right() -> None:
    assert reason(pair("Correct the sentence.", "The cat sat down.", "The cat sat down.")) is None


def test_plain_texts_have_no_answer_to_judge() -> None:
    text = Example(messages=(Message(role="assistant", content="ok"),), source="a:1")
    assert reason(text) is None


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x07", "\x9b", "\ufffe", "\ufffd" * 3])
def test_control_characters_are_dropped(character: str) -> None:
    broken = f"Press{character}the button."
    expected = "control characters"
    assert reason(pair(QUESTION, broken)) == expected
    assert reason(pair(QUESTION, "Press it.", broken)) == expected
    text = Example(messages=(Message(role="assistant", content=broken),), source="a:1")
    assert reason(text) == expected


@pytest.mark.parametrize("character", ["\t", "\n", "\r\n", "\x0c", "\x85", "\u2028", "\u200d", "é"])
def test_ordinary_characters_stay(character: str) -> None:
    assert reason(pair(QUESTION, f"Press{character}the button.")) is None


GERMAN = (
    "Drücken Sie den Knopf auf der Rückseite und warten Sie, bis die Lampe grün leuchtet.",
    "Wie setze ich das Gerät zurück, wenn ich das Kennwort vergessen habe und nichts mehr geht?",
)
ENGLISH = (
    "Press the button on the back and wait until the light turns green, then let it go.",
    "How do I reset the device when I have forgotten my login and nothing works any more?",
)


def test_another_language_is_dropped_only_where_one_is_asked_for() -> None:
    german, english = pair(GERMAN[1], GERMAN[0]), pair(ENGLISH[1], ENGLISH[0])
    assert reason(german) is None
    assert reason(german, "en") == "wrong language"
    assert reason(english, "en") is None
    assert reason(english, "de") == "wrong language"
    assert (
        reason(
            pair("如何重置设备？请告诉我具体的步骤。", "请按住背面的按钮，直到指示灯变绿为止。"),
            "en",
        )
        == "wrong language"
    )


def test_translations_and_short_texts_are_of_no_wrong_language() -> None:
    assert reason(pair(f"Translate into German: {ENGLISH[0]}", GERMAN[0]), "en") is None
    assert reason(pair("Was?", "Das da."), "en") is None


def test_what_was_dropped_passes_without_its_secrets() -> None:
    item = Dropped(
        source="a:1", reason="bad JSON", detail="ada@example.org", text="ada@example.org"
    )
    cleaned = clean_example(item, ExamplesRecipe())
    assert cleaned.item == Dropped(
        source="a:1", reason="bad JSON", detail="[email]", text="[email]"
    )
    assert not cleaned.redacted


def test_what_is_dropped_counts_no_redactions() -> None:
    cleaned = clean_example(pair("Mail ada@example.org?", "ok"), ExamplesRecipe())
    assert isinstance(cleaned.item, Dropped)
    assert cleaned.item.text == "Mail [email]?"
    assert not cleaned.redacted
