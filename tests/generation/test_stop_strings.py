"""An answer ends at a string, wherever tokens begin, and no part of the string is shown."""

import random
import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pytest

from tests.generation.tiny_responders import gpt2_responder
from tunesmith.examples.example import Message
from tunesmith.generation import generate
from tunesmith.generation.responder import Completion, OpenQuestion, Responder, answer_all
from tunesmith.generation.stop_strings import StopStrings
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.responders.streamed_answer import StreamedAnswer

QUESTIONS = [
    OpenQuestion(example_id=str(n), messages=(Message(role="user", content=chr(97 + n) * (n + 3)),))
    for n in range(8)
]


def _responder(batch: int, stops: Sequence[str] = ()) -> Responder:
    recipe = GenerationRecipe(max_new_tokens=40, batch=batch)
    made = gpt2_responder(128, recipe, template="concatenate")
    return replace(made, stops=StopStrings(tuple(stops)))


def _answers(responder: Responder) -> dict[str, Completion]:
    return {answer.example_id: answer for answer in answer_all(responder, QUESTIONS)}


@pytest.fixture(scope="module")
def free() -> dict[str, Completion]:
    return _answers(_responder(8))


def _two_of(free: dict[str, Completion]) -> tuple[str, str]:
    """Strings of several tokens that some answers hold and others do not."""
    texts = [one.text for one in free.values()]
    pairs = {text[at : at + 2] for text in texts for at in range(4, len(text) - 8)}
    found = [two for two in sorted(pairs) if two.isascii() and two.isprintable()]
    return next(
        stops
        for stops in combinations(found, 2)
        if all(3 <= sum(stop in text for text in texts) <= 4 for stop in stops)
        and any(not StopStrings(stops).cut(text)[1] for text in texts)
    )


@pytest.mark.parametrize("is_padded", [False, True])
def test_answers_end_before_the_string_in_every_batch(
    free: dict[str, Completion], monkeypatch: pytest.MonkeyPatch, *, is_padded: bool
) -> None:
    stops = _two_of(free)
    if is_padded:
        monkeypatch.setattr(generate, "find_continuation_output", lambda _: "none")
    for batch in (1, 3, 8):
        for name, answer in _answers(_responder(batch, stops)).items():
            whole = free[name]
            expected, is_cut = StopStrings(stops).cut(whole.text)
            assert answer.text == expected
            assert answer.finish_reason == ("stop" if is_cut else whole.finish_reason)
            assert (answer.num_tokens < whole.num_tokens) == is_cut


def test_a_streamed_answer_shows_no_part_of_the_string(free: dict[str, Completion]) -> None:
    stops = _two_of(free)
    responder = _responder(1, stops)
    for question in QUESTIONS[:4]:
        expected = _answers(responder)[question.example_id].text
        prompt = responder.prompt_of(question)
        shown = ""
        for piece in StreamedAnswer(responder, prompt, model_lock=threading.Lock()).pieces():
            shown += piece
            assert expected.startswith(shown)
        assert shown == expected


def test_what_is_settled_never_grows_beyond_the_answer() -> None:
    rng = random.Random(1)
    for _ in range(500):
        stops = StopStrings(tuple("".join(rng.choices("#a\n", k=rng.randint(1, 4))) for _ in "ab"))
        text = "".join(rng.choices("#a\nb", k=20))
        answer, is_over = stops.cut(text)
        for end in range(len(text) + 1):
            settled = stops.settled(text[:end])
            assert answer.startswith(settled)
            assert len(settled) > end - 4 or is_over, "more is held back than a string is long"


def test_without_strings_nothing_is_held_back() -> None:
    assert StopStrings().settled("### a #") == "### a #"
    assert StopStrings().cut("### a") == ("### a", False)
