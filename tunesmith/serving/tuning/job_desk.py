"""Jobs that were asked for -> runs, one at a time, in a thread; their state survives a restart.

Each has a folder with `job.json`, written anew at each change. A server that starts takes up again
what was waiting or running: the run goes on at its last checkpoint.
"""

import logging
import signal
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunesmith.errors import TunesmithError
from tunesmith.files import our_records, read_json, write_json, write_text
from tunesmith.recipe.yaml_text import write_yaml
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.serving.tuning.job_process import end_run, is_at_work, last_problem, start_run
from tunesmith.serving.tuning.job_recipe import JobRecipes
from tunesmith.serving.tuning.job_request import JobRequest
from tunesmith.serving.tuning.tuning_job import ENDED, TuningJob, rows_told, trained_tokens

_LOG = logging.getLogger(__name__)
_LEAST_ROWS = 10  # as at OpenAI
_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 30.0  # for a checkpoint, once a run is asked to end


class JobDesk:
    """The jobs of a server.

    Args:
        folder: Of all jobs.
        recipes: Makes their recipes.
        base_of: A model's id -> the recipe's `model`, or None where it cannot be tuned.
        limits: How many may wait.
    """

    def __init__(
        self,
        folder: Path,
        recipes: JobRecipes,
        base_of: Callable[[str], Mapping[str, Any] | None],
        limits: ServingLimits,
    ) -> None:
        self._folder = folder
        self._recipes = recipes
        self._base_of = base_of
        self._limits = limits
        self._change = threading.Condition()
        self._is_closed = False
        folder.mkdir(parents=True, exist_ok=True)
        found = []
        for path in folder.glob("ftjob-*/job.json"):
            with our_records(path):
                found.append(TuningJob.from_json(read_json(path)))
        found.sort(key=lambda one: (one.created_at, one.id))
        self._jobs = {one.id: one for one in found}
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def all(self) -> list[TuningJob]:
        """The newest first."""
        return list(reversed(self._jobs.values()))

    def find(self, job_id: str) -> TuningJob:
        """A job by its id.

        Raises:
            ApiError: There is none.
        """
        if job_id in self._jobs:
            return self._jobs[job_id]
        problem = f"there is no job {job_id[:60]!r}"
        raise ApiError(problem, status=404, param="fine_tuning_job_id", code="job_not_found")

    def run_folder(self, job: TuningJob) -> Path:
        """The folder of its run, which need not be there yet."""
        return self._folder / job.id / "run"

    def made(self) -> dict[str, Path]:
        """The models that jobs have made, each with its run."""
        return {
            one.model_name: self.run_folder(one)
            for one in self._jobs.values()
            if one.status == "succeeded"
        }

    def uses_file(self, file_id: str) -> bool:
        """Whether a job that has not ended reads a file."""
        return any(
            file_id in (one.request.training_file, one.request.validation_file)
            for one in self._jobs.values()
            if one.status not in ENDED
        )

    def create(self, asked: JobRequest) -> TuningJob:
        """Let a job wait for its turn.

        Raises:
            ApiError: Its model or a file is unknown, no run can be made of it, or too many wait.
        """
        base = self._base_of(asked.model)
        if base is None:
            problem = (
                f"model: {asked.model[:60]!r} cannot be tuned here; GET /v1/models lists what can"
            )
            raise ApiError(problem, param="model", code="model_not_found")
        uploads = self._recipes.uploads
        rows = uploads.find(asked.training_file, param="training_file").num_rows
        if rows < _LEAST_ROWS:
            problem = (
                f"training_file: {rows} rows, and at least {_LEAST_ROWS} are needed. Add some."
            )
            raise ApiError(problem, param="training_file", code="invalid_n_examples")
        if asked.validation_file == asked.training_file:
            problem = "validation_file: it is the training file. Name another one, or leave it out."
            raise ApiError(problem, param="validation_file", code="invalid_value")
        if asked.validation_file is not None:
            uploads.find(asked.validation_file, param="validation_file")
        recipe = self._recipes.of(asked, base)
        with self._change:
            self._refuse_crowd()
            job_id = f"ftjob-{uuid.uuid4().hex[:24]}"
            write_text(self._folder / job_id / "recipe.yaml", write_yaml(recipe))
            job = TuningJob(id=job_id, request=asked, created_at=int(time.time()))
            self._tell(job, f"Created fine-tuning job: {job_id}")
            self._change.notify()
            return self._jobs[job_id]

    def cancel(self, job_id: str) -> TuningJob:
        """End a job; what it has made so far stays in its folder.

        Raises:
            ApiError: There is none, or it has ended.
        """
        with self._change:
            job = self.find(job_id)
            if job.status in ENDED:
                problem = f"the job has {job.status} already"
                raise ApiError(problem, param="fine_tuning_job_id", code="invalid_state")
            now = int(time.time())
            self._tell(job, "The job is cancelled", status="cancelled", finished_at=now)
            self._change.notify()
        end_run(job.process_id, self._folder / job_id)
        return self._jobs[job_id]

    def close(self) -> None:
        """End the running job at its next checkpoint; the next server goes on with it."""
        with self._change:
            self._is_closed = True
            self._change.notify()
        self._thread.join()

    def _refuse_crowd(self) -> None:
        num_open = sum(one.status not in ENDED for one in self._jobs.values())
        if num_open >= self._limits.num_jobs:
            problem = (
                f"{num_open} jobs wait or run, of {self._limits.num_jobs} at most. Cancel one."
            )
            headers = {"Retry-After": "60"}
            raise ApiError(problem, status=429, code="too_many_jobs", headers=headers)

    def _tell(self, job: TuningJob, message: str, level: str = "info", **changes: Any) -> None:
        """Keep a change and its event; called with the lock held."""
        at = changes.get("started_at") or time.time()  # what follows the start is told after it
        event = {"at": at, "level": level, "message": message}
        changed = replace(job, told=(*job.told, event), **changes)
        write_json(self._folder / job.id / "job.json", changed.to_record())
        self._jobs = {**self._jobs, job.id: changed}  # whoever goes through the older one may

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._run(job)
            except (OSError, TunesmithError) as error:  # its record cannot be written either
                _LOG.exception("%s could not be run", job.id)
                told = _problem(f"the job could not be run ({error})", None)
                with self._change:
                    failed = replace(self._jobs[job.id], status="failed", problem=told)
                    self._jobs = {**self._jobs, job.id: failed}

    def _next(self) -> TuningJob | None:
        """The job whose turn it is, once there is one; None: closed."""
        with self._change:
            while not self._is_closed:
                waiting = [one for one in self._jobs.values() if one.status not in ENDED]
                if waiting:
                    return min(waiting, key=lambda one: one.status != "running")
                self._change.wait()
            return None

    def _run(self, job: TuningJob) -> None:
        folder = self._folder / job.id
        with self._change:
            job = self._jobs[job.id]
            if self._is_closed or job.status in ENDED:
                return
            now = time.time()
            process = start_run(folder)
            if process is not None:
                self._begin(job, now, process.pid)
        if process is None:  # an earlier server's; once it has ended, the run is looked at again
            self._wait(job.id, lambda: is_at_work(folder), job.process_id)
            return
        self._wait(job.id, lambda: process.poll() is None, process.pid)
        code = process.wait()
        with self._change:
            if not (self._is_closed or self._jobs[job.id].status in ENDED):
                self._settle(self._jobs[job.id], code)

    def _begin(self, job: TuningJob, at: float, process_id: int) -> None:
        """A run was started at a time, for the first one or again; called with the lock held."""
        changes: dict[str, Any] = {"status": "running", "process_id": process_id}
        if job.started_at is not None:
            self._tell(job, "Fine-tuning job goes on", **changes)
        else:
            self._tell(job, "Fine-tuning job started", started_at=at, **changes)

    def _wait(self, job_id: str, is_alive: Callable[[], bool], process_id: int | None) -> None:
        """Until a process has ended; it is asked to where the job or the server has."""
        asked = 0.0
        folder = self._folder / job_id
        while is_alive():
            if self._is_closed or self._jobs[job_id].status in ENDED:
                if not asked:
                    end_run(process_id, folder)
                    asked = time.monotonic()
                elif time.monotonic() - asked > _PATIENCE_SECONDS:
                    end_run(process_id, folder, signal.SIGKILL)
            threading.Event().wait(_POLL_SECONDS)

    def _settle(self, job: TuningJob, code: int) -> None:
        """What became of a run that has ended by itself; called with the lock held."""
        folder = self._folder / job.id
        if (told := rows_told(folder / "run" / "data" / "summary.json")) is not None:
            self._tell(job, *told)
            job = self._jobs[job.id]
        if code:
            self._fail(job, last_problem(folder, code), "training_file" if code == 3 else None)
            return
        self._tell(
            job,
            f"The job has succeeded. New fine-tuned model: {job.model_name}",
            status="succeeded",
            finished_at=int(time.time()),
            process_id=None,
            trained_tokens=trained_tokens(folder / "run" / "log.jsonl"),
        )

    def _fail(self, job: TuningJob, problem: str, param: str | None) -> None:
        told, now = _problem(problem, param), int(time.time())
        changes = {"finished_at": now, "process_id": None, "problem": told}
        self._tell(job, f"The job has failed: {problem}", "error", status="failed", **changes)


def _problem(message: str, param: str | None) -> dict[str, str | None]:
    return {"code": "training_failed", "message": message, "param": param}
