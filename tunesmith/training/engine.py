"""The machine and the recipe -> the choices that fix the arithmetic of a run.

Made once, written to environment.json, and replayed on resume; another machine or version
is another identity, and resuming under another identity is refused.
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version  # importing peft takes a second
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from tunesmith import __version__
from tunesmith.errors import RecipeError
from tunesmith.recipe.recipe import TrainingRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where and how the arithmetic runs.

    Attributes:
        device: cpu, cuda or mps.
        precision: fp32, or bf16 autocast over fp32 master weights.
        num_threads: Of torch, on the CPU: sums depend on it.
    """

    device: str
    precision: str
    num_threads: int


REFERENCE = Engine(device="cpu", precision="fp32", num_threads=1)  # and no shortcut


def choose_engine(recipe: TrainingRecipe) -> Engine:
    """Take the best this machine has, or what the recipe asks for.

    Raises:
        RecipeError: The recipe names a device or precision that is not here.
    """
    device = _choose_device(recipe.device)
    is_bf16_here = has_bf16(device)
    if recipe.precision == "bf16" and not is_bf16_here:
        raise RecipeError(
            f"this {device} has no bf16 arithmetic",
            where="training.precision",
            cure="Use auto or fp32.",
        )
    is_bf16 = recipe.precision == "bf16" or (recipe.precision == "auto" and is_bf16_here)
    precision = "bf16" if is_bf16 else "fp32"
    return Engine(device=device, precision=precision, num_threads=torch.get_num_threads())


def identity(engine: Engine) -> dict[str, Any]:
    """Everything outside the recipe and the data that can change a bit of the result."""
    return {
        **asdict(engine),
        "machine": _processor(),
        "tunesmith": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "peft": version("peft"),
        "numpy": np.__version__,
    }


def seed_everything(seed: int, step: int) -> None:
    """Set torch's generators from (seed, step), so that a resumed step draws the same numbers."""
    torch.manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1)[0]))


@contextmanager
def kept_randomness() -> Iterator[None]:
    """Give torch's generators back as they were: what a script draws afterwards is its own."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices):
        yield


def _choose_device(asked: str) -> str:
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if asked == "auto":
        asked = next(name for name, is_here in available.items() if is_here)
    if asked == "cuda" and "LOCAL_RANK" in os.environ:
        return f"cuda:{os.environ['LOCAL_RANK']}"  # torchrun: a GPU a process
    if not available.get(asked.split(":", maxsplit=1)[0], False):
        here = ", ".join(name for name, is_here in available.items() if is_here)
        raise RecipeError(
            f"no device {asked!r} on this machine", where="training.device", cure=f"Here: {here}."
        )
    return asked


def has_bf16(device: str) -> bool:
    """Whether a device multiplies bf16 faster than fp32."""
    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "mps":
        return False
    is_x86 = platform.machine() in ("x86_64", "AMD64")
    has_kernels = torch.backends.mkldnn.is_available()
    return has_kernels and is_x86 and bool(torch.cpu._is_avx512_bf16_supported())


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
