//! A way across for the one call of every request, where a call is dear.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uniffi::{Lift, Lower};

use crate::{Client, Result, Session, Sessions, UniFfiTag};

/// Enough for the longest token beside its client, and for a session with all that a token can carry.
const WORDS: usize = 32 * 1024 / 8;

/// Memory that both languages write to and read from, so that a verify crosses with integers alone: no buffer is
/// made, handed over and freed for the token, the client and the session.
///
/// It holds what a buffer of uniffi would. Each thread has a slate of its own; of two that used one at once each
/// could read the other's answer.
#[derive(uniffi::Object)]
pub struct Slate {
    sessions: Arc<Sessions>,
    /// Atomics, because the other language writes them.
    words: Box<[AtomicU64]>,
}

#[uniffi::export]
impl Slate {
    /// A clean slate for these sessions.
    #[uniffi::constructor]
    pub fn new(sessions: Arc<Sessions>) -> Self {
        Self { sessions, words: (0..WORDS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Where the memory begins. It stays there as long as this object lives.
    pub fn address(&self) -> u64 {
        self.words.as_ptr().expose_provenance() as u64
    }

    /// How many bytes there are.
    pub fn capacity(&self) -> u32 {
        u32::try_from(size_of_val(&*self.words)).unwrap_or(u32::MAX)
    }

    /// Verifies the token that is written on the first `length` bytes, followed by the client that shows it, and
    /// writes the session in their place. Returns how many bytes that took; for an error, the number below zero.
    /// Zero: what is written there is not a token and a client, or the answer has no room.
    pub fn verify(&self, length: u32) -> i32 {
        let mut buffer = self.read(length);
        let Some((token, client)) = asked(&buffer) else { return 0 };
        let answer = self.answer(&token, client);
        buffer.clear();
        let sign = match answer {
            Ok(session) => {
                <Session as Lower<UniFfiTag>>::write(session, &mut buffer);
                1
            }
            Err(error) => {
                <crate::SessionError as Lower<UniFfiTag>>::write(error, &mut buffer);
                -1
            }
        };
        if self.write(&buffer) { i32::try_from(buffer.len()).map_or(0, |length| sign * length) } else { 0 }
    }
}

impl Slate {
    fn answer(&self, token: &str, client: Client) -> Result<Session> {
        Ok(self.sessions.core.verify(token, &client.into())?.into())
    }

    /// A copy, so that what is checked is what is used.
    fn read(&self, length: u32) -> Vec<u8> {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(size_of_val(&*self.words));
        let mut bytes = Vec::with_capacity(length.next_multiple_of(8));
        for word in &self.words[..length.div_ceil(8)] {
            bytes.extend_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
        bytes.truncate(length);
        bytes
    }

    fn write(&self, bytes: &[u8]) -> bool {
        for (word, chunk) in self.words.iter().zip(bytes.chunks(8)) {
            let mut whole = [0; 8];
            whole[..chunk.len()].copy_from_slice(chunk);
            word.store(u64::from_ne_bytes(whole), Ordering::Relaxed);
        }
        bytes.len() <= size_of_val(&*self.words)
    }
}

impl Drop for Slate {
    /// It held tokens, and secrets of devices.
    fn drop(&mut self) {
        self.words.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }
}

fn asked(mut buffer: &[u8]) -> Option<(String, Client)> {
    let token = <String as Lift<UniFfiTag>>::try_read(&mut buffer).ok()?;
    let client = <Client as Lift<UniFfiTag>>::try_read(&mut buffer).ok()?;
    buffer.is_empty().then_some((token, client))
}

#[cfg(test)]
mod tests {
    use sessera::{Algorithm, Keyring};

    use super::*;
    use crate::NewSession;

    fn sessions() -> Arc<Sessions> {
        let core = sessera::Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
            .build()
            .unwrap();
        Arc::new(Sessions { core })
    }

    fn ask(slate: &Slate, token: &str) -> i32 {
        let mut question = Vec::new();
        <String as Lower<UniFfiTag>>::write(token.to_owned(), &mut question);
        <Client as Lower<UniFfiTag>>::write(Client::default(), &mut question);
        assert!(slate.write(&question));
        slate.verify(u32::try_from(question.len()).unwrap())
    }

    #[test]
    fn a_session_or_an_error_stands_where_the_token_stood() {
        let sessions = sessions();
        let slate = Slate::new(Arc::clone(&sessions));
        let login = NewSession {
            subject: "user-42".to_owned(),
            claims: None,
            acr: None,
            amr: Vec::new(),
            replaces: None,
        };
        let token = sessions.issue(login, Client::default()).unwrap().token;

        let length = ask(&slate, &token);
        let answer = slate.read(u32::try_from(length).unwrap());
        let session = <Session as Lift<UniFfiTag>>::try_read(&mut answer.as_slice()).unwrap();
        assert_eq!(session.subject, "user-42");

        let length = ask(&slate, &token[..token.len() - 2]);
        assert!(length < 0);
        let answer = slate.read(length.unsigned_abs());
        assert!(String::from_utf8_lossy(&answer).contains("signature"), "{answer:?}");
    }

    #[test]
    fn what_is_no_question_is_not_answered() {
        let slate = Slate::new(sessions());
        for length in [0, 3, 4, 16, slate.capacity(), u32::MAX] {
            assert_eq!(slate.verify(length), 0, "{length}");
        }
        assert!(!slate.write(&vec![1; WORDS * 8 + 1]));
    }
}
