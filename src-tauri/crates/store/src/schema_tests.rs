//! The pages that describe today's tables say what the migrations make.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::database::schema;

fn migrated(migrations: &Migrations<'_>) -> Connection {
    let mut conn = Connection::open_in_memory().expect("a database");
    migrations.to_latest(&mut conn).expect("all migrations");
    conn
}

/// Everything but comments and the width of blanks.
fn essence(conn: &Connection) -> Vec<String> {
    let rows = schema(conn).expect("readable");
    rows.into_iter()
        .map(|(kind, name, sql)| format!("{kind} {name}: {}", stripped(&sql.unwrap_or_default())))
        .collect()
}

fn stripped(sql: &str) -> String {
    let code = sql.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    let text = code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    // A column that was added later is written down without the blanks that a page has.
    text.replace(" ,", ",").replace(" )", ")")
}

fn application_id(conn: &Connection) -> i64 {
    conn.pragma_query_value(None, "application_id", |row| row.get(0)).expect("a number")
}

fn compare(migrations: &'static [M<'static>], page: &str, mark: i32) {
    let migrations = Migrations::from_slice(migrations);
    migrations.validate().expect("every migration runs");
    let described = Connection::open_in_memory().expect("a database");
    described.execute_batch(page).expect("the page is valid SQL");
    let made = migrated(&migrations);
    assert_eq!(essence(&described), essence(&made));
    assert_eq!(application_id(&described), application_id(&made));
    assert_eq!(application_id(&made), i64::from(mark), "the mark a file is recognised by");
}

#[test]
fn the_page_of_the_index_says_what_its_migrations_make() {
    compare(crate::index::MIGRATIONS, include_str!("index/schema.sql"), crate::index::KIND.application_id);
}

#[test]
fn the_page_of_the_state_says_what_its_migrations_make() {
    compare(crate::state::MIGRATIONS, include_str!("state/schema.sql"), crate::state::KIND.application_id);
}

#[test]
fn every_table_is_strict() {
    for migrations in [crate::index::MIGRATIONS, crate::state::MIGRATIONS] {
        let made = migrated(&Migrations::from_slice(migrations));
        for (kind, name, sql) in schema(&made).expect("readable") {
            let own = kind == "table" && !name.starts_with("sqlite_");
            assert!(!own || sql.expect("defined").contains("STRICT"), "{name}");
        }
    }
}
