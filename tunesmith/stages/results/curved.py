"""What more rows bring: the record of `curve`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsCurve:
    """Scores after tuning on 1/8, 1/4, 1/2 and all of the rows, and what twice as many would bring.

    Attributes:
        run: The folder of the run.
        sizes: Numbers of training rows.
        seeds: How often each size was tuned.
        steps: Of every tuning.
        test_rows: That were answered.
        main: The metric of which the sentence speaks.
        metrics: By metric (and loss): points of (rows, median, lowest, highest seed), and of twice
            the rows `value`, `low`, `high` and `outcome`.
        sentence: What twice the rows would bring, in words.
        report: The page, which shows the curve.
        summary: Lines for people.
    """

    run: str
    sizes: tuple[int, ...]
    seeds: int
    steps: int
    test_rows: int
    main: str
    metrics: Mapping[str, Mapping[str, object]]
    sentence: str
    report: str
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith curve --json`."""
        return as_dict(self)
