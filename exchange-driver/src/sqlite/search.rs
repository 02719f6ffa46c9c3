//! Looking for words in what is kept.
//!
//! Beside the rows is one text for each message that says something, as it stands now, in the order in which messages were
//! made; and an index of its words, FTS5 of SQLite, which follows by triggers. They are kept in the transaction of the
//! rows: a message that is put has its text, an edit changes that of its message, and what is blanked or gone has none.
//!
//! A word is a run of letters, marks and numbers, without regard to case and accents. Of scripts that put nothing between
//! words, every character is a word, and what is looked for are those characters in a row. So anything can be found, however
//! short, and nobody has to know where a word of Chinese or Thai ends. Pieces of three characters instead, SQLite's
//! `trigram`, would find no word of two, as most of Chinese are, and find `art` in `party`.

use std::collections::BTreeMap;

use exchange_core::{
    Body, RoomId, RoomName, Seq,
    message::{Edit, Post},
    store::{Key, read_entry, read_name},
};
use rusqlite::{Connection, Transaction, params};
use unicode_script::{Script, UnicodeScript as _};

/// With `secure-delete`, the words of what is deleted are taken out of the index rather than noted not to count.
const TABLES: &str = "
    CREATE TABLE texts (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, text TEXT NOT NULL);
    CREATE VIRTUAL TABLE words USING fts5(
        text, content = 'texts', content_rowid = 'id', columnsize = 0,
        tokenize = \"unicode61 remove_diacritics 2 categories 'L* M* N* Co'\"
    );
    INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER text_put AFTER INSERT ON texts BEGIN
        INSERT INTO words (rowid, text) VALUES (new.id, new.text);
    END;
    CREATE TRIGGER text_changed AFTER UPDATE ON texts BEGIN
        INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO words (rowid, text) VALUES (new.id, new.text);
    END;
    CREATE TRIGGER text_gone AFTER DELETE ON texts BEGIN
        INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
    END;";

/// A message that has the words that were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In which room it was said.
    pub room: RoomName,
    /// Its place in the room's log.
    pub seq: Seq,
}

/// What is looked for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) words: String,
    pub(super) room: Option<RoomName>,
    /// So many messages at most.
    pub(super) limit: usize,
}

pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)
}

/// Takes in all rows that there are.
pub(super) fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let mut texts = BTreeMap::new();
    let mut entries = connection.prepare("SELECT row FROM rows WHERE key BETWEEN ?1 AND ?2 ORDER BY key")?;
    let rows = entries.query_map(keys(RoomId(0), RoomId(u32::MAX)), |row| row.get::<_, Vec<u8>>(0))?;
    for row in rows {
        let Some(entry) = read_entry(&row?) else { continue };
        match entry.body {
            Body::Text(text) | Body::Post(Post { text, .. }) => {
                texts.insert((entry.room, entry.seq), (entry.at, text));
            }
            Body::Edit(Edit { of, text, .. }) => {
                texts.entry((entry.room, of)).and_modify(|(_, before)| *before = text);
            }
            _ => {}
        }
    }
    // As they would have been kept: those of all rooms in the order in which they were made.
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort_by_key(|(_, (at, _))| *at);
    texts.into_iter().try_for_each(|((room, seq), (_, text))| put(connection, Key::Entry(room, seq), &text))
}

/// Follows what is put into a row.
pub(super) fn follow(connection: &Connection, key: Key, row: &[u8]) -> rusqlite::Result<()> {
    let Key::Entry(room, _) = key else { return Ok(()) };
    match read_entry(row).map(|entry| entry.body) {
        Some(Body::Text(text) | Body::Post(Post { text, .. })) => put(connection, key, &text),
        // The message may be gone, and then there is nothing to change.
        Some(Body::Edit(Edit { of, text, .. })) if text.is_empty() => forget(connection, Key::Entry(room, of)),
        Some(Body::Edit(Edit { of, text, .. })) => {
            let mut change = connection.prepare_cached("UPDATE texts SET text = ?2 WHERE key = ?1")?;
            change.execute(params![Key::Entry(room, of).to_bytes(), apart(&text)]).map(drop)
        }
        _ => forget(connection, key),
    }
}

/// Forgets what was in rows that are no more. Where a log is full, each message costs one, so of these
/// it is only noted that they do not count, which takes a tenth of the time. FTS5 takes them out when it merges parts of
/// the index, and [`tidy`] does so for good.
pub(super) fn let_go(transaction: &mut Transaction<'_>, rows: impl Iterator<Item = Key>) -> rusqlite::Result<()> {
    let mut rows = rows.filter(|key| matches!(key, Key::Entry(..))).peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    secure(transaction, false)?;
    rows.try_for_each(|key| forget(transaction, key))?;
    // At a savepoint the index is written as far as it is; what it has in memory would be written as what comes next.
    transaction.savepoint()?.commit()?;
    secure(transaction, true)
}

/// Writes the index anew, without what does not count any more.
pub(super) fn tidy(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("INSERT INTO words (words) VALUES ('optimize')", []).map(drop)
}

fn secure(connection: &Connection, secure: bool) -> rusqlite::Result<()> {
    let set = "INSERT INTO words (words, rank) VALUES ('secure-delete', ?1)";
    connection.prepare_cached(set)?.execute([secure]).map(drop)
}

fn put(connection: &Connection, key: Key, text: &str) -> rusqlite::Result<()> {
    if text.is_empty() {
        return forget(connection, key);
    }
    let put = "INSERT INTO texts (key, text) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET text = excluded.text";
    connection.prepare_cached(put)?.execute(params![key.to_bytes(), apart(text)]).map(drop)
}

fn forget(connection: &Connection, key: Key) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM texts WHERE key = ?1")?.execute([key.to_bytes()]).map(drop)
}

/// The newest messages that have all of these words, newest first.
pub(super) fn search(connection: &Connection, wanted: &Wanted) -> rusqlite::Result<Vec<Found>> {
    let Some(query) = query(&wanted.words) else { return Ok(Vec::new()) };
    let rooms = rooms(connection)?;
    let (first, last) = match wanted.room.as_ref().map(|room| rooms.iter().find(|(_, name)| *name == room)) {
        None => (RoomId(0), RoomId(u32::MAX)),
        Some(Some((room, _))) => (*room, *room),
        Some(None) => return Ok(Vec::new()),
    };
    let [first, last] = keys(first, last);
    let find = "SELECT texts.key FROM words JOIN texts ON texts.id = words.rowid
        WHERE words MATCH ?1 AND texts.key BETWEEN ?2 AND ?3 ORDER BY words.rowid DESC LIMIT ?4";
    let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX);
    let mut find = connection.prepare_cached(find)?;
    let found = find.query_map(params![query, first, last, limit], |row| row.get::<_, Vec<u8>>(0))?;
    let mut places = Vec::new();
    for key in found {
        if let Some(Key::Entry(room, seq)) = Key::from_bytes(&key?)
            && let Some(room) = rooms.get(&room).cloned()
        {
            places.push(Found { room, seq });
        }
    }
    Ok(places)
}

/// Between which keys the entries of these rooms are.
fn keys(first: RoomId, last: RoomId) -> [Vec<u8>; 2] {
    [Key::Entry(first, Seq(0)), Key::Entry(last, Seq(u64::MAX))].map(Key::to_bytes)
}

fn rooms(connection: &Connection) -> rusqlite::Result<BTreeMap<RoomId, RoomName>> {
    let mut all = connection.prepare_cached("SELECT key, row FROM rows WHERE key BETWEEN ?1 AND ?2")?;
    let keys = [Key::Room(RoomId(0)), Key::Room(RoomId(u32::MAX))].map(Key::to_bytes);
    let rows =
        all.query_map(params![keys[0], keys[1]], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    let named = rows.map(|row| {
        row.map(|(key, row)| match Key::from_bytes(&key)? {
            Key::Room(room) => Some((room, read_name(&row)?)),
            _ => None,
        })
    });
    named.filter_map(Result::transpose).collect()
}

/// What FTS5 is asked: every word as a string, for it to be nothing but a word, that a word of the text begins with. What
/// has no letter in it counts for nothing; `None` if nothing is left to look for.
fn query(words: &str) -> Option<String> {
    let phrase = |word: &str| format!("\"{}\"*", apart(word).replace(['"', '\0'], " "));
    let phrases: Vec<String> = words.split_whitespace().map(phrase).collect();
    (!phrases.is_empty()).then(|| phrases.join(" "))
}

/// The text with room around every character that is a word by itself.
fn apart(text: &str) -> String {
    let mut apart = String::with_capacity(text.len());
    for c in text.chars() {
        if is_word(c) {
            apart.extend([' ', c, ' ']);
        } else {
            apart.push(c);
        }
    }
    apart
}

fn is_word(c: char) -> bool {
    use Script::{Bopomofo, Han, Hiragana, Katakana, Khmer, Lao, Myanmar, Thai};
    !c.is_ascii() && matches!(c.script(), Bopomofo | Han | Hiragana | Katakana | Khmer | Lao | Myanmar | Thai)
}
