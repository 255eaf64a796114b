"""This machine -> how many operations its plain matrix products do a second.

    python bench/measuring/peak.py      # JSON: GFLOP/s in fp32 and bf16

The best of a few shapes, and in fp32 of both libraries that torch may call: what any program
could reach here, and what efficiency is a share of. No rounding is allowed that fp32 has not.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from measuring.child import run_child

_SIZES = ((2048, 2048, 2048), (704, 2048, 512), (512, 50304, 512))
_SECONDS_EACH = 0.6


def measure_peak(under: Sequence[str], *, scratch: Path) -> dict[str, float]:
    """Measure in a process of its own, under the same conditions as the contenders."""
    code = "from measuring.peak import main; main()"
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    command = [*under, sys.executable, "-c", code]
    ended = run_child(command, scratch=scratch, environment=environment)
    figures: dict[str, float] = json.loads(ended.output)
    return figures


def main() -> None:
    """Measure here and print."""
    fp32 = [_best(torch.float32)]
    torch.backends.mkldnn.matmul.fp32_precision = "ieee"  # oneDNN instead of BLAS
    fp32.append(_best(torch.float32))
    print(json.dumps({"fp32": max(fp32), "bf16": _best(torch.bfloat16)}))


def _best(dtype: object) -> float:
    return round(max(_rate(dtype, size) for size in _SIZES), 1)


def _rate(dtype: object, size: tuple[int, int, int]) -> float:

    rows, columns, inner = size
    left = torch.randn(rows, inner).to(dtype)  # type: ignore[call-overload]
    right = torch.randn(inner, columns).to(dtype)  # type: ignore[call-overload]
    out = left @ right
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < _SECONDS_EACH:
        torch.mm(left, right, out=out)
        count += 1
    seconds = time.perf_counter() - started
    return 2 * rows * columns * inner * count / seconds / 1e9


if __name__ == "__main__":
    main()
