"""A run asks what was forgotten: cached, told everywhere, and left out with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.evaluation.probes import items
from tunesmith.evaluation.probes.forgetting import ProbeGrade, TextShift, assess_forgetting
from tunesmith.files import read_json_lines
from tunesmith.report.probes.probe_facts import probe_sentence
from tunesmith.stages.evaluate import evaluate
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.report import report_run
from tunesmith.stages.run import run_loop


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("probed")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few probes and texts instead of all."""
    all_probes, all_texts = items.probes, items.general_texts
    place = "tunesmith.evaluation.probes.selection."
    monkeypatch.setattr(f"{place}probes", lambda name, every: all_probes(name, every=20 * every))
    monkeypatch.setattr(f"{place}general_texts", lambda name: all_texts(name)[:6])


def tuned_run(root: Path, model: Path, weights: str = "pretrained", **evaluation: Any) -> Run:
    write_rows(root / "rows.jsonl", colour_rows(20))
    recipe = make_recipe(
        model,
        root / "rows.jsonl",
        weights=weights,
        examples={"split": {"validation": 0.0, "test": 0.2}},
        generation={"max_new_tokens": 2},
        training={"steps": 1},
        evaluation={"metrics": ["exact_match"], **evaluation},
    )
    return opened(recipe, run_folder(root / "run"), root, Talk())


@pytest.mark.usefixtures("few")
def test_probes_are_asked_once_kept_and_told_everywhere(root: Path, tiny_folder: Path) -> None:
    run = tuned_run(root, tiny_folder, probes="general")
    result = run_loop(run)
    told = result.scores.to_dict()["probes"]
    assert isinstance(told, dict)
    assert told["word"] in ("kept", "some loss", "forgot")
    assert [one["name"] for one in told["figures"]][-3:] == ["all", "perplexity", "divergence"]
    assert any("Chinese is left out" in notice for notice in told["notices"])
    assert probe_sentence(told) in result.summary
    for name in ("report.md", "report.html"):
        text = (run.folder.path / name).read_text(encoding="utf-8")
        assert "What it forgot" in text
        assert "probes.jsonl" in text
    before = run.folder.probes.stat().st_mtime_ns
    assert isinstance(run.progress, Talk)
    run.progress.tasks.clear()
    evaluate(run)
    assert "probing general knowledge" not in run.progress.tasks
    assert run.folder.probes.stat().st_mtime_ns == before

    lines = list(read_json_lines(run.folder.probes))
    grades = [ProbeGrade(**line) for line in lines if "probe_id" in line]
    shifts = [TextShift(**line) for line in lines if "text_id" in line]
    again = assess_forgetting(grades, shifts, num_tokens_known=260).to_json()
    kept = json.loads(run.folder.scores.read_text(encoding="utf-8"))["probes"]
    assert json.loads(json.dumps(again)) == {key: kept[key] for key in again}


@pytest.mark.usefixtures("few")
def test_a_short_run_says_that_it_was_not_probed(root: Path, tiny_folder: Path) -> None:
    scores = evaluate(tuned_run(root, tiny_folder))
    assert scores.probes is not None
    assert "a tenth of the run" in scores.probes["left_out"]
    summary = report_run(tuned_run(root, tiny_folder)).summary
    assert any(line.startswith("General knowledge was not probed") for line in summary)
    assert not run_folder(root / "run").probes.exists()


@pytest.mark.usefixtures("few")
def test_a_recipe_without_probes_has_none_and_takes_older_ones_away(
    root: Path, tiny_folder: Path
) -> None:
    evaluate(tuned_run(root, tiny_folder, probes="general"))
    run = tuned_run(root, tiny_folder, probes="none")
    assert run.folder.probes.exists()
    scores = evaluate(run)
    assert "probes" not in scores.to_dict()
    assert not run.folder.probes.exists()
    report_run(run)
    assert "What it forgot" not in (run.folder.path / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_random_weights_have_nothing_to_forget(tmp_path: Path, tiny_folder: Path) -> None:
    run = tuned_run(tmp_path, tiny_folder, weights="random", probes="general")
    told = run_loop(run).scores.probes
    assert told == {"left_out": "the base model has random weights and knows nothing"}


@pytest.mark.slow
def test_a_context_that_holds_no_text_is_said(tmp_path: Path) -> None:
    from tests.tiny import save_tiny_model

    save_tiny_model(tmp_path / "short", "llama", max_position_embeddings=64)
    told = run_loop(tuned_run(tmp_path, tmp_path / "short", probes="general")).scores.probes
    assert told == {"left_out": "the base model's context or vocabulary holds none of them"}
