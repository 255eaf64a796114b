"""Fixtures that several folders of tests use."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import forks
from tunesmith.sources.source_sums import SourceSums

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first, so that two workers end together."""
    items.sort(key=lambda item: item.path.name != "test_python_page.py")


def pytest_configure(config: pytest.Config) -> None:
    """One server of processes for the session; the workers of xdist find it by its name."""
    if forks.PLACE not in os.environ:
        stack = ExitStack()
        stack.enter_context(forks.served())
        config.add_cleanup(stack.close)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the project; tests over it skip where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real files (../shared/data) is not here")
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer Llama with random weights and a byte tokenizer, as a model folder."""
    from tests.tiny import save_tiny_model

    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_tiny_model(folder, "llama")
    return folder


@pytest.fixture(autouse=True)
def _same_numbers_everywhere() -> None:
    """Sums depend on the number of threads and on who multiplies; every test uses the same."""
    import torch

    torch.set_num_threads(1)
    torch.backends.mkldnn.matmul.fp32_precision = "none"


@pytest.fixture(autouse=True)
def _every_sum_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 19 in whatever a test reads: what a source holds and is in no list fails the test."""
    open_sums = SourceSums.open_sums

    def closed(sums: SourceSums, num_kept_or_dropped: int) -> list[str]:
        found = open_sums(sums, num_kept_or_dropped)
        if found:
            pytest.fail("\n".join(found))
        return found

    monkeypatch.setattr(SourceSums, "open_sums", closed)


@pytest.fixture(scope="session")
def golden() -> Callable[[str, str], None]:
    """Compare a text with `tests/golden/<name>`, or write it there (`make golden`).

    The names of the tests that use it hold the word golden, which is how `make golden`
    finds them.
    """

    def check(name: str, text: str) -> None:
        path = ROOT / "tests" / "golden" / name
        if os.environ.get("TUNESMITH_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{name} changed; see `make golden`"

    return check


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages; what is imported from it is forgotten again."""
    folder = tmp_path / "site"
    folder.mkdir()
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
