"""What was read and left out -> counts by reason and source, and whether the run may go on."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.examples.clean import CLEANED
from tunesmith.examples.conversion.conversations import TOOL_CALLS
from tunesmith.examples.conversion.end_markers import REMOVED
from tunesmith.examples.conversion.from_threads import LEFT_OUT_OF_THREADS
from tunesmith.examples.conversion.prompt_headers import HEADER_NAMES
from tunesmith.examples.conversion.row_reading import UNDESIRED
from tunesmith.examples.edits.apply_edits import NO_LONGER_FITS, UNREADABLE_EDIT, is_by_hand
from tunesmith.examples.example import Example
from tunesmith.examples.mix import OVER_WEIGHT
from tunesmith.examples.preference_rows import LEFT_OUT_OF_PREFERENCES
from tunesmith.examples.promptsource.prompt_file import CANNOT_RUN
from tunesmith.examples.splitting.duplicates import EXACT_DUPLICATE, NEAR_DUPLICATE
from tunesmith.examples.splitting.groups import BRIDGES_SPLITS
from tunesmith.language.translate import message, translate
from tunesmith.sources.feedback_rows import LEFT_OUT_OF_FEEDBACK
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.pages.outline import LEFT_OUT_OF_PAGES
from tunesmith.sources.row import Dropped, source_name
from tunesmith.sources.tables.csv_files import CELL_ERROR, TOTAL_LINE

# Cells that hold nothing, or no text of a person: their rows are no use, but nothing is broken.
EMPTY_CELLS = frozenset(
    {"empty field", "empty instruction", "empty response", "empty system message", "empty text"}
    | {"null field", CELL_ERROR, TOTAL_LINE}
)
# Left out on purpose, not unreadable.
NOT_FAULTY = (
    frozenset(
        {CANNOT_RUN, EXACT_DUPLICATE, NEAR_DUPLICATE, BRIDGES_SPLITS, OVER_WEIGHT, TOOL_CALLS}
        | {UNDESIRED}
    )
    | CLEANED
    | EMPTY_CELLS
    | LEFT_OUT_OF_FEEDBACK
    | LEFT_OUT_OF_PAGES
    | LEFT_OUT_OF_PREFERENCES
    | LEFT_OUT_OF_THREADS
)
NUM_SHOWN = 3


_HEADERS_OFF = message(
    "{count:,} rows carried the headers '{mark}', which were taken off, since the sources share "
    "one template (keep_headers: true leaves a source's)"
)
_END_OFF = message(
    "{count:,} answers ended in {mark!r}, which was taken off; the template writes the model's own "
    "end"
)


@dataclass(slots=True)
class ReadCount:
    """How much was kept and dropped, by reason and by source; what was hidden and removed."""

    num_kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    kept_by_source: Counter[str] = field(default_factory=Counter)
    dropped_by_source: Counter[str] = field(default_factory=Counter)
    redacted: Counter[str] = field(default_factory=Counter)
    first_faulty: list[Dropped] = field(default_factory=list)
    first_dropped: list[Dropped] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)
    not_read: NotReadCount = field(default_factory=NotReadCount)

    def add_kept(self, by_source: Counter[str], removed: Counter[str]) -> None:
        """Count examples by the source they came from, and what was taken off them."""
        self.num_kept += by_source.total()
        self.kept_by_source.update(by_source)
        self.removed.update(removed)

    def lose(self, item: Dropped) -> None:
        """Count an example as dropped that was counted as kept."""
        self.num_kept -= 1
        self.kept_by_source[source_name(item.source)] -= 1
        self.add(item)

    def add(self, item: Example | Dropped) -> None:
        """Count one item."""
        name = source_name(item.source)
        if isinstance(item, Example):
            self.num_kept += 1
            self.kept_by_source[name] += 1
            self.removed.update(removed_markers(item))
            return
        self.dropped[item.reason] += 1
        self.dropped_by_source[name] += 1
        if len(self.first_dropped) < NUM_SHOWN:
            self.first_dropped.append(item)
        if is_faulty(item.reason) and len(self.first_faulty) < NUM_SHOWN:
            self.first_faulty.append(item)

    @property
    def num_read(self) -> int:
        """Everything that was read."""
        return self.num_kept + self.dropped.total()

    @property
    def num_faulty(self) -> int:
        """What could not be used; duplicates and tool calls were left out on purpose."""
        return sum(count for reason, count in self.dropped.items() if is_faulty(reason))

    @property
    def has_bared(self) -> bool:
        """Whether headers of a template were taken off."""
        return not HEADER_NAMES.isdisjoint(self.removed)

    def removed_sentences(self) -> list[str]:
        """What was taken off how many answers or rows."""
        return [
            translate(
                _HEADERS_OFF if marker in HEADER_NAMES else _END_OFF, count=number, mark=marker
            )
            for marker, number in self.removed.items()
        ]

    def open_sums(self) -> list[str]:
        """A warning for each source of which something is in no list; asked in the end."""
        num_lines = self.dropped[NO_LONGER_FITS] + self.dropped[UNREADABLE_EDIT]  # of no source
        return self.not_read.sums.open_sums(self.num_read - num_lines)

    def to_json(self) -> dict[str, Any]:
        """The counts as they are written."""
        names = list(dict.fromkeys([*self.kept_by_source, *self.dropped_by_source]))
        return {
            "kept": self.num_kept,
            "dropped": dict(self.dropped.most_common()),
            "by_source": {
                name: {"kept": self.kept_by_source[name], "dropped": self.dropped_by_source[name]}
                for name in names
            },
            "not_read": self.not_read.to_json(),
            "sums": self.not_read.sums.to_json(),
        }


def is_faulty(reason: str) -> bool:
    """Whether what was dropped for this could not be used, and was not left out on purpose."""
    return reason not in NOT_FAULTY and not is_by_hand(reason)


def removed_markers(example: Example) -> list[str]:
    """End markers that were taken off its answers, and headers off both its sides."""
    return [tag[len(REMOVED) :] for tag in example.tags if tag.startswith(REMOVED)]


def check_read(count: ReadCount, *, max_bad: float, dropped_path: Path | None = None) -> None:
    """Stop where too much was unreadable, or nothing is left.

    Args:
        count: Of all that was read.
        max_bad: Share of it, `examples.max_bad`.
        dropped_path: Where what was dropped was written, for the message.

    Raises:
        DataError: With the first faulty rows, or those left out, each with file, line and reason.
    """
    shown = count.first_faulty or count.first_dropped
    where = shown[0].source if shown else None
    if count.num_kept == 0:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in count.dropped.items())
        raise DataError(
            f"no example is left ({reasons or 'nothing was read'}){_shown(shown)}",
            where=where,
            cure=f"Every row was dropped{_list_at(dropped_path)}; mend them or map their fields.",
        )
    if count.num_faulty > max_bad * count.num_read:
        share = count.num_faulty / count.num_read
        raise DataError(
            f"{count.num_faulty:,} of {count.num_read:,} rows ({_percent(share)}) are unreadable, "
            f"more than examples.max_bad = {max_bad:g} allows{_shown(shown)}",
            where=where,
            cure=f"Mend them{_list_at(dropped_path)}, or allow more with "
            f"--set examples.max_bad={_enough(share)}.",
        )


def _shown(dropped: Sequence[Dropped]) -> str:
    lines = [f"\n  {item.source}: {item.reason}: {item.detail}" for item in dropped]
    return ":" + "".join(lines) + "\n" if lines else ""


def _list_at(path: Path | None) -> str:
    return f" ({path} lists all)" if path else ""


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def _enough(share: float) -> float:
    """The smallest share with two digits that lets this data pass."""
    return min(1.0, math.ceil(share * 100) / 100)
