"""What the tests of faults share."""

from pathlib import Path

import pytest

from tests.faults.users_files import fill


@pytest.fixture
def place(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a recipe, and beside it, in `mine`, a user's files."""
    work, mine = tmp_path / "work", tmp_path / "mine"
    fill(work, mine, tiny_folder)
    monkeypatch.chdir(work)
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path.parent / "matplotlib"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return mine
