//! Linked accounts.
//!
//! Rule: everything needed to use an account except its secrets.

use rusqlite::{Row, params};

use super::StateTx;
use crate::{
    error::StoreError,
    sql::{Columns, json, size},
};

/// One linked account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountRow {
    /// Account id (`dbid:…`).
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// App key it was linked with.
    pub app_key: String,
    /// The app has a secret, which is kept with the other secrets.
    pub has_secret: bool,
    /// Scopes that were asked for; empty for all the app has.
    pub scope: String,
    /// Redirect URL that was used, when one was.
    pub redirect_url: Option<String>,
    /// Where the service lives.
    pub endpoints: serde_json::Value,
    /// Kind of place where the secrets are.
    pub secret_store: String,
    /// Whether it works.
    pub state: String,
    /// Namespace of the account's root; empty until it was asked for.
    pub root_namespace: String,
    /// Bytes used, when last asked.
    pub used_bytes: u64,
    /// Bytes allocated, when last asked.
    pub allocated_bytes: u64,
    /// Seconds since 1970 at which it was linked.
    pub linked_secs: i64,
    /// Seconds since 1970 at which the bytes were asked for; absent while they are unknown.
    pub usage_secs: Option<i64>,
    /// Why the sign-in has to be repeated, when it has.
    pub reason: Option<String>,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, email, name, app_key, has_secret, scope, redirect_url, endpoints, secret_store, state, \
             root_namespace, used_bytes, allocated_bytes, linked_secs, usage_secs, reason FROM accounts ",
            $tail
        )
    };
}

const PUT: &str = "
    INSERT INTO accounts (id, email, name, app_key, has_secret, scope, redirect_url, endpoints, secret_store, state,
                          root_namespace, used_bytes, allocated_bytes, linked_secs, usage_secs, reason)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
    ON CONFLICT (id) DO UPDATE SET
        email = ?2, name = ?3, app_key = ?4, has_secret = ?5, scope = ?6, redirect_url = ?7, endpoints = ?8,
        secret_store = ?9, state = ?10, root_namespace = ?11, used_bytes = ?12, allocated_bytes = ?13,
        linked_secs = ?14, usage_secs = ?15, reason = ?16";

impl StateTx<'_> {
    /// Returns all accounts in the order in which they were linked.
    pub fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        self.sql.all(select!("ORDER BY linked_secs, id"), [], read)
    }

    /// Returns the account with this id.
    pub fn account(&self, id: &str) -> Result<Option<AccountRow>, StoreError> {
        self.sql.one(select!("WHERE id = ?1"), [id], read)
    }

    /// Writes an account, new or changed.
    pub fn put_account(&mut self, row: &AccountRow) -> Result<(), StoreError> {
        let values = params![
            row.id,
            row.email,
            row.name,
            row.app_key,
            row.has_secret,
            row.scope,
            row.redirect_url,
            json(&row.endpoints),
            row.secret_store,
            row.state,
            row.root_namespace,
            size(row.used_bytes),
            size(row.allocated_bytes),
            row.linked_secs,
            row.usage_secs,
            row.reason,
        ];
        self.sql.run(PUT, values).map(|_| ())
    }

    /// Removes an account, if it is there; its workspaces stay.
    pub fn remove_account(&mut self, id: &str) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM accounts WHERE id = ?1", [id]).map(|_| ())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    let mut columns = Columns::of(row);
    // In the order of the columns in `select!`.
    Ok(AccountRow {
        id: columns.get()?,
        email: columns.get()?,
        name: columns.get()?,
        app_key: columns.get()?,
        has_secret: columns.get()?,
        scope: columns.get()?,
        redirect_url: columns.get()?,
        endpoints: columns.json()?,
        secret_store: columns.get()?,
        state: columns.get()?,
        root_namespace: columns.get()?,
        used_bytes: columns.size()?,
        allocated_bytes: columns.size()?,
        linked_secs: columns.get()?,
        usage_secs: columns.get()?,
        reason: columns.get()?,
    })
}
