"""A server that tunes, its training replaced by a program of a test."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.serving.tiny_servers import HostedModel, TinyServer, hosted_models, running
from tunesmith.files import hash_bytes
from tunesmith.serving.guards import Door
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.serving.tuning import job_process
from tunesmith.serving.tuning.tuning_service import open_tuning

ROW = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}
LIMITS = ServingLimits(drain_seconds=1, file_bytes=200_000, body_bytes=100_000, num_jobs=3)
QUICK = """
import json, pathlib, sys
run = pathlib.Path(sys.argv[sys.argv.index("--run") + 1])
run.mkdir(exist_ok=True)
lines = [
    {"step": at, "seconds": at / 1e4, "split": split, "loss": 3 / (at + 1), "tokens_seen": at * 9}
    for at in range(3) for split in ("train", "validation") if at or split == "validation"
]
(run / "log.jsonl").write_text("".join(json.dumps(one) + "\\n" for one in lines))
"""
FAILING = "import sys; print('error: rows.jsonl:3: it is broken. Mend it.'); sys.exit(3)"
SLOW = "import time; time.sleep(60)"


def rows(number: int = 10, **last: Any) -> bytes:
    """A file's content."""
    lines = [json.dumps({**ROW, "messages": [*ROW["messages"]]}) for _ in range(number)]
    return "\n".join([*lines, *([json.dumps(last)] if last else [])]).encode()


@contextmanager
def tuning(
    folder: Path, program: str, monkeypatch: pytest.MonkeyPatch, **door: Any
) -> Iterator[tuple[TinyServer, openai.OpenAI]]:
    """A server with jobs in a folder, each of which runs a program, and a client of it."""
    trainer = folder / f"trainer-{hash_bytes(program.encode())[:8]}.py"
    trainer.write_text(program)
    monkeypatch.setattr(job_process, "COMMAND", (sys.executable, str(trainer)))

    def load(name: str, run: Path) -> HostedModel:
        return replace(hosted_models()[0], name=name, feedback=run / "feedback.jsonl")

    service = open_tuning(folder / "jobs", {"alpaca": {"name": "starter"}}, load, LIMITS)
    with running(hosted_models()[:1], limits=LIMITS, door=Door(**door), tuning=service) as server:
        yield (
            server,
            openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=20),
        )
