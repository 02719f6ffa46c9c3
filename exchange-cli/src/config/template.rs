//! A file in which everything that can be set is explained, and nothing is set.

use std::fmt::Write as _;

use super::key::KEYS;

const HEAD: &str = "\
# What \"exchange\" does, unless something else is typed. Without the # before it, a line counts.
# \"exchange config\" shows what is in effect.
";

const TAIL: &str = "
# Profiles have the same keys. With --profile work, this one is laid over what is above.
#[profile.work]
#nick = \"Ana Meier\"
#host.name = \"Lab 3\"
";

/// The text of it.
pub(super) fn template() -> String {
    let (mut text, mut table) = (HEAD.to_owned(), None);
    for key in KEYS {
        let (of, name) = key.parts();
        // Writing to a string cannot fail.
        if let Some(of) = of.filter(|of| table != Some(*of)) {
            let _ = write!(text, "\n[{of}]\n");
        }
        table = of;
        let without = if key.without == key.example { "" } else { key.without };
        let (lead, end) = if without.is_empty() { ("", "") } else { (" Without it: ", ".") };
        let _ = write!(text, "\n# {}{lead}{without}{end}\n#{name} = {}\n", key.about, key.example);
    }
    text + TAIL
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        args::{HostSettings, JoinSettings, Settings},
        config::file::{Contents, parse},
        full::Palette,
    };

    /// The file as somebody makes it who wants all of it.
    fn uncommented() -> String {
        let uncommented = |line: &str| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => setting.to_owned(),
            _ => line.to_owned(),
        };
        template().lines().map(uncommented).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn as_it_is_written_it_sets_nothing() {
        let Contents { found, unknown, profiles, .. } = parse(&template(), Path::new("/"), None).unwrap();
        assert!(found.is_empty() && unknown.is_empty() && profiles.is_empty(), "{found:?} {unknown:?}");
    }

    #[test]
    fn without_its_comments_it_sets_everything_there_is_and_is_right() {
        let Contents { settings, found, unknown, profiles } = parse(&uncommented(), Path::new("/"), None).unwrap();
        assert_eq!((unknown, profiles), (vec![], vec!["work".to_owned()]));
        assert_eq!(found.len(), KEYS.len());
        let Settings { nick, plain, interface, no_discovery, read_receipts, theme, colours, host, join } = settings;
        assert_eq!((theme, colours.but(Palette::default())), (Palette::named("dark"), Palette::default().but(colours)));
        assert!(colours.text.is_some() && colours.bar_background.is_some() && colours.warning.is_some());
        let HostSettings { name, room, port, rate, strict, ask, qr, store, keep_for } = host;
        let JoinSettings { session, room: den, wait, timeout, store: own } = join;
        assert!(nick.is_some() && interface.is_some() && name.is_some() && room.is_some() && port.is_some());
        assert!(rate.is_some() && store.is_some() && keep_for.is_some() && session.is_some() && den.is_some());
        assert!(timeout.is_some() && own.is_some());
        assert_eq!([plain, no_discovery, read_receipts, strict, ask, qr, wait], [Some(false); 7]);
    }

    #[test]
    fn what_the_readme_sets_can_be_set() {
        let text = include_str!("../../README.md").split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let Contents { found, unknown, profiles, .. } = parse(text, Path::new("/"), Some("kitchen")).unwrap();
        assert_eq!((unknown, profiles), (vec![], vec!["kitchen".to_owned()]));
        assert!(found.contains_key("read_receipts") && found["nick"].by_profile, "{found:?}");
    }
}
