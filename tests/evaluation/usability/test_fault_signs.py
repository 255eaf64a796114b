"""Each sign is found in answers that have it, and not in those that only look a little like it."""

import time

import pytest

from tunesmith.evaluation.usability.answered_row import answered_row
from tunesmith.evaluation.usability.expected import Expected, learn_expected
from tunesmith.evaluation.usability.fault_signs import SIGNS, signs_of
from tunesmith.evaluation.usability.loops import find_loop
from tunesmith.examples.example import Example, Message


def example(question: str, answer: str, *, given: str = "", tag: str | None = None) -> Example:
    asked = Message(role="user", content=question, input=given)
    told = Message(role="assistant", content=answer)
    return Example(messages=(asked, told), source="x", tags=(tag,) if tag else ())


TRAIN = [
    example("How do I pay?", "You can pay by card or by invoice within thirty days."),
    example("Where are you?", "Our office is in the old harbour, next to the market hall."),
    *(
        example("Tone?", tone, given=f"review {n}", tag="task:tone")
        for n in range(8)
        for tone in ("good", "bad")
    ),
    *(example("Order?", '{"item": "lamp"}', given=f"text {n}", tag="task:order") for n in range(3)),
    *(example("Parts?", "- lid\n- cord\n- foot", given=f"{n}", tag="task:parts") for n in range(3)),
    *(example("Sum?", str(n), given=f"{n} + 0", tag="task:sum") for n in range(9)),
]
PLAIN = example("When do you open?", "We open at nine in the morning on every weekday.")
TONE = example("Tone?", "good", given="I like it", tag="task:tone")
ORDER = example("Order?", '{"item": "tent"}', given="a tent please", tag="task:order")
PARTS = example("Parts?", "- seal\n- lid", given="kettle", tag="task:parts")
SUM = example("Sum?", "12", given="7 + 5", tag="task:sum")
CHINESE = example("你们几点开门？", "我们每个工作日早上九点开门，周末休息。")
TESTS = [PLAIN, TONE, ORDER, PARTS, SUM, CHINESE]


@pytest.fixture(scope="module")
def expected() -> Expected:
    return learn_expected(TRAIN, TESTS)


GERMAN = "Wir öffnen an jedem Werktag um neun Uhr morgens und schließen um sechs Uhr abends."

FAULTY = [
    ("unfinished", PLAIN, "We open at nine in the"),
    ("empty", PLAIN, " \n\u200b"),
    ("empty", PLAIN, "..."),
    ("empty", CHINESE, "。"),
    ("repeats", PLAIN, "We open the door the door the door the door the door the door"),
    ("repeats", PLAIN, "1. Monday 2. Monday 3. Monday 4. Monday 5. Monday"),
    ("repeats", CHINESE, "我们开门我们开门我们开门我们开门我们开门我们开门"),
    ("repeats", PLAIN, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("copies_prompt", PLAIN, "When do you open?"),
    ("copies_prompt", CHINESE, "你们几点开门"),
    ("copies_training", PLAIN, "You can pay by card or by invoice, within thirty days"),
    ("other_language", PLAIN, GERMAN),
    ("other_language", PLAIN, "Мы открываемся"),
    ("other_language", CHINESE, "We open at nine"),
    ("other_form", TONE, "excellent"),
    ("other_form", ORDER, '{"item": "tent"'),
    ("other_form", ORDER, "a tent"),
    ("other_form", PARTS, "a seal and a lid"),
    ("other_form", SUM, "twelve"),
    ("other_form", SUM, "12, and one gets that by adding seven and five, as all know"),
    ("template_text", PLAIN, "We open at nine.\n\n### Instruction:\nWhen do you close?"),
    ("template_text", PLAIN, "We open at nine.<|im_end|>"),
    ("template_text", PLAIN, "We open at nine.\nUser: and on Sundays?"),
    ("template_text", CHINESE, "九点开门。\n用户：周末呢？"),
]  # fmt: skip


@pytest.mark.parametrize(("sign", "row", "text"), FAULTY)
def test_a_sign_is_found(sign: str, row: Example, text: str, expected: Expected) -> None:
    reason = "length" if sign == "unfinished" else "stop"
    found = signs_of(answered_row(row, text, finish_reason=reason), expected)
    assert sign in found
    assert set(found) <= set(SIGNS)


SOUND = [
    *((row, row.reference) for row in TESTS),
    (PLAIN, "At nine o'clock, Monday to Friday."),
    (PLAIN, "We open at 9:00, 9:30 or 10:00, as the season has it; ask us: we like to answer."),
    (TONE, "Bad"),
    (ORDER, '```json\n{"item": "lamp"}\n```'),
    (PARTS, "1. seal\n2. lid\n3. cord"),
    (SUM, "13"),
    (CHINESE, "早上九点。"),
]


@pytest.mark.parametrize(("row", "text"), SOUND)
def test_a_sound_answer_has_no_sign_right_or_wrong(
    row: Example, text: str, expected: Expected
) -> None:
    assert signs_of(answered_row(row, text), expected) == {}


@pytest.mark.parametrize("period", [1, 2, 3, 7, 19, 64, 301])
def test_a_loop_of_any_period_is_found_wherever_it_stands(period: int) -> None:
    unit = "".join(chr(97 + (i * i * 7 + i) % 26) for i in range(period))
    loop = find_loop(f"Before it all was well. {unit * max(4, 30 // period)} And after it too.")
    assert loop is not None
    assert loop.rounds >= 3


def test_a_reference_that_repeats_itself_allows_it() -> None:
    song = example("Sing.", "la la la la la la la la la la la la")
    expected = learn_expected([], [song])
    assert signs_of(answered_row(song, "la la la la la la la la la la"), expected) == {}


def test_the_work_grows_linearly_with_the_answer() -> None:
    def seconds(count: int) -> float:
        texts = [
            "ab" * count + "c",
            " ".join(f"{n} lines of {n * 7919 % 1009}" for n in range(count // 5)),
        ]
        start = time.process_time()
        for text in texts:
            find_loop(text)
        return time.process_time() - start

    seconds(1_000)
    assert seconds(40_000) < 12 * seconds(10_000) + 0.05
