"""The real tokenizers that laws 2, 3 and 4 are tested on."""

from pathlib import Path

import pytest

from tests.laws.pairs import PAIRS, tokenizer_of
from tunesmith.tokens.tokenizer import Tokenizer


@pytest.fixture(params=PAIRS, ids=": ".join, scope="session")
def tokenizer(request: pytest.FixtureRequest, shared_data: Path) -> Tokenizer:
    name, markers = request.param
    return tokenizer_of(shared_data / "tokenizers" / name, markers)
