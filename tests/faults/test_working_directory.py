"""Modules in the working directory are never run, whatever they are named."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.stages.rig import colour_rows, write_rows
from tunesmith.examples.batch import MaterialBatch, clean_batch
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Row
from tunesmith.workers import work_in_interpreters

ROOT = Path(__file__).resolve().parents[2]
CANARY = "open({path!r}, 'w').close()\n"
# What transformers, peft, datasets, torch and matplotlib use where it is there.
OPTIONAL = """
accelerate aiohttp apex auto_gptq av awq bitsandbytes causal_conv1d comet_ml cv2 deepspeed
dvclive eetq einops faiss flash_attn flash_attn_interface flax ftfy galore_torch gguf gptqmodel
hqq intel_extension_for_pytorch ipex jax kernels keras librosa liger_kernel mamba_ssm ml_dtypes
mlflow nltk onnx onnxruntime optimum pandas PIL polars psutil pytesseract quanto rjieba
sacremoses scipy sentencepiece sitecustomize sklearn soundfile spacy tensorboard tensorboardX
tensorflow tiktoken timm torchaudio torchao torchvision triton trl unsloth usercustomize vllm
wandb xformers
"""
NAMES = sorted({*sys.stdlib_module_names, *OPTIONAL.split()})
RECIPE = """\
model: {{name: {tiny}}}
sources: [{{path: rows.jsonl}}]
examples: {{split: {{validation: 0.1, test: 0.1}}}}
template: {{name: question-answer}}
training: {{steps: 1, device: cpu, precision: fp32}}
generation: {{max_new_tokens: 2}}
"""
SCRIPT = """\
import sys
from tunesmith.__main__ import main
if __name__ == "__main__":
    main()
"""


@pytest.fixture
def work(tmp_path: Path, tiny_folder: Path) -> Path:
    """A folder with a recipe, some rows, and modules of all these names."""
    folder = tmp_path / "work"
    write_rows(folder / "rows.jsonl", colour_rows(60))
    (folder / "recipe.yaml").write_text(RECIPE.format(tiny=tiny_folder))
    plant(folder, NAMES)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tunesmith").write_text(SCRIPT)
    return folder


def plant(folder: Path, names: Sequence[str]) -> None:
    canaries = folder.parent / "canaries"
    canaries.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.py").write_text(CANARY.format(path=str(canaries / name)))


def executed(folder: Path) -> list[str]:
    """Which of the planted modules ran."""
    return sorted(path.name for path in (folder.parent / "canaries").iterdir())


def unplant_what_python_imports_first(folder: Path, paths: str = str(ROOT)) -> None:
    """`python -m` itself looks in the working directory before any line of a program runs."""
    probe = folder.parent / "probe"
    probe.mkdir()
    (probe / "shown.py").write_text("import sys; print(*sys.modules)")
    done = run([sys.executable, "-m", "shown"], probe, paths)
    for name in [*done.stdout.split(), "sitecustomize", "usercustomize"]:
        (folder / f"{name}.py").unlink(missing_ok=True)
    assert len(list(folder.glob("*.py"))) > 250, "most are still there"


def run(
    words: Sequence[str], folder: Path, paths: str = str(ROOT)
) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": str(folder.parent / "cache")}
    env.pop("PYTHONSAFEPATH", None)
    return subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def script(folder: Path) -> list[str]:
    return [sys.executable, str(folder.parent / "bin" / "tunesmith")]


def test_worker_processes_import_nothing_from_there(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    monkeypatch.setattr(sys, "path", [*sys.path, str(work), ""])
    rows = [Row(fields={"instruction": f"{n}?", "response": f"Answer {n}"}, source=f"a:{n}")
            for n in range(8)]  # fmt: skip
    batches = (
        MaterialBatch(
            pieces=[row], is_made=False, source=SourceRecipe(path="a"), recipe=ExamplesRecipe()
        )
        for row in rows
    )
    assert len(list(work_in_interpreters(clean_batch, batches, num_workers=2))) == 8
    assert executed(work) == []


@pytest.mark.parametrize("paths", [str(ROOT), f".{os.pathsep}{ROOT}{os.pathsep}"])
def test_python_m_leaves_the_working_directory_out(work: Path, paths: str) -> None:
    unplant_what_python_imports_first(work, paths)
    if paths == str(ROOT):
        words = [sys.executable, "-m", "tunesmith", "train", "recipe.yaml", "--run", "run", "-q"]
    else:
        words = [sys.executable, "-m", "tunesmith", "import", "rows.jsonl", "-o", "new.jsonl"]
    done = run(words, work, paths)
    assert (done.returncode, executed(work)) == (0, []), done.stderr


def test_an_installed_command_leaves_the_working_directory_out(work: Path) -> None:
    """Of a light command; the slow test below is about all of them."""
    done = run([*script(work), "import", "rows.jsonl", "-o", "new.jsonl"], work)
    assert (done.returncode, executed(work)) == (0, []), done.stderr


@pytest.mark.slow
def test_no_command_imports_anything_from_there(work: Path) -> None:
    lines = """\
        init new.yaml
        import rows.jsonl -o new.jsonl
        prepare recipe.yaml --run runs/a
        forecast recipe.yaml --run runs/a
        train recipe.yaml --run runs/a
        answer recipe.yaml --run runs/a
        evaluate recipe.yaml --run runs/a
        report runs/a
        run recipe.yaml --run runs/b --set training.seed=1
        compare runs/a runs/b
        preview recipe.yaml
        ask Hello --models runs/a
        chat runs/a
        answer runs/a/model --input rows.jsonl --output answers.jsonl
        teach improve new.jsonl --path runs/a/model -o better.jsonl
        publish runs/a me/it --data
        demo"""
    for line in lines.splitlines():
        done = run([*script(work), *line.split()], work)
        assert executed(work) == [], f"{line}: {done.stderr}"
        assert done.returncode == 0 or line.split()[0] in ("publish", "teach"), done.stderr


@pytest.mark.slow
def test_twenty_thousand_rows_are_prepared_without_it(work: Path) -> None:
    write_rows(work / "rows.jsonl", colour_rows(20_000))
    done = run([*script(work), "prepare", "recipe.yaml", "--run", "run", "-q"], work)
    assert (done.returncode, executed(work)) == (0, []), done.stderr


@pytest.mark.slow
def test_the_processes_of_torchrun_leave_it_out(work: Path) -> None:
    unplant_what_python_imports_first(work)
    words = [sys.executable, "-P", "-m", "torch.distributed.run", "--nproc-per-node=2", "-m"]
    done = run([*words, "--", "tunesmith", "train", "recipe.yaml", "--run", "run"], work)
    assert (done.returncode, executed(work)) == (0, []), done.stderr
