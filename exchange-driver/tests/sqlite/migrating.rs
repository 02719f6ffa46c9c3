//! Files of earlier layouts.

use std::{fs, path::Path};

use exchange_driver::{
    core::{Body, RoomName},
    sqlite::SqliteStore,
};
use rusqlite::Connection;

use crate::{Folder, load, talk::Talk};

/// Makes of a file what layout 1 was: rows, and nothing beside them.
fn take_back(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let statements = "DROP TABLE words; DROP TABLE texts; PRAGMA user_version = 1";
    connection.execute_batch(statements).unwrap();
    assert_eq!(tables(&connection), ["rows"]);
}

fn tables(connection: &Connection) -> Vec<String> {
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").unwrap();
    names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn layout(path: &Path) -> i32 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn a_file_of_the_first_layout_is_brought_up_to_date_with_all_that_is_in_it() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let den: RoomName = "den".parse().unwrap();
    let [typo, gone] = ["lunhc", "lunch is over"].map(|text| talk.says(text));
    talk.posts(&den, [Body::text("lunch in the den")]);
    talk.edits(typo, "lunch?");
    talk.deletes(gone);
    let (found, rows) = (talk.found("lunch", None, 10), {
        drop(talk);
        load(&folder.file())
    });
    assert_eq!(found.len(), 2);
    take_back(&folder.file());

    let talk = Talk::again(&folder.file(), usize::MAX);
    assert_eq!((talk.found("lunch", None, 10), talk.finds("lunhc"), talk.finds("over")), (found, vec![], vec![]));
    drop(talk);
    assert_eq!((layout(&folder.file()), load(&folder.file())), (2, rows));
}

/// That layout left what was deleted where it had been.
#[test]
fn what_was_deleted_in_an_earlier_layout_is_gone_from_the_file_then() {
    let folder = Folder::new();
    drop(Talk::new(&folder.file()));
    take_back(&folder.file());
    let connection = Connection::open(folder.file()).unwrap();
    connection.execute("INSERT INTO rows VALUES (x'ff', zeroblob(3000) || 'a secret')", []).unwrap();
    connection.execute("DELETE FROM rows WHERE key = x'ff'", []).unwrap();
    drop(connection);
    assert!(folder.holds("a secret"));
    drop(SqliteStore::open(folder.file()).unwrap());
    assert!(!folder.holds("a secret"));
}

/// In one transaction: what a crash leaves of it is the file as it was before.
#[test]
fn what_cannot_be_brought_up_to_date_keeps_its_layout() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    talk.says("lunch");
    drop(talk);
    let rows = load(&folder.file());
    take_back(&folder.file());
    Connection::open(folder.file()).unwrap().execute("CREATE TABLE words (word)", []).unwrap();
    SqliteStore::open(folder.file()).unwrap_err();
    let connection = Connection::open(folder.file()).unwrap();
    assert_eq!((layout(&folder.file()), tables(&connection)), (1, vec!["rows".into(), "words".into()]));
    connection.execute("DROP TABLE words", []).unwrap();
    drop(connection);
    assert_eq!(load(&folder.file()), rows);
    assert_eq!(layout(&folder.file()), 2);
    assert!(fs::metadata(folder.file()).is_ok());
}
