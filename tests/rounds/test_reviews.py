"""What people say of answers is kept line by line, and nothing that is no line of ours counts."""

from pathlib import Path

import pytest

from tunesmith.errors import DataError
from tunesmith.evaluation.interval import share_interval
from tunesmith.rounds.answer_review import Judgement, Review, answer_hash, kind_name
from tunesmith.rounds.kind_check import CheckedAnswer, KindCheck
from tunesmith.rounds.kind_rates import (
    UNNAMED,
    kind_rates,
    measures,
    one_kind_rate,
    random_share,
    shuffled_ids,
)
from tunesmith.rounds.review_book import ReviewBook

IDS = [f"{number:016x}" for number in range(60)]


def review(row: str, judgement: Judgement | None, kind: str | None = None, **more: str) -> Review:
    """A word on an answer."""
    usual = {"time": "2026-01-01T00:00:00+00:00", "author": "ann", "run": "r", "model": "tuned"}
    said = {**usual, "example_id": row, "answer": "0" * 16, **more}
    return Review(judgement=judgement, kind=kind, **said)  # type: ignore[arg-type]


def test_the_last_word_counts_and_can_be_taken_back(tmp_path: Path) -> None:
    book = ReviewBook.read(tmp_path / "reviews.jsonl")
    book.add(review("a", "wrong", "unit"))
    book.add(review("a", "right"))
    book.add(review("b", "wrong", "tense"))
    book.add(review("b", None))
    again = ReviewBook.read(book.path)
    assert again.reviews == book.reviews
    assert [one.judgement for one in again.reviews.values()] == ["right"]
    assert [*again.kinds] == ["unit", "tense"]


def test_two_people_and_two_answers_are_kept_apart(tmp_path: Path) -> None:
    book = ReviewBook(tmp_path / "reviews.jsonl")
    book.add(review("a", "wrong"))
    book.add(review("a", "right", author="bob"))
    book.add(review("a", "unsure", answer="1" * 16))
    assert len(book.reviews) == 3
    assert book.authors() == ["ann", "bob"]


def test_kinds_are_renamed_merged_and_given_a_check(tmp_path: Path) -> None:
    book = ReviewBook(tmp_path / "reviews.jsonl")
    for row, kind in zip("abc", ("Unit", "unit", "tense"), strict=True):
        book.add(review(row, "wrong", kind))
    book.add_kind(
        "unit", meaning="miles for km", check=KindCheck(rule="lacks", value="km"), author="ann"
    )
    book.rename("Unit", "unit", author="ann")
    book.add(review("d", "wrong", "unit"))
    again = ReviewBook.read(book.path)
    assert [one.kind for one in again.reviews.values()] == ["unit", "unit", "tense", "unit"]
    assert again.kinds["unit"].check == KindCheck(rule="lacks", value="km")
    assert again.kinds["unit"].meaning == "miles for km"
    assert "Unit" not in again.kinds
    with pytest.raises(DataError, match="no kind is called"):
        book.rename("Unit", "unit", author="ann")


@pytest.mark.parametrize(
    "line",
    [
        '{"schema":1,"what":"review","judgement":"rihgt","time":"","author":"","run":"","model":"","example_id":"a","answer":"b"}',
        '{"schema":2,"what":"review"}',
        '{"schema":1,"what":"kind","name":"  "}',
        '{"schema":1,"what":"kind","name":"a","check":{"rule":"eval"}}',
        '{"schema":1,"what":"nothing"}',
        "[1]",
        "{broken",
    ],
)
def test_a_line_that_is_none_of_ours_is_counted_and_left_out(tmp_path: Path, line: str) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_text(line + "\n")
    book = ReviewBook.read(path)
    assert (book.num_unread, book.reviews, book.kinds) == (1, {}, {})
    book.add(review("a", "right"))
    assert len(ReviewBook.read(path).reviews) == 1


def test_what_a_crash_left_half_written_is_closed_and_loses_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    ReviewBook(path).add(review("a", "right"))
    with path.open("ab") as stream:
        stream.write(b'{"schema":1,"what":"rev')
    ReviewBook(path).add(review("b", "wrong"))
    book = ReviewBook.read(path)
    assert ([one.example_id for one in book.reviews.values()], book.num_unread) == (["a", "b"], 1)


def test_only_rows_that_measure_tell_a_rate() -> None:
    order = [one for one in shuffled_ids(IDS) if measures(one)]
    teaching = [one for one in IDS if not measures(one)]
    reviews = {row: review(row, "right") for row in order[:8]}
    reviews |= {row: review(row, "wrong", "unit") for row in [*order[8:10], *teaching[:9]]}
    reviews[order[10]] = review(order[10], "unsure")
    reviews[order[11]] = review(order[11], "wrong")
    reviews[order[13]] = review(order[13], "wrong", "unit")
    assert random_share(IDS, reviews) == order[:12]
    unit, unnamed = kind_rates(IDS, reviews)
    assert (unit.name, unit.num_seen, unit.num_random, unit.count) == ("unit", 12, 2, 11)
    assert unit.rate == pytest.approx(100 * 2 / 11)
    assert unit.low is not None
    assert unit.low < 100 * 2 / 11
    assert (unnamed.name, unnamed.num_random) == (UNNAMED, 1)
    assert one_kind_rate("unit", IDS, reviews) == unit
    assert one_kind_rate("tense", IDS, reviews).high == pytest.approx(share_interval(0, 11)[1])


def test_a_kind_is_one_line_of_at_most_eighty_characters() -> None:
    assert kind_name("  wrong \n unit ") == "wrong unit"
    assert kind_name(" \n") is None
    with pytest.raises(DataError, match="81 characters"):
        kind_name("x" * 81)
    assert answer_hash("a") != answer_hash("a ")
    assert answer_hash("\ud800")


CHECKS = {
    ("contains", "USD", None): [("costs 4 usd", True), ("costs 4 EUR", False)],
    ("lacks", "please", None): [("Wait.", True), ("Please wait.", False)],
    ("matches", r"\d+ miles", None): [("9 miles", True), ("nine miles", False)],
    ("shorter", "", 0.5): [("a", True), ("as long as it", False)],
    ("longer", "", 1.5): [("very much longer than it", True), ("as long", False)],
    ("capitals", "", None): [("SPORT 1", True), ("Sport", False), ("12", False), ("体育", False)],
    ("sign", "repeats", None): [("a", True), ("b", False)],
    ("metric", "chrf", 50.0): [("a", True), ("b", False)],
}


@pytest.mark.parametrize(("check", "answers"), CHECKS.items())
def test_a_check_finds_its_kind(
    check: tuple[str, str, float | None], answers: list[tuple[str, bool]]
) -> None:
    rule, value, limit = check
    found = KindCheck.from_json({"rule": rule, "value": value, "limit": limit})
    assert KindCheck.from_json(found.to_json()) == found
    assert found.words()
    for text, expected in answers:
        signs = frozenset({"repeats"}) if text == "a" else frozenset()
        scores = {"chrf": 10.0 if text == "a" else 90.0}
        answered = CheckedAnswer(
            question="", text=text, reference="as long as it", signs=signs, scores=scores
        )
        assert found.finds(answered) is expected, text


def test_a_check_that_cannot_tell_says_so() -> None:
    new = CheckedAnswer(question="", text="a" * 30_000 + "b")
    assert KindCheck(rule="shorter", limit=0.5).finds(new) is None
    assert KindCheck(rule="metric", value="chrf", limit=9).finds(new) is None
    assert KindCheck(rule="matches", value=r"(a|a)*$|(a+)+$").finds(new) is None


@pytest.mark.parametrize(
    "record",
    [
        {"rule": "lacks"}, {"rule": "capitals", "limit": 3}, {"rule": "shorter"},
        {"rule": "shorter", "limit": True}, {"rule": "matches", "value": "("}, {"rule": 3}, 7,
        {"rule": "metric", "value": "chrf"}, {"rule": "contains", "value": 7},
    ],
)  # fmt: skip
def test_a_check_that_lacks_what_its_rule_needs_is_refused(record: object) -> None:
    with pytest.raises(DataError):
        KindCheck.from_json(record)
