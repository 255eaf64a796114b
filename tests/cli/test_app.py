"""Help is instant, frozen and whole."""

import keyword
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from tunesmith.cli.app import make_app

FOLDER = Path(__file__).resolve().parents[2] / "tunesmith" / "cli" / "commands"
COMMANDS = [
    info.name or info.callback.__name__ for info in make_app().registered_commands if info.callback
]
HEAVY = ("torch", "transformers", "numpy", "pydantic", "yaml", "datasets", "pyarrow", "scipy")


def help_text(command: Callable[..., SimpleNamespace], *words: str) -> str:
    lines = command(*words, "--help").out.splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def test_golden_help(
    command: Callable[..., SimpleNamespace],
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    pages = [f"$ tunesmith --help\n\n{help_text(command)}"]
    pages += [f"$ tunesmith {name} --help\n\n{help_text(command, name)}" for name in COMMANDS]
    golden("help.txt", "\n\n".join(pages) + "\n")


def test_every_command_has_examples_that_begin_with_it(
    command: Callable[..., SimpleNamespace],
) -> None:
    for name in COMMANDS:
        assert f"tunesmith {name}" in help_text(command, name).split("Examples:")[1]


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from tunesmith.__main__ import run_command; run_command(['--help']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.rstrip().endswith("[]")


def test_a_command_is_a_module_of_at_most_80_lines() -> None:
    for name in COMMANDS:
        [module] = FOLDER.rglob(f"{name}_.py" if keyword.iskeyword(name) else f"{name}.py")
        assert len(module.read_text().splitlines()) <= 80, name


def test_the_program_completes_in_a_shell() -> None:
    options = typer.main.get_command(make_app()).params
    assert {"install_completion", "show_completion"} <= {option.name for option in options}
