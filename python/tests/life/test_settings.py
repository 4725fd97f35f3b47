"""Settings that would be silently off are errors at the start, in every framework."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from sessera import BindingPolicy, InvalidConfig, Policy

if TYPE_CHECKING:
    from .conftest import MakeSite


@pytest.mark.parametrize("fact", ["key", "device"])
@pytest.mark.parametrize("mode", ["enforce", "step_up"])
def test_an_enforced_fact_that_nothing_supplies_is_refused(make_site: MakeSite, fact: str, mode: str) -> None:
    for binding in ({fact: mode}, BindingPolicy(**{fact: mode})):  # type: ignore[arg-type]
        with pytest.raises(InvalidConfig, match=f"`{fact}`"):
            make_site(Policy(binding=binding))  # type: ignore[arg-type]


def test_the_default_and_a_report_need_no_source(make_site: MakeSite) -> None:
    assert make_site(Policy(binding={"key": "report", "device": "off"})).login().get("/read").status == 200


def test_an_enforced_fact_that_a_login_cannot_learn_is_a_warning(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(Policy(binding={"user_agent": "enforce"}))
    with caplog.at_level(logging.WARNING, logger="sessera"):
        for _ in range(3):
            site.browser(agent="").post("/login")
    assert sum("`user_agent`" in record.getMessage() for record in caplog.records) == 1
