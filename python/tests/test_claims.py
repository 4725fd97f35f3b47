"""Application claims: what Python puts in is what it gets out."""

from __future__ import annotations

import enum
import tracemalloc
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessera import InvalidClaim, Keyring, Sessions, TooLarge

SESSIONS = Sessions("https://app.example", "web", keyring=Keyring.generate("HS256"))
RESERVED = [
    "iss",
    "aud",
    "sub",
    "iat",
    "nbf",
    "exp",
    "jti",
    "sid",
    "auth_time",
    "gen",
    "sat",
    "sxp",
    "fpr",
    "acr",
    "amr",
    "cnf",
]

names = st.text(max_size=12).filter(lambda name: name not in RESERVED)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def back(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims after their way through a token."""
    return SESSIONS.verify(SESSIONS.issue("user-42", claims=claims).token).claims


def exactly(value: object) -> object:
    """The value with its types, so that `1`, `1.0` and `True` are three things, and `-0.0` another."""
    if isinstance(value, Mapping):
        return {name: exactly(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [exactly(inner) for inner in value]
    return type(value), repr(value)


@settings(database=None, deadline=None)
@given(st.dictionaries(names, values, max_size=6))
def test_claims_come_back_as_they_were(claims: dict[str, Any]) -> None:
    assert exactly(back(claims)) == exactly(claims)


def test_claims_keep_their_order() -> None:
    assert list(back({"b": 1, "a": 2, "c": {"z": 1, "y": 2}})) == ["b", "a", "c"]


@pytest.mark.parametrize("claims", [OrderedDict(a=1), MappingProxyType({"a": 1}), {"a": 1}])
def test_any_mapping_is_taken(claims: Mapping[str, Any]) -> None:
    assert back(claims) == {"a": 1}


def test_the_claims_of_a_session_are_claims_for_the_next() -> None:
    assert back(back({"a": [1, {"b": None}]})) == {"a": [1, {"b": None}]}


def test_a_tuple_comes_back_as_a_list_and_an_enum_as_its_value() -> None:
    class Role(str, enum.Enum):
        EDITOR = "editor"

    class Level(enum.IntEnum):
        HIGH = 3

    claims = back({"pair": (1, 2), "role": Role.EDITOR, "level": Level.HIGH})
    assert exactly(claims) == exactly({"pair": [1, 2], "role": "editor", "level": 3})


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        2**64,
        -(2**63) - 1,
        10**400,
        b"bytes",
        {1, 2},
        object(),
        1j,
        {1: "a"},
        {None: "a"},
        "\ud800",
        ["\udfff"],
        {"\ud800": 1},
    ],
    ids=repr,
)
def test_what_json_can_not_hold_exactly_is_refused(value: object) -> None:
    for claims in ({"a": value}, {"a": [value]}, {"a": {"b": value}}):
        with pytest.raises(InvalidClaim):
            SESSIONS.issue("user-42", claims=claims)


@pytest.mark.parametrize("name", RESERVED)
def test_a_name_of_the_token_itself_is_refused(name: str) -> None:
    with pytest.raises(InvalidClaim):
        SESSIONS.issue("user-42", claims={name: "x"})
    token = SESSIONS.issue("user-42").token
    with pytest.raises(InvalidClaim):
        SESSIONS.renew(token, claims={name: "x"})


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    ring: dict[str, object] = {}
    ring["a"] = ring
    for value in (loop, ring):
        with pytest.raises(InvalidClaim):
            SESSIONS.issue("user-42", claims={"a": value})


def test_nesting_ends_where_a_token_s_does() -> None:
    def nested(depth: int) -> object:
        return [nested(depth - 1)] if depth else 1

    assert back({"a": nested(7)}) == {"a": nested(7)}
    with pytest.raises(InvalidClaim):
        back({"a": nested(8)})


def test_more_than_a_token_can_carry_is_too_large() -> None:
    with pytest.raises(TooLarge):
        SESSIONS.issue("user-42", claims={f"claim-{n}": "x" * 1000 for n in range(5)})


def test_claims_are_no_sequence_of_pairs() -> None:
    with pytest.raises(TypeError):
        SESSIONS.issue("user-42", claims=[("a", 1)])  # type: ignore[arg-type]


def test_claims_are_read_only() -> None:
    claims = SESSIONS.issue("user-42", claims={"a": 1}).session.claims
    with pytest.raises(TypeError):
        claims["a"] = 2  # type: ignore[index]


def test_claims_are_made_when_they_are_asked_for_and_once() -> None:
    session = SESSIONS.issue("user-42", claims={"a": list(range(500))}).session
    tracemalloc.start()
    try:
        assert session.subject == "user-42"
        before, _ = tracemalloc.get_traced_memory()
        claims = session.claims
        made, _ = tracemalloc.get_traced_memory()
        assert session.claims is claims
        again, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made - before > 500 * 8
    assert again - made < 500
