use serde::Deserialize;

use super::steps::{at, case};
use super::{NOW_MS, Result};
use crate::format::{Arguments, Case, Expect, Step, Verb};

/// Proofs that other libraries made, and what they must lead to.
#[derive(Deserialize)]
struct Recorded {
    /// The access token that the proofs name.
    token: String,
    /// When they were made, in Unix milliseconds.
    now: u64,
    proofs: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    name: String,
    proof: String,
    thumbprint: Option<String>,
    code: Option<String>,
}

pub(super) fn cases() -> Result<Vec<Case>> {
    let Recorded { token, now, proofs } = serde_json::from_str(include_str!("proofs.json"))?;
    let verify = |proof: &str, method: &str| {
        let with = Arguments {
            text: Some(proof.to_owned()),
            method: Some(method.to_owned()),
            url: Some("https://api.example/me".to_owned()),
            ..Arguments::default()
        };
        Step { token: Some(token.clone()), ..at(Verb::VerifyProof, now).with(with) }
    };
    let cases = proofs.into_iter().map(|Example { name, proof, thumbprint, code }| {
        let accepted = code.is_none();
        let expect = Expect { code, text: thumbprint, ..Expect::default() };
        let mut steps = vec![Step { expect, ..verify(&proof, "GET") }];
        if accepted {
            steps.push(verify(&proof, "POST").code("invalid_claim"));
            steps.push(Step { now: Some(NOW_MS), ..verify(&proof, "GET").code("not_yet_valid") });
        }
        case(&name, steps)
    });
    Ok(cases.collect())
}
