use super::rings::Ring;
use super::sealed::seal;
use super::steps::{at, case, step};
use super::stored::Stored;
use super::token::Claims;
use super::{NOW_MS, Result};
use crate::format::{Arguments, Case, Step, Verb};

pub(super) fn cases(ring: &Ring, stored: &Stored) -> Result<Vec<Case>> {
    let payload = "any text \u{1F600}, also none that is JSON";
    let signed = ring.sign_text(payload, "note")?;
    let empty = ring.sign_text("", "note")?;
    let session = Claims::fresh().payload();
    let session_token = ring.sign(&session)?;
    let sealed = seal(ring, payload, "note", stored)?;
    let jws = |token: &str, typ: &str| of(Verb::OpenJws, token, typ);
    let jwe = |token: &str, typ: &str| of(Verb::OpenJwe, token, typ);
    Ok(vec![
        case("a_jws_holds_any_payload", [jws(&signed, "note").text(payload), jws(&empty, "note").text("")]),
        case(
            "a_jws_is_of_its_type_only",
            [
                jws(&signed, "session+jwt").code("wrong_type"),
                jws(&signed, "").code("wrong_type"),
                jws(&session_token, "note").code("wrong_type"),
                jws(&session_token, "session+jwt").text(&session.text()),
                step(Verb::Verify, NOW_MS, &signed).code("wrong_type"),
            ],
        ),
        case(
            "a_jws_is_read_as_strictly_as_a_session",
            [
                jws("", "note").code("malformed"),
                jws(&format!("{signed}="), "note").code("malformed"),
                jws(&sealed, "note").code("malformed"),
                jws(&signed[..signed.len() - 3], "note").code("bad_signature"),
                jws(&"A".repeat(4097), "note").code("too_large"),
            ],
        ),
        case(
            "a_jwe_is_of_its_content_type_only",
            [
                jwe(&sealed, "note").text(payload),
                jwe(&sealed, "JWT").code("wrong_type"),
                jwe(&signed, "note").code("malformed"),
                jwe(&format!("{sealed}="), "note").code("malformed"),
                jwe(&"A".repeat(8193), "note").code("too_large"),
            ],
        ),
    ])
}

fn of(verb: Verb, token: &str, typ: &str) -> Step {
    let with = Arguments { typ: Some(typ.to_owned()), ..Arguments::default() };
    Step { token: Some(token.to_owned()), ..at(verb, NOW_MS) }.with(with)
}
