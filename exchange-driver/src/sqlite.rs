//! A [`Store`] in a file of SQLite.
//!
//! A batch is one transaction, and is on disk (`synchronous=FULL`) before it counts as kept. The file belongs to one host
//! at a time, and to its owner alone: what is in it lets whoever has it come back as anybody of the session.

mod layout;
mod pages;
mod search;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use bytes::Bytes;
use exchange_core::{
    Durability, RoomName,
    store::{Change, Key},
};
use futures_channel::oneshot;
use rusqlite::{Connection, ErrorCode, TransactionBehavior, ffi, params};

pub use self::search::Found;
use self::{layout::Kind, search::Wanted};
use crate::store::{Store, StoreError, Storing};

/// How long a host that is just ending may still have the file.
const PATIENCE: Duration = Duration::from_millis(500);

/// Rows in a file of SQLite. Its clones are the same store, for one host at a time; with the last of them the file is
/// closed, which takes as long as what was to be kept by then.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    path: PathBuf,
    was_empty: bool,
    worker: Arc<Worker>,
}

/// The rows that can still be read in a file, however damaged it is. The file is only read, and nobody may be hosting with
/// it meanwhile.
///
/// What was said is told of them by [`Archive::read`](exchange_core::Archive::read).
///
/// # Errors
///
/// Whatever the operating system has to say.
pub fn salvage(path: &Path) -> io::Result<Vec<(Key, Bytes)>> {
    let file = fs::read(path)?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = match fs::read(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    Ok(pages::rows(&file, &log).into_iter().collect())
}

/// The thread that the file is open in.
#[derive(Debug)]
struct Worker {
    /// None once it has to end.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// It is something else.
    #[error("{} is no file of Exchange", .path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// A later version of this crate has written it.
    #[error("{} is from a later version: its layout is {layout}", .path.display())]
    Later {
        /// Which file.
        path: PathBuf,
        /// Its layout.
        layout: i32,
    },
    /// Somebody hosts with it at this moment.
    #[error("{} is in use", .path.display())]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// It does not hold together any more. It is left as it is.
    #[error("{} is damaged: {what}", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file cannot be made or opened.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Anything else.
    #[error("{}: {source}", .path.display())]
    Other {
        /// Which file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

#[derive(Debug)]
enum Job {
    Load(oneshot::Sender<rusqlite::Result<Vec<(Key, Bytes)>>>),
    Keep(Vec<Change>, oneshot::Sender<rusqlite::Result<()>>),
    Search(Wanted, oneshot::Sender<rusqlite::Result<Vec<Found>>>),
}

impl SqliteStore {
    /// Opens a file, or makes a new one if there is none. What is no file of ours, or is damaged, is not touched. It blocks
    /// while it is read through, as a program may when it starts.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] says why it cannot be used.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SqliteError> {
        let path = path.into();
        let connection = open(&path)?;
        let any = connection.query_row("SELECT EXISTS (SELECT 1 FROM rows)", [], |row| row.get::<_, bool>(0));
        let was_empty = !any.map_err(|error| SqliteError::of(&path, error))?;
        let (jobs, todo) = mpsc::channel();
        let work = move || work(connection, &todo);
        let thread = thread::Builder::new().name("exchange store".into()).spawn(work);
        let thread = thread.map_err(|source| SqliteError::Io { path: path.clone(), source })?;
        Ok(Self { path, was_empty, worker: Arc::new(Worker { jobs: Some(jobs), thread: Some(thread) }) })
    }

    /// Whether nothing was in it when it was opened.
    pub fn was_empty(&self) -> bool {
        self.was_empty
    }

    /// Looks for the newest messages, at most so many, that have all of these words, in one room or in all; newest first.
    ///
    /// A message has a word if one of its own begins with it, whatever their case and accents; it is found by what it says
    /// now, and not at all once it was deleted. Words have spaces between them. What else is no letter, mark or number does
    /// not matter, but what is on its two sides has to be side by side: `x-ray` finds "x ray". Without a word nothing is found.
    pub fn search(&self, words: &str, room: Option<&RoomName>, limit: usize) -> Storing<Vec<Found>> {
        let wanted = Wanted { words: words.into(), room: room.cloned(), limit };
        self.ask(|reply| Job::Search(wanted, reply))
    }

    /// Has the thread do something, which it does even if nobody waits for it.
    fn ask<T: Send + 'static>(&self, job: impl FnOnce(oneshot::Sender<rusqlite::Result<T>>) -> Job) -> Storing<T> {
        let (reply, done) = oneshot::channel();
        // Should it have gone, there is no reply either.
        let _ = self.worker.jobs.as_ref().map(|jobs| jobs.send(job(reply)));
        let path = self.path.clone();
        Box::pin(async move {
            let done = done.await.unwrap_or(Err(rusqlite::Error::InvalidQuery));
            done.map_err(|error| StoreError::Other(Box::new(SqliteError::of(&path, error))))
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        // What it might have to say of itself it has said to whoever asked.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Store for SqliteStore {
    fn durability(&self) -> Durability {
        Durability::Fsynced
    }

    fn load(&mut self) -> Storing<Vec<(Key, Bytes)>> {
        self.ask(Job::Load)
    }

    fn keep(&mut self, changes: Vec<Change>) -> Storing<()> {
        self.ask(|reply| Job::Keep(changes, reply))
    }
}

impl SqliteError {
    fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
            Some(ErrorCode::NotADatabase) => Self::Foreign { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, what: source.to_string() },
            _ => Self::Other { path, source },
        }
    }
}

fn open(path: &Path) -> Result<Connection, SqliteError> {
    create(path).map_err(|source| SqliteError::Io { path: path.to_owned(), source })?;
    let mut connection = Connection::open(path).map_err(|error| SqliteError::of(path, error))?;
    connection.busy_timeout(PATIENCE).map_err(|error| SqliteError::of(path, error))?;
    match layout::prepare(&mut connection).map_err(|error| SqliteError::of(path, error))? {
        Ok(Kind::Ours) => Ok(connection),
        Ok(Kind::Later(layout)) => Err(SqliteError::Later { path: path.to_owned(), layout }),
        Ok(Kind::Foreign) => Err(SqliteError::Foreign { path: path.to_owned() }),
        Err(what) => Err(SqliteError::Damaged { path: path.to_owned(), what }),
    }
}

/// Sees to it that there is a file, which nobody but its owner reads.
fn create(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn work(mut connection: Connection, todo: &mpsc::Receiver<Job>) {
    let mut has_kept = false;
    while let Ok(job) = todo.recv() {
        match job {
            Job::Load(reply) => drop(reply.send(load(&connection))),
            Job::Keep(changes, reply) => {
                let kept = keep(&mut connection, changes);
                has_kept |= kept.is_ok();
                drop(reply.send(kept));
            }
            Job::Search(wanted, reply) => drop(reply.send(search::search(&connection, &wanted))),
        }
    }
    // Also of what was let go before a crash. If it fails, it is for the next time, and nobody is there to be told.
    if has_kept {
        let _ = search::tidy(&connection);
    }
}

fn load(connection: &Connection) -> rusqlite::Result<Vec<(Key, Bytes)>> {
    let mut all = connection.prepare("SELECT key, row FROM rows ORDER BY key")?;
    let rows = all.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    let mut read = Vec::new();
    for row in rows {
        let (key, row) = row?;
        let key = Key::from_bytes(&key).ok_or_else(|| {
            rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some("a key that is none".into()))
        })?;
        read.push((key, row.into()));
    }
    Ok(read)
}

fn keep(connection: &mut Connection, changes: Vec<Change>) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let gone = changes.iter().filter(|change| change.row.is_none()).map(|change| change.key);
    search::let_go(&mut transaction, gone)?;
    {
        let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO rows (key, row) VALUES (?1, ?2)")?;
        let mut delete = transaction.prepare_cached("DELETE FROM rows WHERE key = ?1")?;
        for Change { key, row } in changes {
            if let Some(row) = row {
                search::follow(&transaction, key, &row)?;
                put.execute(params![key.to_bytes(), &row[..]])?;
            } else {
                delete.execute(params![key.to_bytes()])?;
            }
        }
    }
    transaction.commit()
}
