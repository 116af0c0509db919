//! Rows of an index that somebody else wrote: any value in any column, whatever the schema says of it.
//!
//! An input is a text: a row a line, the table and then its columns, separated by tabs. A value is a number, a text,
//! `~` for NULL, `x:` with hexadecimal digits for bytes, or `r:` with a number that is no integer.

use std::{
    path::Path,
    sync::{LazyLock, OnceLock},
};

use rusqlite::{Connection, params_from_iter, types::Value};
use store::{Index, RemoteRow, StoreError, Tx};
use sync_core::{
    Name, NodeId, SyncPath,
    plan::{OnConflict, Policy},
};

use crate::names::leads_elsewhere;

/// An index as Lockstep leaves it, whose tables take any value: their rules are put back before it is opened.
struct Template {
    bytes: Vec<u8>,
    rules: Vec<(String, String)>,
    columns: Vec<(String, usize)>,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(Template::new);

/// Claims: such an index opens or is set aside; whatever is read from it is what its type says, or an error that calls
/// the records damaged; no path in it leads elsewhere; and after any number of refused rows it still keeps what is
/// written.
pub fn rows(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("index.db");
    TEMPLATE.lay_out(&path, data);
    let (mut index, _) = Index::open(&path).expect("it opens, anew if need be");
    look_at_everything(&mut index);
    still_keeps(&mut index);
    index.close().expect("it closes");
    let (mut index, _) = Index::open(&path).expect("and opens again");
    still_keeps(&mut index);
}

impl Template {
    fn new() -> Template {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("index.db");
        let (index, _) = Index::open(&path).expect("a new index");
        index.close().expect("closed");
        let conn = open(&path);
        let rules =
            all(&conn, "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'");
        let columns = rules.iter().map(|(table, _)| (table.clone(), width(&conn, table))).collect();
        for (table, sql) in &rules {
            rewrite(&conn, table, &sql.replace("STRICT, ", "").replace("STRICT", ""));
        }
        drop(conn);
        Template { bytes: std::fs::read(&path).expect("it is there"), rules, columns }
    }

    #[expect(clippy::disallowed_methods, reason = "a file of the test's own, which nobody else reads")]
    fn lay_out(&self, path: &Path, data: &[u8]) {
        std::fs::write(path, &self.bytes).expect("writable");
        let conn = open(path);
        // Hundreds of rows say no more than some.
        for line in data.split(|&byte| byte == b'\n').take(40) {
            self.insert(&conn, line);
        }
        for (table, sql) in &self.rules {
            rewrite(&conn, table, sql);
        }
    }

    fn insert(&self, conn: &Connection, line: &[u8]) {
        let mut fields = line.split(|&byte| byte == b'\t');
        let table = fields.next().unwrap_or_default();
        let Some((table, width)) = self.columns.iter().find(|(name, _)| name.as_bytes() == table) else {
            return;
        };
        let mut values: Vec<Value> = fields.take(*width).map(value).collect();
        values.resize(*width, Value::Null);
        let places = vec!["?"; *width].join(", ");
        // What even a table without rules refuses (a second row of the same key) is simply not there.
        let _ = conn.execute(&format!("INSERT INTO {table} VALUES ({places})"), params_from_iter(values));
    }
}

fn open(path: &Path) -> Connection {
    let conn = Connection::open(path).expect("it opens");
    conn.execute_batch(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON;
         PRAGMA writable_schema = ON",
    )
    .expect("settings");
    conn
}

fn rewrite(conn: &Connection, table: &str, sql: &str) {
    let change = "UPDATE sqlite_schema SET sql = ?2 WHERE name = ?1 AND type = 'table'";
    conn.execute(change, [table, sql]).expect("the schema can be written");
}

fn width(conn: &Connection, table: &str) -> usize {
    conn.query_row("SELECT count(*) FROM pragma_table_info(?1)", [table], |row| row.get::<_, u32>(0))
        .expect("a table") as usize
}

fn all(conn: &Connection, sql: &str) -> Vec<(String, String)> {
    let mut statement = conn.prepare(sql).expect("a statement");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

fn value(field: &[u8]) -> Value {
    if field == b"~" {
        return Value::Null;
    }
    if let Some(digits) = field.strip_prefix(b"x:") {
        return Value::Blob(bytes_of(digits));
    }
    let text = String::from_utf8_lossy(field);
    let real = text
        .strip_prefix("r:")
        .and_then(|number| number.parse().ok())
        .filter(|number: &f64| !number.is_nan());
    match (real, text.parse()) {
        (Some(number), _) => Value::Real(number),
        (None, Ok(number)) => Value::Integer(number),
        (None, Err(_)) => Value::Text(text.into_owned()),
    }
}

fn bytes_of(digits: &[u8]) -> Vec<u8> {
    let nibble = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
    digits.chunks(2).map(|pair| nibble(pair[0]) << 4 | pair.get(1).copied().map_or(0, nibble)).collect()
}

/// Every reader, in a transaction of its own so that one refusal does not hide the next.
fn look_at_everything(index: &mut Index) {
    let read = |index: &mut Index, what: &str, reader: &dyn Fn(&mut Tx<'_>) -> Result<(), StoreError>| {
        if let Err(error) = index.transaction(|tx| reader(tx)) {
            let is_damage = matches!(error, StoreError::Corrupt(_) | StoreError::Broken(_));
            assert!(is_damage, "{what}: {error:?} is no word for damaged records");
        }
    };
    for id in (1..=9).chain([i64::MIN, -1, 0, i64::MAX]).map(NodeId) {
        read(index, "remote", &|tx| tx.remote(id).map(|row| row.iter().for_each(|row| is_name(&row.name))));
        read(index, "local", &|tx| tx.local(id).map(|row| row.iter().for_each(|row| is_name(&row.name))));
        read(index, "synced", &|tx| {
            let row = tx.synced(id)?;
            row.iter().flat_map(|row| [&row.local_name, &row.remote_name]).for_each(is_name);
            Ok(())
        });
        read(index, "remote path", &|tx| tx.remote_path(id).map(|path| path.iter().for_each(is_path)));
        read(index, "local path", &|tx| tx.local_path(id).map(|path| path.iter().for_each(is_path)));
        read(index, "synced path", &|tx| tx.synced_path(id).map(|path| path.iter().for_each(is_path)));
        read(index, "remote children", &|tx| {
            tx.remote_children(id).map(|rows| rows.iter().for_each(|row| is_name(&row.name)))
        });
        read(index, "local children", &|tx| {
            tx.local_children(id).map(|rows| rows.iter().for_each(|row| is_name(&row.name)))
        });
        read(index, "remote subtree", &|tx| tx.remote_subtree(id).map(drop));
        read(index, "local subtree", &|tx| tx.local_subtree(id).map(drop));
        read(index, "synced subtree", &|tx| tx.synced_subtree(id).map(drop));
        read(index, "session", &|tx| tx.session(id).map(drop));
        read(index, "issue", &|tx| tx.issue_of(id).map(drop));
        read(index, "conflict", &|tx| tx.conflict_of(id).map(drop));
        read(index, "last resolution", &|tx| tx.last_resolution_of(id).map(drop));
        read(index, "resolution", &|tx| tx.resolution(id.0).map(drop));
        read(index, "merged content", &|tx| tx.merged_content(id.0).map(drop));
        read(index, "held deletion", &|tx| tx.held_deletion(id.0).map(drop));
    }
    read(index, "cursor", &|tx| tx.cursor().map(drop));
    read(index, "listing", &|tx| tx.listing().map(drop));
    read(index, "binding", &|tx| tx.binding().map(drop));
    read(index, "first sync", &|tx| tx.first_sync_done().map(drop));
    read(index, "last synced", &|tx| tx.last_synced().map(drop));
    read(index, "dirty", &|tx| tx.dirty().map(drop));
    read(index, "dirty count", &|tx| tx.dirty_count().map(drop));
    read(index, "totals", &|tx| tx.synced_totals().map(drop));
    read(index, "unread", &|tx| tx.unread_files(10).map(drop));
    read(index, "folders", &|tx| tx.local_dirs().map(drop));
    read(index, "sessions", &|tx| tx.sessions().map(drop));
    read(index, "held", &|tx| tx.held_deletions().map(drop));
    read(index, "conflicts", &|tx| tx.conflicts().map(drop));
    read(index, "resolutions", &|tx| tx.open_resolutions().map(drop));
    read(index, "intents", &|tx| tx.intents().map(drop));
    read(index, "issues", &|tx| tx.issues().map(drop));
    read(index, "blocked", &|tx| tx.blocked_nodes().map(drop));
    read(index, "activity", &|tx| tx.activity(10).map(drop));
    read(index, "window", &|tx| tx.window().map(drop));
    read(index, "all differences", &|tx| tx.recompute_dirty().map(drop));
    read(index, "plan", &|tx| {
        let plan = sync_core::plan(&tx.window()?, policy());
        assert_eq!(plan, sync_core::plan(&tx.window()?, policy()), "the same rows have the same plan");
        Ok(())
    });
}

fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| Policy {
        on_conflict: OnConflict::KeepBoth,
        conflict_label: "HOST's conflicted copy 2026-11-23".into(),
        busy: Default::default(),
        blocked: Default::default(),
    })
}

fn is_name(name: &Name) {
    assert!(!leads_elsewhere(name.as_bytes()), "{name:?} leads elsewhere");
}

fn is_path(path: &SyncPath) {
    path.names().iter().for_each(is_name);
}

fn still_keeps(index: &mut Index) {
    let name = Name::new("new").expect("valid");
    let key = name.key();
    let row = RemoteRow { generation: 7, ..RemoteRow::folder(NodeId(1 << 40), NodeId::ROOT, name, key) };
    let written = index.transaction(|tx| {
        tx.set_cursor(Some("here"))?;
        tx.put_remote(&row)
    });
    // A damaged row may stand in the very place of the new one, or be counted with it.
    if written.is_ok() {
        let read = index.transaction::<_, StoreError>(|tx| Ok((tx.cursor()?, tx.remote(row.id)?)));
        assert_eq!(read.expect("what was just written can be read"), (Some("here".to_owned()), Some(row)));
    } else {
        let cursor = |tx: &mut Tx<'_>| tx.set_cursor(Some("here")).and_then(|()| tx.cursor());
        assert_eq!(
            index.transaction(cursor).expect("the place in the feed can be kept"),
            Some("here".to_owned())
        );
    }
}
