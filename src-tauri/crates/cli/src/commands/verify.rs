//! `lockstep verify`: is everything equal, byte for byte?

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use engine::api::{Call, VerifyReport};

use crate::{
    Context,
    failure::{Exit, Failure},
    session, text,
};

/// Compares and prints the differences; done only when there are none.
pub async fn run(context: &Context, id: Option<String>, report: Option<PathBuf>) -> Result<Exit, Failure> {
    let reports: Vec<VerifyReport> = session::call(context, Call::Verify { id }).await?;
    if let Some(path) = report {
        write(&path, &reports).map_err(|error| {
            Failure::new(Exit::Error, format!("cannot write {}: {error}", path.display()))
        })?;
    }
    context.out.result(&reports, |reports| match reports.is_empty() {
        true => "no workspace yet, so there is nothing to compare".to_owned(),
        false => reports.iter().map(describe).collect(),
    })?;
    Ok(if reports.iter().all(|report| report.equal) { Exit::Done } else { Exit::Error })
}

fn describe(report: &VerifyReport) -> String {
    let compared = format!("{}, {}", text::count(report.files, "file", "files"), text::bytes(report.bytes));
    let outcome = if report.equal { "equal" } else { "NOT equal" };
    let differences = report.differences.iter();
    let lines: String =
        differences.map(|d| format!("    {:<11} {}\n", text::words(&d.kind), text::plain(&d.path))).collect();
    format!("{}: {outcome} ({compared})\n{lines}", report.workspace)
}

/// The report appears whole or not at all.
fn write(path: &Path, reports: &[VerifyReport]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, reports)?;
    file.write_all(b"\n")?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
