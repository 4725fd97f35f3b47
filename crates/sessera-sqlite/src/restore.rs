//! Writing back what a restored copy of the file lacks.

use std::sync::atomic::Ordering;

use sessera::{Mark, Result, RevocationIndex};

use crate::connection::Link;
use crate::store::{PATIENCE_IN_OUTAGE, Shared};
use crate::unavailable::{broken, unavailable};
use crate::write::Durability;
use crate::{marks, upkeep};

/// Marks that one transaction writes back.
const AT_ONCE: usize = 10_000;

impl Shared {
    /// Appends all that this process knows and the file lacks.
    ///
    /// It reads the whole file through a connection of its own, so that neither readers nor writers wait.
    pub(crate) fn write_back(&self) -> Result<()> {
        // A copy has the mode that its maker gave it.
        self.restrict_access()?;
        let epoch = self.file.epoch()?;
        let held = RevocationIndex::with_quota(usize::MAX);
        let link = Link::new(self.file.path(), PATIENCE_IN_OUTAGE);
        link.with(epoch, |opened| marks::tail(&opened.connection, &held, 0).map_err(unavailable))?;
        let (mut lacking, mut result) = (Vec::new(), Ok(false));
        self.index.for_each_mark(|mark| {
            if result.is_ok() && !held.knows_mark(&mark) {
                lacking.push(mark);
                if lacking.len() >= AT_ONCE {
                    result = self.append_lost(&lacking).map(|()| true);
                    lacking.clear();
                }
            }
        });
        let wrote = result? || !lacking.is_empty();
        if wrote {
            self.append_lost(&lacking)?;
            self.announce_restore()?;
        }
        Ok(())
    }

    fn append_lost(&self, lost: &[Mark]) -> Result<()> {
        if self.background.is_closing() {
            return Err(broken("the store was closed before all marks were written back"));
        }
        let now = self.now.load(Ordering::Acquire);
        self.write(now, Durability::Full, |writer| lost.iter().try_for_each(|mark| writer.add(mark)))
    }

    /// Has the other processes compare as well: those that have not looked at the file since may find higher numbers
    /// than they know, and no other sign.
    fn announce_restore(&self) -> Result<()> {
        let now = self.now.load(Ordering::Acquire);
        self.write(now, Durability::Full, |writer| {
            let restores = upkeep::count_restore(writer.transaction).map_err(unavailable)?;
            self.restores.store(restores, Ordering::Release);
            Ok(())
        })
    }
}
