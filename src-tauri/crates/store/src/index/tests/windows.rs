//! The window holds all a plan can depend on.
