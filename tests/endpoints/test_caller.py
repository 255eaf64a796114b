"""Caller and server together, over real HTTP on loopback."""

import threading
from pathlib import Path

import pytest

from tests.endpoint_server import EndpointServer, always, drawn, scheduled
from tests.endpoints.rig import (
    Scripted,
    Waits,
    answers,
    caller_at,
    patient,
    question,
    questions,
    reasons,
    texts,
)
from tunesmith.endpoints.cache import CallCache
from tunesmith.endpoints.caller import NOT_CACHED, Caller, CallTerms
from tunesmith.endpoints.chat_request import ChatFailure, ChatReply
from tunesmith.endpoints.counts import CallCounts
from tunesmith.endpoints.uncached_calls import GIVEN_UP
from tunesmith.errors import RemoteError

PASSING = ["429", "500", "502", "503", "408", "409", "425", "drop", "half", "truncated", "html"]
PASSING += ["no-choices", "null-choices", "null-content", "empty", "no-message"]


def test_answers_come_in_order_and_a_second_run_asks_nothing(tmp_path: Path) -> None:
    with EndpointServer() as server:
        with caller_at(server, tmp_path) as caller:
            assert texts(list(caller.ask_all(questions(30)))) == answers(30)
        with caller_at(server, tmp_path) as caller:
            outcomes = list(caller.ask_all(questions(31)))
            assert texts(outcomes) == answers(31)
            assert [o.is_cached for o in outcomes if isinstance(o, ChatReply)] == [
                *[True] * 30,
                False,
            ]
            assert caller.counts.done == 31
            assert caller.counts.cached == 30
            assert caller.counts.spending.calls == 1
    assert set(server.seen.counts.values()) == {1}


def test_never_more_calls_are_open_than_asked_for_and_no_fewer(tmp_path: Path) -> None:
    with (
        EndpointServer(delay_seconds=0.03) as server,
        caller_at(server, tmp_path, num_workers=3) as caller,
    ):
        list(caller.ask_all(questions(20)))
    assert server.seen.most_at_once == 3


def test_the_first_outcome_does_not_wait_for_the_last(tmp_path: Path) -> None:
    is_first_read = threading.Event()

    def answer(body: dict[str, object]) -> str:
        text = str(body)
        if "question 5" in text:
            assert is_first_read.wait(5)
        return "fine"

    with EndpointServer(answer) as server, caller_at(server, tmp_path, num_workers=2) as caller:
        outcomes = caller.ask_all(questions(8))
        assert texts([next(outcomes)]) == ["fine"]
        is_first_read.set()
        assert texts(list(outcomes)) == ["fine"] * 7


def test_a_job_that_is_left_early_has_not_paid_for_the_rest(tmp_path: Path) -> None:
    with EndpointServer() as server, caller_at(server, tmp_path, num_workers=2) as caller:
        outcomes = caller.ask_all(questions(200))
        next(outcomes)
        outcomes.close()  # type: ignore[attr-defined]
        caller.close()
        assert len(server.seen.bodies) < 20


def test_what_is_asked_twice_is_paid_once(tmp_path: Path) -> None:
    with EndpointServer() as server, caller_at(server, tmp_path) as caller:
        outcomes = list(caller.ask_all(questions(3) * 4))
        assert texts(outcomes) == answers(3) * 4
        assert sum(not o.is_cached for o in outcomes if isinstance(o, ChatReply)) == 3
        assert caller.counts.done == 12
    assert set(server.seen.counts.values()) == {1}


@pytest.mark.parametrize("setting", ["purpose", "temperature", "max_tokens", "seed", "attempt"])
def test_whatever_decides_the_answer_makes_another_call(tmp_path: Path, setting: str) -> None:
    from dataclasses import replace

    other = {"purpose": "test@2", "temperature": 0.5, "max_tokens": 9, "seed": 3, "attempt": 1}
    asked = question("one")
    with EndpointServer() as server, caller_at(server, tmp_path) as caller:
        list(caller.ask_all([asked, replace(asked, **{setting: other[setting]})]))
        assert caller.counts.cached == 0
    assert len(server.seen.bodies) == 2


@pytest.mark.parametrize("fault", PASSING)
def test_what_may_pass_is_tried_again(tmp_path: Path, fault: str) -> None:
    waits = Waits()
    with (
        EndpointServer(choose=scheduled([fault, fault])) as server,
        caller_at(server, tmp_path, retry_policy=patient(waits)) as caller,
    ):
        assert texts(list(caller.ask_all(questions(1)))) == answers(1)
        assert caller.counts.spending.calls == 3
    assert len(server.seen.bodies) == 3
    assert len(waits.seconds) == 2


@pytest.mark.parametrize("status", ["400", "401", "403", "404"])
def test_what_will_not_pass_is_asked_once(tmp_path: Path, status: str) -> None:
    with (
        EndpointServer(choose=always(status)) as server,
        caller_at(server, tmp_path) as caller,
    ):
        assert reasons(list(caller.ask_all(questions(2)))) == [f"status {status}"] * 2
    assert len(server.seen.bodies) == 2


def test_attempts_are_bounded_and_the_failure_is_counted_not_kept(tmp_path: Path) -> None:
    with (
        EndpointServer(choose=always("500")) as server,
        caller_at(server, tmp_path, retry_policy=patient(attempts=3)) as caller,
    ):
        assert reasons(list(caller.ask_all(questions(1)))) == ["status 500"]
        assert caller.counts.failed == {"status 500": 1}
        assert len(server.seen.bodies) == 3
        server.choose = always("zipped")
        assert texts(list(caller.ask_all(questions(1)))) == answers(1)
    cache = CallCache(tmp_path / "calls.sqlite")
    assert cache.failures() == {"status 500": 1}
    assert len(cache) == 1
    cache.close()


def test_waits_grow_are_drawn_and_never_exceed_the_longest(tmp_path: Path) -> None:
    waits = Waits()
    retry_policy = patient(waits, attempts=40, first_wait_seconds=1.0, longest_wait_seconds=8.0)
    failure = ChatFailure(call_id="", reason="status 500", is_passing=True, is_outage=True)
    endpoint = Scripted({"question 0": [failure] * 39})
    terms = CallTerms(retry_policy=retry_policy, deadline_seconds=1e6)
    with Caller(endpoint, CallCache(tmp_path / "calls.sqlite"), terms) as caller:
        assert texts(list(caller.ask_all(questions(1)))) == answers(1)
    assert waits.seconds[0] <= 1.0
    assert max(waits.seconds) <= 8.0
    assert max(waits.seconds) > 2.0
    assert len(set(waits.seconds)) == len(waits.seconds) == 39


@pytest.mark.parametrize("header", ["7", "date:7"])
def test_retry_after_is_waited_for_in_both_its_forms(tmp_path: Path, header: str) -> None:
    waits = Waits()
    with (
        EndpointServer(choose=scheduled([f"429:{header}"])) as server,
        caller_at(server, tmp_path, retry_policy=patient(waits, first_wait_seconds=0.5)) as caller,
    ):
        assert texts(list(caller.ask_all(questions(1)))) == answers(1)
    (waited,) = waits.seconds
    assert 5.5 <= waited <= 7.6


def test_a_server_that_asks_for_an_hour_is_not_waited_for(tmp_path: Path) -> None:
    waits = Waits()
    with (
        EndpointServer(choose=always("429:3600")) as server,
        caller_at(server, tmp_path, retry_policy=patient(waits)) as caller,
    ):
        assert reasons(list(caller.ask_all(questions(1)))) == ["status 429"]
    assert waits.seconds == []
    assert len(server.seen.bodies) == 1


def test_no_attempt_begins_after_the_deadline(tmp_path: Path) -> None:
    with (
        EndpointServer(choose=always("500"), delay_seconds=0.05) as server,
        caller_at(
            server,
            tmp_path,
            retry_policy=patient(attempts=1000, longest_wait_seconds=0.01),
            deadline_seconds=0.2,
        ) as caller,
    ):
        assert reasons(list(caller.ask_all(questions(1)))) == ["status 500"]
    assert 2 <= len(server.seen.bodies) <= 5


def test_a_service_that_never_answers_is_given_up_with_a_diagnosis(tmp_path: Path) -> None:
    with (
        EndpointServer(choose=always("500:no GPU left")) as server,
        caller_at(server, tmp_path, retry_policy=patient(attempts=2)) as caller,
        pytest.raises(RemoteError, match=r"tiny failed 5 times in a row.*no GPU left"),
    ):
        list(caller.ask_all(questions(100)))
    assert 10 <= len(server.seen.bodies) <= 18  # 5 calls of 2, and those in flight beside them


def test_a_service_that_stops_answering_fails_the_rest_at_once(tmp_path: Path) -> None:
    faults = [None] * 10 + ["503"] * 1000
    with (
        EndpointServer(choose=scheduled(faults)) as server,
        caller_at(server, tmp_path, num_workers=1, retry_policy=patient(attempts=2)) as caller,
    ):
        outcomes = list(caller.ask_all(questions(100)))
        assert texts(outcomes)[:10] == answers(10)
        assert reasons(outcomes)[10:] == ["status 503"] * 5 + [GIVEN_UP] * 85
        assert caller.counts.failed == {"status 503": 5, GIVEN_UP: 85}
    assert len(server.seen.bodies) == 20
    assert "status 503" in str(outcomes[-1])


def test_failures_of_single_questions_do_not_end_a_job(tmp_path: Path) -> None:
    def choose(body: dict[str, object], times_asked: int) -> str | None:
        return "filtered" if "question 1" in str(body) else None

    with EndpointServer(choose=choose) as server, caller_at(server, tmp_path) as caller:
        outcomes = list(caller.ask_all(questions(20)))
    assert [n for n, reason in enumerate(reasons(outcomes)) if reason] == [1, *range(10, 20)]
    assert set(reasons(outcomes)) == {None, "content filter"}
    assert set(server.seen.counts.values()) == {1}


def test_a_storm_of_every_fault_leaves_all_answers_right(tmp_path: Path) -> None:
    rates = dict.fromkeys(
        ["429:1", "500", "drop", "half", "truncated", "html", "no-choices", "null-content"], 0.05
    )
    with (
        EndpointServer(choose=drawn(rates)) as server,
        caller_at(server, tmp_path, retry_policy=patient(attempts=12)) as caller,
    ):
        assert texts(list(caller.ask_all(questions(100)))) == answers(100)
    assert max(server.seen.answered.values()) == 1
    assert len(server.seen.bodies) > 120


def test_offline_nothing_is_sent_and_what_is_missing_is_a_failure(tmp_path: Path) -> None:
    with EndpointServer() as server:
        with caller_at(server, tmp_path) as caller:
            list(caller.ask_all(questions(2)))
        paths = list(server.seen.paths)
        with caller_at(server, tmp_path, is_offline=True) as caller:
            outcomes = list(caller.ask_all(questions(4)))
        assert server.seen.paths == paths
    assert texts(outcomes) == [*answers(2), None, None]
    assert reasons(outcomes) == [None, None, NOT_CACHED, NOT_CACHED]


def test_a_batch_is_full_unless_it_is_the_last(tmp_path: Path) -> None:
    endpoint = Scripted(at_once=4)
    with Caller(endpoint, CallCache(tmp_path / "calls.sqlite")) as caller:
        list(caller.ask_all(questions(3)))
        endpoint.batches.clear()
        asked = [question(f"question {n}") for n in range(41)]
        assert texts(list(caller.ask_all(asked))) == answers(41)
    assert [len(batch) for batch in endpoint.batches] == [4] * 9 + [2]


def test_of_a_batch_only_what_may_pass_is_asked_again(tmp_path: Path) -> None:
    passing = ChatFailure(call_id="", reason="busy", is_passing=True)
    lasting = ChatFailure(call_id="", reason="refused")
    endpoint = Scripted({"question 0": [passing], "question 1": [lasting]}, at_once=4)
    terms = CallTerms(retry_policy=patient())
    with Caller(endpoint, CallCache(tmp_path / "calls.sqlite"), terms) as caller:
        outcomes = list(caller.ask_all(questions(3)))
    assert reasons(outcomes) == [None, "refused", None]
    assert endpoint.batches == [["question 0", "question 1", "question 2"], ["question 0"]]


def test_counts_are_told_after_every_outcome(tmp_path: Path) -> None:
    told: list[CallCounts] = []
    endpoint = Scripted({"question 1": [ChatFailure(call_id="", reason="refused")]})

    def tell(counts: CallCounts) -> None:
        told.append(counts)
        assert caller.counts == counts

    with Caller(endpoint, CallCache(tmp_path / "c.sqlite"), on_change=tell) as caller:
        list(caller.ask_all(questions(3)))
    assert [counts.done + counts.num_failed for counts in told] == [1, 2, 3]
    assert told[-1].failed == {"refused": 1}
    assert told[-1].in_words.startswith("2 answered, 1 failed (refused 1), ")


def test_an_error_of_ours_reaches_who_asked(tmp_path: Path) -> None:
    endpoint = Scripted()
    cache = CallCache(tmp_path / "calls.sqlite")
    with Caller(endpoint, cache) as caller:
        with cache.database.use() as connection:
            connection.execute("DROP TABLE replies")
            connection.execute("CREATE VIEW replies AS SELECT 1 AS call_id")
        with pytest.raises(Exception, match="calls cannot be used"):
            list(caller.ask_all(questions(1)))


def test_a_second_job_runs_while_the_first_is_read(tmp_path: Path) -> None:
    with EndpointServer() as server, caller_at(server, tmp_path, num_workers=2) as caller:
        seen = []
        for number, outcome in enumerate(caller.ask_all(questions(10))):
            (check,) = caller.ask_all([question(f"check {number}")])
            seen.append((texts([outcome]), texts([check])))
        assert seen[3] == (["Answer to: question 3"], ["Answer to: check 3"])
