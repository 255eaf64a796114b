"""Files of `/v1/files`: what was uploaded, beside a record of it; a restart finds them again."""

import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tunesmith.files import atomic_file, our_records, read_json, write_json
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.serving.tuning.training_rows import count_rows

PURPOSE = "fine-tune"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file's record.

    Attributes:
        id: Of the file.
        filename: What its owner calls it; no path.
        num_bytes: Its size.
        num_rows: Examples in it.
        created_at: Seconds since 1970.
    """

    id: str
    filename: str
    num_bytes: int
    num_rows: int
    created_at: int

    def to_json(self) -> dict[str, Any]:
        """OpenAI's file object."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.num_bytes,
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": PURPOSE,
            "status": "processed",
            "status_details": None,
        }


class UploadFolder:
    """The files of a folder, each `ID.jsonl` with `ID.json`; of one server at a time."""

    def __init__(self, folder: Path, limits: ServingLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._records: dict[str, UploadedFile] = {}
        folder.mkdir(parents=True, exist_ok=True)
        found = []
        for path in folder.glob("file-*.json"):
            with our_records(path):
                found.append(UploadedFile(**read_json(path)))
        for path in (*folder.glob("file-*.jsonl"), *folder.glob(".tmp-file-*")):
            if path.name.startswith(".tmp-") or not path.with_suffix(".json").exists():
                path.unlink()  # nobody was told of it
        for one in sorted(found, key=lambda one: (one.created_at, one.id)):
            self._records[one.id] = one

    def all(self) -> list[UploadedFile]:
        """The newest first."""
        return list(reversed(self._records.values()))

    def path(self, file_id: str) -> Path:
        """Where a file's content lies."""
        return self._folder / f"{file_id}.jsonl"

    def find(self, file_id: object, *, param: str = "file_id") -> UploadedFile:
        """A file by its id.

        Raises:
            ApiError: There is none.
        """
        if isinstance(file_id, str) and file_id in self._records:
            return self._records[file_id]
        problem = f"{param}: there is no file {str(file_id)[:60]!r}. Upload it to /v1/files."
        status = 404 if param == "file_id" else 400
        raise ApiError(problem, status=status, param=param, code="file_not_found")

    def add(self, content: BinaryIO, filename: str) -> UploadedFile:
        """Keep a file whose rows can all be trained.

        Raises:
            ApiError: They cannot, or there are too many files.
        """
        if len(self._records) >= self._limits.num_files:
            problem = f"{len(self._records):,} files are kept already. Delete some."
            raise ApiError(problem, status=409, code="too_many_files")
        file_id = f"file-{uuid.uuid4().hex[:24]}"
        path = self.path(file_id)
        with atomic_file(path) as stream:
            shutil.copyfileobj(content, stream)
        try:
            num_rows = count_rows(path, longest=self._limits.body_bytes)
        except ApiError:
            path.unlink()
            raise
        record = UploadedFile(
            id=file_id,
            filename=Path(filename.replace("\\", "/")).name[:200] or "upload.jsonl",
            num_bytes=path.stat().st_size,
            num_rows=num_rows,
            created_at=int(time.time()),
        )
        write_json(path.with_suffix(".json"), asdict(record))
        self._records[file_id] = record  # in place: another thread may add one, too
        return record

    def delete(self, file_id: str, *, is_used: Callable[[str], bool]) -> dict[str, Any]:
        """Forget a file.

        Raises:
            ApiError: There is none, or a job still reads it.
        """
        self.find(file_id)
        if is_used(file_id):
            problem = f"{file_id} is read by a job. Cancel the job, or wait for it."
            raise ApiError(problem, status=409, param="file_id", code="file_in_use")
        self._records.pop(file_id, None)
        self.path(file_id).with_suffix(".json").unlink(missing_ok=True)
        self.path(file_id).unlink(missing_ok=True)
        return {"id": file_id, "object": "file", "deleted": True}
