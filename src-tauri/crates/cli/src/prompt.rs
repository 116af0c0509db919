//! Reads what a person or a script types.

use std::io::BufRead;

use dropbox_client::SecretString;

use crate::failure::{Exit, Failure};

/// Longest answer that is read; tokens and codes are far shorter.
const ANSWER_MAX_BYTES: u64 = 16 * 1024;

/// Reads one line from standard input; `what` is what was expected, for the error.
pub async fn secret_line(what: &'static str) -> Result<SecretString, Failure> {
    let read = tokio::task::spawn_blocking(read_line).await;
    let line = read.map_err(|_| Failure::new(Exit::Error, "standard input cannot be read"))??;
    match line.trim() {
        "" => Err(Failure::new(Exit::Usage, format!("no {what} was given; write it on standard input"))),
        line => Ok(line.to_owned().into()),
    }
}

fn read_line() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::Read::take(std::io::stdin().lock(), ANSWER_MAX_BYTES).read_line(&mut line)?;
    Ok(line)
}
