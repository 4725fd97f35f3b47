//! Sliding the idle limit.

use super::Sessions;
use super::verify::Checked;
use crate::claims::NewClaims;
use crate::client::Client;
use crate::error::Result;
use crate::event::EventKind;
use crate::session::Issued;

impl Sessions {
    /// Issues the same session again with its idle limit moved on, never past its absolute end.
    ///
    /// The generation stays, and so does the date when it began. A token that is in the grace after a rotation is
    /// renewed into the current generation.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and `superseded` where a rotated token gives no successor any more: its request
    /// asks after the grace, or comes from what looks like another client.
    pub fn renew(&self, token: &str, client: &Client) -> Result<Issued> {
        self.renewed(token, client, None)
    }

    /// As [`renew`](Self::renew), with these application claims instead of the present ones: a JSON object.
    ///
    /// Of several that are made at once the last that reaches the client wins, as with any cookie; what must
    /// not be lost belongs in a store.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), `invalid_claim` for a claim that no token may carry, and `too_large`
    /// when the token would be.
    pub fn renew_with(&self, token: &str, client: &Client, claims: &str) -> Result<Issued> {
        let mut new = NewClaims::default();
        new.add_object(claims);
        self.renewed(token, client, Some(new))
    }

    fn renewed(&self, token: &str, client: &Client, new: Option<NewClaims>) -> Result<Issued> {
        let now = self.now();
        let Checked { mut claims, judged, .. } = self.check(token, client, now)?;
        self.check_successor(&claims, &judged, now)?;
        let members = match new {
            Some(new) => new.validate()?,
            None => NewClaims::from(&claims.application).members,
        };
        if let Some(mark) = judged.mark.filter(|mark| mark.generation > claims.generation) {
            // The same date as that of every other token of this generation.
            claims.generation = mark.generation;
            claims.not_before = mark.rotated_at / 1000;
        }
        self.date(&mut claims, now);
        let mut issued = self.mint(claims, &members, now)?;
        issued.session.binding = judged.binding;
        self.relist(&issued.session, client, now);
        self.report(EventKind::SessionRenewed, Some(&issued.session), None, now);
        Ok(issued)
    }
}
