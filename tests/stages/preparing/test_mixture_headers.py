"""Several sources share one template: rows that bring another's headers along lose them."""

from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith import import_sources
from tunesmith.files import read_json_lines
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preview import preview_pieces
from tunesmith.stages.proposing.new_recipe import write_recipe_for

LEADS = ("### Question:", "### Answer:")
SHARES = {"split": {"validation": 0.2, "test": 0.2}}
APART = {"drop_near_duplicates": None, "group_near_duplicates": None}


def led(count: int, *, opening: str = LEADS[0], lead: str = LEADS[1]) -> list[dict[str, Any]]:
    return [
        {"question": f"{opening}\nWhere is {i}?\n\n{lead}", "answer": f"In room {i}."}
        for i in range(count)
    ]


def run_of(model: Path, root: Path, sources: list[dict[str, Any]], template: str) -> Run:
    recipe = make_recipe(
        model, root, sources=sources, examples=SHARES | APART, template={"name": template}
    )
    return opened(recipe, run_folder(root / "run"), root, Talk())


def written(run: Run) -> list[str]:
    splits = ("train", "validation", "test")
    rows = (row for split in splits for row in read_json_lines(run.folder.examples(split)))
    return [f"{row['instruction']} | {row['response']}" for row in rows]


@pytest.mark.parametrize("template", ["auto", "alpaca", "question-answer", "chatml"])
def test_in_a_mixture_headers_are_taken_off_and_counted(
    tmp_path: Path, tiny_folder: Path, template: str
) -> None:
    few_shot = {"question": "Q: A?\nA: B.\nQ: C?\nA:", "answer": "D."}
    write_rows(tmp_path / "a.jsonl", [*led(30), few_shot])
    write_rows(tmp_path / "b.jsonl", colour_rows(8))
    sources: list[dict[str, Any]] = [{"path": "a.jsonl"}, {"path": "b.jsonl"}]
    run = run_of(tiny_folder, tmp_path, sources, template)
    pieces = list(preview_pieces(run.recipe, tmp_path, progress=(seen := Talk())))
    result = prepare(run)
    assert len(pieces) == len(written(run)) == 39
    assert "Where is 7? | In room 7." in written(run)
    assert not any("### " in row for row in written(run))
    assert result.template["name"] == ("alpaca" if template == "auto" else template)
    told = [one for one in result.notices if "headers" in one]
    assert told[0].startswith("30 rows carried the headers '### Question: ... ### Answer:'")
    assert told[1].startswith("1 rows already carry 'A:' in their text and are wrapped twice.")
    assert "were left" in told[1]
    assert sorted(told) == sorted(note for note in seen.notes if "headers" in note)
    assert result.sums["a.jsonl"]["cells"]["in_examples"] == 62


@pytest.mark.parametrize("case", ["alone", "concatenate", "kept"])
def test_elsewhere_every_row_stays_as_it_is(tmp_path: Path, tiny_folder: Path, case: str) -> None:
    write_rows(tmp_path / "a.jsonl", led(30))
    write_rows(tmp_path / "b.jsonl", colour_rows(8))
    sources: list[dict[str, Any]] = [{"path": "a.jsonl"}, {"path": "b.jsonl"}]
    sources[0] |= {"keep_headers": True} if case == "kept" else {}
    del sources[1 if case == "alone" else 2 :]
    run = run_of(tiny_folder, tmp_path, sources, "concatenate" if case == "concatenate" else "auto")
    result = prepare(run)
    assert sum(row.startswith("### Question:") for row in written(run)) == 30
    assert result.template["name"] == "concatenate"


def test_rows_that_were_left_do_not_choose_the_template_where_others_lost_theirs(
    tmp_path: Path, tiny_folder: Path
) -> None:
    few_shot = [
        {"question": f"Q: A {i}?\nA: B.\nQ: C {i}?\nA:", "answer": f"D {i}."} for i in range(30)
    ]
    write_rows(tmp_path / "a.jsonl", [*led(3), *few_shot])
    write_rows(tmp_path / "b.jsonl", colour_rows(8))
    run = run_of(tiny_folder, tmp_path, [{"path": "a.jsonl"}, {"path": "b.jsonl"}], "auto")
    seen = Talk()
    list(preview_pieces(run.recipe, tmp_path, progress=seen))
    assert prepare(run).template["name"] == "alpaca"
    assert any(note.startswith("template alpaca") for note in seen.notes)


def test_init_takes_the_template_that_a_mixture_will_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(Path("a.jsonl"), led(30))
    write_rows(Path("b.jsonl"), colour_rows(8))
    names = {}
    for files in (["a.jsonl"], ["a.jsonl", "b.jsonl"]):
        places = [{"path": one} for one in files]
        new = write_recipe_for(places, Path(f"{len(files)}.yaml"), ask=None, progress=Talk())
        shown = next(iter(next(iter(new.previews(Talk())))))
        names[len(files)] = (new.to_dict()["template"], "### Answer:" in shown.text)
    assert names == {1: ("concatenate", True), 2: ("alpaca", False)}


def test_a_source_with_a_weight_loses_them_too_and_so_does_an_import(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "a.jsonl", led(12, opening="USER:", lead="ASSISTANT:"))
    write_rows(tmp_path / "b.jsonl", colour_rows(8))
    sources: list[dict[str, Any]] = [
        {"path": "a.jsonl", "weight": 1.0},
        {"path": "b.jsonl", "weight": 1.0},
    ]
    run = run_of(tiny_folder, tmp_path, sources, "alpaca")
    prepare(run)
    assert not any("USER:" in row for row in written(run))
    assert any(row.startswith("Where is") for row in written(run))
    import_sources(["a.jsonl", "b.jsonl"], "out.jsonl", examples=APART, progress=(talk := Talk()))
    assert any(note.startswith("12 rows carried the headers 'USER:") for note in talk.notes)
    assert not any("USER:" in row["instruction"] for row in read_json_lines(Path("out.jsonl")))


def test_lamini_beside_a_faq_is_asked_as_the_faq_is(shared_data: Path, tmp_path: Path) -> None:
    places = [str(shared_data / one) for one in ("qa/lamini_docs_dev.jsonl", "faq/ripgrep_FAQ.md")]
    result = import_sources(places, tmp_path / "out.jsonl", progress=(talk := Talk()))
    rows = list(read_json_lines(tmp_path / "out.jsonl"))
    assert len(rows) == result.kept > 500
    assert not any("### " in row["instruction"] for row in rows)
    assert any("headers '### Question: ... ### Answer:'" in note for note in talk.notes)
    for counts in result.sums[places[0]].values():
        if isinstance(counts, dict):
            assert counts["read"] == counts["in_examples"] + counts["dropped"] + counts["not_read"]
