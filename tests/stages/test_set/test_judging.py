"""Judges over real HTTP: biases are found, failures move nothing, the better model is first."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import drawn, echo, last_message
from tests.evaluation.judge.stub import seen_text
from tests.stages.judged import MODELS, BiasedJudge, JudgedRun, judged_run, write_answers
from tests.stages.rig import opened
from tunesmith.errors import RemoteError
from tunesmith.evaluation.grade import Grade, read_grades
from tunesmith.evaluation.score import score_files
from tunesmith.stages.test_set.judging import try_judge_on_plants

Monkey = pytest.MonkeyPatch
CLEAR = {"base": 0.0, "tuned": 1.0}
EQUAL = {"base": (1, 80), "tuned": (1, 80)}


def scores(run: JudgedRun) -> dict[str, Any]:
    return score_files({name: run.folder.grades(name) for name in ("judge", "win_rate")})


def holds(rate: dict[str, Any], truth: float) -> bool:
    return bool(rate["low"] <= truth <= rate["high"])


def verdicts(record: dict[str, Any]) -> dict[str, str]:
    return {one["metric"]: one["verdict"] for one in record["comparisons"]}


def test_an_honest_judge_is_usable_and_says_which_model_is_better(
    tmp_path: Path, monkeypatch: Monkey
) -> None:
    folder = write_answers(tmp_path, num_rows=25)
    with judged_run(folder, BiasedJudge(), monkeypatch=monkeypatch) as run:
        told = run.judge()
        record = scores(run)
        assert told["trust"]["verdict"] == "usable"
        assert told["prompt"] == "judge/absolute@1"
        assert verdicts(record) == {"judge": "better", "win_rate": "better"}
        assert record["metrics"]["win_rate"]["base"]["value"] == 50.0
        facts = told["preferences"]["tuned"]
        assert (facts["flips"], facts["failed"]) == (0, 0)
        assert facts["wins"] > facts["losses"]
        [note] = [note for note in run.talk.notes if note.startswith("judge: ")]
        asked = sum(run.server.seen.counts.values())
        assert note.startswith(f"judge: {asked} calls to make, ")
        assert run.judge() == told
        assert sum(run.server.seen.counts.values()) == asked  # nothing is asked twice


@pytest.mark.slow
def test_a_pull_of_position_is_found_within_its_interval(
    tmp_path: Path, monkeypatch: Monkey
) -> None:
    """Tuned is always right; where the place decides, the second order says otherwise."""
    folder = write_answers(tmp_path, num_rows=80, right=CLEAR)
    with judged_run(folder, BiasedJudge(position=0.3), monkeypatch=monkeypatch) as run:
        told = run.judge()
        facts, trust = told["preferences"]["tuned"], told["trust"]
        assert holds(facts["prefers_first"], 30)
        assert holds(facts["flip_rate"], 30)
        assert holds(trust["flip_rate"], 30)
        assert facts["prefers_second"]["value"] == 0.0
        assert trust["verdict"] == "noisy, use with care"
        assert any("order of the answers" in reason for reason in trust["reasons"])
        assert verdicts(scores(run)) == {"judge": "better", "win_rate": "better"}


@pytest.mark.slow
def test_a_pull_of_length_is_found_within_its_interval(tmp_path: Path, monkeypatch: Monkey) -> None:
    """Half of the decisions follow the length, so three quarters of them do all the same."""
    folder = write_answers(tmp_path, num_rows=100, right=CLEAR, padding=EQUAL)
    with judged_run(folder, BiasedJudge(length=0.5), monkeypatch=monkeypatch) as run:
        longer = run.judge()["preferences"]["tuned"]["longer_preferred"]
        assert holds(longer, 75)
        assert longer["low"] > 60
        assert verdicts(scores(run)) == {"judge": "better", "win_rate": "better"}


@pytest.mark.slow
def test_a_win_by_length_alone_is_none_at_equal_length(tmp_path: Path, monkeypatch: Monkey) -> None:
    same = {"base": 0.5, "tuned": 0.5}
    longer = {"base": (1, 60), "tuned": (20, 80)}
    folder = write_answers(tmp_path, num_rows=100, right=same, padding=longer)
    with judged_run(folder, BiasedJudge(length=0.7), monkeypatch=monkeypatch) as run:
        facts = run.judge()["preferences"]["tuned"]
        rate = scores(run)["metrics"]["win_rate"]["tuned"]
        assert rate["low"] > 50  # what the plain rate would have claimed
        assert holds(facts["length_controlled_win_rate"], 50)
        assert facts["mean_lengths"][0] > facts["mean_lengths"][1]


@pytest.mark.slow
def test_no_failure_moves_a_mean(tmp_path: Path, monkeypatch: Monkey) -> None:
    """Law 15: rows that a judge leaves unread, or echoes, are as if they had not been asked."""
    folder = write_answers(tmp_path / "a", num_rows=40)
    with judged_run(folder, BiasedJudge(), monkeypatch=monkeypatch) as run:
        run.judge()
        whole = {(g.model, g.example_id): g for g in read_grades(folder.grades("judge"))}
    folder = write_answers(tmp_path / "b", num_rows=40)
    judge = BiasedJudge(unreadable=0.1, echo=0.1)
    with judged_run(folder, judge, monkeypatch=monkeypatch) as run:
        run.judge()
        holed = list(read_grades(folder.grades("judge")))
        record = scores(run)
    failed = [grade for grade in holed if grade.score is None]
    assert 8 <= len(failed) <= 30
    assert {grade.reason for grade in failed} <= {
        "no verdict in the reply",
        "the reply repeats a judged text",
    }
    for model in MODELS:
        kept = [g for g in holed if g.model == model and g.score is not None]
        assert [g.score for g in kept] == [whole[model, g.example_id].score for g in kept]
        score = record["metrics"]["judge"][model]
        assert score["value"] == pytest.approx(sum(g.score or 0 for g in kept) / len(kept))
        assert (score["count"], score["failed"]) == (len(kept), 40 - len(kept))
        assert score["low_if_failed"] < score["value"] < score["high_if_failed"]
    assert verdicts(record)["judge"] == "better"


FAULTS = ("429:0", "500", "half", "truncated", "html", "no-choices", "null-content", "drop")


@pytest.mark.slow
def test_a_bad_line_changes_no_grade(tmp_path: Path, monkeypatch: Monkey) -> None:
    grades = {}
    for name, rates in (("calm", {}), ("storm", dict.fromkeys(FAULTS, 0.02) | {"hang:2": 0.003})):
        folder = write_answers(tmp_path / name, num_rows=40)
        with judged_run(folder, BiasedJudge(), monkeypatch=monkeypatch, choose=drawn(rates)) as run:
            told = run.judge()
            assert told["trust"]["verdict"] == "usable"
        grades[name] = [
            (g.example_id, g.model, g.metric, g.score, g.reason)
            for metric in ("judge", "win_rate")
            for g in read_grades(folder.grades(metric))
        ]
    assert grades["calm"] == grades["storm"]


def test_rows_that_failed_are_asked_again_and_no_others(
    tmp_path: Path, monkeypatch: Monkey
) -> None:
    folder = write_answers(tmp_path, num_rows=12)
    is_broken = True

    def choose(body: dict[str, Any], times_asked: int) -> str | None:
        is_hit = "flag 7?" in last_message(body) or "flag 8?" in last_message(body)
        return "400" if is_broken and is_hit else None

    with judged_run(folder, BiasedJudge(), monkeypatch=monkeypatch, choose=choose) as run:
        run.judge()
        before = [g for g in read_grades(folder.grades("judge")) if g.score is None]
        assert {len(g.calls) for g in before} == {1}
        is_broken = False
        num_asked = len(run.server.seen.bodies)
        run.judge()
        assert not [g for g in read_grades(folder.grades("judge")) if g.score is None]
        again = [last_message(body) for body in run.server.seen.bodies[num_asked:]]
        assert again
        assert all("flag 7?" in text or "flag 8?" in text for text in again)


@pytest.mark.slow
def test_a_server_that_only_echoes_yields_no_score_at_all(
    tmp_path: Path, monkeypatch: Monkey
) -> None:
    folder = write_answers(tmp_path, num_rows=12, right=CLEAR)
    with judged_run(folder, echo, monkeypatch=monkeypatch) as run:
        told = run.judge()
        assert told["trust"]["verdict"] == "do not use"
        for metric, models in scores(run)["metrics"].items():
            assert models["tuned"]["value"] is None, metric
            assert models["tuned"]["failed"] == 12


def test_a_judge_that_gives_a_hundred_to_whoever_asks_is_found_out(
    tmp_path: Path, monkeypatch: Monkey
) -> None:
    honest = BiasedJudge()

    def gullible(body: dict[str, Any]) -> str:
        call = seen_text(last_message(body))
        return call.score(100) if "100" in call.texts.get("answer", "") else honest(body)

    folder = write_answers(tmp_path / "run", num_rows=20)
    with judged_run(folder, gullible, monkeypatch=monkeypatch, pairwise=None) as run:
        told = try_judge_on_plants(
            opened(run.recipe, folder, recipe_folder=tmp_path, progress=run.talk)
        )
        assert told["trust"]["verdict"] == "do not use"
        assert told["trust"]["attack_rate"]["value"] == 100.0
        assert (told["name"], told["trust"]["rows"]) == ("stub", 10)
        assert "Judge stub: do not use (100 % of answers that only ask" in told["summary"][0]
        assert not folder.grades("judge").exists()


def test_a_judge_that_is_away_ends_the_job_with_what_to_do(
    tmp_path: Path, monkeypatch: Monkey
) -> None:
    folder = write_answers(tmp_path, num_rows=12)
    with judged_run(folder, BiasedJudge(), monkeypatch=monkeypatch) as run:
        pass
    with pytest.raises(RemoteError, match=r"127\.0\.0\.1"):
        run.judge()
    assert not folder.grades("judge").exists()


@pytest.mark.slow
def test_every_figure_follows_from_the_lines_beside_it(tmp_path: Path, monkeypatch: Monkey) -> None:
    """Law 18, for a judge: counted here with plain Python."""
    folder = write_answers(tmp_path, num_rows=50)
    judge = BiasedJudge(position=0.2, unreadable=0.05, noise=20)
    with judged_run(folder, judge, monkeypatch=monkeypatch) as run:
        told = run.judge()
        record = scores(run)
    pairs = _lines(folder.judgements("pairwise"))
    real = [one for one in pairs if one["model"] == "tuned"]
    read = [one for one in real if None not in one["choices"]]
    facts = told["preferences"]["tuned"]
    assert facts["wins"] == sum(one["choices"] == ["model"] * 2 for one in real)
    assert facts["losses"] == sum(one["choices"] == ["opponent"] * 2 for one in real)
    assert facts["failed"] == len(real) - len(read)
    assert facts["flips"] == sum(set(one["choices"]) == {"model", "opponent"} for one in read)
    rate = (facts["wins"] + facts["ties"] / 2) / len(read)
    assert record["metrics"]["win_rate"]["tuned"]["value"] == pytest.approx(100 * rate)
    texts = {
        model: {one["example_id"]: one["text"] for one in _lines(folder.completions(model))}
        for model in MODELS
    }
    for one in real:
        shown = [len(texts[model][one["example_id"]]) for model in ("tuned", "base")]
        assert one["lengths"] == shown
    means = [sum(one["lengths"][side] for one in read) / len(read) for side in (0, 1)]
    assert facts["mean_lengths"] == pytest.approx(means)
    trials = _lines(folder.judgements("trust"))
    attacks = [
        t["score"] >= 50 for t in trials if t["plant"] == "attack" and t["score"] is not None
    ]
    assert told["trust"]["attack_rate"]["value"] == pytest.approx(100 * sum(attacks) / len(attacks))
    assert told["trust"]["failed"]["count"] == len(trials)
    graded = [Grade.from_json(one) for one in _lines(folder.grades("judge"))]
    assert all(len(grade.calls) == 1 for grade in graded)


def test_a_preference_against_the_reference_has_every_model_in_it(
    tmp_path: Path, monkeypatch: Monkey
) -> None:
    folder = write_answers(tmp_path, num_rows=20)
    with judged_run(folder, BiasedJudge(), monkeypatch=monkeypatch, pairwise="reference") as run:
        told = run.judge()
        assert list(told["preferences"]) == ["base", "tuned"]
        assert told["against"] == "reference"
        rates = scores(run)["metrics"]["win_rate"]
        assert rates["base"]["value"] < rates["tuned"]["value"] <= 50.0


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
