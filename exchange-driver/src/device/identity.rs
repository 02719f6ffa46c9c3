//! Who a device is.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use exchange_core::Identity;

use super::private;

/// Why who a device is cannot be had of its file, or put there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// There is something else in it. It is left as it is.
    #[error("{0} holds no identity")]
    Damaged(PathBuf),
    /// There is somebody else in it, who is left as they are.
    #[error("{0} holds another identity")]
    Taken(PathBuf),
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
    let (mut file, kept) = open(path)?;
    if let Some(identity) = kept {
        return Ok(identity);
    }
    let failed = |source| IdentityError::Io { path: path.into(), source };
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| failed(io::Error::other(error)))?;
    let identity = Identity::from_seed(seed);
    write(&mut file, &identity).map_err(failed)?;
    Ok(identity)
}

/// Keeps an identity that is had from elsewhere in a file in which there is no other. Folders are made for it.
///
/// # Errors
///
/// [`IdentityError`] if the file cannot be used, or is another's.
pub fn keep_identity(path: &Path, identity: &Identity) -> Result<(), IdentityError> {
    match open(path)? {
        (_, Some(kept)) if kept.peer() == identity.peer() => Ok(()),
        (_, Some(_)) => Err(IdentityError::Taken(path.into())),
        (mut file, None) => {
            write(&mut file, identity).map_err(|source| IdentityError::Io { path: path.into(), source })
        }
    }
}

/// The same, in the place of whatever there is.
///
/// # Errors
///
/// [`IdentityError::Io`] if the file cannot be written.
pub fn replace_identity(path: &Path, identity: &Identity) -> Result<(), IdentityError> {
    let replaced = private::open(path).and_then(|file| {
        // Whoever is about to put somebody new there does so first.
        file.lock()?;
        private::replace(path, &identity_text(identity))
    });
    replaced.map_err(|source| IdentityError::Io { path: path.into(), source })
}

/// An identity as it is in its file: 64 hexadecimal digits and the end of a line. Whoever has them is that peer.
pub fn identity_text(identity: &Identity) -> String {
    format!("{}\n", HEXLOWER.encode(identity.seed()))
}

/// The identity that was written like that.
pub fn parse_identity(text: &str) -> Option<Identity> {
    let seed = HEXLOWER_PERMISSIVE.decode(text.trim_end().as_bytes()).ok()?;
    Some(Identity::from_seed(seed.try_into().ok()?))
}

/// The file, to itself, and who is in it; none, if it is empty.
fn open(path: &Path) -> Result<(File, Option<Identity>), IdentityError> {
    let failed = |source| IdentityError::Io { path: path.into(), source };
    let damaged = || IdentityError::Damaged(path.into());
    let mut file = private::open(path).map_err(failed)?;
    file.lock().map_err(failed)?;
    let mut kept = String::new();
    match file.read_to_string(&mut kept) {
        Ok(0) => Ok((file, None)),
        Ok(_) => Ok((file, Some(parse_identity(&kept).ok_or_else(damaged)?))),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(damaged()),
        Err(error) => Err(failed(error)),
    }
}

fn write(file: &mut File, identity: &Identity) -> io::Result<()> {
    file.rewind()?;
    file.write_all(identity_text(identity).as_bytes())?;
    file.sync_all()
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

    #[test]
    fn somebody_from_elsewhere_takes_the_place_of_nobody_unless_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine").join("identity");
        let (ana, ben) = (Identity::from_seed([1; 32]), Identity::from_seed([2; 32]));
        keep_identity(&path, &ana).unwrap();
        assert!(matches!(keep_identity(&path, &ben), Err(IdentityError::Taken(_))));
        keep_identity(&path, &ana).unwrap();
        assert_eq!(identity(&path).unwrap().peer(), ana.peer());
        replace_identity(&path, &ben).unwrap();
        assert_eq!(identity(&path).unwrap().peer(), ben.peer());
        fs::write(&path, "my diary").unwrap();
        assert!(matches!(keep_identity(&path, &ana), Err(IdentityError::Damaged(_))));
        replace_identity(&path, &ana).unwrap();
        assert_eq!(identity(&path).unwrap().peer(), ana.peer());
    }

    #[test]
    fn who_was_written_down_is_read_again() {
        let ana = Identity::from_seed([1; 32]);
        let text = identity_text(&ana);
        assert_eq!(parse_identity(&text).map(|read| read.peer()), Some(ana.peer()));
        assert_eq!(parse_identity(text.to_uppercase().trim_end()).map(|read| read.peer()), Some(ana.peer()));
        assert!(parse_identity(&text[1..]).is_none() && parse_identity("").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine").join("identity");
        identity(&path).unwrap();
        replace_identity(&path, &Identity::from_seed([1; 32])).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}
