"""Python's strings can hold lone surrogates, which are no Unicode text: JSON brings them, `"\\ud800"`."""

import json

import pytest

from sessera import CsrfInvalid, InvalidClaim, Malformed, Sessions, jose

LONE = json.loads('"\\ud800"')


@pytest.mark.parametrize("verb", ["verify", "renew", "rotate", "elevate", "revoke_others"])
def test_a_token_that_is_no_text_is_malformed(sessions: Sessions, verb: str) -> None:
    with pytest.raises(Malformed):
        getattr(sessions, verb)(sessions.issue("user-42").token + LONE)


def test_a_token_of_any_kind_that_is_no_text_is_malformed(sessions: Sessions) -> None:
    with pytest.raises(Malformed):
        jose.jws.verify(LONE, "any", sessions.keyring)
    with pytest.raises(Malformed):
        jose.jwe.open(LONE, "any", sessions.keyring)


def test_a_subject_that_is_no_text_is_an_invalid_claim(sessions: Sessions) -> None:
    for verb in (sessions.issue, sessions.revoke_subject, sessions.sessions_of):
        with pytest.raises(InvalidClaim):
            verb(LONE)


def test_a_session_id_or_token_that_is_no_text_is_refused(sessions: Sessions) -> None:
    with pytest.raises(InvalidClaim):
        sessions.revoke_session(LONE)
    with pytest.raises(Malformed):
        sessions.issue("user-42", replaces=LONE)


def test_a_csrf_token_that_is_no_text_is_refused(sessions: Sessions) -> None:
    with pytest.raises(CsrfInvalid):
        sessions.check_csrf(sessions.issue("user-42").session, method="POST", token=LONE)
