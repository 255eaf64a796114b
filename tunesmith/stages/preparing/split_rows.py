"""A run's split -> its examples, without anything that reads tokens."""

from collections.abc import Iterator

from tunesmith.examples.example import Example
from tunesmith.examples.splitting.split import Split
from tunesmith.files import read_json_lines
from tunesmith.stages.execution.run_folder import RunFolder


def read_split(folder: RunFolder, split: Split) -> Iterator[Example]:
    """The examples of a split, in order."""
    return (Example.from_json(record) for record in read_json_lines(folder.examples(split)))
