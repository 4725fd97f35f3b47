"""How long sessions live and what they are bound to, as the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sessera import BindingPolicy, InvalidConfig, Policy, Sessions

from .given import PREFIX, Given, checked

if TYPE_CHECKING:
    from sessera import Keyring

#: How long users are remembered who ask for it: as long as NIST SP 800-63B-4 allows at its lowest level.
REMEMBER_FOR = timedelta(days=30)

#: What a mismatch of a fact may lead to.
MODES = ("off", "report", "step_up", "enforce")

#: What a session may be bound to.
FACTS = ("device", "user_agent", "ip", "key")

#: How many bits of an address may make its network.
PREFIXES = {"ipv4_prefix": (8, 32), "ipv6_prefix": (16, 128)}

#: Settings that are a part of the policy.
_PARTS = ("SESSERA_IDLE_TIMEOUT", "SESSERA_ABSOLUTE_TIMEOUT", "SESSERA_BINDING")


def policy_of(given: Given, keyring: Keyring) -> Policy:
    """Put the policy together.

    Raises InvalidConfig, which names the setting that is wrong.
    """
    parts = [name for name in _PARTS if name in given]
    policy = Policy()
    if "SESSERA_POLICY" in given:
        if parts:
            raise InvalidConfig(f"SESSERA_POLICY says what {parts[0]} says again: keep one of them")
        policy = given.instance("SESSERA_POLICY", Policy, ...)
    changes: dict[str, Any] = {}
    for name in parts:
        part = _binding(given) if name == "SESSERA_BINDING" else given.span(name)
        changes[name.removeprefix(PREFIX).lower()] = part
    policy = policy.replace(**changes)
    # Whether the rules fit each other and the keys, only the sessions can tell.
    checked(
        " and ".join(parts) or "SESSERA_POLICY", lambda: Sessions("a", "b", keyring=keyring, policy=policy)
    )
    return policy


def remember_for(given: Given, policy: Policy, keyring: Keyring) -> timedelta | None:
    """Tell how long a session lasts of a user who asked to be remembered; None where nobody is.

    Raises InvalidConfig, which names the setting that is wrong.
    """
    name = "SESSERA_REMEMBER_FOR"
    if name not in given:
        return max(REMEMBER_FOR, policy.absolute_timeout)
    if given.value(name, None) is None:
        return None
    span = given.span(name)
    if span < policy.absolute_timeout:
        raise InvalidConfig(f"{name} is shorter than the absolute timeout of those who are not remembered")
    longer = policy.remembered_for(span)
    checked(name, lambda: Sessions("a", "b", keyring=keyring, policy=longer))
    return span


def _binding(given: Given) -> BindingPolicy:
    value = given.value("SESSERA_BINDING", None)
    if isinstance(value, BindingPolicy):
        return value
    if not isinstance(value, dict):
        raise InvalidConfig("SESSERA_BINDING must be a dict, or a BindingPolicy")
    for name, wanted in value.items():
        if name in FACTS:
            if wanted not in MODES:
                raise InvalidConfig(f"SESSERA_BINDING: {name} must be one of {', '.join(MODES)}")
        elif name in PREFIXES:
            least, most = PREFIXES[name]
            if not isinstance(wanted, int) or isinstance(wanted, bool) or not least <= wanted <= most:
                raise InvalidConfig(f"SESSERA_BINDING: {name} must be a whole number from {least} to {most}")
        else:
            known = ", ".join((*FACTS, *PREFIXES))
            raise InvalidConfig(f"SESSERA_BINDING: there is no {name!r}, only {known}")
    return BindingPolicy(**value)
