"""A job that is killed again and again ends with the same answers; little is paid twice."""

import json
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.endpoints.rig import answers
from tests.forks import Fork

WORKERS = 3
JOB = """
import sys
from pathlib import Path
from tests.endpoints.rig import patient, questions
from tunesmith.endpoints.cache import CallCache
from tunesmith.endpoints.caller import Caller, CallTerms
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.recipe.endpoint_recipe import EndpointRecipe

url, path, count, workers = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
endpoint = OpenAiEndpoint(EndpointRecipe(url=url, model="tiny"))
terms = CallTerms(num_workers=workers, retry_policy=patient(attempts=20))
with Caller(endpoint, CallCache(path), terms) as caller:
    for outcome in caller.ask_all(questions(count)):
        print(outcome.text, flush=True)
"""


def run_job(url: str, path: Path, count: int, kill_after: float | None) -> list[str]:
    job = Fork(["-c", JOB, url, str(path), str(count), str(WORKERS)])
    first = job.stdout.readline()
    if kill_after is not None:
        time.sleep(kill_after)
        job.send_signal(signal.SIGKILL)
    rest, _ = job.communicate(timeout=60)
    assert kill_after is not None or job.returncode == 0
    return (first + rest).splitlines()


def survive(tmp_path: Path, *, count: int, kills: int, longest: float) -> None:
    log = tmp_path / "asked.jsonl"
    command = ["-m", "tests.endpoint_server", "--log", str(log)]
    command += ["--rates", "500=0.05,drop=0.05,html=0.02", "--delay", "0.01"]
    server = Fork(command)
    try:
        url = server.stdout.readline().strip()
        draw = random.Random(0)
        for _ in range(kills):
            run_job(url, tmp_path / "calls.sqlite", count, draw.uniform(0, longest))
        final = run_job(url, tmp_path / "calls.sqlite", count, None)
    finally:
        server.send_signal(signal.SIGKILL)
        server.communicate()
    assert final == answers(count)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    paid = Counter(event["content"] for event in events if event["event"] == "answered")
    assert len(paid) == count
    assert sum(paid.values()) - count <= kills * WORKERS  # what was in flight, at most


def test_a_job_killed_twice_repeats_only_what_was_in_flight(tmp_path: Path) -> None:
    survive(tmp_path, count=60, kills=2, longest=0.15)


@pytest.mark.slow
def test_a_job_killed_ten_times_repeats_only_what_was_in_flight(tmp_path: Path) -> None:
    survive(tmp_path, count=300, kills=10, longest=0.25)
