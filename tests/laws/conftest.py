"""The tokenizers, each with its chat templates, that laws 2, 3 and 4 are tested on."""

import pytest

from tests.laws.pairs import PAIRS, Pair, pair_of


@pytest.fixture(params=PAIRS, ids=": ".join, scope="session")
def pair(request: pytest.FixtureRequest) -> Pair:
    return pair_of(*request.param)
