"""Which addresses may be asked, and that a name is checked where it is connected."""

import ipaddress
import socket
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer
from tests.endpoints.rig import questions
from tunesmith.endpoints.chat_request import ChatFailure
from tunesmith.endpoints.network import refusal
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.recipe.endpoint_recipe import EndpointRecipe

PRIVATE = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fe80::1", "fd00:ec2::254"]
METADATA = ["169.254.169.254", "169.254.170.2"]
DISGUISED = ["::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "::ffff:169.254.169.254"]
NOWHERE = ["0.0.0.0", "::", "224.0.0.1", "ff02::1"]
LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
PUBLIC = ["1.1.1.1", "2606:4700::1111"]


def is_refused(address: str, *, is_open_line: bool = False, allow_private: bool = False) -> bool:
    found = ipaddress.ip_address(address)
    return refusal(found, is_open_line=is_open_line, allow_private=allow_private) is not None


@pytest.mark.parametrize("address", [*PRIVATE, *METADATA, *DISGUISED])
def test_private_addresses_need_leave(address: str) -> None:
    assert is_refused(address)
    assert not is_refused(address, allow_private=True)


@pytest.mark.parametrize("address", NOWHERE)
def test_what_is_no_server_is_never_asked(address: str) -> None:
    assert is_refused(address, allow_private=True)


@pytest.mark.parametrize("address", LOOPBACK)
def test_this_machine_is_always_asked(address: str) -> None:
    assert not is_refused(address, is_open_line=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_is_never_asked_over_http(address: str) -> None:
    assert not is_refused(address)
    assert is_refused(address, is_open_line=True, allow_private=True)


def resolving_to(*addresses: str) -> Any:
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: object, **_: object) -> list[Any]:
        if host[0].isdigit():
            return real(host, port, *rest)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port))
            for one in addresses
        ]

    return getaddrinfo


@pytest.mark.parametrize(
    "addresses", [("169.254.169.254",), ("127.0.0.1", "10.0.0.1"), ("fe80::1%eth0",)]
)
def test_a_public_name_that_leads_inside_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    def connect(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be connected")

    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(*addresses))
    monkeypatch.setattr(socket, "create_connection", connect)
    endpoint = OpenAiEndpoint(EndpointRecipe(url="https://inside.example/v1", model="tiny"))
    (outcome,) = endpoint.reply(questions(1))
    endpoint.close()
    assert isinstance(outcome, ChatFailure)
    assert (outcome.reason, outcome.is_passing) == ("address refused", False)
    assert "allow_private" in outcome.detail


def test_the_address_that_was_checked_is_the_one_that_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that answers otherwise the second time leads nowhere else."""
    lookups = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: Any, **named: Any) -> Any:
        lookups.append(host)
        return real("127.0.0.1" if host == "localhost" else host, port, *rest, **named)

    with EndpointServer() as server:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        url = server.url.replace("127.0.0.1", "localhost")
        endpoint = OpenAiEndpoint(EndpointRecipe(url=url, model="tiny"))
        endpoint.reply(questions(1))
        endpoint.close()
    assert lookups == ["localhost", "127.0.0.1"]
    assert server.seen.headers[0]["host"].startswith("localhost:")


def test_a_second_address_is_tried_where_the_first_does_not_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with EndpointServer() as server:
        real = socket.create_connection
        tried = []

        def connect(address: tuple[str, int], *rest: Any, **named: Any) -> Any:
            tried.append(address[0])
            if address[0] == "::1":
                raise ConnectionRefusedError
            return real(address, *rest, **named)

        monkeypatch.setattr(socket, "create_connection", connect)
        monkeypatch.setattr(socket, "getaddrinfo", resolving_to("::1", "127.0.0.1"))
        url = server.url.replace("127.0.0.1", "localhost")
        endpoint = OpenAiEndpoint(EndpointRecipe(url=url, model="tiny"))
        (outcome,) = endpoint.reply(questions(1))
        endpoint.close()
    assert not isinstance(outcome, ChatFailure)
    assert tried == ["::1", "127.0.0.1"]
