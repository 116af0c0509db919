//! Named points at which a test can end the process, as `kill -9` would, or hold it up.
//!
//! Only with the feature `crash-points`, which no program that ships is built with; without it a point is
//! nothing at all.
//!
//! `LOCKSTEP_CRASH_AT=<name>` ends the process when it reaches that point, `<name>:<n>` when it does so for
//! the n-th time, `*:<n>` at the n-th point of all. `LOCKSTEP_WAIT_AT=<name>` holds the thread up there until
//! somebody writes to the pipe `LOCKSTEP_WAIT_FOR`. Both say so on standard error first.
//!
//! Rule: a point stands directly after the step that it is named for, with nothing durable in between.

#[cfg(all(feature = "crash-points", not(debug_assertions)))]
compile_error!("crash points are for tests: a release build must not have them");

/// Does nothing.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn crash_point(_name: &'static str) {}

/// Ends the process here, or holds it up, if the environment says so.
#[cfg(feature = "crash-points")]
pub fn crash_point(name: &'static str) {
    wanted::reached(name);
}

#[cfg(feature = "crash-points")]
mod wanted {
    use std::{
        env, fs,
        io::{self, Write},
        sync::{
            LazyLock,
            atomic::{AtomicU64, Ordering},
        },
    };

    static CRASH_AT: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let wanted = env::var("LOCKSTEP_CRASH_AT").ok()?;
        let (name, nth) = wanted.rsplit_once(':').unwrap_or((&wanted, "1"));
        Some((name.to_owned(), nth.parse().expect("LOCKSTEP_CRASH_AT is name:number")))
    });
    static WAIT_AT: LazyLock<Option<(String, String)>> =
        LazyLock::new(|| Some((env::var("LOCKSTEP_WAIT_AT").ok()?, env::var("LOCKSTEP_WAIT_FOR").ok()?)));
    static SEEN: AtomicU64 = AtomicU64::new(0);

    pub fn reached(name: &'static str) {
        if let Some((wanted, pipe)) = &*WAIT_AT
            && wanted == name
        {
            say(&format!("waiting at {name}"));
            // Ends when somebody opened the pipe for writing and closed it again.
            let _ = fs::read(pipe);
        }
        if let Some((wanted, nth)) = &*CRASH_AT
            && (wanted == name || wanted == "*")
            && SEEN.fetch_add(1, Ordering::SeqCst) + 1 == *nth
        {
            say(&format!("crash point {name}"));
            std::process::abort();
        }
    }

    fn say(text: &str) {
        let mut out = io::stderr().lock();
        // Nobody may be listening.
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }
}
