//! demo
/// x
pub fn run(_keep: bool) -> anyhow::Result<bool> { Ok(true) }
