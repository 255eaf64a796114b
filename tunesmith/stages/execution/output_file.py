"""A file that a command was told to write -> it is new, or what the same command wrote before.

A file counts as Tunesmith's when each of its lines is a record of that kind; an example also
carries the hash of its content, so that rows which a person has corrected are not replaced.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tunesmith.errors import RecipeError
from tunesmith.examples.example import Example
from tunesmith.files import are_all_lines, raise_disk_full

IsOurs = Callable[[Path], bool]
_CURE = "Name a new file that can be written."


def are_examples(path: Path) -> bool:
    """Whether every line of a file is an example, unchanged since it was written."""
    return are_all_lines(path, lambda record: Example.from_json(record).id == record["id"])


def are_dropped(path: Path) -> bool:
    """Whether every line of a file says what was left out and why."""
    keys, later = {"source", "reason", "detail", "text"}, {"num_characters", "example_id"}
    return are_all_lines(path, lambda record: record.keys() - later == keys)


def are_improvements(path: Path) -> bool:
    """Whether every line of a file holds both versions of a pair."""
    return are_all_lines(
        path, lambda record: record.keys() == {"reason", "call", "before", "after"}
    )


def are_completions(path: Path) -> bool:
    """Whether every line of a file is what a model answered."""
    keys = {"example_id", "model", "text", "finish_reason"}
    return are_all_lines(path, lambda record: record.keys() >= keys)


def are_grades(path: Path) -> bool:
    """Whether every line of a file is a grade."""
    keys = {"example_id", "model", "metric", "score"}
    return are_all_lines(path, lambda record: record.keys() >= keys)


def are_signs(path: Path) -> bool:
    """Whether every line of a file says what was found in an answer, or why there is none."""
    return are_all_lines(
        path, lambda record: record.keys() >= {"example_id", "model"} and _says(record)
    )


def require_name(option: str, path: Path) -> None:
    """Find out that an output has a name, from which those of files beside it are made.

    Raises:
        RecipeError: It is `.` or `/`.
    """
    if not path.name:
        raise RecipeError("is a folder", where=f"{option} {path}", cure=_CURE)


def is_same_file(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, by links of either kind; what is missing is none."""
    return path.exists() and other.exists() and path.samefile(other)


def check_outputs(option: str, files: Mapping[Path, IsOurs], *, read: Iterable[Path] = ()) -> None:
    """Find out before any work whether files can be written, and that they are nobody else's.

    Args:
        option: The one that named them.
        files: Each with the test whether it is an earlier output; an empty file always may go.
        read: Files that are read, none of which may be written.

    Raises:
        RecipeError: One cannot be written, or would replace what Tunesmith did not write.
    """
    sources = list(read)
    for path, is_ours in files.items():
        problem = _kind_problem(path) or _content_problem(path, is_ours, sources)
        problem = problem or _folder_problem(path)
        if problem:
            raise RecipeError(problem, where=f"{option} {path}", cure=_CURE)


def _says(record: Mapping[str, object]) -> bool:
    return "failure" in record or record.keys() >= {"form", "signs", "is_right"}


def _kind_problem(path: Path) -> str | None:
    if path.is_dir():
        return "is a folder"
    if path.exists() and not path.is_file():
        return "is no regular file"
    return "is a link, which would be replaced" if path.is_symlink() else None


def _content_problem(path: Path, is_ours: IsOurs, sources: Iterable[Path]) -> str | None:
    if not path.exists():
        return None
    if any(is_same_file(path, source) for source in sources):
        return "is a file that is read, which would be overwritten"
    if path.stat().st_size and not is_ours(path):
        return "holds something else than an earlier output, which would be overwritten"
    return None


def _folder_problem(path: Path) -> str | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise_disk_full(error, path)
        return f"cannot be written ({error.strerror})"
    return None
