"""A user's id, as applications have it, and values that no session can carry."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sessera import Client, InvalidClaim
from sessera._web.subject import subject_of
from sessera._web.uncarried import uncarried
from tests.conftest import MakeSessions

USER = UUID("6c84fb90-12c4-11e1-840d-7b25c5ee775a")


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "text"),
    [("ada", "ada"), (42, "42"), (0, "0"), (-1, "-1"), (USER, str(USER)), (Name("ada"), "ada")],
)
def test_an_id_is_taken_as_its_text(value: object, text: str) -> None:
    assert subject_of(value) == text
    assert type(subject_of(value)) is str


@pytest.mark.parametrize("value", [True, 1.0, b"ada", Decimal(1), ["ada"], object()])
def test_what_is_no_id_names_the_argument_and_its_type(value: object) -> None:
    with pytest.raises(TypeError, match=r"subject must be .*str\(user\.id\)") as raised:
        subject_of(value)
    assert type(value).__name__ in str(raised.value)
    assert repr(value) not in str(raised.value)


def test_a_user_that_has_no_id_yet_says_so() -> None:
    with pytest.raises(TypeError, match=r"subject is None.*saved"):
        subject_of(None)


@pytest.mark.parametrize(
    ("contents", "named"),
    [
        (
            {"a": 1, "since": datetime(2030, 1, 1, tzinfo=timezone.utc)},
            "session['since'] is of type datetime",
        ),
        ({"cart": [1, {"price": Decimal(1)}]}, "session['cart'][1]['price'] is of type Decimal"),
        ({"tags": {"secret"}}, "session['tags'] is of type set"),
        ({"by": {(1, 2): "x"}}, "session['by'] has a key of type tuple"),
    ],
)
def test_a_value_that_json_lacks_is_named_by_its_key(contents: dict[str, Any], named: str) -> None:
    message = str(uncarried("session", contents, json.dumps))
    assert message.startswith(named)
    assert "secret" not in message


def test_contents_that_hold_themselves_end_the_search() -> None:
    contents: dict[str, Any] = {"a": 1}
    contents["me"] = contents
    assert "holds itself" in str(uncarried("session", contents, json.dumps))


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"a": 1, "since": datetime(2030, 1, 1, tzinfo=timezone.utc)}, "claim `since` is of type datetime"),
        ({"roles": ["a", {"of": b"secret"}]}, "claim `roles[1].of` is of type bytes"),
        ({"tags": {"secret"}}, "claim `tags` is of type set"),
        ({"by": {1: "secret"}}, "claim `by` has a name of type int"),
        ({"n": 2**64}, "claim `n` is an integer that does not fit in 64 bits"),
        ({"n": [float("nan")]}, r"claim `n[0]` is a number that is not finite"),
        ({"t": ("secret\ud800",)}, "claim `t[0]` is no Unicode text"),
    ],
)
def test_a_claim_that_no_token_carries_is_named_by_its_key(
    make_sessions: MakeSessions, claims: dict[Any, Any], named: str
) -> None:
    with pytest.raises(InvalidClaim) as raised:
        make_sessions().issue("ada", claims=claims, client=Client())
    assert named in str(raised.value)
    assert "secret" not in str(raised.value)
