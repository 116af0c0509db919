//! `cargo xtask screenshots`: a picture of every screen, in every state and look.
//!
//! Rule: pictures are never kept in the repository; each is checked while it is taken.

use std::path::Path;

use crate::{
    steps::Steps,
    system::{self, CHROMIUM},
    ui,
};

/// Takes the pictures; true when every screen passed its checks.
pub fn run(out: &Path, names: &[String]) -> anyhow::Result<bool> {
    system::ensure(&[CHROMIUM])?;
    ui::prepare()?;
    let mut steps = Steps::default();
    steps.step("every screen", || ui::screens(Some(out), names));
    println!("pictures are in {}", out.display());
    Ok(steps.finish())
}
