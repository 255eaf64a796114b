"""Runs side by side: what differs, whether it mattered, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.stages.compared import example, made_run, write_answers
from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import MissingError, RecipeError, RefusedError
from tunesmith.evaluation.metrics import TEXT_METRICS
from tunesmith.files import read_json, read_json_lines, write_json, write_json_lines
from tunesmith.stages.compare import compare
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.run import run_loop

METRICS = tuple(TEXT_METRICS)


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunesmith.evaluation.interval.NUM_RESAMPLES", 2000)


def compared(first: Any, second: Any, **named: Any) -> dict[str, Any]:
    """Compare a run or several with others."""
    sides = [side if isinstance(side, list) else [side] for side in (first, second)]
    return compare(*sides, progress=named.pop("progress", Talk()), **named)


def side(folder: Path, name: str, *, right: float, seeds: range, **more: Any) -> list[Path]:
    return [made_run(folder / f"{name}-{seed}", right=right, seed=seed, **more) for seed in seeds]


def test_one_run_a_side_speaks_of_this_model_on_these_rows(tmp_path: Path) -> None:
    weak, strong = (made_run(tmp_path / str(right), right=right) for right in (0.2, 0.9))
    result = compared(weak, strong)
    assert result.claim == "this model, on these rows"
    assert result.verdict["outcome"] == "better"
    assert result.verdict["sentence"].startswith(
        "This model, on these 40 test rows: B is better than A on exact match, token F1"
    )
    assert [c.metric for c in result.comparisons] == list(METRICS)
    assert {(c.first, c.second, c.count) for c in result.comparisons} == {("A", "B", 40)}
    assert compared(strong, weak).verdict["outcome"] == "worse"
    text = "\n".join(result.summary)
    assert "A claim about a recipe takes several runs a side" in text


def test_several_runs_a_side_speak_of_the_recipe(tmp_path: Path) -> None:
    weak = side(tmp_path, "weak", right=0.1, seeds=range(3))
    strong = side(tmp_path, "strong", right=0.95, seeds=range(5, 8))
    result = compared(weak, strong)
    assert result.claim == "this recipe"
    assert result.verdict["sentence"].startswith(
        "This recipe, by 3 runs against 3, on these 40 test rows: B is better than A on exact"
    )
    exact = result.metrics["exact_match"]
    assert len(exact["A"]["runs"]) == 3
    assert exact["A"]["value"] == pytest.approx(sum(exact["A"]["runs"]) / 3)
    difference = result.comparisons[0].difference
    assert difference == pytest.approx(exact["B"]["value"] - exact["A"]["value"])
    lopsided = compared(weak[0], strong)
    assert lopsided.claim == "these models, on these rows"
    assert lopsided.verdict["sentence"].startswith("These models, on these 40 test rows: ")


def test_what_differs_is_said_of_recipe_data_model_and_engine(tmp_path: Path) -> None:
    old = [example(50), example(51)]
    new = [example(51), example(52), example(53, "mended")]
    first = made_run(tmp_path / "a", right=0.5, train=old)
    second = made_run(
        tmp_path / "b", right=0.5, train=new, seed=3, settings={"learning_rate": 1e-3}
    )
    environment = read_json(second / "environment.json")
    environment |= {"device": "cuda:0", "base": {"fingerprint": "g"}, "torch": "2.13"}
    write_json(second / "environment.json", environment)
    found = compared(first, second).differences
    assert found["recipe"] == [
        {"key": "training.learning_rate", "A": ["5e-05"], "B": ["0.001"]},
        {"key": "training.seed", "A": ["0"], "B": ["3"]},
    ]
    data = found["data"]["train"]
    assert (data["A"], data["B"], data["added"], data["removed"]) == (2, 3, 2, 1)
    assert [row["source"] for row in data["added_rows"]] == ["colours.jsonl:52", "colours.jsonl:53"]
    assert [row["text"] for row in data["removed_rows"]] == ["Colour 50?"]
    assert found["data"]["test"]["added"] == 0
    assert found["model"] == [{"key": "base.fingerprint", "A": ["f"], "B": ["g"]}]
    assert found["engine"] == [
        {"key": "device", "A": ["cpu"], "B": ["cuda:0"]},
        {"key": "torch", "A": [None], "B": ["2.13"]},
    ]
    same = compared(first, first).differences
    assert not same["recipe"]
    assert not same["engine"]


def test_a_run_against_itself_shows_nothing(tmp_path: Path) -> None:
    one = made_run(tmp_path / "a", right=0.5)
    result = compared(one, one)
    assert result.verdict["outcome"] == "no difference shown"
    assert {c.p_value for c in result.comparisons} == {1.0}
    assert result.answers == ()


def test_only_common_rows_count_and_that_takes_a_reason(tmp_path: Path) -> None:
    first = made_run(tmp_path / "a", right=0.0, test=[example(n) for n in range(30)])
    second = made_run(tmp_path / "b", right=1.0, test=[example(n) for n in range(10, 50)])
    with pytest.raises(RefusedError, match=r"20 rows are common, of .*a 30, .*b 40") as refused:
        compared(first, second)
    talk = Talk()
    result = compared(first, second, force="the old set lost rows", progress=talk)
    assert result.rows == {"common": 20, "A": 30, "B": 40}
    assert {c.count for c in result.comparisons} == {20}
    assert {c.left_out for c in result.comparisons} == {0}
    assert result.forced == {
        "reason": "the old set lost rows",
        "refused": [refused.value.message],
    }
    assert talk.notes == [f"forced (the old set lost rows): {refused.value.message}"]
    assert any(line.startswith("Forced (the old set lost rows): ") for line in result.summary)


def test_no_common_row_cannot_be_forced(tmp_path: Path) -> None:
    first = made_run(tmp_path / "a", right=0.5, test=[example(n) for n in range(5)])
    second = made_run(tmp_path / "b", right=0.5, test=[example(n) for n in range(5, 9)])
    with pytest.raises(RefusedError, match="no test row is common"):
        compared(first, second, force="please")


def test_a_row_that_failed_in_one_run_is_left_out_and_counted(tmp_path: Path) -> None:
    first, second = (made_run(tmp_path / name, right=0.5, seed=s) for s, name in enumerate("ab"))
    grades = second / "grades" / "chrf.jsonl"
    rows = list(read_json_lines(grades))
    rows[3] |= {"score": None, "reason": "refused"}
    write_json_lines(grades, rows)
    comparisons = compared(first, second).comparisons
    chrf = next(c for c in comparisons if c.metric == "chrf")
    assert (chrf.count, chrf.left_out) == (39, 1)
    text = "\n".join(compared(first, second).summary)
    assert "1 row left out under chrF, for some run failed on it." in text


def test_a_side_holds_runs_of_one_recipe_with_different_seeds(tmp_path: Path) -> None:
    good = side(tmp_path, "good", right=0.5, seeds=range(2))
    other = side(tmp_path, "other", right=0.5, seeds=range(2, 4), settings={"learning_rate": 1e-3})
    with pytest.raises(RefusedError, match=r"not runs of one recipe.*training\.learning_rate"):
        compared([good[0], other[0]], good[1])
    twin = made_run(tmp_path / "twin", right=0.5, seed=0)
    with pytest.raises(RefusedError, match=r"same training\.seed and are one tuning"):
        compared([good[0], twin], other)
    with pytest.raises(RefusedError, match="stands on both sides"):
        compared(good, [good[1], made_run(tmp_path / "third", right=0.5, seed=9)])
    with pytest.raises(RecipeError, match="twice on one side"):
        compared([good[0], tmp_path / "x" / ".." / "good-0"], other)
    more = made_run(tmp_path / "more", right=0.5, seed=7, train=[example(70)])
    with pytest.raises(RefusedError, match=r"differ in data/train\.jsonl"):
        compared([good[0], more], other)
    assert compared([good[0], twin], other, force="two machines").forced is not None


def test_runs_that_are_missing_or_unfinished_are_named(tmp_path: Path) -> None:
    one = made_run(tmp_path / "a", right=0.5)
    with pytest.raises(MissingError, match="no such run"):
        compared(one, tmp_path / "nowhere")
    (one / "scores.json").unlink()
    with pytest.raises(MissingError, match="no scores yet"):
        compared(one, one)


def test_grades_of_another_normalisation_are_refused(tmp_path: Path) -> None:
    first, second = (made_run(tmp_path / name, right=0.5) for name in "ab")
    scores = read_json(second / "scores.json")
    write_json(second / "scores.json", {**scores, "normalisation": "of old"})
    with pytest.raises(RefusedError, match=r"different normalisation.*of old"):
        compared(first, second)


JUDGE = {"name": "llama3", "prompt": "absolute-1"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "gpt-4o"}, r"different judges: llama3 \(.*a\), gpt-4o \(.*b\)"),
        ({"prompt": "absolute-1+1f3e"}, "different rubrics: .*Name one evaluation.rubric"),
    ],
)
def test_scores_of_another_judge_or_rubric_are_refused(
    tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    first, second = (made_run(tmp_path / name, right=0.5) for name in "ab")
    for run, judge in ((first, JUDGE), (second, {**JUDGE, **changed})):
        write_json(run / "scores.json", {**read_json(run / "scores.json"), "judge": judge})
    assert compared(first, first).verdict
    with pytest.raises(RefusedError, match=words):
        compared(first, second)


def test_scores_of_other_metrics_are_refused(tmp_path: Path) -> None:
    first, second = (made_run(tmp_path / name, right=0.5) for name in "ab")
    scores = read_json(second / "scores.json")
    del scores["metrics"]["chrf"]
    write_json(second / "scores.json", scores)
    with pytest.raises(RefusedError, match=r"chrf was measured in some .*--force REASON"):
        compared(first, second)
    for run, version in ((first, "marks 1.0"), (second, "marks 2.0")):
        environment = read_json(run / "environment.json")
        plugins = {"metrics.exact_match": version}
        write_json(run / "environment.json", {**environment, "plugins": plugins})
        write_json(run / "scores.json", scores)
    with pytest.raises(RefusedError, match=r"different packages: marks 1\.0"):
        compared(first, second)


def test_defaults_of_a_group_that_one_side_lacks_are_left_out(tmp_path: Path) -> None:
    first = made_run(tmp_path / "a", right=0.5)
    judge = {"url": "http://localhost:1/v1", "model": "llama3", "timeout_seconds": 9}
    more = {"path": "more.jsonl", "limit": 5}
    second = made_run(
        tmp_path / "b",
        right=0.5,
        settings={"method": {"lora": {"rank": 4}}},
        sections={
            "sources": [{"path": "colours.jsonl"}, more],
            "evaluation": {"judge": judge, "rivals": [{"path": "starter"}]},
        },
    )
    keys = {one["key"] for one in compared(first, second).differences["recipe"]}
    assert keys == {
        "sources[1].path",
        "sources[1].limit",
        "training.method",
        "training.method.lora.rank",
        "evaluation.judge.url",
        "evaluation.judge.model",
        "evaluation.judge.timeout_seconds",
        "evaluation.rivals[0].path",
    }


def test_the_rows_that_differ_most_come_first_with_every_answer(tmp_path: Path) -> None:
    rows = [example(number) for number in range(8)]
    told = [one.reference for one in rows]
    runs = {}
    for seed, (name, texts) in enumerate(
        {
            "a0": ["wrong", *told[1:]],
            "a1": ["wrong", "nothing", *told[2:]],
            "b0": told,
            "b1": [*told[:7], "a colour 7"],
        }.items()
    ):
        runs[name] = made_run(tmp_path / name, right=1.0, seed=seed, test=rows)
        write_answers(RunFolder(runs[name]), rows, texts)
    result = compared([runs["a0"], runs["a1"]], [runs["b0"], runs["b1"]], num_rows=2)
    first, second = result.answers
    assert first["prompt"] == "Colour 0?"
    assert first["reference"] == "colour 0"
    assert first["A"] == [{"text": "wrong", "runs": [str(runs["a0"]), str(runs["a1"])]}]
    assert first["B"][0]["text"] == "colour 0"
    assert first["scores"]["exact_match"] == {"A": 0.0, "B": 100.0}
    assert first["difference"] > second["difference"] > 0
    assert [one["text"] for one in second["A"]] == ["colour 1", "nothing"]
    assert compared(runs["a0"], runs["b0"], num_rows=0).answers == ()


def test_a_markdown_file_says_what_the_terminal_says(tmp_path: Path) -> None:
    weak, strong = (made_run(tmp_path / str(right), right=right) for right in (0.2, 0.9))
    output = tmp_path / "comparison.md"
    result = compared(weak, strong, output=output)
    text = output.read_text(encoding="utf-8")
    assert result.report == str(output)
    assert text.startswith("# Comparison\n\n**Better.** This model, on these 40 test rows: ")
    assert "| exact match | " in text
    assert text.count("### ") == 3
    for line in ("training.learning_rate", "the same"):
        assert (line in text) == any(line in one for one in result.summary)


def test_two_real_runs_are_compared(tmp_path: Path, tiny_folder: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(40))
    runs = []
    for rate in (1e-3, 1e-2):
        recipe = make_recipe(
            tiny_folder,
            data,
            examples={"split": {"validation": 0.0, "test": 0.3}},
            training={"steps": 2, "learning_rate": rate},
            generation={"max_new_tokens": 4},
        )
        folder = run_folder(tmp_path / str(rate))
        run_loop(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
        runs.append(folder.path)
    result = compared(*runs)
    assert [one["key"] for one in result.differences["recipe"]] == ["training.learning_rate"]
    assert not result.differences["engine"]
    assert [c.metric for c in result.comparisons][-2:] == ["token_accuracy", "loss"]
    assert result.comparisons[-1].difference != 0
    assert result.rows["common"] == result.rows["A"] > 5


@pytest.mark.parametrize("given", [None, [], "run", Path("run"), 5, [None], [5], [""], ["a\0b"]])
def test_a_side_that_is_no_list_of_folders_is_refused(given: Any) -> None:
    with pytest.raises(RecipeError, match=r"^side A: .*'runs/"):
        compare(given, given)


def test_a_folder_may_be_named_by_a_text(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such run"):
        compare([str(tmp_path / "a")], [str(tmp_path / "b")])
