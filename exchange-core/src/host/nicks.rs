//! Who may be called what: nicks that can be taken for one another are not had at once.
//!
//! Two people may share a nick, and are then told apart by their ids; and one person may go by several that look alike, as
//! long as a client that crashed has not left and another one has come. But a nick that only looks like somebody else's is
//! there to deceive, whether it was meant so or not: `ana` and `аna`, `Ana`, `ａｎａ`. What looks alike is Unicode's word
//! (UTS 39); it grows with every version, so nicks are judged here, where they are let in, and by nobody who hears them.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
};

use unicode_normalization::UnicodeNormalization as _;
use unicode_script::Script;
use unicode_security::{MixedScript as _, mixed_script::AugmentedScriptSet, skeleton};

use super::OWNER;
use crate::{
    digest::{Digest, ShortDigest},
    ids::{MemberId, PeerId},
    name::{NameError, Nick},
};

/// Nobody but the host itself may be called these, or what looks like them: they are taken for the program, for the
/// host, or for everybody at once.
const RESERVED: [&str; 11] =
    ["all", "channel", "everybody", "everyone", "exchange", "here", "host", "moderator", "room", "server", "system"];

/// The nicks in use.
#[derive(Debug)]
pub(super) struct Nicks {
    /// Who looks how: all who look alike are called the same, or are the same peer.
    looks: BTreeSet<(Look, MemberId)>,
    by_member: BTreeMap<MemberId, (PeerId, Nick)>,
    reserved: BTreeSet<Look>,
}

/// What is made of how a nick looks, and of no other look that anybody could find: however long it is, it takes as little
/// memory.
type Look = ShortDigest;

impl Nicks {
    /// The host itself is called this, whatever it is.
    pub(super) fn new(owner: PeerId, nick: &Nick) -> Self {
        let reserved = RESERVED.iter().flat_map(|name| looks(name)).collect();
        let mut nicks = Self { looks: BTreeSet::new(), by_member: BTreeMap::new(), reserved };
        nicks.put(OWNER, owner, nick.clone(), looks(nick));
        nicks
    }

    /// What a member is called, if it has a nick.
    pub(super) fn of(&self, member: MemberId) -> Option<&Nick> {
        self.by_member.get(&member).map(|(_, nick)| nick)
    }

    /// Gives a member this nick instead of any it had, composed as Unicode would have it; or says why not.
    pub(super) fn take(&mut self, member: MemberId, peer: PeerId, nick: &str) -> Result<Nick, NameError> {
        let nick = Nick::new(&nick.nfc().collect::<String>())?;
        if has_mixed_scripts(&nick) {
            return Err(NameError::MixedScripts);
        }
        let looks = looks(&nick);
        for look in looks {
            if member != OWNER && self.reserved.contains(&look) {
                return Err(NameError::Reserved);
            }
            let is_anothers = |(whose, had): &(PeerId, Nick)| *had != nick && *whose != peer;
            let taken = self.alike(look).filter_map(|member| self.by_member.get(&member)).any(is_anothers);
            if taken && !cfg!(exchange_bug = "lookalikes-welcome") {
                return Err(NameError::Confusable);
            }
        }
        self.release(member);
        self.put(member, peer, nick.clone(), looks);
        Ok(nick)
    }

    /// A member's nick is free again.
    pub(super) fn release(&mut self, member: MemberId) {
        let Some((_, nick)) = self.by_member.remove(&member) else { return };
        for look in looks(&nick) {
            self.looks.remove(&(look, member));
        }
    }

    fn alike(&self, look: Look) -> impl Iterator<Item = MemberId> {
        self.looks.range((look, OWNER)..=(look, MemberId(u32::MAX))).map(|(_, member)| *member)
    }

    fn put(&mut self, member: MemberId, peer: PeerId, nick: Nick, looks: [Look; 2]) {
        self.looks.extend(looks.map(|look| (look, member)));
        self.by_member.insert(member, (peer, nick));
    }
}

/// As it is written, and without regard to case and style.
fn looks(nick: &str) -> [Look; 2] {
    let small = nick.nfkc().collect::<String>().to_lowercase();
    // A digit looks like a capital.
    let folded = skeleton(&small).collect::<String>().to_lowercase();
    let look = |how: &[u8], seen: String| Digest::of(&[how, seen.as_bytes()]).short();
    [look(b"written", skeleton(nick).collect()), look(b"folded", skeleton(&folded).collect())]
}

/// Whether letters of several scripts are in it that are not written together anywhere. Latin goes with those of East
/// Asia, as it does there.
fn has_mixed_scripts(nick: &str) -> bool {
    let is_latin = |c: char| AugmentedScriptSet::for_char(c).base.contains_script(Script::Latin);
    let besides_latin: String = nick.chars().filter(|c| !is_latin(*c)).collect();
    let besides_latin = besides_latin.resolve_script_set();
    let is_east_asian = besides_latin.hanb || besides_latin.jpan || besides_latin.kore;
    !nick.is_single_script() && !is_east_asian
}

#[cfg(test)]
mod tests {
    use std::{string::String, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    fn nicks() -> Nicks {
        Nicks::new(peer(0), &"host".parse().unwrap())
    }

    fn peer(member: u32) -> PeerId {
        PeerId::from_bytes(u128::from(member).to_be_bytes())
    }

    fn take(nicks: &mut Nicks, member: u32, nick: &str) -> Result<String, NameError> {
        nicks.take(MemberId(member), peer(member), nick).map(|nick| nick.as_str().into())
    }

    /// Pairs that look alike: the letters of the first are Latin, and those of the second are not, or of another style or
    /// case, or have something in them that is not seen.
    fn lookalikes() -> Vec<(String, String)> {
        let cyrillic = [
            ('a', 'а'),
            ('c', 'с'),
            ('e', 'е'),
            ('i', 'і'),
            ('j', 'ј'),
            ('o', 'о'),
            ('p', 'р'),
            ('s', 'ѕ'),
            ('x', 'х'),
            ('y', 'у'),
        ];
        let of_cyrillic =
            ["peso", "space", "sepia", "jose", "pixie", "spice", "essay", "poppy", "cosy", "joyce", "isaac", "seppo"];
        let swapped = |name: &str| -> String {
            name.chars()
                .map(|c| cyrillic.iter().find(|(latin, _)| *latin == c).map_or(c, |(_, other)| *other))
                .collect()
        };
        let names = ["ana", "bo", "cy", "zoe", "mira", "otto", "kurt", "lena", "paul", "quinn", "rosa", "sam", "tom"];
        let fullwidth = |name: &str| -> String {
            name.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c)).collect()
        };
        let mathematical = |start: u32, name: &str| -> String {
            name.chars().map(|c| char::from_u32(start + u32::from(c) - u32::from('a')).unwrap_or(c)).collect()
        };
        let mut pairs = Vec::new();
        for name in of_cyrillic {
            pairs.push((name.into(), swapped(name)));
        }
        for name in names {
            let mut add = |other: String| pairs.push((String::from(name), other));
            add(name.to_uppercase());
            add(fullwidth(name));
            // Bold, bold italic, fraktur, sans-serif and monospace letters, none of whose alphabets has holes.
            for start in [0x1d41a, 0x1d482, 0x1d586, 0x1d5ba, 0x1d68a, 0x1d5ee, 0x1d622, 0x1d656] {
                add(mathematical(start, name));
            }
            let (first, rest) = name.split_at(1);
            add(first.to_uppercase() + rest);
            // Characters that are not seen, and that names may hold.
            add(std::format!("{first}\u{200d}{rest}"));
            add(std::format!("{first}\u{200c}{rest}"));
            add(std::format!("{first}\u{fe0f}{rest}"));
            add(std::format!("{first}\u{34f}{rest}"));
        }
        let others = [
            ("lvan", "Ivan"),
            ("lvan", "1van"),
            ("bill", "biIl"),
            ("modern", "rnodern"),
            ("o0o", "ooo"),
            ("B0B", "bob"),
            ("fi", "ﬁ"),
            ("Ⅳ", "IV"),
            ("a\u{a0}b", "a b"),
            ("it's", "it’s"),
            ("a-b", "a‐b"),
            ("a.b", "a․b"),
            ("µ", "μ"),
            ("ß", "β"),
        ];
        pairs.extend(others.map(|(one, other)| (one.into(), other.into())));
        pairs
    }

    #[test]
    fn of_two_hundred_pairs_that_look_alike_the_second_is_refused() {
        let pairs = lookalikes();
        assert!(pairs.len() >= 200, "{}", pairs.len());
        let mut let_in = Vec::new();
        for (one, other) in pairs {
            let mut nicks = nicks();
            if take(&mut nicks, 1, &one).is_err() || take(&mut nicks, 2, &other).is_ok() {
                let_in.push((one, other));
            }
        }
        assert!(let_in.is_empty(), "{let_in:?}");
    }

    #[test]
    fn two_may_have_the_same_nick_however_it_is_composed() {
        let mut nicks = nicks();
        assert_eq!(take(&mut nicks, 1, "zoë").as_deref(), Ok("zoë"));
        assert_eq!(take(&mut nicks, 2, "zoe\u{308}").as_deref(), Ok("zoë"));
        nicks.release(MemberId(1));
        assert_eq!(take(&mut nicks, 3, "Zoë"), Err(NameError::Confusable), "somebody still has it");
        nicks.release(MemberId(2));
        assert_eq!(take(&mut nicks, 3, "Zoë").as_deref(), Ok("Zoë"));
    }

    #[test]
    fn nobody_is_in_the_way_of_themselves() {
        let mut nicks = nicks();
        take(&mut nicks, 1, "ana").unwrap();
        assert_eq!(take(&mut nicks, 1, "Ana").as_deref(), Ok("Ana"));
        assert_eq!(take(&mut nicks, 2, "ana"), Err(NameError::Confusable));
    }

    #[test]
    fn a_peer_may_go_by_several_nicks_that_look_alike_and_nobody_else_by_any_that_does() {
        let mut nicks = nicks();
        let mut takes = |member, whose, nick| nicks.take(MemberId(member), peer(whose), nick).map(drop);
        assert_eq!((takes(1, 1, "Bo"), takes(2, 1, "bo")), (Ok(()), Ok(())));
        for nick in ["bo", "Bo", "BO"] {
            assert_eq!(takes(3, 3, nick), Err(NameError::Confusable), "{nick}");
        }
        nicks.release(MemberId(1));
        let mut takes = |member, whose, nick| nicks.take(MemberId(member), peer(whose), nick).map(drop);
        assert_eq!((takes(3, 3, "Bo"), takes(3, 3, "bo")), (Err(NameError::Confusable), Ok(())));
        assert_eq!(takes(4, 1, "BO"), Err(NameError::Confusable), "it is another's as well by now");
    }

    #[test]
    fn a_refused_nick_leaves_the_old_one_as_it_was() {
        let mut nicks = nicks();
        take(&mut nicks, 1, "ana").unwrap();
        take(&mut nicks, 2, "bo").unwrap();
        assert_eq!(take(&mut nicks, 2, "ANA"), Err(NameError::Confusable));
        assert_eq!(nicks.of(MemberId(2)).map(|nick| &**nick), Some("bo"));
        assert_eq!(take(&mut nicks, 3, "BO"), Err(NameError::Confusable));
    }

    #[test]
    fn reserved_names_are_had_by_nobody_but_the_host_itself_and_neither_is_what_looks_like_them() {
        let mut nicks = nicks();
        for name in ["system", "Host", "SERVER", "ｅｖｅｒｙｏｎｅ", "al\u{200d}l", "h0st", "exchange"] {
            assert_eq!(take(&mut nicks, 1, name), Err(NameError::Reserved), "{name}");
        }
        assert_eq!(nicks.take(OWNER, peer(0), "server").as_deref(), Ok(&*"server".parse::<Nick>().unwrap()));
        assert_eq!(take(&mut nicks, 1, "hostel").as_deref(), Ok("hostel"));
    }

    #[test]
    fn scripts_that_look_alike_are_not_mixed_and_those_written_together_are() {
        let mut nicks = nicks();
        for name in ["pаul", "Ωmega", "ψαlpha", "Аnn"] {
            assert_eq!(take(&mut nicks, 1, name), Err(NameError::MixedScripts), "{name}");
        }
        for name in
            ["Анна", "Ωμέγα", "さくらtaro", "山田サクラ", "김minho", "李ming", "👩‍👩‍👧 fam", "نامه‌ای", "x_2-é", "ไทย"]
        {
            assert!(take(&mut nicks, 1, name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_nick_that_is_too_long_once_it_is_composed_is_refused() {
        // It is one of the few that composition makes longer.
        let text = "\u{fb2c}".repeat(8);
        assert!(Nick::new(&text).is_ok());
        assert_eq!(take(&mut nicks(), 1, &text), Err(NameError::TooLong { limit: 32 }));
    }

    #[test]
    fn the_register_is_empty_again_when_all_are_gone() {
        let mut nicks = nicks();
        for member in 1..=100 {
            take(&mut nicks, member, "crowd").unwrap();
            take(&mut nicks, member, &std::format!("member {member}")).unwrap();
        }
        (1..=100).for_each(|member| nicks.release(MemberId(member)));
        assert_eq!((nicks.looks.len(), nicks.by_member.len()), (2, 1), "the host itself is left");
    }

    proptest! {
        #[test]
        fn of_two_nicks_with_one_skeleton_one_is_registered(
            one in "[aаɑoоο0lI1|eеmrncsѕ]{1,5}",
            other in "[aаɑoоο0lI1|eеmrncsѕ]{1,5}",
        ) {
            let mut nicks = nicks();
            let first = take(&mut nicks, 1, &one);
            let second = take(&mut nicks, 2, &other);
            if one != other && skeleton(&one).eq(skeleton(&other)) {
                prop_assert!(first.is_err() || second.is_err(), "{one} and {other}");
            }
        }

        #[test]
        fn any_text_is_judged_without_harm(texts in proptest::collection::vec(any::<String>(), 1..8)) {
            let mut nicks = nicks();
            for (member, text) in (1..).zip(&texts) {
                if let Ok(nick) = take(&mut nicks, member, text) {
                    prop_assert!(nick.len() <= usize::from(Nick::MAX_BYTES));
                }
            }
            (1..).zip(&texts).for_each(|(member, _)| nicks.release(MemberId(member)));
            prop_assert_eq!(nicks.looks.len(), 2);
        }
    }
}
