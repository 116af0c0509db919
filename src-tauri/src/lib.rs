//! Lockstep on the desktop.
