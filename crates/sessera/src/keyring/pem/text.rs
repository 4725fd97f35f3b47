//! The text of PEM (RFC 7468), as editors, shells and variables of the environment leave it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::advice;
use crate::error::Result;
use crate::keyring::invalid;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// One block: what stands between its first and its last line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    body: &'a str,
}

/// The block of the key. Text around it does not matter, nor do parameters of a curve before a key, which names its
/// curve itself.
pub(super) fn key_block(text: &str) -> Result<Block<'_>> {
    let mut blocks = blocks(text)?;
    if blocks.len() > 1 {
        blocks.retain(|block| block.label != "EC PARAMETERS");
    }
    match *blocks.as_slice() {
        [] => Err(invalid(advice::of_other_text(text))),
        [block] => Ok(block),
        // The first of a chain is the certificate itself.
        [first, ..] if blocks.iter().all(|block| block.label == "CERTIFICATE") => Ok(first),
        _ => Err(invalid(advice::of_several(&blocks))),
    }
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after
            .split_once(DASHES)
            .filter(|(label, _)| !label.contains(['\n', '\r', '\\']))
            .ok_or_else(|| invalid("the PEM block is incomplete: its first line does not end in -----"))?;
        let (body, after) = after
            .split_once(&*format!("-----END {label}-----"))
            .filter(|(body, _)| !body.contains(BEGIN))
            .ok_or_else(|| invalid("the PEM block is incomplete: its -----END line is missing"))?;
        blocks.push(Block { label, body });
        rest = after;
    }
    Ok(blocks)
}

impl Block<'_> {
    /// Whether OpenSSL's older form of encryption says so in the lines before the body (RFC 1421 §4.6.1.1).
    pub(super) fn is_encrypted(&self) -> bool {
        self.body.contains("Proc-Type:") || self.body.contains("DEK-Info:")
    }

    /// The body in DER. White space in it does not matter, nor do line ends that are written as `\n`.
    pub(super) fn decode(&self) -> Result<Zeroizing<Vec<u8>>> {
        let mut base64 = Zeroizing::new(String::with_capacity(self.body.len()));
        let mut characters = self.body.chars().peekable();
        while let Some(character) = characters.next() {
            let escaped = character == '\\' && characters.next_if(|next| matches!(next, 'n' | 'r')).is_some();
            if !escaped && !character.is_ascii_whitespace() {
                base64.push(character);
            }
        }
        // Room for all of it, so that no copy of a secret is left behind.
        let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3 + 3]);
        let length = BASE64_STANDARD
            .decode_slice(base64.as_bytes(), &mut der)
            .map_err(|_| invalid("the PEM block is damaged: its body is not base64"))?;
        der.truncate(length);
        Ok(der)
    }
}
