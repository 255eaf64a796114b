"""`tunesmith init` on real files: the command that it names next prepares the run."""

from pathlib import Path

import pytest

from tunesmith.__main__ import run_command

FOLDERS = (
    *("chats", "docs_html", "docs_md", "faq", "gsm8k", "instruct", "instruction_sets/sets"),
    *("lm_text", "qa", "readme", "seeds", "support", "t0_templates"),
)
HOLDS_EXAMPLES = 60  # files, at least


@pytest.mark.slow
def test_what_init_writes_can_be_prepared_whatever_the_file(
    shared_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    num_prepared, failed = 0, []
    files = [path for one in FOLDERS for path in sorted((shared_data / one).glob("*.*"))]
    for number, path in enumerate(files):
        recipe = f"recipe-{number}.yaml"
        if run_command(["init", recipe, "--data", str(path), "--quiet"]) == 0:
            runs = capsys.readouterr().out.rstrip().endswith(f"next: tunesmith run {recipe}")
            if runs and run_command(["prepare", recipe, "--quiet"]) != 0:
                failed.append((path.name, capsys.readouterr().err))
            num_prepared += runs
    assert failed == []
    assert num_prepared >= HOLDS_EXAMPLES
