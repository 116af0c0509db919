//! Whether there is a screen to show anything on. Without one, GTK would end the process in a panic.

/// Says why nothing can be shown, and what to do.
#[cfg(target_os = "linux")]
pub fn check() -> Result<(), String> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Err(without("there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)"));
    }
    gtk::init().map_err(|_| without("the display cannot be opened"))
}

/// Elsewhere there always is one.
#[cfg(not(target_os = "linux"))]
pub fn check() -> Result<(), String> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn without(why: &str) -> String {
    format!("{why}; on a machine without one, run: lockstep run")
}
