"""What is exported takes its place whole; what others wrote stays, and what was killed goes."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import RecipeError
from tunesmith.export.gguf_files.gguf_mark import MARK
from tunesmith.files import RUN_MARKER, write_json
from tunesmith.stages.exporting.export_data import export_data
from tunesmith.stages.exporting.export_model import export_model
from tunesmith.stages.exporting.new_place import check_free, new_place, write_record

_KILLED = """
import os, signal
from pathlib import Path
from tunesmith.stages.exporting.new_place import new_place
with new_place(Path({path!r}), is_replacing=False) as place:
    place.mkdir()
    (place / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def _export(
    path: Path,
    text: str,
    *,
    is_replacing: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    with new_place(path, is_replacing=is_replacing) as place:
        place.mkdir()
        (place / "rows").write_text(text)
        meanwhile()
        write_record(place, {})


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_what_a_killed_export_left_goes_with_the_next_of_any_name(tmp_path: Path) -> None:
    code = _KILLED.format(path=str(tmp_path / "first"))
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(_names(tmp_path)) == 1
    (tmp_path / ".tmp-mine").mkdir()  # somebody else's
    _export(tmp_path / "second", "whole")
    assert _names(tmp_path) == [".tmp-mine", "second"]


def test_two_exports_to_one_place_leave_one_of_them_whole(tmp_path: Path) -> None:
    """The quick one does not clear the slow one's folder away, nor the slow one what stands."""
    path = tmp_path / "out"
    with pytest.raises(RecipeError, match="stands there already"):
        _export(path, "slow", meanwhile=lambda: _export(path, "quick"))
    assert (path / "rows").read_text() == "quick"
    assert _names(tmp_path) == ["out"]


def test_what_came_there_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out"
    _export(path, "old")
    note = path / "notes.txt"
    with pytest.raises(RecipeError, match=r"notes\.txt was not written by an export"):
        _export(path, "new", is_replacing=True, meanwhile=lambda: note.write_text("mine"))
    assert _names(path) == ["export.json", "notes.txt", "rows"]
    note.unlink()
    _export(path, "new", is_replacing=True)
    assert (path / "rows").read_text() == "new"


def test_a_gguf_file_that_no_export_wrote_is_spared(tmp_path: Path) -> None:
    theirs, ours, link = (tmp_path / name for name in ("theirs.gguf", "ours.gguf", "link.gguf"))
    theirs.write_bytes(b"GGUF\3\0\0\0 a model that took a night to load")
    ours.write_bytes(b"GGUF\3\0\0\0" + MARK.encode())
    link.symlink_to(ours)
    check_free(ours, is_replacing=True)
    for path in (theirs, link):
        with pytest.raises(RecipeError, match="was not written by an export"):
            check_free(path, is_replacing=True)


def test_a_link_that_leads_nowhere_is_something_too(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "unmounted")
    with pytest.raises(RecipeError, match="stands there already"):
        check_free(tmp_path / "out", is_replacing=False)


@pytest.mark.parametrize("name", ["model/x", "data/x", "exports.json", "exports", "recipe.yaml"])
def test_nothing_is_exported_among_a_runs_own_files(tmp_path: Path, name: str) -> None:
    write_json(tmp_path / RUN_MARKER, {"schema": 1, "kind": "run"})
    with pytest.raises(RecipeError, match="is a part of a run"):
        check_free(tmp_path / name, is_replacing=True)
    check_free(tmp_path / "exports" / "x", is_replacing=False)
    check_free(tmp_path / "mine", is_replacing=False)


@pytest.mark.parametrize("form", ["rendered", "gguf"])
def test_a_run_at_work_is_not_exported(tmp_path: Path, form: str) -> None:
    """Its weights or rows would change while they are compared."""
    how = export_data if form == "rendered" else export_model
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(4))
    recipe = make_recipe(tmp_path, data)
    run = opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk())
    run.claim()
    run.folder.recipe.write_text("sources: [{path: rows.jsonl}]\n")
    with run.locked(), pytest.raises(RecipeError, match="another tunesmith process"):
        how(run.folder, form, progress=Talk())
