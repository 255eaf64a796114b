"""A prepared run's folder -> the examples of a split, and its rows of tokens."""

from collections.abc import Iterator
from pathlib import Path

from tunesmith.examples.example import Example
from tunesmith.examples.splitting.split import Split
from tunesmith.files import read_json_lines
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.tokens.store import TokenStore, store_name


def open_store(folder: RunFolder, split: Split) -> TokenStore:
    """The rows of a split, as the last preparation encoded them.

    Raises:
        MissingError: The file is gone, or was made of something else.
    """
    return TokenStore(store_path(folder, split), key=folder.read_manifest()["prepare"]["key"])


def store_path(folder: RunFolder, split: Split) -> Path:
    """The token store of a split, as the last preparation wrote it."""
    key = folder.read_manifest()["prepare"]["key"]
    return folder.tokens / store_name(split, key)


def read_split(folder: RunFolder, split: Split) -> Iterator[Example]:
    """The examples of a split, in order."""
    return (Example.from_json(record) for record in read_json_lines(folder.examples(split)))
