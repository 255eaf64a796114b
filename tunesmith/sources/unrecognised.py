"""A source that is of no kind -> what it is, as far as it can be seen, and what to do with it."""

from tunesmith.errors import DataError
from tunesmith.recipe.values import KIND_NAMES
from tunesmith.sources.chunks import files_in
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.page_kinds import ARCHIVES


def unrecognised(file: SourceFile) -> DataError:
    """The error to raise."""
    if file.path.is_dir():
        return DataError("is a folder, not a file", where=file.name, cure=files_in(file.path))
    export = "Unpack or export it, and name the result."
    if file.is_tree:
        words = "a zip archive or an Office file, and no export of Slack or Messenger"
        return _unknown(file, words, export)
    for magic, words in ARCHIVES:
        if file.head.startswith(magic):
            return _unknown(file, words, export)
    if not file.head.strip():
        cure = "Write rows into it, or leave it out."
        return DataError("the file holds only blanks", where=file.name, cure=cure)
    if b"\0" in file.head:
        return _unknown(file, "a binary file", "Name a file of rows.")
    return _unknown(file, "of an unknown kind", f"Set kind: {', '.join(KIND_NAMES.known)}.")


def _unknown(file: SourceFile, words: str, cure: str) -> DataError:
    return DataError(f"the file is {words}", where=file.name, cure=cure)
