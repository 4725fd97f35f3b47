//! Random bytes, a bufferful at a time.

use std::cell::RefCell;
use std::process;

use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroize as _;

use crate::error::{ErrorKind, Result, SessionError};

/// One system call fills this much; an id takes 16 bytes of it.
const BUFFER: usize = 2048;

struct Buffer {
    bytes: [u8; BUFFER],
    used: usize,
    /// The process that filled the buffer: after `fork`, the child must not hand out its parent's bytes.
    process: u32,
}

thread_local! {
    static RANDOM: RefCell<Buffer> = const { RefCell::new(Buffer { bytes: [0; BUFFER], used: BUFFER, process: 0 }) };
}

/// `N` bytes from the system's CSPRNG.
///
/// They come from a buffer of the thread, filled by one system call; each byte is handed out once, then
/// zeroed, and never by another process than the one that filled the buffer.
pub(crate) fn array<const N: usize>() -> Result<[u8; N]> {
    const { assert!(N <= BUFFER) }
    let mut taken = [0; N];
    RANDOM.with_borrow_mut(|buffer| {
        let process = process::id();
        if buffer.process != process || buffer.used + N > BUFFER {
            SystemRandom::new().fill(&mut buffer.bytes).map_err(|_| unavailable())?;
            buffer.process = process;
            buffer.used = 0;
        }
        let fresh = &mut buffer.bytes[buffer.used..buffer.used + N];
        taken.copy_from_slice(fresh);
        fresh.zeroize();
        buffer.used += N;
        Ok(taken)
    })
}

/// The error of everything that draws random bytes.
pub(crate) fn unavailable() -> SessionError {
    SessionError::new(ErrorKind::RandomnessUnavailable, "the operating system returned no random bytes")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_draws_are_equal_within_and_across_buffers_and_threads() {
        let draw = || (0..1000).map(|_| array::<16>().unwrap()).collect::<Vec<_>>();
        let elsewhere = std::thread::spawn(draw);
        let mut all = HashSet::new();
        assert!(draw().into_iter().chain(elsewhere.join().unwrap()).all(|bytes| all.insert(bytes)));
    }
}
