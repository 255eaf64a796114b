"""What a job's record and its run's log are told as."""

import json
import os
from pathlib import Path

import pytest

from tunesmith.serving.tuning.job_request import JobRequest
from tunesmith.serving.tuning.tuning_job import TuningJob, job_events

STARTS = 1_790_000_000.5


@pytest.mark.parametrize("written", [STARTS - 4, STARTS - 0.5, STARTS, STARTS + 0.25])
def test_steps_are_told_between_start_and_end_however_coarse_a_files_time_is(
    tmp_path: Path, written: float
) -> None:
    log = tmp_path / "log.jsonl"
    steps = [{"step": at, "split": "train", "loss": 1.0, "seconds": at / 100} for at in (1, 2)]
    log.write_text("".join(json.dumps(one) + "\n" for one in steps))
    os.utime(log, (written, written))
    texts = {STARTS - 1: "created", STARTS: "started", STARTS + 1: "succeeded"}
    told = tuple({"at": at, "level": "info", "message": text} for at, text in texts.items())
    request = JobRequest(model="alpaca", training_file="file-1")
    job = TuningJob(id="j", request=request, created_at=0, started_at=STARTS, told=told)
    found = [one["message"].split(":")[0] for one in reversed(job_events(job, log))]
    assert found == ["created", "started", "Step 1", "Step 2", "succeeded"]
