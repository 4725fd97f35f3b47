//! What is written under which key. See `PROTOCOL.md`.

use sessera::{ErrorKind, Result, SessionError, SubjectName};

/// The keys of one deployment, all in one slot of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    tag: String,
    /// Those that every script is given: head, log, recent, packs, cuts.
    pub(crate) scripts: [String; 5],
    pub(crate) verifiers: String,
    pub(crate) lease: String,
    pub(crate) repair: String,
}

impl Keys {
    pub(crate) fn of(namespace: &str) -> Result<Self> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        if !(1..=64).contains(&namespace.len()) || !namespace.bytes().all(good) {
            return Err(SessionError::new(
                ErrorKind::InvalidConfig,
                "namespace is not 1 to 64 letters, digits or _.:-",
            ));
        }
        let tag = format!("{{{namespace}}}");
        let key = |name: &str| format!("{tag}:{name}");
        Ok(Self {
            scripts: [key("head"), key("log"), key("recent"), key("packs"), key("cuts")],
            verifiers: key("verifiers"),
            lease: key("lease"),
            repair: key("repair"),
            tag,
        })
    }

    pub(crate) fn head(&self) -> &str {
        &self.scripts[0]
    }

    pub(crate) fn log(&self) -> &str {
        &self.scripts[1]
    }

    pub(crate) fn recent(&self) -> &str {
        &self.scripts[2]
    }

    pub(crate) fn packs(&self) -> &str {
        &self.scripts[3]
    }

    pub(crate) fn cuts(&self) -> &str {
        &self.scripts[4]
    }

    /// Of the data of the session with this name.
    pub(crate) fn data(&self, name: SubjectName) -> String {
        format!("{}:d:{}", self.tag, hex(name))
    }

    /// Of the list of this subject's sessions.
    pub(crate) fn list(&self, name: SubjectName) -> String {
        format!("{}:l:{}", self.tag, hex(name))
    }
}

fn hex(name: SubjectName) -> String {
    format!("{:032x}", u128::from_be_bytes(name.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_are_under_one_hash_tag() {
        let keys = Keys::of("shop:eu-1").unwrap();
        let name = SubjectName::from_bytes([0xAB; 16]);
        let others = [&keys.verifiers, &keys.lease, &keys.repair, &keys.data(name), &keys.list(name)];
        assert!(keys.scripts.iter().chain(others).all(|key| key.starts_with("{shop:eu-1}:")));
        assert_eq!(keys.data(name), format!("{{shop:eu-1}}:d:{}", "ab".repeat(16)));
    }

    #[test]
    fn a_namespace_that_would_break_the_tag_is_refused() {
        for namespace in ["", "a}b", "a{b", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(Keys::of(namespace).unwrap_err().kind(), ErrorKind::InvalidConfig);
        }
    }
}
