"""A prepared run's folder -> its rows of tokens, a store a split."""

from pathlib import Path

from tunesmith.examples.splitting.split import Split
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
