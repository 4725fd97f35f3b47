//! One store that two processes share, as far as one session goes.

use std::sync::{Arc, Mutex, MutexGuard};

use sessera::{
    Advance, Advanced, ErrorKind, Mark, Result, RevocationIndex, RevocationState, SessionData, SessionError,
    SessionId, SessionMark, SessionRecord, Store,
};

use super::Broken;

/// What becomes of the next call of `advance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fate {
    /// Executed and answered.
    #[default]
    Answered,
    /// Executed, and the answer is lost.
    AnswerLost,
    /// Never executed.
    Refused,
    /// The server hangs. It executes what it has received when it goes on: the caller has given up by then.
    Hangs,
}

/// What the server holds.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) mark: Option<SessionMark>,
    log: Vec<Mark>,
    received: Vec<Advance>,
    pub(super) fate: Fate,
    pub(super) broken: Option<Broken>,
}

impl Server {
    pub(super) fn new(broken: Option<Broken>) -> Self {
        Self { broken, ..Self::default() }
    }

    fn advance(&mut self, advance: &Advance, known: Option<SessionMark>) -> Advanced {
        let held = match (self.mark, known) {
            (Some(held), Some(known)) => Some(held.join(known)),
            (held, known) => held.or(known),
        };
        let mut advanced = advance.against(held);
        if advanced.won {
            advanced.mark.shown = self.broken == Some(Broken::TakesEveryGenerationForShown);
            self.add(&advanced.mark_of(advance));
        }
        advanced
    }

    fn add(&mut self, mark: &Mark) {
        if let Mark::Session { state, .. } = mark {
            self.mark = Some(self.mark.map_or(*state, |held| held.join(*state)));
        }
        self.log.push(mark.clone());
    }

    /// The server goes on after it hung. The deadline of all that it had received is over.
    pub(super) fn go_on(&mut self) {
        for advance in std::mem::take(&mut self.received) {
            if self.broken == Some(Broken::IgnoresTheDeadline) {
                let _ = self.advance(&advance, None);
            }
        }
    }
}

/// The store, as one process sees it.
#[derive(Clone)]
pub(super) struct Process(Arc<Inner>);

struct Inner {
    index: RevocationIndex,
    server: Arc<Mutex<Server>>,
    /// How much of the log is applied here.
    applied: Mutex<usize>,
    /// What is written in the background.
    later: Mutex<Vec<Mark>>,
}

impl Process {
    pub(super) fn new(server: &Arc<Mutex<Server>>) -> Self {
        let (index, server) = (RevocationIndex::new(), Arc::clone(server));
        Self(Arc::new(Inner { index, server, applied: Mutex::default(), later: Mutex::default() }))
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.0.server.lock().unwrap()
    }

    /// Reads the log to its end.
    pub(super) fn follow(&self) {
        let (server, mut applied) = (self.server(), self.0.applied.lock().unwrap());
        server.log.iter().skip(*applied).for_each(|mark| self.0.index.apply(mark));
        *applied = server.log.len();
    }

    /// Writes what waits for it.
    pub(super) fn flush(&self) {
        for mark in self.0.later.lock().unwrap().drain(..) {
            self.server().add(&mark);
        }
    }

    /// What this process knows of the session.
    pub(super) fn knows(&self, id: SessionId) -> Option<SessionMark> {
        self.0.index.session(id)
    }
}

impl Store for Process {
    fn index(&self) -> &RevocationIndex {
        &self.0.index
    }

    fn refresh(&self, _: u64) -> u64 {
        0
    }

    fn sync(&self, _: u64) -> Result<()> {
        self.follow();
        Ok(())
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        let mut server = self.server();
        let known = self.0.index.session(advance.id);
        let lost = Err(SessionError::new(ErrorKind::StoreUnavailable, "no answer"));
        match std::mem::take(&mut server.fate) {
            Fate::Answered => {
                let advanced = server.advance(advance, known);
                self.0.index.apply(&advanced.mark_of(advance));
                Ok(advanced)
            }
            Fate::AnswerLost => {
                let _ = server.advance(advance, known);
                lost
            }
            Fate::Refused => lost,
            Fate::Hangs => {
                server.received.push(*advance);
                lost
            }
        }
    }

    fn append(&self, mark: &Mark, _: u64) -> Result<RevocationState> {
        self.server().add(mark);
        self.0.index.apply(mark);
        Ok(RevocationState::Stored)
    }

    fn append_later(&self, mark: &Mark, _: u64) {
        self.0.index.apply(mark);
        if self.server().broken != Some(Broken::ForgetsWhatWasShown) {
            self.0.later.lock().unwrap().push(mark.clone());
        }
    }

    fn put_data(&self, _: &SessionData, _: u64) -> Result<()> {
        Ok(())
    }

    fn data(&self, _: SessionId, _: u64) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn remove_data(&self, _: SessionId, _: u64) -> Result<()> {
        Ok(())
    }

    fn record(&self, _: &SessionRecord, _: u64) -> Result<()> {
        Ok(())
    }

    fn records(&self, _: &str, _: u64) -> Result<Vec<SessionRecord>> {
        Ok(Vec::new())
    }
}
