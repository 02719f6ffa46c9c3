//! How the file is laid out: what of its kind it is, made when it is new, and brought up to date when it is older.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::search;

/// What tells a file of ours from others: "Exch".
const APPLICATION: i32 = i32::from_be_bytes(*b"Exch");

/// The layout that is written. Those before it are read: of layout 1 were the rows alone.
const LAYOUT: i32 = 2;

const ROWS: &str = "CREATE TABLE rows (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID";

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ours, or empty and about to be.
    Ours,
    /// From a later version, in that layout.
    Later(i32),
    Foreign,
}

/// Makes a file one of this layout, unless it is none of ours or damaged, which is told.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<Result<Kind, String>> {
    // What is deleted, or written over, is to be gone from the file.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let layout = match (number("application_id")?, number("user_version")?) {
        (0, 0) if tables == 0 => 0,
        (APPLICATION, layout @ 1..=LAYOUT) => layout,
        (APPLICATION, layout) => return Ok(Ok(Kind::Later(layout))),
        _ => return Ok(Ok(Kind::Foreign)),
    };
    let what: String = transaction.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if what != "ok" {
        return Ok(Err(what));
    }
    match layout {
        0 => {
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.execute(ROWS, [])?;
            search::create(&transaction)?;
            finish(transaction)?;
        }
        1 => {
            drop(transaction);
            // Of what was deleted under that layout, remains are in the file: it is written anew without.
            connection.execute("VACUUM", [])?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
            search::create(&transaction)?;
            search::fill(&transaction)?;
            finish(transaction)?;
        }
        _ => drop(transaction),
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(Ok(Kind::Ours))
}

/// With the number of the layout it is all there, or nothing is.
fn finish(transaction: Transaction<'_>) -> rusqlite::Result<()> {
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    transaction.commit()
}
