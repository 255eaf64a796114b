"""Limits hold while calls are in flight, after failures, and across processes."""

from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer, always, drawn
from tests.endpoints.rig import Scripted, caller_at, patient, question, questions, reasons
from tunesmith.endpoints.cache import CallCache
from tunesmith.endpoints.call_budget import CallBudget, Limits, estimated_spending, most_spending
from tunesmith.endpoints.caller import Caller, CallForecast, CallTerms
from tunesmith.endpoints.ledger import Ledger, Spending
from tunesmith.endpoints.uncached_calls import BUDGET_SPENT

PRICES: dict[str, Any] = {"prompt_price": 2.0, "completion_price": 8.0}


def charged(server: EndpointServer) -> Spending:
    """What the server counts for all it answered: a token is four characters there."""
    read = sum(len(body["messages"][-1]["content"]) // 4 + 1 for body in server.seen.bodies)
    written = sum(len(f"Answer to: question {n}") // 4 + 1 for n in range(len(server.seen.bodies)))
    return Spending(calls=len(server.seen.bodies), prompt_tokens=read, completion_tokens=written)


def test_calls_are_never_more_than_allowed_with_many_in_flight(tmp_path: Path) -> None:
    limits = Limits(max_calls=17)
    with (
        EndpointServer(choose=drawn({"500": 0.3, "drop": 0.2}), delay_seconds=0.002) as server,
        caller_at(server, tmp_path, num_workers=8, limits=limits) as caller,
    ):
        outcomes = list(caller.ask_all(questions(60)))
        assert caller.counts.spending.calls == 17
    assert len(server.seen.bodies) == 17
    assert reasons(outcomes).count(BUDGET_SPENT) >= 43
    assert "max_calls: 17" in str(outcomes[-1])


@pytest.mark.parametrize("num_workers", [1, 8])
def test_tokens_are_never_more_than_allowed_and_most_are_used(
    tmp_path: Path, num_workers: int
) -> None:
    limits = Limits(max_total_tokens=600)
    asked = [question(f"question {n}", max_tokens=20) for n in range(200)]
    with (
        EndpointServer(delay_seconds=0.002) as server,
        caller_at(server, tmp_path, num_workers=num_workers, limits=limits) as caller,
    ):
        list(caller.ask_all(asked))
        assert caller.counts.spending.tokens <= 600
        assert caller.counts.spending == charged(server)
    assert charged(server).tokens > 600 - 8 * most_spending(asked[0]).tokens


def test_money_is_never_more_than_allowed(tmp_path: Path) -> None:
    limits = Limits(max_cost=0.003, **PRICES)
    asked = [question(f"question {n}", max_tokens=50) for n in range(200)]
    with (
        EndpointServer(delay_seconds=0.001) as server,
        caller_at(server, tmp_path, num_workers=8, limits=limits) as caller,
    ):
        list(caller.ask_all(asked))
        assert caller.counts.cost is not None
        assert 0.001 < caller.counts.cost <= 0.003
        assert caller.counts.cost == pytest.approx(limits.cost(charged(server)))


def test_what_may_have_been_charged_counts_in_full(tmp_path: Path) -> None:
    """Half a body: the server worked, and nobody knows for how much."""
    asked = question("question 0", max_tokens=100)
    with (
        EndpointServer(choose=always("half")) as server,
        caller_at(server, tmp_path, retry_policy=patient(attempts=3)) as caller,
    ):
        list(caller.ask_all([asked]))
        assert caller.counts.spending.tokens == 3 * most_spending(asked).tokens
        server.choose = always("500")
        list(caller.ask_all([asked]))
        assert caller.counts.spending.tokens == 3 * most_spending(asked).tokens
        assert caller.counts.spending.calls == 6


def test_cached_replies_cost_nothing(tmp_path: Path) -> None:
    with EndpointServer() as server:
        with caller_at(server, tmp_path) as caller:
            list(caller.ask_all(questions(5)))
        with caller_at(server, tmp_path, limits=Limits(max_calls=1)) as caller:
            assert reasons(list(caller.ask_all(questions(6)))) == [None] * 6


def test_a_budget_that_is_kept_goes_on_where_the_last_process_stopped(tmp_path: Path) -> None:
    with EndpointServer() as server:
        for _ in range(3):
            terms = {"limits": Limits(max_calls=5), "is_budget_kept": True}
            with caller_at(server, tmp_path, **terms) as caller:
                outcomes = list(caller.ask_all(questions(8)))
    assert len(server.seen.bodies) == 5
    assert reasons(outcomes) == [None] * 5 + [BUDGET_SPENT] * 3


def test_a_call_in_flight_when_its_process_was_killed_stays_in_the_books(tmp_path: Path) -> None:
    cache = CallCache(tmp_path / "calls.sqlite")
    asked = question("question 0", max_tokens=100)
    CallBudget(Limits(), Ledger(cache.database, {"model": "m"})).set_aside(asked)
    assert CallBudget(Limits(), Ledger(cache.database, {"model": "m"})).spent == most_spending(
        asked
    )
    assert CallBudget(Limits(), Ledger(cache.database, {"model": "other"})).spent == Spending()
    cache.close()


def test_a_call_that_broke_before_it_was_made_leaves_the_books(tmp_path: Path) -> None:
    class Broken(Scripted):
        def reply(self, requests: object) -> Any:
            raise RuntimeError("a mistake of ours")

    cache = CallCache(tmp_path / "calls.sqlite")
    with Caller(Broken(), cache, CallTerms(is_budget_kept=True)) as caller:
        with pytest.raises(RuntimeError, match="a mistake of ours"):
            list(caller.ask_all(questions(1)))
        assert caller.counts.spending == Spending()
        assert Ledger(cache.database, {"name": "scripted"}).total() == Spending()


def test_no_call_can_take_more_than_is_set_aside() -> None:
    asked = question("你好 😀 hello", max_tokens=9)
    assert most_spending(asked).prompt_tokens >= len("你好 😀 hello".encode())
    assert most_spending(asked).completion_tokens == 9
    assert estimated_spending(asked).prompt_tokens < most_spending(asked).prompt_tokens


def test_a_forecast_counts_what_is_not_kept_and_what_it_costs(tmp_path: Path) -> None:
    limits = Limits(max_calls=5, **PRICES)
    with EndpointServer() as server, caller_at(server, tmp_path, limits=limits) as caller:
        list(caller.ask_all(questions(2)))
        asked = [question(f"question {n}", max_tokens=512) for n in (0, 1, 2, 3, 3, 4, 5)]
        forecast = caller.forecast(asked)
        assert len(server.seen.bodies) == 2
    read = 4 * (3 + 16)
    assert forecast == CallForecast(
        calls=4,
        cached=3,
        prompt_tokens=read,
        completion_tokens=4 * 512,
        cost=pytest.approx((2.0 * read + 8.0 * 2048) / 1e6),  # type: ignore[arg-type]
        limit="max_calls: 5",
    )
