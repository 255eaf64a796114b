"""A row and a seed -> a number that depends on nothing else, to draw wordings by."""

import hashlib
import json
from collections.abc import Mapping


def row_seed(seed: int, values: Mapping[str, object], *, salt: str = "") -> int:
    """A number below 2**64, the same for the same content wherever the row stands."""
    written = json.dumps([seed, salt, values], sort_keys=True, default=str, ensure_ascii=True)
    return int.from_bytes(hashlib.blake2b(written.encode(), digest_size=8).digest(), "big")
