//! What text is that holds no key which can be read, and the command that makes one of it.

use super::text::Block;

const GENERATE: &str = "openssl genpkey -algorithm ed25519 -out key.pem";

/// PEM of another label than those that are read.
pub(super) fn of_label(label: &str) -> String {
    let text = match label {
        "EC PARAMETERS" => {
            "the text holds the parameters of a curve and no key: add the EC PRIVATE KEY block"
        }
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {
            "it is a certificate; extract its public key: openssl x509 -in certificate.pem -noout -pubkey > public.pem"
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            "it is a certificate request; extract its public key: openssl req -in request.pem -noout -pubkey > public.pem"
        }
        "ENCRYPTED PRIVATE KEY" => encrypted(),
        _ if label.starts_with("PGP ") => {
            return format!("it is an OpenPGP key, which can't be read here; generate a key: {GENERATE}");
        }
        _ => "unsupported PEM label: expected PRIVATE KEY, EC PRIVATE KEY or PUBLIC KEY",
    };
    text.to_owned()
}

pub(super) const fn encrypted() -> &'static str {
    "it is encrypted with a passphrase; decrypt it: openssl pkey -in key.pem -out plain.pem"
}

pub(super) const fn rsa_private() -> &'static str {
    "RSA private key: RS256 only verifies here; extract the public key: openssl pkey -in key.pem -pubout -out public.pem"
}

/// The name of the key's type stands unencrypted in its public part.
pub(super) fn of_openssh_key(content: &[u8]) -> String {
    let has = |name: &[u8]| content.windows(name.len()).any(|window| window == name);
    if has(b"ecdsa-sha2-nistp256") {
        "it is in OpenSSH's own form; convert a copy of it in place: ssh-keygen -p -N \"\" -m PKCS8 -f key.pem".to_owned()
    } else {
        format!("it is in OpenSSH's own form, which can't be read here; generate a key: {GENERATE}")
    }
}

/// Several PEM blocks, where one key is expected.
pub(super) fn of_several(blocks: &[Block<'_>]) -> String {
    let count = blocks.len();
    let what = if blocks.windows(2).all(|pair| pair[0] == pair[1]) {
        format!("the text holds the same PEM block {count} times, and one is expected")
    } else {
        format!("the text holds {count} PEM blocks, and the block of one key is expected")
    };
    let private = blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY"));
    let options = if private { "-in key.pem" } else { "-pubin -in key.pem -pubout" };
    format!("{what}; keep the first key: openssl pkey {options} -out one.pem")
}

/// Text without any PEM block.
pub(super) fn of_other_text(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with("ecdsa-sha2-nistp256 ") {
        return "it is an OpenSSH public key; convert it: ssh-keygen -e -m PKCS8 -f key.pub > public.pem"
            .to_owned();
    }
    if text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") || text.starts_with("sk-") {
        return format!("it is an OpenSSH public key, which can't be read here; generate a key: {GENERATE}");
    }
    let message = if text.is_empty() {
        "the text is empty: expected a key in PEM"
    } else if text.starts_with("---- BEGIN SSH2 ") {
        "it is a public key in the form of RFC 4716; convert it: ssh-keygen -i -f key.pub > openssh.pub; ssh-keygen -e -m PKCS8 -f openssh.pub > public.pem"
    } else if text.starts_with('{') || text.starts_with('[') {
        "it is JSON and not PEM: read it with from_jwks"
    } else if text.starts_with("LS0tLS1CRUdJTi") {
        "it is PEM encoded in base64 once more; decode it: base64 -d encoded.txt > key.pem"
    } else {
        "no PEM block found: expected the text of the file (not its path), from -----BEGIN to the end of the -----END line"
    };
    message.to_owned()
}
