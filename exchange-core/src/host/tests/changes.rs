//! Changes of messages: who may make which, and what of a message is left in the log.

use alloc::{string::String, vec::Vec};

use bytes::Bytes;

use super::{Bench, LOBBY, config, den, entries, text};
use crate::{
    event::Event,
    host::HostConfig,
    ids::{Cmid, Seq},
    limits::Limits,
    message::{Body, Data, Delete, Edit, Encoding, Entry, JoinFrom, Mentions, Post, React, ToClient, ToHost},
    name::{ContentType, Reaction, RoomName},
    reason::Refusal,
    seam::LinkId,
};

fn edit(of: u64, text: &str) -> Body {
    Body::Edit(Edit { of: Seq(of), mentions: Mentions::default(), text: text.into() })
}

fn delete(of: u64) -> Body {
    Body::Delete(Delete { of: Seq(of) })
}

fn react(to: u64, reaction: &str, add: bool) -> Body {
    Body::React(React { to: Seq(to), reaction: Reaction::new(reaction).unwrap(), add })
}

fn send(cmid: u64, body: Body) -> ToHost {
    ToHost::Send { room: LOBBY, cmid: Cmid(cmid), body, commitment: None }
}

/// What a change comes to: its place, or why it is refused.
fn outcome(bench: &mut Bench, link: LinkId, cmid: u64, body: Body) -> Result<Seq, Refusal> {
    bench.heard(link);
    bench.say(link, &send(cmid, body));
    let heard = bench.heard(link);
    match &heard[..] {
        [ToClient::Entry(Entry { seq, .. })] => Ok(*seq),
        [ToClient::Reject { refusal, .. }] => Err(*refusal),
        other => panic!("neither an entry nor a refusal: {other:?}"),
    }
}

/// Everything that is said in the lobby, as somebody gets it who comes late.
fn late(bench: &mut Bench, number: u64, encoding: Encoding) -> Vec<Body> {
    let link = bench.open(number, encoding, super::WINDOW);
    bench.say(link, &super::hello(u8::try_from(number).unwrap(), 1, None));
    bench.say(link, &super::join(&RoomName::lobby(), JoinFrom::Start));
    let heard = bench.heard(link);
    let bodies = entries(&heard).map(|entry| entry.body.clone());
    bodies.filter(|body| !matches!(body, Body::Join { .. } | Body::Leave { .. })).collect()
}

#[test]
fn whoever_moderates_a_room_deletes_what_others_said_but_edits_nothing() {
    let mut bench = Bench::new();
    let (founder, other) = (bench.member(1), bench.member(2));
    let room = bench.join(founder, &den(), JoinFrom::Head).room;
    bench.join(other, &den(), JoinFrom::Head);
    bench.heard(other);
    bench.say(other, &text(room, 1, "spam"));
    let seq = entries(&bench.heard(other)).next().unwrap().seq.0;
    bench.heard(founder);
    let send = |cmid, body| ToHost::Send { room, cmid: Cmid(cmid), body, commitment: None };
    bench.say_all(founder, &[send(1, edit(seq, "ham")), send(2, delete(seq))]);
    let heard = bench.heard(founder);
    assert_eq!(super::refusals(&heard), [Refusal::NotYours]);
    assert_eq!(entries(&heard).map(|entry| entry.body.clone()).collect::<Vec<_>>(), [delete(seq)]);
}

#[test]
fn an_author_edits_and_deletes_and_nobody_else_does() {
    let mut bench = Bench::new();
    let (bo, cy) = (bench.member(1), bench.member(2));
    let said = outcome(&mut bench, bo, 1, Body::text("helo")).unwrap();
    assert_eq!(outcome(&mut bench, cy, 1, edit(said.0, "mine now")), Err(Refusal::NotYours));
    assert_eq!(outcome(&mut bench, cy, 2, delete(said.0)), Err(Refusal::NotYours));
    assert_eq!(bench.round(|round| round.post(&RoomName::lobby(), edit(said.0, "mine"))), Err(Refusal::NotYours));
    bench.heard(cy);
    outcome(&mut bench, bo, 2, edit(said.0, "hello")).unwrap();
    outcome(&mut bench, bo, 3, edit(said.0, "hello!")).unwrap();
    let heard = bench.heard(cy);
    let seen: Vec<Body> = entries(&heard).map(|entry| entry.body.clone()).collect();
    assert_eq!(seen, [edit(said.0, "hello"), edit(said.0, "hello!")], "of what was refused nobody sees anything");
    let view = bench.host.messages(&RoomName::lobby()).next().unwrap();
    assert_eq!((view.text(), view.message().text()), ("hello!", "helo"));
}

#[test]
fn a_change_of_nothing_is_refused() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let said = outcome(&mut bench, link, 1, Body::text("hi")).unwrap().0;
    let data = Data { content_type: ContentType::new("game/move").unwrap(), payload: Bytes::from_static(b"e4") };
    let moved = outcome(&mut bench, link, 2, Body::Data(data)).unwrap().0;
    let reacted = outcome(&mut bench, link, 3, react(said, "👍", true)).unwrap().0;
    let refused = [
        (edit(0, "x"), Refusal::NoMessage),
        (edit(u64::MAX, "x"), Refusal::NoMessage),
        (delete(said + 100), Refusal::NoMessage),
        (delete(1), Refusal::NoMessage),
        (edit(moved, "x"), Refusal::NoMessage),
        (delete(reacted), Refusal::NoMessage),
        (edit(said, " "), Refusal::Empty),
        (react(said, "👍", true), Refusal::NothingToChange),
        (react(said, "🎉", false), Refusal::NothingToChange),
    ];
    for ((body, refusal), cmid) in refused.into_iter().zip(4..) {
        assert_eq!(outcome(&mut bench, link, cmid, body.clone()), Err(refusal), "{body:?}");
    }
    outcome(&mut bench, link, 13, delete(moved)).unwrap();
    assert_eq!(outcome(&mut bench, link, 14, delete(moved)), Err(Refusal::NoMessage), "it is deleted already");
    assert_eq!(outcome(&mut bench, link, 15, react(moved, "👍", true)), Err(Refusal::NoMessage));
}

#[test]
fn what_is_deleted_is_in_the_log_no_more_nor_what_it_was_edited_to() {
    let mut bench = Bench::new();
    let bo = bench.member(1);
    let said = outcome(&mut bench, bo, 1, Body::text("secret")).unwrap().0;
    outcome(&mut bench, bo, 2, Body::text("between")).unwrap();
    outcome(&mut bench, bo, 3, edit(said, "secret again")).unwrap();
    let before = late(&mut bench, 10, Encoding::Json);
    assert_eq!(before, [Body::text("secret"), Body::text("between"), edit(said, "secret again")]);
    outcome(&mut bench, bo, 4, delete(said)).unwrap();
    for (number, encoding) in [(11, Encoding::Json), (12, Encoding::Postcard)] {
        let after = late(&mut bench, number, encoding);
        assert_eq!(after, [Body::text(""), Body::text("between"), edit(said, ""), delete(said)], "{encoding:?}");
    }
    let views: Vec<_> = bench.host.messages(&RoomName::lobby()).collect();
    assert!(views[0].is_deleted() && views[0].text().is_empty());
    assert_eq!(views[1].text(), "between");
}

#[test]
fn a_message_that_is_said_and_deleted_in_one_round_is_given_to_nobody() {
    let mut bench = Bench::new();
    let (bo, cy) = (bench.member(1), bench.member(2));
    let next = bench.host.rooms[&LOBBY].log.head().0 + 1;
    bench.heard(cy);
    bench.say_all(bo, &[text(LOBBY, 1, "oops"), send(2, delete(next)), text(LOBBY, 3, "sorry")]);
    let heard = bench.heard(cy);
    let seen: Vec<Body> = entries(&heard).map(|entry| entry.body.clone()).collect();
    assert_eq!(seen, [Body::text(""), delete(next), Body::text("sorry")]);
}

#[test]
fn a_person_reacts_once_and_takes_it_back() {
    let mut bench = Bench::new();
    let (bo, cy) = (bench.member(1), bench.member(2));
    let said = outcome(&mut bench, bo, 1, Body::text("lunch?")).unwrap().0;
    let count = |bench: &Bench| -> Vec<(String, usize)> {
        let view = bench.host.messages(&RoomName::lobby()).next().unwrap();
        view.reactions().map(|(reaction, people)| (reaction.as_str().into(), people.len())).collect()
    };
    outcome(&mut bench, bo, 2, react(said, "👍", true)).unwrap();
    outcome(&mut bench, cy, 1, react(said, "👍", true)).unwrap();
    outcome(&mut bench, cy, 2, react(said, "🎉", true)).unwrap();
    assert_eq!(outcome(&mut bench, cy, 3, react(said, "👍", true)), Err(Refusal::NothingToChange));
    assert_eq!(count(&bench), [("🎉".into(), 1), ("👍".into(), 2)]);
    outcome(&mut bench, cy, 4, react(said, "👍", false)).unwrap();
    outcome(&mut bench, cy, 5, react(said, "🎉", false)).unwrap();
    assert_eq!(outcome(&mut bench, cy, 6, react(said, "👍", false)), Err(Refusal::NothingToChange));
    assert_eq!(count(&bench), [("👍".into(), 1)]);
}

#[test]
fn there_are_only_so_many_different_reactions_to_a_message() {
    let limits = Limits { reactions: 2, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let (bo, cy) = (bench.member(1), bench.member(2));
    let said = outcome(&mut bench, bo, 1, Body::text("hi")).unwrap().0;
    outcome(&mut bench, bo, 2, react(said, "a", true)).unwrap();
    outcome(&mut bench, bo, 3, react(said, "b", true)).unwrap();
    assert_eq!(outcome(&mut bench, bo, 4, react(said, "c", true)), Err(Refusal::TooMany { limit: 2 }));
    outcome(&mut bench, cy, 1, react(said, "a", true)).unwrap();
    outcome(&mut bench, bo, 5, react(said, "b", false)).unwrap();
    outcome(&mut bench, bo, 6, react(said, "c", true)).unwrap();
}

#[test]
fn a_message_that_is_not_kept_any_more_cannot_be_changed() {
    let limits = Limits { history_entries: 3, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let link = bench.member(1);
    let said = outcome(&mut bench, link, 1, Body::text("old")).unwrap().0;
    for cmid in 2..=3 {
        outcome(&mut bench, link, cmid, react(said, "👍", cmid == 2)).unwrap();
    }
    outcome(&mut bench, link, 4, edit(said, "pushes out what it edits")).unwrap();
    assert_eq!(outcome(&mut bench, link, 5, edit(said, "older")), Err(Refusal::NoMessage));
    let last = outcome(&mut bench, link, 6, Body::text("new")).unwrap().0;
    outcome(&mut bench, link, 7, react(last, "👍", true)).unwrap();
}

#[test]
fn what_a_message_was_edited_to_goes_with_it_even_if_the_deletion_pushes_it_out() {
    let limits = Limits { history_entries: 3, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let link = bench.member(1);
    let said = outcome(&mut bench, link, 1, Body::text("old")).unwrap().0;
    outcome(&mut bench, link, 2, edit(said, "secret")).unwrap();
    outcome(&mut bench, link, 3, Body::text("next")).unwrap();
    outcome(&mut bench, link, 4, delete(said)).unwrap();
    let kept: Vec<Body> =
        bench.host.history(&RoomName::lobby()).unwrap().after(Seq(0)).map(|entry| entry.body).collect();
    assert_eq!(kept, [edit(said, ""), Body::text("next"), delete(said)]);
}

#[test]
fn a_change_that_is_sent_again_is_made_once() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let said = outcome(&mut bench, link, 1, Body::text("hi")).unwrap().0;
    let reacted = outcome(&mut bench, link, 2, react(said, "👍", true)).unwrap();
    bench.say(link, &send(2, react(said, "👍", true)));
    let ack = ToClient::Ack { room: LOBBY, cmid: Cmid(2), seq: Some(reacted) };
    assert_eq!(bench.heard(link), [ack]);
    assert_eq!(outcome(&mut bench, link, 3, delete(said)), Ok(Seq(reacted.0 + 1)));
    bench.say(link, &send(3, delete(said)));
    assert!(matches!(bench.heard(link)[..], [ToClient::Ack { cmid: Cmid(3), .. }]));
}

#[test]
fn changes_of_one_room_are_none_of_another() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let said = outcome(&mut bench, link, 1, Body::text("in the lobby")).unwrap().0;
    let room = bench.join(link, &den(), JoinFrom::Head).room;
    bench.heard(link);
    bench.say(link, &ToHost::Send { room, cmid: Cmid(1), body: delete(said), commitment: None });
    let refused = ToClient::Reject { room, cmid: Cmid(1), refusal: Refusal::NoMessage };
    assert_eq!(bench.heard(link), [refused]);
}

#[test]
fn the_host_itself_means_people_replies_edits_and_is_told() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let said = outcome(&mut bench, link, 1, Body::text("who?")).unwrap();
    let bo = bench.host.people().find(|person| person.peer.nick.as_str() == "client 1").unwrap().peer;
    let lobby = RoomName::lobby();
    let reply = Post { reply_to: Some(said), mentions: Mentions::default(), text: "@client 1: you".into() };
    bench.told.clear();
    bench.round(|round| round.post(&lobby, Body::Post(reply))).unwrap();
    let Some(Event::Message(message)) = bench.told.iter().find(|event| matches!(event, Event::Message(_))).cloned()
    else {
        panic!("nothing was said: {:?}", bench.told)
    };
    assert_eq!((message.reply_to(), message.mentions()), (Some(said), &[bo.id][..]));
    bench.told.clear();
    bench.round(|round| round.post(&lobby, edit(message.seq().0, "nobody"))).unwrap();
    let edited = bench.told.iter().find_map(|event| match event {
        Event::Edited { change, text, mentions } => Some((change.of, change.mine, text.as_str(), mentions.len())),
        _ => None,
    });
    assert_eq!(edited, Some((message.seq(), true, "nobody", 0)));
}
