//! Who a device is.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use exchange_core::Identity;

use super::private;

/// Why who a device is cannot be had of its file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// There is something else in it. It is left as it is.
    #[error("{0} holds no identity")]
    Damaged(PathBuf),
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The identity that is kept in a file. If there is none, somebody new is put there, and folders are made for it: for
/// their owner alone. Several programs may do so at once, and are all the same.
///
/// # Errors
///
/// [`IdentityError`] if the file cannot be used.
pub fn identity(path: &Path) -> Result<Identity, IdentityError> {
    let failed = |source| IdentityError::Io { path: path.into(), source };
    let damaged = || IdentityError::Damaged(path.into());
    let mut file = private::open(path).map_err(failed)?;
    file.lock().map_err(failed)?;
    let mut kept = String::new();
    match file.read_to_string(&mut kept) {
        Ok(0) => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| failed(io::Error::other(error)))?;
            let identity = Identity::from_seed(seed);
            write(&mut file, &identity).map_err(failed)?;
            Ok(identity)
        }
        Ok(_) => read(&kept).ok_or_else(damaged),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(damaged()),
        Err(error) => Err(failed(error)),
    }
}

fn write(file: &mut File, identity: &Identity) -> io::Result<()> {
    file.rewind()?;
    writeln!(file, "{}", HEXLOWER.encode(identity.seed()))?;
    file.sync_all()
}

fn read(kept: &str) -> Option<Identity> {
    let seed = HEXLOWER_PERMISSIVE.decode(kept.trim_end().as_bytes()).ok()?;
    Some(Identity::from_seed(seed.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, thread};

    use super::*;

    #[test]
    fn whoever_comes_again_is_the_same_also_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("of").join("mine").join("identity");
        let at_once: BTreeSet<_> = thread::scope(|scope| {
            let peers: Vec<_> = (0..8).map(|_| scope.spawn(|| identity(&path).unwrap().peer())).collect();
            peers.into_iter().map(|peer| peer.join().unwrap()).collect()
        });
        assert_eq!(at_once, BTreeSet::from([identity(&path).unwrap().peer()]));
        let another = identity(&folder.path().join("another")).unwrap();
        assert!(!at_once.contains(&another.peer()));
    }

    #[test]
    fn what_holds_no_identity_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for (name, kept) in
            [("short", &b"abcd\n"[..]), ("text", b"my diary"), ("bytes", &[0xff; 64]), ("long", &[b'a'; 66])]
        {
            let path = folder.path().join(name);
            fs::write(&path, kept).unwrap();
            assert!(matches!(identity(&path), Err(IdentityError::Damaged(_))), "{name}");
            assert_eq!(fs::read(&path).unwrap(), kept);
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine").join("identity");
        identity(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}
