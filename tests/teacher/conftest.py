"""A folder with a manual in it."""

from pathlib import Path

import pytest

from tests.teacher.lessons import MANUAL


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    (tmp_path / "manual.md").write_text(MANUAL, encoding="utf-8")
    return tmp_path
