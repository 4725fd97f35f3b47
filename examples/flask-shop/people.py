"""Who may log in: two people with passwords that the log-in page shows, kept only as hashes."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.security import check_password_hash, generate_password_hash


@dataclass(frozen=True)
class Person:
    """Somebody who can log in; `keeper` says who may enter the back room."""

    login: str
    name: str
    keeper: bool
    password_hash: str


# A real shop would never know these, let alone show them.
SHOWN_PASSWORDS = {"mara": "three leaves", "tom": "warm kettle"}

PEOPLE = {
    login: Person(login, name, keeper, generate_password_hash(SHOWN_PASSWORDS[login]))
    for login, name, keeper in (
        ("mara", "Mara, who keeps the shop", True),
        ("tom", "Tom, who buys too much", False),
    )
}
_NOBODY = generate_password_hash("nobody")


def check(login: str, password: str) -> Person | None:
    """The person, if the password is theirs; an unknown name takes as long as a wrong password."""
    person = PEOPLE.get(login)
    held = check_password_hash(person.password_hash if person else _NOBODY, password)
    return person if held else None
