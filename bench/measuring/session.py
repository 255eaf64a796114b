"""What was asked for -> the circumstances of one measuring session."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import torch
import transformers

from measuring.contenders import TUNESMITH, Contender
from measuring.environments import Environment, environment_of, find_tcmalloc
from measuring.peak import measure_peak
from measuring.tasks import Places
from measuring.training import Trial


@dataclass(frozen=True, kw_only=True)
class Session:
    """Everything that one call measures shares.

    Attributes:
        places: Of material and results.
        is_quick: Fewer steps, rows and contenders.
        repeats: Rounds.
        wanted: Only contenders whose name holds one of these; empty: all. Tunesmith always.
        under: A command put before each measured one.
    """

    places: Places
    is_quick: bool
    repeats: int
    wanted: tuple[str, ...] = ()
    under: tuple[str, ...] = ()

    @cached_property
    def tcmalloc(self) -> Path | None:
        """The allocator's library, if it is installed."""
        return find_tcmalloc()

    @cached_property
    def peak(self) -> dict[str, float]:
        """What this machine's matrix products reach, GFLOP/s."""
        return measure_peak(self.under, scratch=self.scratch)

    @cached_property
    def _environments(self) -> dict[str, Environment]:
        return {}

    @property
    def scratch(self) -> Path:
        """Runs and outputs of children; nothing in it outlives its trial."""
        return self.places.bench / "scratch"

    def environment(self, peer: str) -> Environment:
        """A peer's environment, installed on first use."""
        if peer not in self._environments:
            self._environments[peer] = environment_of(peer, bench=self.places.bench)
        return self._environments[peer]

    def chosen(self, contenders: tuple[Contender, ...]) -> list[Contender]:
        """Those that were asked for."""
        return [
            contender
            for contender in contenders
            if not self.wanted
            or contender.name.startswith(TUNESMITH)
            or any(word.lower() in contender.name.lower() for word in self.wanted)
        ]

    def trial(self, contenders: list[Contender], *, steps: int, warmup: int = 2) -> Trial:
        """How children are run, with the environments they need."""
        peers = {contender.peer for contender in contenders if contender.peer is not None}
        return Trial(
            steps=steps,
            warmup=warmup,
            under=self.under,
            tcmalloc=self.tcmalloc,
            scratch=self.scratch,
            environments={peer: self.environment(peer) for peer in sorted(peers)},
        )

    def our_environment(self) -> dict[str, str]:
        """Variables under which a child finds this folder, and the tree beside it."""
        here = Path(__file__).resolve().parent.parent
        return {"PYTHONPATH": f"{here}:{here.parent}"}

    def circumstances(self) -> dict[str, Any]:
        """Machine, versions and time; no name of a person or a place."""
        return {
            "schema": 1,
            "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
            "is_quick": self.is_quick,
            "repeats": self.repeats,
            "machine": {
                "processor": _processor(),
                "cores": len(os.sched_getaffinity(0)),
                "memory_gb": round(psutil.virtual_memory().total / 2**30),
                "system": platform.system(),
                "load": round(psutil.getloadavg()[0], 1),
            },
            "versions": {
                "python": platform.python_version(),
                "torch": torch.__version__.partition("+")[0],
                "transformers": transformers.__version__,
            },
            "tcmalloc": self.tcmalloc.name if self.tcmalloc else None,
        }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
