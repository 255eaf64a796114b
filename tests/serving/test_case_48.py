"""What a stranger, a mistake or a crowd sends is refused, and the server lives on."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from tests.generation.tiny_responders import gpt2_responder
from tests.serving.tiny_servers import (
    HELLO,
    KEY,
    RECIPE,
    TinyServer,
    hosted,
    running,
)
from tunesmith.serving.guards import Door
from tunesmith.serving.serving_limits import ServingLimits

LONG = RECIPE.model_copy(update={"max_new_tokens": 3000})


def _model(*, is_long: bool = False) -> Any:
    """With `is_long` an answer takes seconds, as nothing ends it."""
    responder = gpt2_responder(
        4096 if is_long else 256, LONG if is_long else RECIPE, template="alpaca"
    )
    if is_long:
        responder.tokenizer.control_ids.clear()
    return hosted("alpaca", responder)


@pytest.fixture(scope="module")
def server() -> Iterator[TinyServer]:
    with running([_model()], limits=ServingLimits(header_seconds=0.3, drain_seconds=2)) as one:
        yield one


def _refused(got: Any, status: int) -> dict[str, Any]:
    assert got.status == status, got.text
    error: dict[str, Any] = got.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert "Traceback" not in got.text
    return error


BAD = [
    ({"max_tokens": 10**9}, "max_tokens"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens"),
    ({"max_tokens": True}, "max_tokens"),
    ({"n": 10**4}, "n"),
    ({"temperature": -1}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"top_p": 1.5}, "top_p"),
    ({"seed": 10**30}, "seed"),
    ({"stop": ["x"] * 10**5}, "stop"),
    ({"stop": ""}, "stop"),
    ({"stop": {"a": 1}}, "stop"),
    ({"messages": []}, "messages"),
    ({"messages": "Hello"}, "messages"),
    ({"messages": [{"role": "wizard", "content": "a"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": "a", "name": "b"}]}, "messages[0].name"),
    ({"messages": [{"role": "user", "content": "a"}] * 2000}, "messages"),
    ({"messages": [{"role": "user", "content": "word " * 9999}]}, "messages"),
    ({"tools": [{"type": "function"}]}, "tools"),
    ({"response_format": {"type": "json_schema"}}, "response_format"),
    ({"frequency_penalty": 0.5}, "frequency_penalty"),
    ({"presence_penalty": True}, "presence_penalty"),
    ({"logit_bias": {"1": 5}}, "logit_bias"),
    ({"audio": {"voice": "a"}}, "audio"),
    ({"best_0f": 2}, "best_0f"),
    ({"top_logprobs": 3}, "top_logprobs"),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"stream": True, "stream_options": {"x": 1}}, "stream_options"),
    ({"stream": "yes"}, "stream"),
    ({"model": None}, "model"),
]


@pytest.mark.parametrize(("terms", "param"), BAD)
def test_a_request_that_cannot_be_done_names_what_is_wrong(
    server: TinyServer, terms: dict[str, Any], param: str
) -> None:
    error = _refused(server.chat(**terms), 400)
    assert error["param"] == param
    assert param in error["message"]
    assert len(error["message"]) < 300


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "http://127.0.0.1:1/secret"}},
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
        {"type": "file", "file": {"file_id": "a"}},
        "text",
    ],
)
def test_nothing_but_text_is_read_and_nothing_is_fetched(server: TinyServer, part: Any) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "a"}, part]}]
    assert _refused(server.chat(messages=messages), 400)["param"] == "messages[0].content[1]"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"[]", 400),
        (b'"a"', 400),
        (b'{"a": NaN}', 400),
        (b'{"temperature": NaN, "model": "alpaca"}', 400),
        (b'{"temperature": Infinity}', 400),
        (b'{"model": "a", "model": "b"}', 400),
        (b'{"model": "\\ud800"}', 400),
        (b'{"model": "\xff"}', 400),
        (b'{"a":' * 40 + b"1" + b"}" * 40, 400),
        (b"[" * 500_000, 400),
        (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", 400),
        (b" " * 10_000_000, 413),
    ],
    ids=range(14),
)
def test_a_body_that_is_no_request_is_refused(server: TinyServer, body: bytes, status: int) -> None:
    error = _refused(server.post("/v1/chat/completions", body), status)
    assert error["code"] == ("body_too_large" if status == 413 else "invalid_json")


def test_harmless_keys_and_neutral_values_are_taken(server: TinyServer) -> None:
    terms = {
        "user": "u", "metadata": {"a": "b"}, "store": True, "tools": None, "logit_bias": None,
        "frequency_penalty": 0, "presence_penalty": 0.0, "response_format": {"type": "text"},
        "parallel_tool_calls": True, "service_tier": "auto", "tool_choice": "none",
    }  # fmt: skip
    assert server.chat(**terms).json()["choices"] == server.chat().json()["choices"]
    parts = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}],
        }
    ]
    assert server.chat(messages=parts).json()["choices"] == server.chat().json()["choices"]


def test_a_body_in_pieces_is_not_larger_than_a_whole_one(server: TinyServer) -> None:
    head = f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as client:
        client.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            client.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        assert b" 413 " in client.recv(4096)


@pytest.mark.parametrize("sent", [b"", b"POST /v1/completions HTTP/1.1\r\nX-A: b\r\n"])
def test_headers_that_come_slowly_are_not_waited_for(server: TinyServer, sent: bytes) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as client:
        begun = time.monotonic()
        client.sendall(sent)
        time.sleep(0.2)
        if sent:
            client.sendall(b"X-B: c\r\n")
        assert client.recv(100) == b""
        assert time.monotonic() - begun < 1.5


def test_a_body_that_comes_slowly_is_not_waited_for(server: TinyServer) -> None:
    head = f"POST /v1/completions HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as client:
        client.sendall(head.encode() + b"Content-Length: 100\r\n\r\n{")
        assert b" 408 " in client.recv(4096)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::2]"])
def test_a_page_elsewhere_that_points_its_name_here_is_refused(
    server: TinyServer, host: str
) -> None:
    for path in ("/health", "/v1/models", "/"):
        _refused(server.send("GET", path, Host=host), 403)


def test_no_page_elsewhere_may_read_an_answer(server: TinyServer) -> None:
    got = server.post("/v1/chat/completions", {}, Origin="http://evil.example")
    asked = server.send("OPTIONS", "/v1/chat/completions", Origin="http://evil.example")
    for one in (got, asked):
        assert not [name for name in one.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/v1/nothing", "/v1/models/"])
def test_an_unknown_address_is_an_error_in_the_same_shape(server: TinyServer, path: str) -> None:
    _refused(server.send("GET", path), 404)
    assert _refused(server.send("GET", "/v1/chat/completions"), 405)


def test_every_route_but_health_and_the_page_asks_for_the_key() -> None:
    with running([_model()], door=Door(key=KEY, hosts=None)) as server:
        assert server.send("GET", "/health").status == 200
        routes = [("GET", "/v1/models"), ("GET", "/v1/models/alpaca"), ("GET", "/nothing")]
        routes += [
            ("POST", f"/v1/{name}") for name in ("chat/completions", "completions", "feedback")
        ]
        wrong = [{}, {"Authorization": "Bearer x"}, {"Authorization": KEY}]
        wrong += [{"Authorization": f"Bearer {KEY}x"}, {"Authorization": "Bearer \xff"}]
        for method, path in routes:
            for headers in wrong:
                got = server.send(method, path, b"{}", **headers)
                assert KEY not in str(_refused(got, 401))
        right = {"Authorization": f"Bearer {KEY}"}
        assert server.send("GET", "/v1/models", **right).status == 200
        body = {"model": "alpaca", "messages": HELLO}
        assert server.post("/v1/chat/completions", body, **right).status == 200


def test_a_crowd_is_told_to_come_again_and_none_is_lost() -> None:
    limits = ServingLimits(num_parallel=2, num_waiting=3, drain_seconds=5)
    model = _model(is_long=True)
    with running([model], limits=limits) as server, ThreadPoolExecutor(50) as pool:
        expected = server.chat(max_tokens=60).json()["choices"]
        got = list(pool.map(lambda _: server.chat(max_tokens=60), range(50)))
        refused = [one for one in got if one.status == 429]
        answered = [one for one in got if one.status == 200]
        assert len(refused) + len(answered) == 50
        assert len(answered) >= 5
        assert refused, "the test is blind: nobody had to wait"
        assert all(one.json()["choices"] == expected for one in answered)
        assert all(one.headers["retry-after"] == "1" for one in refused)
        assert _refused(refused[0], 429)["type"] == "rate_limit_error"
        assert _refused(server.chat(n=6), 400)["param"] == "n"  # never, however often it asks
        assert _is_free(server, 1.0)


def _is_free(server: TinyServer, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while server.service.engine.num_open and time.monotonic() < ends:
        time.sleep(0.01)
    return not server.service.engine.num_open


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_client_that_leaves_ends_its_answer_within_a_second(is_streamed: bool) -> None:
    with running([_model(is_long=True)]) as server:
        body = b'{"model": "alpaca", "messages": [{"role": "user", "content": "Hi"}]%s}' % (
            b', "stream": true' if is_streamed else b""
        )
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
        )
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as client:
            client.sendall(head.encode() + b"\r\n\r\n" + body)
            if is_streamed:
                assert client.recv(100)
            time.sleep(0.2)
            assert server.service.engine.num_open == 1
        assert _is_free(server, 1.0)


def test_an_answer_that_takes_too_long_ends_with_an_error() -> None:
    limits = ServingLimits(request_seconds=0.3, drain_seconds=2)
    with running([_model(is_long=True)], limits=limits) as server:
        assert _refused(server.chat(), 504)["code"] == "timeout"
        streamed = server.chat(stream=True)
        assert '"code":"timeout"' in streamed.text
        assert "[DONE]" not in streamed.text
        assert _is_free(server, 1.0)


def test_a_server_that_is_asked_to_stop_finishes_what_runs_and_refuses_what_is_new() -> None:
    with running([_model(is_long=True)]) as server, ThreadPoolExecutor(1) as pool:
        running_answer = pool.submit(server.chat, max_tokens=150)
        while not server.service.engine.num_open:
            time.sleep(0.005)
        server.server.stop()
        error = _refused(server.chat(), 503)
        assert error["code"] == "shutting_down"
        assert server.send("GET", "/health").json()["status"] == "draining"
        assert running_answer.result().json()["usage"]["completion_tokens"] == 150
        server.thread.join(timeout=5)
        assert not server.thread.is_alive()


def test_a_model_that_fails_is_an_error_and_answers_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running([_model()]) as server:
        expected = server.chat().json()["choices"]
        with monkeypatch.context() as patched:

            def fails(*_: object, **__: object) -> None:
                raise RuntimeError("secret words of the machine")

            patched.setattr("tunesmith.generation.decoding_loop.continue_texts", fails)
            assert "secret" not in str(_refused(server.chat(), 500))
            assert "model_failed" in server.chat(stream=True).text
        assert server.chat().json()["choices"] == expected
