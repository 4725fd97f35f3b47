"""What is known of the client, and what a session makes of it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from sessera import (
    BindingMismatch,
    BindingPolicy,
    Client,
    Policy,
    ReauthenticationRequired,
    Sessions,
    client_address,
    new_device_secret,
)

from .conftest import FIREFOX, MakeSessions

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


def test_the_binding_names_what_matched_differed_or_was_absent(sessions: Sessions) -> None:
    secret = new_device_secret()
    token = sessions.issue(
        "user-42", client=Client(ip="203.0.113.7", user_agent=FIREFOX, device=secret)
    ).token
    same = sessions.verify(token, client=Client(ip="203.0.113.99", user_agent=FIREFOX, device=secret)).binding
    assert (same.ip, same.user_agent, same.device, same.key) == ("matched", "matched", "matched", "unbound")
    assert not same.changed
    moved = sessions.verify(token, client=Client(ip="198.51.100.1", device=secret)).binding
    assert (moved.ip, moved.user_agent, moved.device) == ("differed", "absent", "matched")
    assert moved.changed
    assert (same == moved, same == sessions.issue("x").session.binding) == (False, False)


def test_another_device_is_refused(sessions: Sessions) -> None:
    token = sessions.issue("user-42", client=Client(device=new_device_secret())).token
    for client in (Client(device=new_device_secret()), Client(), None):
        with pytest.raises(BindingMismatch):
            sessions.verify(token, client=client)


def test_each_fact_does_what_its_policy_says(make_sessions: MakeSessions) -> None:
    policy = Policy(binding={"ip": "step_up", "user_agent": "enforce"})
    sessions = make_sessions(policy=policy)
    token = sessions.issue("user-42", client=Client(ip="203.0.113.7", user_agent=FIREFOX)).token
    with pytest.raises(ReauthenticationRequired):
        sessions.verify(token, client=Client(ip="198.51.100.1", user_agent=FIREFOX))
    with pytest.raises(BindingMismatch):
        sessions.verify(token, client=Client(ip="203.0.113.7", user_agent=CHROME))
    unbound = make_sessions(policy=Policy(binding=BindingPolicy.off()))
    token = unbound.issue("user-42", client=Client(device=new_device_secret())).token
    assert unbound.verify(token).binding.device == "unbound"


@pytest.mark.parametrize(
    ("bound", "shown"),
    [
        ("203.0.113.7", IPv4Address("203.0.113.200")),
        ("203.0.113.7", IPv6Address("::ffff:203.0.113.7")),
        (IPv6Address("2001:db8::1"), "2001:db8:0:0:ffff::"),
    ],
)
def test_an_address_is_text_or_of_ipaddress(
    sessions: Sessions, bound: str | IPv6Address, shown: str | IPv4Address | IPv6Address
) -> None:
    token = sessions.issue("user-42", client=Client(ip=bound)).token
    assert sessions.verify(token, client=Client(ip=shown)).binding.ip == "matched"


@pytest.mark.parametrize(
    "junk", ["", "localhost", "localhost:80", "203.0.113.7:", "fe80::1%eth0", "1.2.3", b"abc"]
)
def test_what_is_no_address_is_a_value_error(junk: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Client(ip=junk)


def test_device_secrets_are_256_random_bits() -> None:
    secrets = {new_device_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {43}


def test_the_client_is_who_the_trusted_proxies_say() -> None:
    forwarded = ["6.6.6.6, 203.0.113.7", "10.0.0.2"]
    assert client_address("10.0.0.1", forwarded, 0) == "10.0.0.1"
    assert client_address("10.0.0.1", forwarded, 2) == "203.0.113.7"
    assert client_address(IPv6Address("::ffff:10.0.0.1"), [], 0) == "10.0.0.1"
    assert client_address("10.0.0.1", forwarded, 4) is None
    assert client_address("10.0.0.1", ["203.0.113.7:1234"], 1) == "203.0.113.7"


def test_a_peer_without_an_address_is_unknown_unless_a_proxy_vouches() -> None:
    for peer in (None, "", "unix:"):
        assert client_address(peer, ["203.0.113.7"], 0) is None
        assert client_address(peer, ["203.0.113.7"], 1) == "203.0.113.7"
