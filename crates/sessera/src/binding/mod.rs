//! What a session is bound to: facts about the client, and what a difference means.

mod address;
mod user_agent;

pub use address::{AddressPrefix, client_address};
pub use user_agent::{Family, Platform, UserAgent};
