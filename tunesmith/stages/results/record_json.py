"""Records -> the JSON of `--json`, and back from what a run keeps on disk.

A field's metadata says where it stands in JSON: everywhere, where it is set, or nowhere.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)

IF_SET = {"json": "if set"}  # left out where it is None or False
FOR_PEOPLE = {"json": "never"}


def as_dict(record: "DataclassInstance") -> dict[str, object]:
    """The fields of a record in their order, as JSON values."""
    shown: dict[str, object] = {}
    for one in fields(record):
        value, where = getattr(record, one.name), one.metadata.get("json")
        is_unset = value is None or value is False
        if where is None or (where == "if set" and not is_unset):
            shown[one.name] = _plain(value)
    return shown


def known_fields(kind: "type[Record]", record: Mapping[str, Any], **converted: object) -> "Record":
    """A record from what was kept on disk; keys that it does not have are left out.

    Args:
        kind: Of the record.
        record: As it stands on disk, by this version or another.
        converted: Fields that are no plain JSON values.
    """
    names = {one.name for one in fields(kind)}
    found: dict[str, Any] = {key: value for key, value in record.items() if key in names}
    return kind(**{**found, **converted})


def _plain(value: Any) -> object:
    for method in ("to_dict", "to_json"):
        if hasattr(value, method):
            return getattr(value, method)()
    if is_dataclass(value) and not isinstance(value, type):
        return as_dict(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
