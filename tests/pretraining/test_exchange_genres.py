"""Exchanges answer questions that stand behind a label; bare questions stay unanswered."""

import random
from collections.abc import Callable

import pytest

from pretraining import exchange_genres
from pretraining.corpus import corpus
from pretraining.facts import all_facts
from pretraining.wordings import all_wordings, exchanges, fill, text_tasks

GENRES = (
    exchange_genres.exchange,
    exchange_genres.solutions,
    exchange_genres.form,
    exchange_genres.lesson,
)


def answers_by_question() -> dict[str, str]:
    return {
        fill(pattern, fact): fill(wording.short, fact)
        for relation, wording in all_wordings().items()
        for fact in all_facts()[relation]
        for pattern in wording.questions
    }


@pytest.mark.parametrize("genre", GENRES)
def test_no_text_ends_with_an_answer(genre: Callable[[random.Random], str]) -> None:
    rng = random.Random(3)
    for _ in range(50):
        assert genre(rng).splitlines()[-1] in exchanges()["closings"]


def test_exchanges_and_solutions_give_the_right_answers() -> None:
    answers = answers_by_question()
    rng = random.Random(1)
    for _ in range(100):
        lines = exchange_genres.solutions(rng).splitlines()
        first = lines.index("", 1)
        for number, line in enumerate(lines[1:first]):
            assert lines[first + 2 + number] == f"{number + 1}. {answers[line.split('. ', 1)[1]]}"


def test_a_bare_question_is_never_followed_by_its_answer() -> None:
    answers = answers_by_question()
    num_bare = 0
    for page in corpus(num_characters=600_000, seed=4):
        lines = [line for line in page.splitlines() if line]
        for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
            if line in answers and not before.endswith(":"):
                num_bare += 1
                told = [] if after.endswith("?") else after.split()
                assert answers[line] not in told, (before, line, after)
    assert num_bare > 400


def test_requests_of_lessons_are_no_wordings_of_the_pairs() -> None:
    pairs = [p for w in text_tasks().values() for p in (*w["seen"], *w["unseen"])]
    for task, wordings in text_tasks().items():
        for request in exchanges().get(task, {}).get("requests", ()):
            assert not [p for p in pairs if p.replace("{unit}", "{u}") in request], wordings


def test_every_text_task_with_an_input_has_lessons() -> None:
    known = set(exchanges())
    assert set(text_tasks()) - known == {
        "sentence", "describe", "thanks", "invitation", "apology",
    }  # fmt: skip
