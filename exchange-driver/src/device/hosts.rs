//! Whom a device has met as the host of which session.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Error, ErrorKind},
    path::PathBuf,
};

use exchange_core::{PeerId, SessionName, Timestamp};

use super::private;

/// The file in which a device keeps who hosts which session, one a line: who, since when, how it knows, and the session's
/// name. Several programs may use it at once.
#[derive(Clone, Debug)]
pub struct KnownHosts {
    path: PathBuf,
}

/// Who hosts a session, as far as a device knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownHost {
    /// Who it is.
    pub peer: PeerId,
    /// When it was met first.
    pub since: Timestamp,
    /// Whether somebody has made sure that it is whom they mean. If not, it is whoever was met first under that name.
    pub is_verified: bool,
}

impl KnownHosts {
    /// Those in this file; nobody, as long as there is none.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Who hosts this session.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or holds something else.
    pub fn get(&self, session: &SessionName) -> io::Result<Option<KnownHost>> {
        Ok(self.all()?.remove(session))
    }

    /// All sessions whose host is known.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get).
    pub fn all(&self) -> io::Result<BTreeMap<SessionName, KnownHost>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => text.lines().map(|line| self.read(line)).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    /// This session is hosted by them, and by nobody else.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get), and if it cannot be written.
    pub fn put(&self, session: &SessionName, host: KnownHost) -> io::Result<()> {
        self.change(|all| {
            all.insert(session.clone(), host);
        })
    }

    /// Whoever hosts this session next is met for the first time; gives who was known before.
    ///
    /// # Errors
    ///
    /// Those of [`put`](Self::put).
    pub fn forget(&self, session: &SessionName) -> io::Result<Option<KnownHost>> {
        let mut known = None;
        self.change(|all| known = all.remove(session))?;
        Ok(known)
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<SessionName, KnownHost>)) -> io::Result<()> {
        // The file itself is another one after every change, and a lock on it would be on the one before.
        let mut lock = self.path.as_os_str().to_owned();
        lock.push(".lock");
        let lock = private::open(lock.as_ref())?;
        lock.lock()?;
        let mut all = self.all()?;
        change(&mut all);
        let lines = all.iter().map(|(session, host)| {
            let how = if host.is_verified { VERIFIED } else { MET };
            format!("{} {} {how} {session}\n", host.peer, host.since.as_millis())
        });
        private::replace(&self.path, &lines.collect::<String>())
    }

    fn read(&self, line: &str) -> io::Result<(SessionName, KnownHost)> {
        let read = || {
            let mut parts = line.splitn(4, ' ');
            let peer = PeerId::parse(parts.next()?)?;
            let since = Timestamp::from_millis(parts.next()?.parse().ok()?);
            let is_verified = match parts.next()? {
                VERIFIED => true,
                MET => false,
                _ => return None,
            };
            Some((parts.next()?.parse().ok()?, KnownHost { peer, since, is_verified }))
        };
        read().ok_or_else(|| {
            Error::new(ErrorKind::InvalidData, format!("{} does not hold known hosts", self.path.display()))
        })
    }
}

const VERIFIED: &str = "verified";
const MET: &str = "met";

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn host(number: u8, is_verified: bool) -> KnownHost {
        KnownHost { peer: PeerId::from_bytes([number; 16]), since: Timestamp::from_millis(number.into()), is_verified }
    }

    fn session(name: &str) -> SessionName {
        name.parse().unwrap()
    }

    #[test]
    fn whoever_was_put_there_is_known_until_they_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = KnownHosts::at(folder.path().join("mine").join("hosts"));
        assert_eq!(hosts.get(&session("Lab 3")).unwrap(), None);
        assert_eq!(hosts.forget(&session("Lab 3")).unwrap(), None);
        hosts.put(&session("Lab 3"), host(1, false)).unwrap();
        hosts.put(&session("b\u{f6}se  name met"), host(2, true)).unwrap();
        hosts.put(&session("Lab 3"), host(3, true)).unwrap();
        assert_eq!(hosts.get(&session("Lab 3")).unwrap(), Some(host(3, true)));
        assert_eq!(hosts.get(&session("b\u{f6}se  name met")).unwrap(), Some(host(2, true)));
        assert_eq!(hosts.forget(&session("Lab 3")).unwrap(), Some(host(3, true)));
        assert_eq!(hosts.all().unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_list_of_hosts_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts");
        for text in ["my diary\n", "00 1 met Lab 3\n", "00000000000000000000000000000000 1 guessed Lab 3\n"] {
            fs::write(&path, text).unwrap();
            let hosts = KnownHosts::at(&path);
            assert_eq!(hosts.all().unwrap_err().kind(), ErrorKind::InvalidData);
            assert!(hosts.put(&session("Lab 3"), host(1, false)).is_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn those_who_write_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = KnownHosts::at(folder.path().join("hosts"));
        thread::scope(|scope| {
            for number in 0..8 {
                let hosts = hosts.clone();
                scope.spawn(move || hosts.put(&session(&format!("Lab {number}")), host(number, false)).unwrap());
            }
        });
        assert_eq!(hosts.all().unwrap().len(), 8);
    }
}
