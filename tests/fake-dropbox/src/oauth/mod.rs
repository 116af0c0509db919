//! Signing in: who may act for whom, for how long, and for what.
//!
//! Pure: no HTTP, no clock, no randomness. Time comes in as seconds since 1970, secrets are drawn from a
//! seeded [`Mint`]. The HTML pages and the token endpoint are in `http/authorize.rs` and `http/token.rs`.
//!
//! Rule: codes and tokens never appear in `Debug` output.

mod authorize;
mod exchange;
mod grants;
mod mint;
pub mod scopes;

pub use authorize::{AccessType, AuthorizeError, AuthorizeRequest, Challenge, ResponseType, check_authorize};
pub use exchange::{TokenAnswer, TokenError, TokenRequest};
pub use grants::{AuthFailure, Caller, Grants};
pub use mint::Mint;
