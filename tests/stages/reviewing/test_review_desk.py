"""The desk shows answers of validation rows alone, writes down what is said, and counts it."""

from pathlib import Path

import pytest

from tests.stages.reviewing.tiny_review import WRONG, answer, reviewable_run
from tunesmith.errors import DataError, MissingError, RecipeError
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing.kind_change import change_kind, written_check
from tunesmith.stages.reviewing.kind_report import kind_reports
from tunesmith.stages.reviewing.review_desk import Remark, ReviewDesk, reviews_path
from tunesmith.stages.reviewing.review_summary import review_summary


@pytest.fixture
def desk(tmp_path: Path) -> ReviewDesk:
    return ReviewDesk(reviewable_run(tmp_path), author="ann")


def review_all(desk: ReviewDesk, number: int) -> list[str]:
    """Say the truth of so many answers; the kinds in the order in which they came."""
    kinds = []
    for _ in range(number):
        row = desk.next()
        assert row is not None
        kind = WRONG.get(int(row.example.source.partition(":")[2]) % 5)
        said = (
            Remark(judgement="wrong", kind=kind, correction=row.example.reference) if kind else None
        )
        desk.say(row.example.id, said or Remark(judgement="right"))
        kinds.append(kind or "")
    return kinds


def test_reviews_lie_beside_the_recipe_and_outlive_the_run(
    desk: ReviewDesk, tmp_path: Path
) -> None:
    assert reviews_path(desk.folder) == tmp_path / "reviews.jsonl"
    review_all(desk, 3)
    assert len((tmp_path / "reviews.jsonl").read_text().splitlines()) == 3
    assert len(ReviewDesk(desk.folder, author="ann").reviewed()) == 3
    assert ReviewDesk(desk.folder, author="bob").reviewed() == {}


def test_no_row_is_shown_twice_and_none_is_left_out(desk: ReviewDesk) -> None:
    review_all(desk, 60)
    assert desk.next() is None
    assert len(desk.reviewed()) == 60


def test_what_is_skipped_comes_last(desk: ReviewDesk) -> None:
    first = desk.next()
    assert first is not None
    skipped = [first.example.id]
    for _ in range(5):
        row = desk.next(skipped=skipped)
        assert row is not None
        assert row.example.id not in skipped
        skipped.append(row.example.id)
    everything = [*desk.rows]
    assert desk.next(skipped=everything) is not None


def test_kinds_are_found_soon_and_their_rates_hold(desk: ReviewDesk) -> None:
    kinds = review_all(desk, 40)
    assert {"shouted", "no unit"} <= {*kinds[:10]}
    for one in kind_reports(desk):
        assert one.rate.low is not None
        assert one.rate.high is not None
        assert one.rate.low <= 20 <= one.rate.high


def test_a_proposed_check_counts_nothing_until_a_person_accepts_it(tmp_path: Path) -> None:
    desk = ReviewDesk(reviewable_run(tmp_path, rows=150), author="ann")
    review_all(desk, 110)
    reports = {one.rate.name: one for one in kind_reports(desk)}
    shouted, unit = reports["shouted"], reports["no unit"]
    assert shouted.check is not None
    assert (shouted.check.rule, shouted.is_accepted) == ("capitals", False)
    assert unit.check is not None
    assert (unit.check.rule, unit.check.value) == ("lacks", "km")
    counted = (unit.rate.rate, unit.rate.low, unit.rate.high)
    assert unit.best == counted
    change_kind(desk, "no unit", check="accept")
    unit = next(one for one in kind_reports(desk) if one.rate.name == "no unit")
    assert unit.is_accepted
    assert unit.corrected is not None
    point, low, high = unit.corrected
    assert low <= point <= high
    assert any("by the check" in line for line in review_summary(desk).summary)


def test_a_test_row_or_a_row_of_nowhere_is_refused(desk: ReviewDesk) -> None:
    from tunesmith.files import read_json_lines

    (test_row,) = read_json_lines(desk.folder.examples("test"))
    for row in (test_row["id"], "nowhere", ""):
        with pytest.raises(DataError, match="no validation row"):
            desk.say(row, Remark(judgement="right"))
    assert not desk.book.path.exists()


@pytest.mark.parametrize(
    "said",
    [
        Remark(judgement="right", kind="a kind"), Remark(judgement="unsure", correction="b"),
        Remark(judgement="wrong", kind="k" * 90), Remark(judgement="wrong", note="n" * 100_001),
    ],
)  # fmt: skip
def test_what_contradicts_itself_or_is_too_long_is_refused(desk: ReviewDesk, said: Remark) -> None:
    with pytest.raises(DataError):
        desk.say(next(iter(desk.rows)), said)
    assert not desk.book.path.exists()


def test_another_answer_to_a_row_is_reviewed_anew(desk: ReviewDesk) -> None:
    review_all(desk, 60)
    place = desk.folder.path / "reviews" / "answers" / "tuned.jsonl"
    place.write_text(place.read_text().replace(answer(3), "It is three."))
    again = ReviewDesk(desk.folder, author="ann")
    assert len(again.reviewed()) == 59
    waiting = again.next()
    assert waiting is not None
    assert waiting.text == "It is three."


def test_what_was_said_is_kept_in_the_order_in_which_it_was_said(desk: ReviewDesk) -> None:
    rows = [*desk.rows]
    for row in (rows[9], rows[2], rows[5], rows[9]):
        desk.say(row, Remark(judgement="unsure"))
    assert [*desk.reviewed()] == [rows[2], rows[5], rows[9]]


def test_a_word_is_taken_back(desk: ReviewDesk) -> None:
    row = next(iter(desk.rows))
    desk.say(row, Remark(judgement="wrong", kind="shouted"))
    desk.take_back(row)
    assert desk.reviewed() == {}
    assert ReviewDesk(desk.folder, author="ann").reviewed() == {}


def test_kinds_change_by_words_of_the_command_line(desk: ReviewDesk) -> None:
    review_all(desk, 20)
    change_kind(desk, "no unit", check="lacks:km")
    change_kind(desk, "no unit", into="unit is missing")
    assert desk.book.kinds["unit is missing"].check == written_check("lacks:km")
    for words in ((None, "lacks:a", None), ("shouted", None, None), ("shouted", "sings:a", None)):
        kind, check, into = words
        with pytest.raises(RecipeError):
            change_kind(desk, kind, check=check, into=into)
    assert written_check("shorter:0.5").limit == 0.5
    assert written_check("metric:chrf<30").value == "chrf"
    with pytest.raises(RecipeError, match="no number"):
        written_check("longer:much")


def test_a_model_that_has_not_answered_is_said(desk: ReviewDesk, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="base has not answered"):
        ReviewDesk(desk.folder, author="ann", model="base")
    with pytest.raises(MissingError):
        ReviewDesk(RunFolder(tmp_path / "none"), author="ann")


def test_the_record_says_the_same_as_the_lines(desk: ReviewDesk) -> None:
    wrong = sum(map(bool, review_all(desk, 20)))
    found = review_summary(desk)
    assert found.reviewed == {"total": 20, "right": 20 - wrong, "wrong": wrong, "unsure": 0}
    assert sum(one["seen"] for one in found.kinds) == wrong
    assert f"20 of 60 answers reviewed by ann: {20 - wrong} right" in found.summary[0]
    assert "summary" not in found.to_dict()
