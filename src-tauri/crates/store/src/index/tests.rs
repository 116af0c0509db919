//! Tests of the index from inside: they look at what the public face does not show.

mod cost;
mod differences;
mod records;
mod rows;
mod support;
mod transactions;
mod windows;
