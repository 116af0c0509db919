//! Signals that ask the process to end.

use std::future::Future;

use crate::failure::Failure;

/// Waits until a person or the system asks to stop. From then on the next signal ends at once.
pub async fn asked() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("BUG: SIGTERM can be listened to");
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
    tokio::spawn(async {
        let _ = tokio::signal::ctrl_c().await;
        std::process::exit(130);
    });
}

/// Does something unless asked to stop first; then it is dropped where it stands.
pub async fn unless_asked<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        () = asked() => Err(Failure::interrupted()),
    }
}
