//! The program against a service over real HTTP, on real files: what a person types and what comes of it.
//!
//! How well things are kept in step is proved elsewhere; here it is the command's contract.

mod files;
mod linking;
mod report;
mod running;
mod selecting;
mod syncing;
mod world;
