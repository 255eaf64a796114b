"""Plug-ins that leave the program, print, or give records that are none: the package is named."""

import json
from pathlib import Path

import pytest

from tests.packages import install, kind_code, metric_code
from tunesmith.__main__ import run_command
from tunesmith.errors import RecipeError
from tunesmith.evaluation.metric import MeasureError
from tunesmith.evaluation.metrics import find_metric
from tunesmith.stages.plugins import list_plugins

LEAVES = "__import__('sys').exit(0)"


@pytest.fixture(autouse=True)
def _beside_an_odd_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.xyz").write_text("%%\n")


def test_a_metric_that_leaves_the_program_fails_its_row(site: Path) -> None:
    install(site, "leaver", "metrics", metric_code("leaving", LEAVES), leaving="M")
    with pytest.raises(MeasureError, match=r"metric leaving failed \(SystemExit: 0\)"):
        find_metric("leaving").measure("a", "b")


@pytest.mark.parametrize("place", ["recognise", "read"])
def test_a_kind_that_leaves_the_program_does_not_end_the_command_well(
    site: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = kind_code("leaving").replace(f"def {place}(file):", f"def {place}(file):\n    {LEAVES}")
    install(site, f"leaver-{place}", "sources", code, leaving="K")
    assert run_command(["import", "odd.xyz", "-o", "new.jsonl", "--json"]) in (1, 3)
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]
    assert f"source kind 'leaving' of leaver-{place} 1.0 failed (SystemExit: 0)" in said.err
    assert not Path("new.jsonl").exists()


def test_what_a_plugin_prints_is_no_part_of_the_result(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talking = "print('imported')\n" + kind_code("talking", then="print('read')")
    talking = talking.replace("    return Rec", "    print('looked')\n    return Rec")
    install(site, "talker", "sources", talking, talking="K")
    install(site, "marker", "metrics", metric_code("marking", "print('marked') or 5"), marking="M")
    assert run_command(["import", "odd.xyz", "-o", "new.jsonl", "--json"]) == 0
    assert find_metric("marking").measure("a", "b") == 5
    said = capsys.readouterr()
    assert json.loads(said.out)["kept"] == 1
    for word in ("imported", "looked", "read", "marked"):
        assert f"{word}\n" in said.err


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Certainty(3)", "'sure'", "a Recognition whose certainty is 'sure'"),
        ("Certainty(3)", "99", "a Recognition whose certainty is 99"),
        ('"it was told so"', "None", "a Recognition whose reason is None"),
        ('source=f"{file.name}:1"', "source=None", "read gave a Row whose source is None"),
        ('fields={"', 'fields=None and {"', "read gave a Row whose fields is None"),
        ('fields={"', 'fields={1: 2, "', "read gave a Row whose fields is {1: 2"),
        ("yield Row", "yield None\n    yield Row", "read gave a NoneType, not a Row"),
        ("yield Row", "return None\n    yield Row", "holds no rows"),
    ],
)
def test_a_record_that_is_none_is_told_with_the_package(
    site: Path, before: str, after: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = kind_code("odd")
    assert before in code
    install(site, site.parent.name, "sources", code.replace(before, after), odd="K")
    assert run_command(["import", "odd.xyz", "-o", "new.jsonl", "--json"]) in (1, 3)
    said = capsys.readouterr()
    assert told in said.err
    assert "unexpected" not in said.err


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('description="a mark"', "description=None", "description is None"),
        ("measure=lambda completion, reference: 50.0", "measure=3", "measure is 3"),
    ],
)
def test_a_metric_whose_record_is_incomplete_is_refused_before_any_work(
    site: Path, before: str, after: str, told: str
) -> None:
    code = metric_code("odd")
    assert before in code
    install(site, site.parent.name, "metrics", code.replace(before, after), odd="M")
    with pytest.raises(RecipeError, match=f"of {site.parent.name} 1.0 has a record whose {told}"):
        find_metric("odd")
    (entry,) = [one for one in list_plugins()["metrics"] if not one["is_built_in"]]
    assert not entry["loads"]
    assert told in entry["problem"]
