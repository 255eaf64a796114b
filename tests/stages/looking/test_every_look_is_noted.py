"""Law 23: whatever shows a test score adds a line to `looks.jsonl`, and no command forgets it."""

import ast
import os
from pathlib import Path

import pytest
import typer

import tunesmith
from tests.stages.compared import example, made_run
from tests.stages.rig import Talk
from tunesmith.cli.app import make_app
from tunesmith.evaluation.grade import Comparison
from tunesmith.files import read_json, write_json
from tunesmith.rounds.look_log import Look, LookLog
from tunesmith.stages.compare import compare
from tunesmith.stages.execution.claim import notes_folder
from tunesmith.stages.execution.opened_run import open_run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import Shown, looking_by, looks_path, note_look, standing_of
from tunesmith.stages.report import report

PACKAGE = Path(tunesmith.__file__).parent
# Each command that shows a test score, and the module in which it notes that.
SHOWING = {
    "demo": "stages/demo.py",
    "run": "stages/run.py",
    "evaluate": "stages/evaluate.py",
    "report": "stages/report.py",
    "curve": "stages/curve.py",
    "compare": "stages/compare.py",
    "check": "stages/checking/check_server.py",
    "export": "stages/exporting/export_model.py",
    "arena": "stages/reviewing/arena_summary.py",  # what a judge says of test rows
    "studio": "studio/pages/results_page.py",
    "publish": "stages/publishing/publish_model.py",
}
SILENT = {
    *("init", "import", "teach", "prepare", "forecast", "train", "preview", "plugins"),
    *("answer", "ask", "chat", "serve"),  # they show answers
    *("review", "next", "edit"),  # they show validation rows
    "split",  # it counts looks
}
# What makes or reads scores of test rows; whoever calls it notes the look.
SOURCES = {"read_run_record", "read_run_facts", "write_report", "score_files"}
SOURCES |= {"compare_sides", "compare_columns"}
EXCUSED = {
    "stages/test_set/before_tuning.py": "validation rows",
    "stages/results/reported.py": "shows again what `report` returned",
    "stages/results/trained.py": "shows the loss in training alone",
    "stages/reviewing/round_facts.py": "within `run`, whose report shows it",
}


def notes(text: str) -> bool:
    return any(name in text for name in ("note_look(", "note_look,", "looking_by("))


def forgetful(files: dict[str, str]) -> list[str]:
    """The modules that take scores from somewhere, and note no look."""
    found = []
    for name, text in files.items():
        calls = (one.func for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Call))
        called = {one.id for one in calls if isinstance(one, ast.Name)}
        if called & SOURCES and not notes(text):
            found.append(name)
    return sorted(found)


def sources() -> dict[str, str]:
    rooms = ("stages", "studio", "serving", "cli")
    paths = (path for room in rooms for path in (PACKAGE / room).rglob("*.py"))
    return {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in paths}


def test_of_every_command_it_is_known_whether_it_shows_a_test_score() -> None:
    commands = {*typer.main.get_command(make_app()).commands}  # type: ignore[attr-defined]
    assert commands == {*SHOWING} | SILENT
    for module in SHOWING.values():
        assert notes((PACKAGE / module).read_text("utf-8")), module


def test_no_module_that_takes_scores_forgets_the_look() -> None:
    assert forgetful(sources()) == sorted(EXCUSED)


def test_one_that_forgets_it_would_be_found() -> None:
    planted = "def show(run):\n    return read_run_record(run.folder.path).verdict\n"
    assert forgetful({"stages/shown.py": planted}) == ["stages/shown.py"]
    assert forgetful({"stages/shown.py": planted + "    note_look(run.folder, 'show')\n"}) == []


def looks(path: Path) -> list[Look]:
    return [*LookLog.read(path / "looks.jsonl").looks]


def test_each_way_to_see_scores_adds_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunesmith.evaluation.interval.NUM_RESAMPLES", 2000)
    monkeypatch.setenv("TUNESMITH_AUTHOR", "Ann")
    one, two = (made_run(tmp_path / name, right=right) for name, right in (("a", 0.2), ("b", 0.9)))
    mark(one)
    report(RunFolder(one), progress=Talk())
    report(RunFolder(one), progress=Talk())
    assert [(x.command, x.who) for x in looks(one)] == [("report", "Ann")] * 2
    assert len({x.choice for x in looks(one)}) == 1
    assert looks(one)[0].scores["exact_match"] == ["tuned"]
    assert looks(one)[0].test.num_rows == 40
    opened = open_run(one)
    assert opened.scores["chrf"]["tuned"].value == opened.scores["chrf"]["tuned"].value
    assert len(looks(one)) == 2  # this person has seen them
    monkeypatch.setenv("TUNESMITH_AUTHOR", "Bob")
    assert opened.report.summary
    assert opened._repr_html_()
    assert [(x.command, x.who) for x in looks(one)][2:] == [("run.report", "Bob")]
    compare([one], [two], progress=Talk())
    assert [x.command for x in looks(two)] == ["compare"]
    assert {looks(place)[-1].run for place in (one, two)} == {f"{one} with {two}"}
    assert len(looks(one)[-1].comparisons) > 2


def mark(run: Path) -> None:
    marker = {"schema": 1, "kind": "run", "tunesmith": "0"}
    write_json(run / "tunesmith-run.json", marker)


def scores_of(difference: float, p_value: float) -> dict[str, object]:
    own = Comparison(
        metric="chrf", first="base", second="tuned", difference=difference, low=difference - 2,
        high=difference + 2, p_value=p_value, verdict="better", count=40,
    )  # fmt: skip
    return {"schema": 1, "metrics": {"chrf": {}}, "comparisons": [own.to_json()]}


def test_rounds_beside_one_recipe_share_their_looks(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").touch()
    standings = []
    for number in range(3):
        path = made_run(tmp_path / "runs" / f"{number}", right=0.5)
        write_json(path / "tunesmith-run.json", {"recipe": str(tmp_path / "recipe.yaml")})
        folder, scores = RunFolder(path), scores_of(3.0 + number, 0.04)
        standings.append(standing_of(folder, scores))
        write_json(folder.scores, scores)
        note_look(folder, "evaluate")
        assert standing_of(folder, read_json(folder.scores)) == standings[-1]  # seen again
    assert [one and one.place for one in standings] == [None, 2, 3]
    assert len(looks(tmp_path)) == 3
    fresh = made_run(tmp_path / "runs" / "f", right=0.5, test=[example(n) for n in range(50, 90)])
    write_json(fresh / "tunesmith-run.json", {"recipe": str(tmp_path / "recipe.yaml")})
    assert standing_of(RunFolder(fresh), scores_of(3.0, 0.04)) is None


def test_one_command_that_shows_scores_twice_is_one_look(tmp_path: Path) -> None:
    folder = RunFolder(made_run(tmp_path / "a", right=0.5))
    with looking_by("demo"), looking_by("run"):
        note_look(folder, "evaluate")
        note_look(folder, "report")
        note_look(folder, "curve", shown=Shown(scores={"loss": ["tuned"]}, is_choice=False))
    assert [x.command for x in looks(folder.path)] == ["demo", "demo"]
    assert looks(folder.path)[1].choice is None


@pytest.mark.parametrize("obstacle", ["link", "folder"])
def test_a_look_that_cannot_be_written_down_is_said(tmp_path: Path, obstacle: str) -> None:
    folder, talk = RunFolder(made_run(tmp_path / "a", right=0.5)), Talk()
    place = looks_path(folder)
    place.symlink_to(tmp_path / "mine.txt") if obstacle == "link" else place.mkdir()
    note_look(folder, "report", progress=talk)
    assert "could not be written down" in talk.notes[0]
    assert not (tmp_path / "mine.txt").exists()


def test_without_scores_nothing_is_noted(tmp_path: Path) -> None:
    folder = RunFolder(made_run(tmp_path / "a", right=0.5))
    folder.scores.unlink()
    note_look(folder, "report")
    assert not looks_path(folder).exists()


def test_looks_of_the_demo_lie_in_its_run_and_never_in_the_package(tmp_path: Path) -> None:
    recipe = PACKAGE / "starter" / "demo.yaml"
    write_json(tmp_path / "tunesmith-run.json", {"recipe": os.fspath(recipe)})
    assert notes_folder(tmp_path) == tmp_path
    assert looks_path(RunFolder(tmp_path)) == tmp_path / "looks.jsonl"
