"""A run in Python: opened by its recipe or its folder, read, asked, shown."""

import json
import pickle
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import tunesmith
from tests.stages.rig import colour_rows, with_numbers, write_rows
from tunesmith.__main__ import run_command
from tunesmith.errors import DataError, MissingError, RecipeError, TunesmithError
from tunesmith.files import read_json, read_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.stages.ask import ask
from tunesmith.stages.execution import bars
from tunesmith.stages.execution.bars import BarProgress, default_progress
from tunesmith.stages.execution.opened_run import Run, open_run
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.run import run_loop


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Run:
    root = tmp_path_factory.mktemp("face")
    rows = [*colour_rows(30), {"instruction": "<b>&</b>?", "response": "<script>x</script>"}]
    keys = {
        "model": {"name": str(tiny_folder)},
        "sources": [{"path": str(write_rows(root / "rows.jsonl", rows))}],
        "examples": {"split": {"validation": 0.2, "test": 0.2}},
        "template": {"name": "question-answer"},
        "training": with_numbers({"steps": 2, "max_tokens": 64}),
        "generation": {"max_new_tokens": 6},
    }
    (root / "face.yaml").write_text(json.dumps(keys), encoding="utf-8")
    return tunesmith.run(root / "face.yaml", folder=root / "run")


def test_what_a_run_says_of_itself_is_what_its_files_say(done: Run) -> None:
    folder = done.folder
    assert json.loads(json.dumps(done.scores.to_dict())) == read_json(folder.scores)
    summary = {key: one for key, one in read_json(folder.summary).items() if key != "schema"}
    assert json.loads(json.dumps(done.prepared.to_dict())) == summary
    assert done.trained.to_dict() == folder.read_manifest()["train"]["result"]
    assert list(done.trained.to_dict()) == [
        "run", "steps", "resumed_from", "loss", "accuracy", "best_step", "seconds",
        "examples_per_second", "peak_memory_bytes",
    ]  # fmt: skip
    assert done.report.page == folder.path / "report.html"
    rows = [row.id for row in done.rows("test")]
    assert rows == [answer.example_id for answer in done.answers("base")] != []
    assert [row["id"] for row in read_json_lines(folder.examples("test"))] == rows


def test_running_again_returns_the_records_of_the_first_time(done: Run) -> None:
    again = run_loop(done).to_dict()
    assert (
        again
        == run_loop(
            open_run(done.folder.path.parent / "face.yaml", folder=done.folder.path)
        ).to_dict()
    )
    assert list(again)[-3:] == ["scores", "report", "diagnosis"]


def test_a_run_opened_by_its_folder_is_read_and_asked_and_not_changed(done: Run) -> None:
    found = open_run(str(done.folder.path))
    assert found.recipe == done.recipe
    assert found.scores == done.scores
    before = {path: path.stat().st_mtime_ns for path in done.folder.path.rglob("*")}
    for stage in (tunesmith.prepare, tunesmith.train, tunesmith.answer, tunesmith.evaluate):
        with pytest.raises(
            RecipeError, match=r"opened by its own folder.*open_run\('recipe.yaml'\)"
        ):
            stage(found)
    assert {path: path.stat().st_mtime_ns for path in done.folder.path.rglob("*")} == before


def test_asking_a_run_gives_what_the_command_gives(done: Run) -> None:
    generation = recipe_from_mapping(
        {"sources": [{"path": "-"}], "generation": {"max_new_tokens": 6}}
    ).generation
    (expected,) = ask("Colour 3?", [str(done.folder.path)], generation=generation)
    assert done.ask("Colour 3?", max_new_tokens=6) == expected


@pytest.mark.parametrize(
    "read",
    [
        lambda run: run.prepared,
        lambda run: run.trained,
        lambda run: run.scores,
        lambda run: run.report,
        lambda run: run.rows("test"),
        lambda run: run.answers(),
        lambda run: run.model(),
        lambda run: run.ask("Why?"),
    ],
)
def test_what_is_not_there_yet_is_named_with_what_makes_it(tmp_path: Path, read: Any) -> None:
    run = open_run({"sources": [{"path": "a.jsonl"}]}, folder=tmp_path / "run")
    with pytest.raises(MissingError, match=r"has nothing of .* yet\. tunesmith\.\w+\(run\)"):
        read(run)
    assert not (tmp_path / "run").exists(), "opening and reading write nothing"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: open_run("nowhere.yaml"), "nowhere.yaml: no such recipe"),
        (lambda: open_run("."), r"\.: no such run"),
        (lambda: open_run({"sources": [{"path": "a"}]}), "folder: .* Fo"),
        (lambda: open_run({"source": 1}, folder="runs/a"), "source"),
        (lambda: open_run("a.yaml", overrides="training.epochs=1"), "overrides: takes a list"),
        (lambda: open_run(".", overrides=["training.epochs=1"]), "overrides: has no effect"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TunesmithError, match=message):
        call()
    assert not list(tmp_path.iterdir())


def test_a_split_or_metric_that_does_not_exist_is_named_with_those_that_do(done: Run) -> None:
    with pytest.raises(MissingError, match=r"'dev'.*train, validation, test"):
        done.rows("dev")  # type: ignore[arg-type]
    with pytest.raises(MissingError, match=r"'bleu'.*token_f1.*loss"):
        _ = done.scores["bleu"]
    assert done.scores["loss"]["tuned"].count > 0


def test_overrides_and_a_recipe_object_reach_the_run(tmp_path: Path) -> None:
    recipe = recipe_from_mapping({"sources": [{"path": "a.jsonl"}]})
    run = open_run(recipe, folder=tmp_path, overrides=["training.epochs=7"])
    assert (run.recipe.training.epochs, run.recipe.sources) == (7, recipe.sources)


def test_a_notebook_shows_scores_and_curve_and_no_markup_of_the_data(done: Run) -> None:
    shown = [one._repr_html_() for one in (done, done.scores, done.report, done.trained)]
    shown.append(done.prepared._repr_html_())
    assert all(html.startswith('<div class="tunesmith"><style>') for html in shown)
    assert all("Token F1" in html or "token" in html.lower() for html in shown[:3])
    assert all("<svg" in html for html in (shown[0], shown[2], shown[3]))
    assert all("<script>" not in html and "<b>&" not in html for html in shown)
    assert "trained tokens" in shown[4]


def test_a_script_is_silent_and_somebody_who_watches_sees_a_bar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(default_progress(), SilentProgress)
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert isinstance(default_progress(), BarProgress)
    monkeypatch.delitem(sys.modules, "ipykernel")
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert isinstance(default_progress(), SilentProgress), "a session whose words go to a file"
    monkeypatch.setattr(bars.sys.stderr, "isatty", lambda: True)
    assert isinstance(default_progress(), BarProgress)


@pytest.mark.parametrize("given", [None, 5, b"x", [], "", "a\0b", "x" * 5000, True, object()])
def test_what_is_no_path_is_refused_in_one_line(given: Any) -> None:
    recipe = {"sources": [{"path": "a.jsonl"}]}
    for call in (
        lambda: open_run(given),
        lambda: tunesmith.run(given),
        lambda: tunesmith.load_recipe(given),
        lambda: tunesmith.prepare(open_run(recipe, folder=given)),
    ):
        with pytest.raises(RecipeError, match=r"^(recipe|folder): ") as caught:
            call()
        assert caught.value.cure


@pytest.mark.parametrize("given", [None, 5, [5], [None], b"a=1", [b"a=1"], "a=1", {"a": 1}])
def test_overrides_of_another_type_are_refused_in_one_line(given: Any) -> None:
    with pytest.raises(RecipeError, match=r"overrides=\["):
        open_run({"sources": [{"path": "a.jsonl"}]}, folder="runs/a", overrides=given)


@pytest.mark.parametrize("given", [None, 5, "recipe.yaml", {}, Path("recipe.yaml")])
@pytest.mark.parametrize(
    "stage", ["prepare", "train", "answer", "evaluate", "forecast", "write_report"]
)
def test_a_stage_that_is_given_no_run_says_how_to_open_one(stage: str, given: Any) -> None:
    with pytest.raises(RecipeError, match=rf"^{stage}: takes a run.*open_run"):
        getattr(tunesmith, stage)(given)


@pytest.mark.parametrize("given", [5, "bar", SilentProgress])
def test_who_cannot_be_told_of_progress_is_refused(given: Any) -> None:
    with pytest.raises(RecipeError, match=r"^progress: .*BarProgress\(\)"):
        open_run({"sources": [{"path": "a.jsonl"}]}, folder="runs/a", progress=given)


@pytest.mark.parametrize("given", [None, 5, [], "recipe"])
def test_a_mapping_that_is_none_is_refused(given: Any) -> None:
    with pytest.raises(RecipeError, match="a recipe is a group of keys"):
        recipe_from_mapping(given)


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(done: Run) -> None:
    unknown: Any = "tset"
    with pytest.raises(MissingError, match=r"'tset'.*, test\. Did you mean test\?"):
        done.rows(unknown)
    with pytest.raises(
        MissingError, match=r"'tunde'.*base, few-shot, nearest, tuned\. Did you mean tuned\?"
    ):
        done.answers("tunde")
    for wrong in (None, 5, []):
        with pytest.raises(MissingError, match="There are: base, few-shot, nearest, tuned"):
            done.answers(wrong)  # type: ignore[arg-type]


def test_a_script_keeps_its_signals_and_its_random_numbers(done: Run, tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = (torch.rand(3), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    torch.manual_seed(5)
    again = open_run(done.folder.path.parent / "face.yaml", folder=tmp_path / "again")
    tunesmith.forecast(again)
    tunesmith.train(again)
    again.ask("Colour 3?", max_new_tokens=2)
    found = (torch.rand(3), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    assert torch.equal(found[0], expected[0])
    assert found[1:] == expected[1:]


def test_a_run_and_its_records_are_short_in_words_and_survive_pickling(done: Run) -> None:
    told = {"run": done, "scores": done.scores, "report": done.report, "trained": done.trained}
    for name, one in told.items():
        assert len(repr(one)) < 400, name
        assert pickle.loads(pickle.dumps(one)) == one, name
    assert repr(done).startswith(f"Run({str(done.folder.path)!r}, model=")
    assert repr(done.scores).endswith("models=['base', 'few-shot', 'nearest', 'tuned'])")


def test_to_dict_is_what_the_command_prints_after_its_schema(
    done: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, folder = done.folder.path.parent / "face.yaml", done.folder.path
    for verb, record in (("train", done.trained), ("evaluate", done.scores)):
        assert run_command([verb, str(recipe), "--run", str(folder), "--json"]) == 0
        expected = record.to_dict()
        printed = json.dumps({"schema": 1, **expected}, separators=(",", ":"), ensure_ascii=False)
        assert capsys.readouterr().out.strip() == printed


@pytest.mark.parametrize("text", ["[]", "5", '{"prepare": 5, "train": 5, "metrics": 5}', "{}", "["])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("scores.json", lambda run: run.scores),
        ("manifest.json", lambda run: run.prepared),
        ("manifest.json", lambda run: run.trained),
        ("data/test.jsonl", lambda run: list(run.rows("test"))),
        ("completions/base.jsonl", lambda run: list(run.answers("base"))),
    ],
)
def test_a_damaged_file_is_named(
    done: Run, tmp_path: Path, name: str, read: Any, text: str
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(done.folder.path, folder)
    (folder / name).write_text(f"{text}\n", encoding="utf-8")
    damaged = open_run(done.folder.path.parent / "face.yaml", folder=folder)
    is_empty = (name, text) == ("manifest.json", "{}")  # as before the first stage
    with pytest.raises(MissingError if is_empty else DataError, match="run" if is_empty else name):
        read(damaged)
