"""What a server says when it opens: the record of `serve`."""

from dataclasses import dataclass, field

from tunesmith.stages.results.record_json import FOR_PEOPLE, IF_SET, as_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that is open.

    Attributes:
        url: Where it listens.
        models: Ids of what it offers.
        rendering: The hash of each model's rendering contract.
        key_env: The environment variable with the key that it asks for, if it does.
        shared_bytes: Weights that several models hold together.
        summary: The same for a person, with lines to copy.
    """

    url: str
    models: tuple[str, ...]
    rendering: dict[str, str]
    key_env: str | None = field(default=None, metadata=IF_SET)
    shared_bytes: int = 0
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith serve --json`."""
        return as_dict(self)
