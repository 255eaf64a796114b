"""The arena: who sees what, what a vote is, and what votes come to."""

from pathlib import Path

import orjson
import pytest

from tests.stages.reviewing.tiny_review import answer, example, reviewable_run
from tunesmith.__main__ import run_command
from tunesmith.errors import DataError, MissingError
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.rounds.look_log import LookLog
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import looks_path
from tunesmith.stages.reviewing.arena_desk import ArenaDesk, PairPlace, votes_path
from tunesmith.stages.reviewing.arena_summary import arena_standing
from tunesmith.stages.reviewing.review_files import review_files


def arena_run(folder: Path, *, rows: int = 12, models: tuple[str, ...] = ("base",)) -> RunFolder:
    """A run that tuned and others have answered; the others add words, save on each sixth row."""
    place = reviewable_run(folder, rows=rows)
    files = review_files(place)
    for number, model in enumerate(models):
        more = "So it goes." + "!" * number
        texts = [answer(n) if n % 6 == 0 else f"{answer(n)} {more}" for n in range(rows)]
        answers = [
            {"example_id": example(n).id, "model": model, "text": text, "finish_reason": "stop"}
            for n, text in enumerate(texts)
        ]
        write_json_lines(files.answers(model), answers)
    return place


def prefers(desk: ArenaDesk, place: PairPlace, model: str) -> None:
    """Vote for a model."""
    desk.say(place.row, place.models, "left" if place.models[0] == model else "right")


def test_two_answers_are_shown_in_the_same_order_again_and_in_another_to_another(
    tmp_path: Path,
) -> None:
    run = arena_run(tmp_path, rows=60)
    ann, again, bob = (ArenaDesk(run, author=name) for name in ("ann", "ann", "bob"))
    assert ann.places == again.places
    assert ann.places != bob.places
    lefts = [place.models[0] for place in ann.places]
    assert 15 < lefts.count("tuned") < 35
    assert ann.num_equal == 10
    assert len(ann.places) == 50


def test_a_vote_is_one_line_that_can_be_changed_and_taken_back(tmp_path: Path) -> None:
    run = arena_run(tmp_path)
    desk = ArenaDesk(run, author="ann")
    first = desk.places[0]
    desk.say(first.row, first.models, "left")
    assert desk.next() == desk.places[1]
    flipped = first.models[1], first.models[0]
    desk.say(first.row, flipped, "left")
    assert [vote.label for vote in ArenaDesk(run, author="ann").standing()] == [first.models[1]]
    desk.say(first.row, first.models, None)
    assert ArenaDesk(run, author="ann").next() == first
    lines = list(read_json_lines(votes_path(run)))
    assert [line["choice"] for line in lines] == ["left", "left", None]
    assert {"time", "author", "run", "example_id", "left_answer", "right_answer"} <= {*lines[0]}
    assert votes_path(run) == tmp_path / "votes.jsonl"


def test_votes_on_answers_that_have_changed_do_not_count(tmp_path: Path) -> None:
    run = arena_run(tmp_path)
    desk = ArenaDesk(run, author="ann")
    for place in desk.places[:4]:
        prefers(desk, place, "tuned")
    files = review_files(run)
    row = desk.places[0].row
    answers = [
        {**one, "text": "Now it says this."} if one["example_id"] == row else one
        for one in read_json_lines(files.answers("base"))
    ]
    write_json_lines(files.answers("base"), answers)
    later = arena_standing(ArenaDesk(run, author="ann"))
    assert (later.votes, later.earlier) == (3, 1)
    assert "1 votes are about earlier answers" in "\n".join(later.summary)


def test_no_test_row_is_shown_or_voted_on(tmp_path: Path) -> None:
    run = arena_run(tmp_path)
    desk = ArenaDesk(run, author="ann")
    test_row = next(read_json_lines(run.examples("test")))["id"]
    for row in (test_row, "nothing", ""):
        with pytest.raises(DataError, match="no validation row that both"):
            desk.say(row, ("base", "tuned"), "left")
    with pytest.raises(DataError, match="is no choice"):
        desk.say(desk.places[0].row, ("base", "tuned"), "best")
    with pytest.raises(DataError, match="no validation row that both"):
        desk.say(desk.places[0].row, ("tuned", "tuned"), "left")
    files = review_files(run)
    write_json_lines(files.rows, [*read_json_lines(files.rows), example(0, split="x").to_json()])
    with pytest.raises(DataError, match=f"{test_row} is a test row"):
        ArenaDesk(run, author="ann")


def test_where_one_model_has_answered_the_command_for_the_other_is_named(tmp_path: Path) -> None:
    run = reviewable_run(tmp_path)
    with pytest.raises(MissingError) as caught:
        ArenaDesk(run, author="ann")
    assert f"tunesmith review {run.path} --model base" in str(caught.value.cure)


def test_the_ranking_is_that_of_the_votes_and_people_are_compared(tmp_path: Path) -> None:
    run = arena_run(tmp_path, rows=36, models=("base", "rival"))
    for author, share in (("ann", 4), ("bob", 3)):
        desk = ArenaDesk(run, author=author)
        for place in desk.places[:60]:
            likes = "tuned" if int(place.row, 16) % share else place.models[0]
            prefers(desk, place, likes if likes in place.models else "rival")
    found = arena_standing(ArenaDesk(run, author="ann"))
    assert found.votes == 120
    assert found.by_author == {"ann": 60, "bob": 60}
    assert found.models[0].model == "tuned"
    assert found.models[0].low > 0
    (between,) = found.between_people
    assert {between.first, between.second} == {"ann", "bob"}
    assert between.kappa is not None
    assert "tuned: +" in "\n".join(found.summary)


def test_the_judge_stands_beside_people(tmp_path: Path) -> None:
    run = arena_run(tmp_path, rows=36)
    desk = ArenaDesk(run, author="ann")
    for place in desk.places:
        prefers(desk, place, "tuned")
    judged = [
        {"example_id": place.row, "model": "tuned", "opponent": "base",
         "choices": ["model", "model" if n % 3 else "opponent"], "lengths": [1, 2],
         "reason": None, "calls": ["a", "b"]}
        for n, place in enumerate(desk.places)
    ]  # fmt: skip
    write_json_lines(run.judgements("pairwise"), judged)
    found = arena_standing(ArenaDesk(run, author="ann"))
    (beside,) = found.with_judge
    assert beside.count == len(desk.places)
    assert beside.same == pytest.approx(100 * 2 / 3)
    assert found.judge[0]["win_rate"]["value"] == pytest.approx(100 * 5 / 6)
    assert "The judge, on test rows: tuned wins 83 %" in "\n".join(found.summary)
    assert [look.command for look in LookLog.read(looks_path(run)).looks] == ["arena"]


def test_lines_of_others_are_counted_and_left_out(tmp_path: Path) -> None:
    run = arena_run(tmp_path)
    odd = ['{"schema":1}', "no json", '{"schema":2}', "[]", '{"schema":1,"choice":"left"}']
    votes_path(run).write_text("\n".join(odd) + "\n")
    found = arena_standing(ArenaDesk(run, author="ann"))
    assert (found.votes, found.unread) == (0, 5)


def test_the_command_prints_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = arena_run(tmp_path)
    desk = ArenaDesk(run, author="ann")
    for place in desk.places[:5]:
        desk.say(place.row, place.models, "both bad")
    assert run_command(["arena", str(run.path), "--json"]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert (told["votes"], told["both_bad"], told["schema"]) == (5, 5, 1)
    assert [one["win_rate"]["value"] for one in told["models"]] == [50.0, 50.0]
    assert run_command(["arena", str(run.path)]) == 0
    assert "5 votes say that neither answer will do" in capsys.readouterr().out
