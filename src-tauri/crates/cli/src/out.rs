//! How things are printed: JSON or tables on standard output, the rest on standard error.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::{args::Global, failure::Failure};

/// What the person wants to see. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    /// JSON instead of text.
    pub json: bool,
    /// Results and errors only.
    pub quiet: bool,
    colour: bool,
}

impl Out {
    /// Reads the flags; colours also need a terminal and no `NO_COLOR`.
    pub fn new(flags: &Global) -> Out {
        let allowed = !flags.no_color && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Out { json: flags.json, quiet: flags.quiet, colour: allowed && io::stderr().is_terminal() }
    }

    /// Prints the JSON document when JSON is wanted, else what `text` prints.
    pub fn result<T: Serialize + ?Sized>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.json { self.document(value) } else { self.text(&text(value)) }
    }

    /// Prints one JSON document on one line.
    pub fn document<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        let line = serde_json::to_string(value).expect("BUG: results are plain JSON");
        self.text(&line)
    }

    /// Prints text and ends the line; nothing for no text.
    pub fn text(self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        if !text.is_empty() {
            stdout.write_all(text.trim_end_matches('\n').as_bytes())?;
            stdout.write_all(b"\n")?;
        }
        stdout.flush()?;
        Ok(())
    }

    /// Says something that is no result: what is going on, what comes next.
    pub fn note(self, text: &str) {
        if !self.quiet {
            eprintln_quietly(text);
        }
    }

    /// Tells what went wrong and what to do.
    pub fn failure(self, failure: &Failure) {
        if failure.what.is_empty() {
            return;
        }
        let (red, reset) = if self.colour { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
        eprintln_quietly(&format!("{red}lockstep:{reset} {}", failure.what));
        if let Some(advice) = &failure.advice {
            eprintln_quietly(&format!("  {advice}"));
        }
    }

    /// Tells whether live progress can be drawn.
    pub fn draws_progress(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }
}

/// Standard error may be closed; that must not end a sync.
pub fn eprintln_quietly(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Lays rows out under their headings; `none` when there are no rows.
pub fn table<const N: usize>(headings: [&str; N], rows: Vec<[String; N]>, none: &str) -> String {
    if rows.is_empty() {
        return none.to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match io::stdout().is_terminal() {
        true => table.set_content_arrangement(ContentArrangement::Dynamic),
        false => table.force_no_tty(),
    };
    table.set_header(headings.map(str::to_uppercase));
    for row in rows {
        table.add_row(row.map(|cell| crate::text::plain(&cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_line_up_and_an_empty_one_says_so() {
        let rows = vec![["a.txt".into(), "1 KB".into()], ["long name.txt".into(), "2 KB".into()]];
        insta::assert_snapshot!(table(["path", "size"], rows, "nothing"), @r#"
        PATH           SIZE
        a.txt          1 KB
        long name.txt  2 KB
        "#);
        assert_eq!(table(["path"], vec![], "nothing"), "nothing");
    }

    #[test]
    fn a_file_name_cannot_break_a_line_or_colour_the_terminal() {
        let shown = table(["path"], vec![["a\n\u{1b}[31mb".into()]], "");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert_eq!(shown.lines().count(), 2);
    }
}
