//! Which start of the computer this is.
//!
//! Only compared: that it is another one than last time says that caches may have been lost in between.

/// One start of the computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Differs from start to start.
    pub id: String,
    /// When it was, in seconds since 1970, by the clock as it stands now.
    pub at_secs: i64,
}

impl Boot {
    /// Returns the present one; nothing where the system does not tell.
    #[cfg(target_os = "linux")]
    pub fn present() -> Option<Boot> {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        let id = read("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
        let stat = read("/proc/stat")?;
        let at_secs = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(Boot { id, at_secs })
    }

    /// Returns nothing: not built for this system.
    #[cfg(not(target_os = "linux"))]
    pub fn present() -> Option<Boot> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_present_start_of_the_computer_has_an_id_and_lies_in_the_past() {
        let boot = Boot::present().expect("linux tells");
        assert!(boot.id.len() > 30 && boot.at_secs > 0, "{boot:?}");
        assert_eq!(Boot::present().map(|boot| boot.id), Some(boot.id));
    }
}
