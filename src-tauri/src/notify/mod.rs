//! Notifications: rare, grouped, and gone when what they told of is solved.
//!
//! [`policy`] decides what is told and when, [`notice`] words it, and `pace` keeps it rare. The system's
//! Do Not Disturb has the last word.
//!
//! Rule: everything a notification tells or does is also in the window; a system that shows none, or
//! reports no clicks, loses nothing.

pub mod notice;
mod pace;
pub mod policy;

pub use notice::{Notice, NoticeId};
pub use policy::{Deed, Policy, Rules, World};
