//! What a host does: its logs, its links, its tokens, its bounds.

mod answers;
mod kept;
mod logs;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use exchange_core::{
    Body, CloseReason, Encoding, Epoch, Event, Host, LinkLoss, MemberId, NameError, PeerId, ProducerId, Rev, RoomId,
    RoomName, Seq, Status, Time, Token, Violation,
    message::{Entry, Hello, MAX_FIRST_FRAME, MAX_FRAME, ToClient, ToHost, Welcome},
    wire::{Features, Protection, frames},
};

use self::answers::readable;
pub(super) use self::kept::Kept;
use super::{
    Check, HOST, Invariant, Scene,
    order::Order,
    pages::Fetching,
    people::Said,
    said::is_blank,
    signals::{Far, Pace},
    wire::{is_entry, is_send},
};
use crate::{
    chat::{
        ChatNode,
        station::{Seen, Station},
    },
    marks::Mark,
    net::Socket,
    scenario::HostSetup,
    world::World,
};

/// How late the host may be: what happens to a slow machine waits.
const SLACK: Duration = Duration::from_secs(20);

/// So often it is looked at how people are shown, though nothing is told of them, and at what ends by itself.
const LOOK: Duration = Duration::from_millis(250);

/// What is known of the host, of one life of it after the other.
#[derive(Debug)]
pub(super) struct Hosts {
    setup: HostSetup,
    members: BTreeMap<MemberId, Member>,
    /// Since when somebody has had no link, by the host's clock; `None` once it was looked at what became of it.
    away: BTreeMap<PeerId, Option<Time>>,
    links: BTreeMap<Socket, Link>,
    /// What each room's number means.
    rooms: BTreeMap<RoomId, (RoomName, Epoch)>,
    said: Said,
    pace: Pace,
    /// What an entry's frame was when it was first seen, by room, encoding and place.
    bytes: BTreeMap<(RoomId, Encoding), BTreeMap<Seq, Bytes>>,
    fetching: Fetching,
    last_sent: Option<Bytes>,
    order: Order,
    /// Whether nobody has come or gone since it was last looked at who has a link.
    are_links_looked_at: bool,
    /// How the logs were when they were last looked at, in the host's order.
    ends: Vec<(Epoch, Seq, Seq)>,
    /// When it is looked at again how people are shown, if nothing is told of them before,
    looks_at_people: Time,
    /// and what should have ended.
    looks_at_waits: Time,
    /// Whether everything was on its way, and nobody lacked anything, when it was last looked at.
    is_served: bool,
    /// Whether it was made again of what it had kept.
    is_restored: bool,
}

/// Whom to believe.
pub(super) struct Trust<'a> {
    pub(super) honest: &'a BTreeSet<ProducerId>,
    pub(super) has_mangler: bool,
    pub(super) clients: usize,
}

#[derive(Clone, Debug)]
struct Member {
    peer: PeerId,
    producer: ProducerId,
    attempt: u32,
    token: Token,
    before: Before,
}

/// What else may be shown than the current token: what was shown last, until something was said on the new link.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Before {
    Spent,
    Shown(Option<Token>),
}

#[derive(Debug)]
struct Link {
    since: Time,
    encoding: Option<Encoding>,
    is_by_secret: bool,
    hello: Option<Hello>,
    member: Option<MemberId>,
    has_spoken: bool,
    /// Up to where it was told of people.
    rev: Rev,
    /// The rooms that it was told it is removed from,
    removed: BTreeSet<RoomId>,
    /// and those of which it must not be given what is up to a place, until it is given what is after.
    floors: BTreeMap<RoomId, Seq>,
}

impl Link {
    fn new(now: Time) -> Self {
        Self {
            since: now,
            encoding: None,
            is_by_secret: false,
            hello: None,
            member: None,
            has_spoken: false,
            rev: Rev::default(),
            removed: BTreeSet::new(),
            floors: BTreeMap::new(),
        }
    }
}

impl Hosts {
    pub(super) fn new(setup: &HostSetup) -> Self {
        Self {
            setup: setup.clone(),
            members: BTreeMap::new(),
            away: BTreeMap::new(),
            links: BTreeMap::new(),
            rooms: BTreeMap::new(),
            said: Said::default(),
            pace: Pace::default(),
            bytes: BTreeMap::new(),
            fetching: Fetching::default(),
            last_sent: None,
            order: Order::new(setup),
            are_links_looked_at: false,
            ends: Vec::new(),
            looks_at_people: Time::ZERO,
            looks_at_waits: Time::ZERO,
            is_served: false,
            is_restored: false,
        }
    }

    /// The host was started again, and remembers nothing.
    pub(super) fn begin_anew(&mut self) {
        *self = Self::new(&self.setup);
    }

    pub(super) fn observe(
        &mut self,
        station: &Station<Host>,
        world: &World<ChatNode>,
        seen: &[Seen],
        trust: &Trust<'_>,
        scene: &mut Scene<'_>,
    ) -> Check {
        let host = &station.machine;
        let now = world.clock(HOST).local(world.now());
        scene.model.begin(now);
        scene.model.wall_ms = world.clock(HOST).wall_offset_ms();
        // Whoever logs something was told something, or tells its owner.
        if !seen.is_empty() {
            self.logs(host, seen, trust, scene)?;
        }
        let mut gone = Vec::new();
        let silent = self.given_up(seen);
        self.leaves_unanswered(seen);
        for seen in seen {
            match seen {
                Seen::Up { socket, .. } => {
                    self.links.insert(*socket, Link::new(now));
                    self.are_links_looked_at = false;
                }
                Seen::Opened { socket, choice } => {
                    let is_by_aes = choice.features.contains(Features::AES_GCM);
                    scene.marks.sometimes(is_by_aes, Mark::SealedByAes);
                    let is_sealed = choice.protection != Protection::Clear;
                    scene.marks.sometimes(is_sealed && !is_by_aes, Mark::SealedByChaCha);
                    if let Some(link) = self.links.get_mut(socket) {
                        link.encoding = Some(choice.encoding);
                        link.is_by_secret = choice.protection == Protection::NoisePsk;
                    }
                }
                // What comes just when its link is given up for its silence is not listened to any more.
                Seen::Heard { socket, .. } if silent.contains(socket) => {}
                Seen::Heard { socket, body } => self.heard(*socket, body, now)?,
                Seen::Sent { socket, frames: sent, .. } => self.sent(*socket, sent, now, host, scene)?,
                Seen::Read { room } if self.setup.read_receipts => {
                    let log = scene.model.logs.iter().find(|(epoch, log)| {
                        log.room == *room && host.history(room).is_some_and(|history| history.epoch() == **epoch)
                    });
                    if let Some((epoch, log)) = log {
                        let far = Far { read: Some(log.head()), ..Far::default() };
                        scene.far.says(*epoch, MemberId(0), far);
                    }
                }
                Seen::Closed { socket: Some(socket), reason, .. } => {
                    self.closed(*socket, *reason, world, trust, scene)?;
                }
                // What it was to be told before is seen after.
                Seen::Lost { socket, loss } => {
                    scene.marks.sometimes(*loss == LinkLoss::WrongSecret, Mark::WrongCode);
                    gone.push(*socket);
                }
                // It may have changed since it was asked in this very step.
                Seen::Fetched(fetched) => self.fetching.fetch(fetched, None, scene.model),
                Seen::Told(Event::Page { id, page }) => self.fetching.told_owner(*id, page.as_ref(), host, scene)?,
                Seen::Told(event) => self.told_owner(event, now, scene)?,
                _ => {}
            }
        }
        for socket in gone {
            self.links.remove(&socket);
            self.order.forget(socket);
            self.pace.unlinked(socket);
            self.are_links_looked_at = false;
        }
        if !std::mem::replace(&mut self.are_links_looked_at, true) {
            self.absences(now)?;
        }
        if now >= self.looks_at_waits {
            self.looks_at_waits = now + LOOK;
            self.waits(host, world, now, seen.is_empty())?;
        }
        if now >= self.looks_at_people && !seen.is_empty() && !host.is_closed() {
            self.looks_at_people = now + LOOK;
            let grace = Duration::from_millis(self.setup.grace_ms.into());
            self.said.look(host, &self.away, grace, now)?;
        }
        self.is_served &= seen.is_empty();
        self.bounds(station)
    }

    /// The links that the host gives up because nothing had come on them.
    fn given_up(&self, seen: &[Seen]) -> Vec<Socket> {
        let is_told = |of: Socket| {
            let encoding = self.links.get(&of).and_then(|link| link.encoding).unwrap_or(Encoding::Postcard);
            let bye = ToClient::Bye { reason: CloseReason::Silent };
            seen.iter().any(|seen| match seen {
                Seen::Sent { socket, frames: sent, .. } if *socket == of => {
                    frames(sent).any(|body| encoding.decode(body).is_ok_and(|said: ToClient| said == bye))
                }
                _ => false,
            })
        };
        let silent = seen.iter().filter_map(|seen| match seen {
            Seen::Closed { socket, reason: CloseReason::Silent, .. } => *socket,
            _ => None,
        });
        silent.filter(|socket| is_told(*socket)).collect()
    }

    fn heard(&mut self, socket: Socket, body: &[u8], now: Time) -> Check {
        let Some(link) = self.links.get_mut(&socket) else { return Ok(()) };
        let most = if link.member.is_none() { MAX_FIRST_FRAME } else { MAX_FRAME };
        if body.len() > most {
            return Err((Invariant::S16, format!("it takes a frame of {} bytes, of {most} that may be", body.len())));
        }
        let encoding = link.encoding.unwrap_or(Encoding::Postcard);
        if let Some(number) = link.member {
            // Whoever says anything that is heard as such has read its welcome.
            if !link.has_spoken {
                let said = encoding.decode::<ToHost>(body);
                link.has_spoken = said.is_ok_and(|said| !matches!(said, ToHost::Bye { .. } | ToHost::Hello(_)));
            }
            if !is_send(encoding, body)
                && let Ok(said) = encoding.decode::<ToHost>(body)
                && let Some(member) = self.members.get(&number)
            {
                self.order.heard(socket, &said);
                match said {
                    ToHost::Presence(presence) => self.said.says(number, member.peer, presence, now),
                    ToHost::Typing { room, typing: true } => self.pace.types(room, number, now),
                    _ => {}
                }
            }
            if link.has_spoken
                && let Some(member) = self.members.get_mut(&number)
            {
                member.before = Before::Spent;
            }
        } else if let Ok(ToHost::Hello(hello)) = encoding.decode(body) {
            link.hello = Some(hello);
        }
        Ok(())
    }

    fn sent(&mut self, socket: Socket, sent: &Bytes, now: Time, host: &Host, scene: &mut Scene<'_>) -> Check {
        let Some(link) = self.links.get(&socket) else { return Ok(()) };
        let encoding = link.encoding.unwrap_or(Encoding::Postcard);
        let is_same =
            self.last_sent.as_ref().is_some_and(|last| last.as_ptr() == sent.as_ptr() && last.len() == sent.len());
        for body in frames(sent) {
            if is_entry(encoding, body) {
                // All who are given the same memory are given the same bytes.
                self.is_for(socket, encoding, body)?;
                if !is_same {
                    self.entry(encoding, &sent.slice_ref(body), scene)?;
                }
                continue;
            }
            let said = readable(encoding, body)?;
            self.answers(socket, &said, scene)?;
            match said {
                ToClient::Welcome(welcome) => self.welcome(socket, &welcome, now, scene)?,
                ToClient::Roster { rev, .. } => self.news(socket, rev)?,
                ToClient::Gap { .. } => scene.marks.hit(Mark::GapTold),
                ToClient::Reject { .. } => scene.marks.hit(Mark::RefusedByHost),
                ToClient::Ack { room, seq, .. } => {
                    let grown = self.rooms.get(&room).and_then(|(_, epoch)| scene.model.grown.get(epoch));
                    let is_old = seq.is_none_or(|seq| grown.is_none_or(|before| seq <= *before));
                    scene.marks.hit(if is_old { Mark::ResentAndAcknowledged } else { Mark::AckedWithoutEntry });
                }
                ToClient::Removed { room, .. } => {
                    if let Some(link) = self.links.get_mut(&socket) {
                        link.removed.insert(room);
                    }
                }
                ToClient::Signals { room, signals } => self.signals(socket, room, &signals, now, host, scene)?,
                ToClient::NoSignals { room } => self.pace.anew(socket, room),
                ToClient::Joined(joined) => {
                    self.pace.anew(socket, joined.room);
                    let meant = (joined.name.clone(), joined.epoch);
                    let before = self.rooms.insert(joined.room, meant.clone());
                    let is_there = |epoch| scene.model.logs.get(epoch).is_none_or(|log| !log.is_closed);
                    let named = self.rooms.values().filter(|(name, epoch)| *name == joined.name && is_there(epoch));
                    if before.is_some_and(|before| before != meant) || named.count() > 1 {
                        let what = format!("room {} is {:?} among others", joined.room, joined.name);
                        return Err((Invariant::S15, what));
                    }
                }
                _ => {}
            }
        }
        self.last_sent = Some(sent.clone());
        Ok(())
    }

    fn news(&mut self, socket: Socket, rev: Rev) -> Check {
        let Some(link) = self.links.get_mut(&socket) else { return Ok(()) };
        if rev <= link.rev {
            return Err((Invariant::S13, format!("news of people up to {rev}, after {}", link.rev)));
        }
        link.rev = rev;
        self.looks_at_people = Time::ZERO;
        Ok(())
    }

    /// An entry is the same bytes for everybody of one encoding, live and as history.
    fn entry(&mut self, encoding: Encoding, body: &Bytes, scene: &mut Scene<'_>) -> Check {
        let Ok(ToClient::Entry(Entry { room, seq, author, body: said, .. })) = encoding.decode(body) else {
            return Err((Invariant::S19, format!("it sent an entry that is none: {body:?}")));
        };
        let Some((_, epoch)) = self.rooms.get(&room) else {
            return Err((Invariant::S14, format!("it sent an entry of room {room}, which nobody was told of")));
        };
        if author != MemberId(0) && !self.members.contains_key(&author) {
            return Err((Invariant::S14, format!("entry {seq} is of {author}, who was never let in")));
        }
        let of = if let Body::Edit(edit) = &said { edit.of } else { seq };
        let log = scene.model.logs.get(epoch);
        let deleted = log.and_then(|log| log.changed.deleted_by(of).map(|by| (log.head(), by)));
        // What was deleted in this very step may have been given before, in the same step.
        let before = scene.model.grown.get(epoch).copied();
        if deleted.is_some_and(|(head, by)| by <= before.unwrap_or(head)) && !is_blank(&said) {
            return Err((Invariant::S23, format!("entry {seq} of {room} is deleted, and given as {said:?}")));
        }
        let first = self.bytes.entry((room, encoding)).or_default().entry(seq).or_insert_with(|| body.clone());
        if deleted.is_some() {
            *first = body.clone();
        }
        if first != body {
            return Err((Invariant::S14, format!("entry {seq} of {room} was {first:?} and is {body:?}")));
        }
        Ok(())
    }

    fn welcome(&mut self, socket: Socket, welcome: &Welcome, now: Time, scene: &mut Scene<'_>) -> Check {
        let Some(link) = self.links.get_mut(&socket) else { return Ok(()) };
        let Some(hello) = link.hello.take() else {
            return Err((Invariant::S12, "somebody is let in who has not said who it is".into()));
        };
        link.member = Some(welcome.you);
        if link.is_by_secret {
            scene.let_in.insert(hello.peer);
        } else if scene.is_locked && !scene.let_in.contains(&hello.peer) {
            return Err((Invariant::S37, format!("{:?} is let in, and has shown no code", hello.nick)));
        } else {
            scene.marks.sometimes(scene.is_locked, Mark::BackWithoutCode);
        }
        Order::welcomed(welcome.you, hello.peer, scene)?;
        self.are_links_looked_at = false;
        if let Some(known) = self.members.get(&welcome.you) {
            let is_same = (known.peer, known.producer) == (hello.peer, hello.producer);
            let is_current = hello.token == Some(known.token);
            if !is_same || !(is_current || known.before == Before::Shown(hello.token)) {
                let what = format!("{:?} is let in as member {} with a token that is not its", hello.nick, welcome.you);
                return Err((Invariant::S12, what));
            }
            if hello.attempt <= known.attempt {
                let what = format!("attempt {} of {:?} wins over attempt {}", hello.attempt, hello.nick, known.attempt);
                return Err((Invariant::S11, what));
            }
            if welcome.token == known.token {
                return Err((Invariant::S12, format!("{:?} is given the same token again", hello.nick)));
            }
            scene.marks.sometimes(!is_current, Mark::WelcomeLost);
            scene.marks.sometimes(self.is_restored, Mark::BackAtRestoredHost);
        }
        let Hello { peer, producer, attempt, token, presence, .. } = hello;
        if !self.members.contains_key(&welcome.you) {
            self.order.is_new(peer);
            if self.members.values().any(|known| known.peer == peer) {
                scene.model.returned.insert(peer);
            }
        }
        self.said.says(welcome.you, peer, presence, now);
        self.away.remove(&peer);
        self.members.insert(
            welcome.you,
            Member { peer, producer, attempt, token: welcome.token, before: Before::Shown(token) },
        );
        Ok(())
    }

    fn closed(
        &mut self,
        socket: Socket,
        reason: CloseReason,
        world: &World<ChatNode>,
        trust: &Trust<'_>,
        scene: &mut Scene<'_>,
    ) -> Check {
        use CloseReason as Why;
        let marks = &mut *scene.marks;
        match reason {
            Why::Replaced => {
                let had_member = self.links.get(&socket).is_some_and(|link| link.member.is_some());
                marks.sometimes(had_member, Mark::Takeover);
                marks.sometimes(had_member && world.net().is_under_way(socket), Mark::TakeoverInFlight);
                marks.sometimes(!had_member, Mark::TwinRefused);
            }
            Why::Silent => marks.hit(Mark::HalfOpenAtHost),
            Why::HandshakeTimeout => marks.hit(Mark::HandshakeTimedOutAtHost),
            Why::Full => marks.hit(Mark::Full),
            Why::WrongToken => marks.hit(Mark::WrongToken),
            Why::Locked => marks.hit(Mark::NoCode),
            Why::Overrun => marks.hit(Mark::Overrun),
            Why::HostClosed => marks.hit(Mark::SessionClosed),
            Why::Left => marks.hit(Mark::ClientLeft),
            Why::Violation(Violation::Malformed) => marks.hit(Mark::Malformed),
            Why::Violation(Violation::Oversize) => marks.hit(Mark::Oversize),
            Why::Violation(Violation::Unexpected) => marks.hit(Mark::Unexpected),
            Why::Violation(Violation::Preamble) => marks.hit(Mark::NotThisProtocol),
            _ => {}
        }
        let is_client = world.net().node(socket.other()).is_some_and(|node| (1..=trust.clients).contains(&node.0));
        let is_fault =
            !matches!(reason, Why::Name(NameError::Confusable | NameError::MixedScripts | NameError::Reserved));
        if matches!(reason, Why::Name(_)) && is_fault && is_client {
            return Err((Invariant::S17, format!("it accuses an honest peer: {reason}")));
        }
        self.links.remove(&socket);
        self.order.forget(socket);
        self.are_links_looked_at = false;
        Ok(())
    }

    fn told_owner(&mut self, event: &Event, now: Time, scene: &mut Scene<'_>) -> Check {
        let mut hit = |mark| {
            scene.marks.hit(mark);
            Ok(())
        };
        match event {
            Event::Presence { peer, status, .. } => {
                hit(match status {
                    Status::Offline => Mark::ShownOffline,
                    Status::Unreachable => Mark::ShownUnreachable,
                    Status::Online => Mark::ShownBack,
                    _ => Mark::ShownAway,
                })?;
                self.looks_at_people = Time::ZERO;
                self.said.told(peer, *status, now)
            }
            // Who comes and goes within one step is let in without being told so, and away anew all the same.
            Event::LinkClosed { peer: Some(peer), .. } => {
                if let Some(since) = self.away.get_mut(&peer.id) {
                    *since = Some(now);
                }
                Ok(())
            }
            Event::Rooms { rooms } => {
                let owner = scene.model.roles.owner;
                owner.map_or(Ok(()), |owner| scene.model.lists(MemberId(0), owner, false, rooms))
            }
            Event::Renamed { .. } => {
                self.looks_at_people = Time::ZERO;
                hit(Mark::Renamed)
            }
            Event::Edited { .. } => hit(Mark::MessageEdited),
            Event::Deleted { .. } => hit(Mark::MessageDeleted),
            Event::Reacted { added: false, .. } => hit(Mark::ReactionTakenBack),
            _ => Ok(()),
        }
    }

    pub(super) fn idle(&self) -> Option<Duration> {
        self.setup.idle()
    }

    /// Who has a link, has one; since when the others have none.
    fn absences(&mut self, now: Time) -> Check {
        let mut linked = BTreeSet::new();
        if let Some(member) = self.links.values().filter_map(|link| link.member).find(|member| !linked.insert(*member))
        {
            return Err((Invariant::S11, format!("member {member} has two links")));
        }
        for (number, member) in &self.members {
            if linked.contains(number) {
                self.away.remove(&member.peer);
            } else {
                self.away.entry(member.peer).or_insert(Some(now));
            }
        }
        Ok(())
    }

    /// Nobody is kept, and no link, on which nothing has come for too long.
    fn waits(&mut self, host: &Host, world: &World<ChatNode>, now: Time, is_idle: bool) -> Check {
        let expiry = Duration::from_millis(self.setup.expiry_ms.into()) + SLACK;
        for (peer, since) in &mut self.away {
            if since.take_if(|since| now.since(*since) > expiry).is_none() || host.is_closed() {
                continue;
            }
            let stays = host.rooms().find(|room| host.members(room).any(|member| member.id == *peer));
            if let Some(room) = stays {
                return Err((Invariant::S21, format!("{peer} is still a member of {room:?}")));
            }
        }
        let handshake = Duration::from_millis(self.setup.handshake_ms.into()) + SLACK;
        let is_late = |link: &Link| link.member.is_none() && now.since(link.since) > handshake;
        // A slow host, and one that is only just awake, has not come to its alarm yet.
        if !world.is_slow(HOST) && !is_idle && self.links.values().any(is_late) {
            return Err((Invariant::L4, "it keeps a link on which nobody has said who they are".into()));
        }
        Ok(())
    }

    fn bounds(&mut self, station: &Station<Host>) -> Check {
        let (host, setup) = (&station.machine, &self.setup);
        let links = host.link_count();
        if links > setup.links as usize {
            return Err((Invariant::S16, format!("{links} links, of {} that may be", setup.links)));
        }
        let open = self.links.len();
        if links != open && !host.is_closed() {
            return Err((Invariant::S16, format!("it counts {links} links where there are {open}")));
        }
        if !self.is_served && station.is_dry() && !host.is_closed() {
            if host.lagging() > 0 {
                return Err((Invariant::L2, "somebody waits for entries, and nothing is on its way to them".into()));
            }
            self.is_served = true;
        }
        Ok(())
    }
}
