"""What a job tells of its rows, and a folder of jobs that two servers would share."""

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import pytest

from tests.serving.tuning.test_tuning_routes import upload, waited
from tests.serving.tuning.tuning_servers import LIMITS, QUICK, rows, tuning
from tunesmith.errors import RecipeError
from tunesmith.serving.tuning.uploads import UploadFolder

SUMMARY = {
    "dropped": {"exact duplicate": 2, "too long": 1},
    "redacted": {"email": 3},
    "splits": {"train": {"rows": 12}, "test": {"rows": 1}},
}
PREPARED = f"""{QUICK}
(run / "data").mkdir(exist_ok=True)
(run / "data" / "summary.json").write_text({json.dumps(SUMMARY)!r})
"""
MANY_LINES = """
import sys
print("error: FOLDER/files/file-1.jsonl:1: no example is left (2 bad JSON):")
print("  FOLDER/files/file-1.jsonl:2: bad JSON: it ends early")
print(" Every row was dropped; mend them.")
print("elsewhere")
sys.exit(3)
"""


def test_rows_that_are_left_out_or_hidden_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tuning(tmp_path, PREPARED, monkeypatch) as (_, client):
        job = client.fine_tuning.jobs.create(model="alpaca", training_file=upload(client))
        waited(client, job.id, "succeeded")
        events = list(client.fine_tuning.jobs.list_events(job.id))
    (told,) = [one for one in events if one.message.startswith("Rows: ")]
    assert told.level == "warn"
    assert told.message == (
        "Rows: 12 train, 1 test; left out: 2 exact duplicate, 1 too long; hidden: 3 email"
    )


def test_a_problem_is_told_with_its_cure_and_without_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = MANY_LINES.replace("FOLDER", str(tmp_path / "jobs"))
    with tuning(tmp_path, program, monkeypatch) as (_, client):
        job = client.fine_tuning.jobs.create(model="alpaca", training_file=upload(client))
        problem = waited(client, job.id, "failed").error.message
    assert problem == (
        "file-1.jsonl:1: no example is left (2 bad JSON): file-1.jsonl:2: bad JSON: it ends "
        "early Every row was dropped; mend them."
    )


def test_a_folder_of_jobs_has_one_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one would run the first one's jobs, and delete a file that it is taking."""
    with tuning(tmp_path, QUICK, monkeypatch) as (_, client):
        with (
            pytest.raises(RecipeError, match=r"another tunesmith process .* with --jobs"),
            tuning(tmp_path, QUICK, monkeypatch),
        ):
            pass
        assert upload(client)
    with tuning(tmp_path, QUICK, monkeypatch) as (_, client):
        assert len(list(client.files.list())) == 1


def test_what_a_killed_server_was_taking_is_cleared_away(tmp_path: Path) -> None:
    for name in ("file-a.jsonl", ".tmp-file-b.jsonl-x1"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".tmp-mine").write_bytes(b"mine")
    assert not UploadFolder(tmp_path, LIMITS).all()
    assert [one.name for one in tmp_path.iterdir()] == [".tmp-mine"]


def test_a_file_is_no_validation_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tuning(tmp_path, QUICK, monkeypatch) as (_, client):
        file = upload(client, b"\xef\xbb\xbf" + rows())  # a mark of its encoding is no row
        with pytest.raises(openai.BadRequestError, match="it is the training file"):
            client.fine_tuning.jobs.create(model="alpaca", training_file=file, validation_file=file)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('{"messages": [], "messages": []}', "stands there twice"),
        ('{"messages": NaN}', "NaN is not a JSON value"),
        ('{"prompt": "\\u0000", "completion": "b"}', "control character"),
    ],
)
def test_what_training_would_drop_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, named: str
) -> None:
    with (
        tuning(tmp_path, QUICK, monkeypatch) as (_, client),
        pytest.raises(openai.BadRequestError, match=f"line 11: data_type: .*{named}"),
    ):
        upload(client, rows() + b"\n" + line.encode())


def test_files_that_are_uploaded_at_once_are_all_kept(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path, LIMITS)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: folder.add(io.BytesIO(rows(1)), "a"), range(100)))
            gone = {one.id for one in made[::2]}
            list(pool.map(lambda one: folder.delete(one, is_used=lambda _: False), gone))
    finally:
        sys.setswitchinterval(before)
    assert {one.id for one in folder.all()} == {one.id for one in made} - gone
