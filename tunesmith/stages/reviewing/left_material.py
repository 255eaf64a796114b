"""What a run's preparation left out -> tasks that win back material which the sources hold."""

from collections.abc import Iterator
from typing import Any

from tunesmith.files import read_json
from tunesmith.language.translate import translate
from tunesmith.rounds.data_task import DataTask
from tunesmith.stages.execution.run_folder import RunFolder

_CURES = {
    "too long": "cut on the context side: --set training.when_too_long=cut-context",
    "near duplicate": "keep more alike rows: --set examples.drop_near_duplicates=0.95",
    "wrong language": "let that language in: --set examples.language=null",
}


def left_material_tasks(folder: RunFolder) -> Iterator[DataTask]:
    """Tasks of what was read and not used, by reason, and of contradictions to decide."""
    summary: dict[str, Any] = read_json(folder.summary) if folder.summary.is_file() else {}
    for reason, number in summary.get("dropped", {}).items():
        if reason in _CURES:
            yield DataTask(
                name="use",
                num_rows=int(number),
                sentence=translate(
                    "{count:,} rows were left out ({reason})", count=number, reason=reason
                ),
                command=_CURES[reason],
            )
    if number := summary.get("contradictions", 0):
        yield DataTask(
            name="decide",
            num_rows=int(number),
            sentence=translate(
                "{count:,} pairs of answers to one question differ; decide for one of each",
                count=number,
            ),
            command=f"less {folder.contradictions}",
        )
