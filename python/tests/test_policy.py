"""The rules: spans of time in every spelling, defaults, presets, and what can't work."""

from __future__ import annotations

import ast
from datetime import timedelta
from typing import Any

import pytest

from sessera import BindingPolicy, InvalidConfig, ManualClock, Policy

from .conftest import MakeSessions

SPANS = ["idle_timeout", "absolute_timeout", "renew_after", "grace", "leeway", "fresh_for", "stale_after"]


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize("seconds", [0, 1, 90, 0.1, 1.5, 86_399.999_999, 34_560_000])
def test_seconds_and_timedelta_are_the_same_span(name: str, seconds: float) -> None:
    by_number, by_delta = (
        Policy(**{name: span})  # type: ignore[arg-type]
        for span in (seconds, timedelta(seconds=seconds))
    )
    assert by_number == by_delta
    assert getattr(by_number, name) == timedelta(seconds=seconds)


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize(
    "span", [-1, -0.001, timedelta(seconds=-1), float("nan"), float("inf"), 1e300, 10**30]
)
def test_a_span_that_is_none_is_an_invalid_setting(name: str, span: float) -> None:
    with pytest.raises(InvalidConfig):
        Policy(**{name: span})  # type: ignore[arg-type]


@pytest.mark.parametrize("span", ["30", True, b"1", [1]])
def test_a_span_of_another_type_is_a_type_error(span: Any) -> None:
    with pytest.raises(TypeError):
        Policy(grace=span)
    with pytest.raises(TypeError):
        ManualClock(0).advance(span)


def test_the_defaults_are_those_of_the_signature() -> None:
    signature = (Policy.__text_signature__ or "").strip("()")
    call = ast.parse(f"f({signature.removeprefix('*, ')})", mode="eval").body
    assert isinstance(call, ast.Call)
    written = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    assert Policy(**written) == Policy()  # type: ignore[arg-type]
    assert set(written) == {name for name in vars(Policy) if not name.startswith("_")} - {
        "aal1",
        "aal2",
        "aal3",
        "replace",
        "remembered_for",
        "renew_interval",
    }


def test_a_policy_is_its_settings() -> None:
    policy = Policy(
        idle_timeout=900,
        on_reuse="refuse",
        on_stale="accept",
        renew_after=60,
        binding=BindingPolicy(ip="enforce", ipv4_prefix=32),
    )
    assert (policy.on_reuse, policy.on_stale, policy.renew_interval) == (
        "refuse",
        "accept",
        timedelta(minutes=1),
    )
    assert (policy.binding.ip, policy.binding.ipv4_prefix, policy.binding.ipv6_prefix) == ("enforce", 32, 64)
    assert policy == eval(repr(policy))  # noqa: S307
    assert policy == Policy().replace(
        idle_timeout=900,
        on_reuse="refuse",
        on_stale="accept",
        renew_after=60,
        binding={"ip": "enforce", "ipv4_prefix": 32},
    )
    assert policy.replace(renew_after=None).renew_interval == timedelta(seconds=150)
    assert policy.replace(binding=None).binding == BindingPolicy()
    assert policy != Policy()


def test_presets_are_within_nist_sp_800_63b_4() -> None:
    assert Policy.aal1().absolute_timeout <= timedelta(days=30)
    assert Policy.aal2().absolute_timeout <= timedelta(hours=24)
    assert Policy.aal2().idle_timeout <= timedelta(hours=1)
    assert Policy.aal3().absolute_timeout <= timedelta(hours=12)
    assert Policy.aal3().idle_timeout <= timedelta(minutes=15)
    assert Policy.aal3().replace(grace=5).grace == timedelta(seconds=5)


@pytest.mark.parametrize(
    "wrong",
    [{"on_reuse": "ignore"}, {"on_stale": "YOUNG_ONLY"}, {"binding": {"ip": "maybe"}}],
    ids=str,
)
def test_a_word_that_is_none_is_an_invalid_setting(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig, match=r"none of|neither"):
        Policy(**wrong)


@pytest.mark.parametrize("wrong", [{"idle": 5}, {"binding": {"colour": "off"}}], ids=str)
def test_a_setting_that_does_not_exist_is_a_type_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Policy(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"grace": 121}, {"leeway": 121}, {"idle_timeout": 0}, {"binding": {"ipv4_prefix": 33}}], ids=str
)
def test_a_rule_that_can_not_work_is_told_before_it_is_used(
    make_sessions: MakeSessions, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidConfig):
        make_sessions(policy=Policy(**wrong))


def test_sessions_show_the_policy_that_they_hold_to(make_sessions: MakeSessions) -> None:
    assert make_sessions(policy=Policy.aal3()).policy == Policy.aal3()
    assert make_sessions().policy == Policy()
