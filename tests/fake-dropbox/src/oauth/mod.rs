//! Signing in: who may act for whom, for how long, and for what.
//!
//! No HTTP: the pages and the token endpoint are in `http/authorize.rs` and `http/token.rs`. [`Grants`] is
//! pure: time comes in as seconds since 1970, secrets are drawn from a seeded [`Mint`]. [`SignIn`] shares it.
//!
//! Rule: codes and tokens never appear in `Debug` output.

mod authorize;
mod exchange;
mod grants;
mod mint;
pub mod scopes;
mod sign_in;

pub use authorize::{AccessType, AuthorizeError, AuthorizeRequest, Challenge, ResponseType, check_authorize};
pub use exchange::{TokenAnswer, TokenError, TokenRequest};
pub use grants::{AuthFailure, Caller, Grants};
pub use mint::Mint;
pub use sign_in::{Browser, Outcome, Person, SignIn};
