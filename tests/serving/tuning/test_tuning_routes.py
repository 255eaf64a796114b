"""Scripts for OpenAI's tuning run against the server: files, jobs, events, a model that answers."""

import io
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import yaml

from tests.serving.tiny_servers import HELLO, KEY, Got, TinyServer
from tests.serving.tuning.tuning_servers import FAILING, QUICK, ROW, SLOW, rows, tuning
from tunesmith.errors import DataError, RecipeError
from tunesmith.serving.tuning import job_process
from tunesmith.serving.tuning.job_process import start_run

Pair = tuple[TinyServer, openai.OpenAI]


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patched:
        yield patched


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tuning")


@pytest.fixture(scope="module")
def pair(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Pair]:
    with tuning(folder, QUICK, patch) as one:
        yield one


def upload(client: openai.OpenAI, content: bytes | None = None) -> str:
    named = ("../mine.jsonl", io.BytesIO(content or rows()))
    return client.files.create(file=named, purpose="fine-tune").id


def waited(client: openai.OpenAI, job_id: str, status: str) -> Any:
    ends = time.monotonic() + 15
    while (job := client.fine_tuning.jobs.retrieve(job_id)).status != status:
        assert time.monotonic() < ends, job
        time.sleep(0.05)
    return job


def test_a_script_uploads_tunes_and_asks_what_came_of_it(pair: Pair, folder: Path) -> None:
    server, client = pair
    file, held_out = upload(client), upload(client, rows(3))
    job = client.fine_tuning.jobs.create(
        model="alpaca",
        training_file=file,
        validation_file=held_out,
        suffix="support",
        seed=7,
        metadata={"who": "me"},
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 2, "batch_size": "auto"}},
        },
    )
    assert job.status in ("queued", "running")
    done = waited(client, job.id, "succeeded")
    assert done.fine_tuned_model == f"ft:alpaca:tunesmith:support:{job.id[-8:]}"
    assert (done.trained_tokens, done.hyperparameters.n_epochs, done.seed) == (18, 2, 7)
    assert done.finished_at >= done.created_at
    recipe = yaml.safe_load((folder / "jobs" / "jobs" / job.id / "recipe.yaml").read_text())
    assert recipe["training"] == {"epochs": 2, "seed": 7}
    assert recipe["model"] == {"name": "starter"}
    assert [one.get("use_as") for one in recipe["sources"]] == [None, "validation"]
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=2))
    assert [one.message.split(":")[0] for one in reversed(events)] == [
        "Created fine-tuning job", "Fine-tuning job started", "Step 0", "Step 1", "Step 1",
        "Step 2", "Step 2", "The job has succeeded. New fine-tuned model",
    ]  # fmt: skip
    assert events[1].data == {"step": 2, "valid_loss": 1.0}
    (checkpoint,) = client.fine_tuning.jobs.checkpoints.list(job.id)
    assert checkpoint.fine_tuned_model_checkpoint == done.fine_tuned_model
    assert (checkpoint.step_number, checkpoint.metrics.valid_loss) == (2, 1.0)
    assert done.fine_tuned_model in [one.id for one in client.models.list()]
    asked = {"messages": HELLO, "model": done.fine_tuned_model}
    said = client.chat.completions.create(**asked).choices[0].message.content
    assert said == server.chat().json()["choices"][0]["message"]["content"]
    again = client.fine_tuning.jobs.create(model=done.fine_tuned_model, training_file=file)
    recipe = yaml.safe_load((folder / "jobs" / "jobs" / again.id / "recipe.yaml").read_text())
    assert recipe["model"]["name"].endswith(f"{job.id}/run/model")
    assert [one.id for one in client.fine_tuning.jobs.list(limit=1)][:2] == [again.id, job.id]
    waited(client, again.id, "succeeded")


def test_files_are_listed_returned_and_deleted(pair: Pair) -> None:
    _, client = pair
    file = upload(client)
    found = client.files.retrieve(file)
    assert (found.filename, found.bytes, found.status) == ("mine.jsonl", len(rows()), "processed")
    assert file in [one.id for one in client.files.list(purpose="fine-tune")]
    assert client.files.content(file).read() == rows()
    assert client.files.delete(file).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file)


def says(role: str, content: object, **more: object) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


BAD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"text": "a"}, "missing_messages_list"),
    ({"messages": []}, "missing_messages_list"),
    ({"messages": ROW["messages"], "labels": 1}, "unrecognized_key"),
    ({"messages": [says("user", "a")]}, "example_missing_assistant_message"),
    ({"messages": [says("wizard", "a")]}, "unrecognized_role"),
    ({"messages": [says("user", "a"), says("assistant", None)]}, "missing_content"),
    ({"messages": [says("user", "a"), says("assistant", "b", mood=1)]}, "message_unrecognized_key"),
    ({"messages": [says("user", "a"), says("assistant", "b", weight=2)]}, "bad weight"),
    ({"messages": [says("user", "a"), says("assistant", "b", weight=0)]}, "nothing trained"),
    ({"messages": [says("user", "a"), says("assistant", "", tool_calls=[{}])]}, "tool calls"),
    ({"messages": ROW["messages"], "tools": [{"type": "function"}]}, "tool calls"),
    ({"messages": [{"role": "user"}, says("assistant", "b")]}, "message_missing_key"),
    ({"prompt": "a", "completion": ""}, "missing_content"),
    ({"messages": [says("user", "x" * 120_000), says("assistant", "b")]}, "longer than"),
]


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS)
def test_a_bad_row_is_named_by_its_line(
    pair: Pair, folder: Path, row: dict[str, Any], reason: str
) -> None:
    _, client = pair
    before = set((folder / "jobs" / "files").iterdir())
    with pytest.raises(openai.BadRequestError) as caught:
        upload(client, b"\n" + rows(3, **row))
    assert "line 5: " in str(caught.value)
    assert reason in str(caught.value)
    assert set((folder / "jobs" / "files").iterdir()) == before


def test_rows_with_weights_pairs_and_system_are_read(pair: Pair) -> None:
    _, client = pair
    turns = [says("system", "s"), says("user", "a"), says("assistant", "b", weight=0)]
    turns += [says("user", "c", name="ann"), says("assistant", "d", weight=1)]
    for row in ({"messages": turns}, {"prompt": "a", "completion": "b"}):
        assert upload(client, rows(2, **row))


def post(server: TinyServer, path: str, **body: Any) -> Got:
    return server.post(path, body, **{"Content-Type": "application/json"})


BAD_JOBS: list[tuple[dict[str, Any], str]] = [
    ({"model": "gpt-4o-mini"}, "model"),
    ({"model": None}, "model"),
    ({"training_file": "file-nothing"}, "training_file"),
    ({"training_file": "../../etc/passwd"}, "training_file"),
    ({"validation_file": "file-nothing"}, "validation_file"),
    ({"method": {"type": "dpo", "dpo": {}}}, "method.type"),
    ({"method": {"type": "reinforcement"}}, "method.type"),
    ({"method": {"type": "supervised", "dpo": {}}}, "method.dpo"),
    ({"method": "supervised"}, "method"),
    ({"hyperparameters": {"warmup": 3}}, "hyperparameters.warmup"),
    ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs"),
    ({"hyperparameters": {"n_epochs": True}}, "hyperparameters.n_epochs"),
    ({"hyperparameters": {"batch_size": 1.5}}, "hyperparameters.batch_size"),
    ({"hyperparameters": {"learning_rate_multiplier": 2}}, "learning_rate_multiplier"),
    ({"hyperparameters": {"n_epochs": 2}, "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}}}, "n_epochs"),  # noqa: E501
    ({"integrations": [{"type": "wandb"}]}, "integrations"),
    ({"suffix": "a b"}, "suffix"),
    ({"seed": -1}, "seed"),
    ({"metadata": {"a": 1}}, "metadata"),
    ({"metadata": [1]}, "metadata"),
    ({"priority": "high"}, "priority"),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "param"), BAD_JOBS)
def test_a_job_that_cannot_be_done_names_what_is_wrong(
    pair: Pair, terms: dict[str, Any], param: str
) -> None:
    server, client = pair
    before = len(list(client.fine_tuning.jobs.list()))
    known = next((one.id for one in client.files.list() if one.bytes == len(rows())), None)
    body = {"model": "alpaca", "training_file": known or upload(client), **terms}
    got = post(server, "/v1/fine_tuning/jobs", **body)
    assert got.status == 400, got.text
    assert got.json()["error"]["param"] == param
    assert len(list(client.fine_tuning.jobs.list())) == before


def form(server: TinyServer, body: bytes, boundary: str = "b", **headers: str) -> Got:
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}", **headers}
    return server.send("POST", "/v1/files", body, **kind)


def part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


FILE = part("file", rows(), '; filename="a.jsonl"')
PURPOSE = part("purpose", b"fine-tune")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (PURPOSE + b"--b--", 400),
        (FILE + b"--b--", 400),
        (FILE + part("purpose", b"batch") + b"--b--", 400),
        (FILE + PURPOSE + part("expires_after[anchor]", b"created_at") + b"--b--", 400),
        (FILE + FILE + PURPOSE + b"--b--", 400),
        (part("file", rows()) + PURPOSE + b"--b--", 400),
        (part("file", b"", '; filename="a.jsonl"') + PURPOSE + b"--b--", 400),
        (part("file", b"\n{", '; filename="a.jsonl"') + PURPOSE + b"--b--", 400),
        (b"no form at all", 400),
        (part("file", rows(4000), '; filename="a"') + PURPOSE + b"--b--", 413),
        (FILE + PURPOSE + b"--b--", 200),
    ],
    ids=range(11),
)
def test_a_form_that_holds_something_else_is_refused(pair: Pair, body: bytes, status: int) -> None:
    got = form(pair[0], body)
    assert got.status == status, got.text
    if status != 200:
        assert got.json()["error"].keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/fine_tuning/jobs/ftjob-none", 404),
        ("/v1/fine_tuning/jobs/ftjob-none/events", 404),
        ("/v1/fine_tuning/jobs/ftjob-none/checkpoints", 404),
        ("/v1/files/file-none/content", 404),
        ("/v1/files/..%2f..%2fjobs", 404),
        ("/v1/fine_tuning/jobs?limit=0", 400),
        ("/v1/fine_tuning/jobs?limit=x", 400),
        ("/v1/fine_tuning/jobs?after=x", 400),
        ("/v1/fine_tuning/jobs?metadata[who]=me", 400),
        ("/v1/files?purpose=batch", 400),
    ],
)
def test_what_is_not_there_is_an_error_in_openais_shape(pair: Pair, path: str, status: int) -> None:
    got = pair[0].send("GET", path)
    assert got.status == status, got.text
    assert got.json()["error"]["message"]


def test_a_page_elsewhere_neither_uploads_nor_tunes(pair: Pair) -> None:
    server, _ = pair
    assert form(server, FILE + PURPOSE + b"--b--", Origin="http://evil.example").status == 403
    got = server.post("/v1/fine_tuning/jobs", {}, **{"Content-Type": "text/plain"})
    assert got.status == 415


def test_without_a_folder_there_is_nothing_to_tune_with() -> None:
    from tests.serving.tiny_servers import hosted_models, running

    with running(hosted_models()[:1]) as server:
        for path in ("/v1/files", "/v1/fine_tuning/jobs"):
            assert server.send("GET", path).status == 404


def test_a_failed_job_says_why_and_makes_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tuning(tmp_path, FAILING, monkeypatch) as (_, client):
        job = client.fine_tuning.jobs.create(model="alpaca", training_file=upload(client))
        failed = waited(client, job.id, "failed")
        assert failed.error.message == "rows.jsonl:3: it is broken. Mend it."
        assert (failed.error.param, failed.fine_tuned_model) == ("training_file", None)
        assert not client.fine_tuning.jobs.checkpoints.list(job.id).data
        assert next(iter(client.fine_tuning.jobs.list_events(job.id))).level == "error"


def test_a_job_is_cancelled_in_the_queue_and_at_work_and_a_crowd_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tuning(tmp_path, SLOW, monkeypatch) as (_, client):
        file = upload(client)
        create: Callable[[], Any] = lambda: client.fine_tuning.jobs.create(  # noqa: E731
            model="alpaca", training_file=file
        )
        first, second, _ = create(), create(), create()
        with pytest.raises(openai.RateLimitError):
            create()
        with pytest.raises(openai.ConflictError):
            client.files.delete(file)
        waited(client, first.id, "running")
        assert client.fine_tuning.jobs.cancel(second.id).status == "cancelled"
        assert client.fine_tuning.jobs.cancel(first.id).status == "cancelled"
        with pytest.raises(openai.BadRequestError):
            client.fine_tuning.jobs.cancel(first.id)


def test_a_job_goes_on_when_the_server_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tuning(tmp_path, SLOW, monkeypatch) as (_, client):
        job = client.fine_tuning.jobs.create(model="alpaca", training_file=upload(client))
        waited(client, job.id, "running")
    record = tmp_path / "jobs" / "jobs" / job.id / "job.json"
    assert json.loads(record.read_text())["status"] == "running"
    with tuning(tmp_path, QUICK, monkeypatch) as (_, client):
        done = waited(client, job.id, "succeeded")
        told = [one.message for one in client.fine_tuning.jobs.list_events(job.id, limit=50)]
        assert "Fine-tuning job goes on" in told
    with tuning(tmp_path, FAILING, monkeypatch) as (_, client):
        assert client.fine_tuning.jobs.retrieve(job.id).status == "succeeded"
        assert client.chat.completions.create(model=done.fine_tuned_model, messages=HELLO).choices
    record.write_text("{}")
    with pytest.raises(DataError, match=r"job\.json"), tuning(tmp_path, QUICK, monkeypatch):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_process_of_a_server_that_was_killed_is_waited_for_or_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_cancelled: bool
) -> None:
    with tuning(tmp_path, SLOW, monkeypatch) as (_, client):
        job = client.fine_tuning.jobs.create(model="alpaca", training_file=upload(client))
        waited(client, job.id, "running")
    folder = tmp_path / "jobs" / "jobs" / job.id
    program = f"import time; time.sleep({60 if is_cancelled else 1})"
    monkeypatch.setattr(job_process, "COMMAND", (sys.executable, "-c", program))
    orphan = start_run(folder)
    assert orphan is not None
    record = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps({**record, "process_id": orphan.pid}))
    with tuning(tmp_path, QUICK, monkeypatch) as (_, client):
        assert start_run(folder) is None, "two processes would write to one run"
        assert client.fine_tuning.jobs.retrieve(job.id).status == "running"
        if is_cancelled:
            client.fine_tuning.jobs.cancel(job.id)
            assert orphan.wait(timeout=5) == -signal.SIGTERM
        else:
            waited(client, job.id, "succeeded")
            assert orphan.wait(timeout=5) == 0


def test_defaults_stand_beneath_what_a_job_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jobs").mkdir()
    defaults = tmp_path / "jobs" / "defaults.yaml"
    defaults.write_text("training: {method: lora, learning_rate: 2e-4, epochs: 1}\n")
    with tuning(tmp_path, QUICK, monkeypatch) as (_, client):
        job = client.fine_tuning.jobs.create(
            model="alpaca",
            training_file=upload(client),
            hyperparameters={"n_epochs": 3, "learning_rate_multiplier": 0.5},
        )
        recipe = yaml.safe_load((tmp_path / "jobs" / "jobs" / job.id / "recipe.yaml").read_text())
        expected = {"method": "lora", "learning_rate": 1e-4, "epochs": 3, "seed": 0}
        assert recipe["training"] == expected
        waited(client, job.id, "succeeded")
    for wrong in ("model: {name: a}", "- a", "training: {epoch: 1}"):
        defaults.write_text(wrong)
        with pytest.raises(RecipeError), tuning(tmp_path, QUICK, monkeypatch):
            pass


def test_files_and_jobs_ask_for_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tuning(tmp_path, QUICK, monkeypatch, key=KEY, hosts=None) as (server, _):
        for path in ("/v1/files", "/v1/fine_tuning/jobs"):
            for method in ("GET", "POST"):
                assert server.send(method, path, b"{}").status == 401
