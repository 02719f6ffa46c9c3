//! What a file says: settings, with a profile laid over them.

use std::{collections::BTreeMap, ops::Range, path::Path};

use serde_json::Value as Json;
use toml::{Spanned, de::DeTable, de::DeValue};

use super::{
    key::{KEYS, TABLES, Wrong},
    nearest::nearest,
    value::Value,
};
use crate::args::Settings;

/// The table of all profiles.
pub(crate) const PROFILE: &str = "profile";

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) settings: Settings,
    /// What the settings were made of, by the names of the keys.
    pub(crate) found: BTreeMap<&'static str, Found>,
    pub(crate) profiles: Vec<String>,
    pub(crate) unknown: Vec<Unknown>,
}

/// What stands behind a key.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) value: Json,
    pub(crate) line: usize,
    /// Whether a profile says so.
    pub(crate) by_profile: bool,
}

/// A key that there is not, or of which there is no such value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) line: usize,
    pub(crate) key: String,
    pub(crate) value: Option<String>,
    /// What is perhaps meant.
    pub(crate) nearest: Option<&'static str>,
}

/// Why a file says nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// Reads the text of a file in that folder. All profiles have to be right, and one is laid over the rest, if it is there.
pub(crate) fn parse(text: &str, folder: &Path, profile: Option<&str>) -> Result<Contents, Mistake> {
    let root = DeTable::parse(text).map_err(|error| Mistake {
        line: line(text, error.span().unwrap_or_default()),
        what: error.message().lines().next().unwrap_or_default().to_owned(),
    })?;
    let reader = Reader { text, folder };
    let mut contents = Contents::default();
    reader.read(root.get_ref(), None, &mut contents)?;
    if let Some(profiles) = root.get_ref().get(PROFILE) {
        for (name, table) in reader.table(PROFILE, profiles)? {
            let whole = format!("{PROFILE}.{}", name.get_ref());
            let table = reader.table(&whole, table)?;
            let mut beside = Contents::default();
            let chosen = profile == Some(&**name.get_ref());
            let into = if chosen { &mut contents } else { &mut beside };
            reader.read(table, Some(&whole), into)?;
            contents.unknown.append(&mut beside.unknown);
            contents.profiles.push(name.get_ref().to_string());
        }
    }
    contents.unknown.sort_by_key(|unknown| unknown.line);
    Ok(contents)
}

struct Reader<'a> {
    text: &'a str,
    folder: &'a Path,
}

impl Reader<'_> {
    /// Reads all of the file that belongs to no profile, or to that one.
    fn read(&self, root: &DeTable<'_>, profile: Option<&str>, into: &mut Contents) -> Result<(), Mistake> {
        self.keys(root, None, profile, into)?;
        for name in TABLES {
            if let Some(table) = root.get(name) {
                self.keys(self.table(&within(profile, name), table)?, Some(name), profile, into)?;
            }
        }
        Ok(())
    }

    fn keys(
        &self,
        table: &DeTable<'_>,
        of: Option<&str>,
        profile: Option<&str>,
        into: &mut Contents,
    ) -> Result<(), Mistake> {
        for (name, value) in table {
            let short = of.map_or_else(|| name.get_ref().to_string(), |of| format!("{of}.{}", name.get_ref()));
            let is_table = of.is_none() && (TABLES.contains(&&*short) || profile.is_none() && short == PROFILE);
            if is_table {
                continue;
            }
            let whole = within(profile, &short);
            let Some(key) = KEYS.iter().find(|key| key.name == short) else {
                let (line, nearest) = (self.line(name.span()), nearest(&short));
                let unknown = Unknown { line, key: whole, value: None, nearest };
                into.unknown.push(unknown);
                continue;
            };
            let line = self.line(value.span());
            let value = Value { value: value.get_ref(), folder: self.folder };
            match (key.set)(&mut into.settings, value) {
                Ok(()) => {
                    let found = Found { value: value.json(), line, by_profile: profile.is_some() };
                    into.found.insert(key.name, found);
                }
                Err(Wrong::Mistake(why)) => return Err(Mistake { line, what: format!("{whole}: {why}") }),
                Err(Wrong::Unknown(nearest)) => {
                    let value = value.text().ok().map(str::to_owned);
                    into.unknown.push(Unknown { line, key: whole, value, nearest });
                }
            }
        }
        Ok(())
    }

    fn table<'a>(&self, name: &str, value: &'a Spanned<DeValue<'a>>) -> Result<&'a DeTable<'a>, Mistake> {
        let what = || format!("{name}: a table is needed, such as [{name}] on a line of its own");
        value.get_ref().as_table().ok_or_else(|| Mistake { line: self.line(value.span()), what: what() })
    }

    fn line(&self, place: Range<usize>) -> usize {
        line(self.text, place)
    }
}

/// The name of something, as it has to be written where it stands.
fn within(profile: Option<&str>, name: &str) -> String {
    profile.map_or_else(|| name.to_owned(), |profile| format!("{profile}.{name}"))
}

fn line(text: &str, place: Range<usize>) -> usize {
    text.bytes().take(place.start).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
nick = 'ana'
interface = [\"lo\"]

[host]
port = 0x7
store = \"kept\"

[join]
timeout = 1.5

[profile.work]
nick = \"Ana M\"
host.port = 9
[profile.home.join]
wait = true
";

    fn read(text: &str, profile: Option<&str>) -> Result<Contents, Mistake> {
        parse(text, Path::new("/folder"), profile)
    }

    fn mistake(text: &str) -> (usize, String) {
        let Mistake { line, what } = read(text, None).unwrap_err();
        (line, what)
    }

    #[test]
    fn what_is_said_is_set_and_the_rest_is_not() {
        let Contents { settings, found, profiles, unknown } = read(TEXT, None).unwrap();
        assert_eq!((settings.nick.as_deref(), settings.host.port), (Some("ana"), Some(7)));
        assert_eq!(settings.join.timeout.map(|timeout| timeout.as_secs_f64()), Some(1.5));
        assert_eq!(settings.host.store.as_deref(), Some(Path::new("/folder/kept")));
        assert_eq!((settings.plain, settings.join.wait, settings.host.name), (None, None, None));
        assert_eq!((profiles, unknown), (vec!["home".into(), "work".into()], vec![]));
        assert_eq!((&found["host.port"].value, found["host.port"].line), (&7.into(), 5));
    }

    #[test]
    fn a_profile_wins_over_the_rest_and_leaves_what_it_does_not_name() {
        let Contents { settings, found, .. } = read(TEXT, Some("work")).unwrap();
        assert_eq!((settings.nick.as_deref(), settings.host.port), (Some("Ana M"), Some(9)));
        assert_eq!((settings.interface, settings.join.wait), (Some(vec!["lo".into()]), None));
        assert!(found["nick"].by_profile && !found["interface"].by_profile);
        assert_eq!(found["host.port"].line, 13);
    }

    #[test]
    fn a_key_that_there_is_not_is_named_with_its_line_and_what_is_nearest() {
        let text =
            "nik = 1\n[host]\nprot = 2\nxyzzy = 3\n[hosts]\n[profile.a]\nprofile = 4\n[profile.a.join]\nwiat = true";
        let unknown = read(text, None).unwrap().unknown;
        let unknown: Vec<_> = unknown.iter().map(|one| (one.line, &*one.key, one.nearest)).collect();
        let known = [
            (1, "nik", Some("nick")),
            (3, "host.prot", Some("host.port")),
            (4, "host.xyzzy", None),
            (5, "hosts", Some("host")),
            (7, "profile.a.profile", None),
            (9, "profile.a.join.wiat", Some("join.wait")),
        ];
        assert_eq!(unknown, known);
    }

    #[test]
    fn what_cannot_be_meant_is_named_with_its_line_wherever_it_stands() {
        for (text, line, word) in [
            ("plain = \"yes\"", 1, "plain: true or false"),
            ("\n\nnick = true", 3, "nick: text"),
            ("nick = \"\"", 1, "nick: a name needs"),
            ("nick = \"a\\u001bb\"", 1, "nick: a name may not"),
            ("interface = \"lo\"", 1, "interface: a list"),
            ("interface = [1]", 1, "interface: a list"),
            ("host = 1", 1, "host: a table"),
            ("[host]\nport = 65536", 2, "host.port: a number"),
            ("[host]\nport = -1", 2, "host.port: a number"),
            ("[host]\nrate = 0", 2, "host.rate: a number"),
            ("[host]\nkeep_for = \"30\"", 2, "host.keep_for: a time"),
            ("[host]\nstore = \"\"", 2, "host.store: the name"),
            ("[join]\ntimeout = nan", 2, "join.timeout: a number"),
            ("[join]\ntimeout = \"5\"", 2, "join.timeout: a number"),
            ("[join]\nsession = \"exchange://127.0.0.1:1/\"", 2, "join.session: a name or an address"),
            ("[profile]\nwork = 1", 2, "profile.work: a table"),
            ("[profile.work]\nplain = 1", 2, "profile.work.plain: true"),
            ("nick = \"a\"\nnick = \"b\"", 2, "duplicate key"),
            ("nick =", 1, ""),
            ("\n[host", 2, ""),
        ] {
            let (at, what) = mistake(text);
            assert!(at == line && what.starts_with(word) && !what.is_empty(), "{text:?}: {at}: {what}");
        }
    }
}
