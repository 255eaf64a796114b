"""One question with two answers is shown to a person; nothing else is."""

from pathlib import Path

import pytest

from tunesmith.examples.example import Example, Message
from tunesmith.examples.splitting.contradictions import contradictions, equal_questions
from tunesmith.files import write_json_lines


def pair(question: str, answer: str, source: str = "a:1", given: str = "") -> Example:
    turns = (
        Message(role="user", content=question, input=given),
        Message(role="assistant", content=answer),
    )
    return Example(messages=turns, source=source)


def found(folder: Path, *files: list[Example]) -> list[tuple[str, str]]:
    paths = [folder / f"{number}.jsonl" for number in range(len(files))]
    for path, examples in zip(paths, files, strict=True):
        write_json_lines(path, (example.to_json() for example in examples))
    listed = contradictions(equal_questions(paths))
    return [(one.first.source, one.second.source) for one in listed]


@pytest.mark.parametrize(
    "other",
    [
        "When do you open?",
        "when do you open",
        "  When do you   open?!",
        "Please tell me: when do you open?",
        "Hi, when do you open, thanks?",
    ],
)
def test_equal_questions_with_two_answers_are_listed(tmp_path: Path, other: str) -> None:
    first = pair("When do you open?", "At nine.", "a:1")
    assert found(tmp_path, [first], [pair(other, "At ten.", "b:7")]) == [("a:1", "b:7")]


@pytest.mark.parametrize(
    ("question", "answer", "given"),
    [
        ("When do you open?", "at NINE", ""),
        ("When do you open?", "We open at nine, every day.", ""),
        ("When do you close?", "At ten.", ""),
        ("When do you open?", "At ten.", "on Sundays"),
        ("What is the capital of Spain?", "Madrid", ""),
    ],
)
def test_other_questions_and_the_same_answer_in_other_words_are_not(
    tmp_path: Path, question: str, answer: str, given: str
) -> None:
    rows = [pair("When do you open?", "At nine."), pair("What is the capital of France?", "Paris")]
    assert found(tmp_path, [*rows, pair(question, answer, "b:2", given)]) == []


def test_each_answer_is_paired_with_the_first_and_many_are_cut(tmp_path: Path) -> None:
    jokes = [pair("Tell me a joke", f"Joke number {n} goes so", f"a:{n}") for n in range(50)]
    pairs = found(tmp_path, [jokes[0], *jokes])
    assert pairs == [("a:0", f"a:{n}") for n in range(1, 20)]


def test_the_conversation_before_a_question_belongs_to_it(tmp_path: Path) -> None:
    def talk(about: str, answer: str, source: str) -> Example:
        first, last = pair(about, "Yes?", source), pair("How much?", answer)
        return Example(messages=first.messages + last.messages, source=source)

    rows = [talk("The red one.", "Ten", "a:1"), talk("The blue one.", "Two", "a:2")]
    assert found(tmp_path, rows) == []
    assert found(tmp_path, [*rows, talk("the red one", "Six", "a:3")]) == [("a:1", "a:3")]


def test_plain_texts_ask_nothing(tmp_path: Path) -> None:
    texts = [
        Example(messages=(Message(role="assistant", content=text),), source="a:1")
        for text in ("one", "two")
    ]
    assert found(tmp_path, texts, []) == []


def test_pairs_of_others_count_from_a_similarity_on() -> None:
    first, second = pair("When do you open on Monday?", "At nine."), pair("When d'you open?", "Ten")
    assert len(list(contradictions([(first, second, 0.95)]))) == 1
    assert list(contradictions([(first, second, 0.5)])) == []
    record = next(contradictions([(first, second, 0.95)])).to_json()
    assert record["similarity"] == 0.95
    assert record["first"] == {"id": first.id, "source": "a:1", "answer": "At nine."}
