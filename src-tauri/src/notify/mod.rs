//! Notifications: rare, grouped, and gone when what they told of is solved.
//!
//! [`policy`] decides what is told and when, [`notice`] words it, `pace` keeps it rare; all three are pure.
//! `send` hands it to the system, whose Do Not Disturb has the last word, and `run` keeps it in step.
//!
//! Rule: everything a notification tells or does is also in the window; a system that shows none, or
//! reports no clicks, loses nothing.

pub mod notice;
mod pace;
pub mod policy;
mod run;
mod send;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "others.rs")]
mod system;

pub use notice::{Notice, NoticeId};
pub use policy::{Decided, Deed, Policy, Rules, World};
pub use run::{Tester, start};
pub use send::ShowError;
