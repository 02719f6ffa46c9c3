//! What a host says to one link, and whether it is for whoever is there.

use bytes::BytesMut;
use exchange_core::{
    Encoding, GapReason, Host, RoomId, RoomName, Seq, Time,
    message::{Entry, Signal, ToClient, ToHost},
    wire::frames,
};

use super::{Check, Hosts, Invariant, Link, Scene};
use crate::{
    chat::station::Seen,
    check::{
        order::{Order, Talk},
        signals::are_among_members,
        wire::is_send,
    },
    marks::Mark,
    net::Socket,
};

impl Hosts {
    /// What members signal is told in time, and to members only.
    pub(super) fn signals(
        &mut self,
        socket: Socket,
        room: RoomId,
        signals: &[Signal],
        now: Time,
        host: &Host,
        scene: &Scene<'_>,
    ) -> Check {
        self.pace.tell(socket, room, signals, now)?;
        let Some((name, epoch)) = self.rooms.get(&room) else { return Ok(()) };
        // Who came or went in this very step may have been a member when it was told.
        let member = self.links.get(&socket).and_then(|link| self.members.get(&link.member?));
        let Some(to) = member.filter(|_| !scene.model.grown.contains_key(epoch)) else { return Ok(()) };
        let of = signals.iter().filter_map(|signal| self.members.get(&signal.member)).map(|member| member.peer);
        are_among_members(host, name, to.peer, of)
    }

    /// What a link said last before it was gone may have been answered, and nobody was there to hear it.
    pub(super) fn leaves_unanswered(&mut self, seen: &[Seen]) {
        let gone = seen.iter().filter_map(|seen| match seen {
            Seen::Lost { socket, .. } | Seen::Closed { socket: Some(socket), .. } => Some(*socket),
            _ => None,
        });
        for gone in gone {
            let Some(Link { member: Some(member), encoding: Some(encoding), .. }) = self.links.get(&gone) else {
                continue;
            };
            for seen in seen {
                if let Seen::Heard { socket, body } = seen
                    && *socket == gone
                    && is_send(*encoding, body)
                    && let Ok(ToHost::Send { room, cmid, .. }) = encoding.decode(body)
                {
                    self.order.leaves_unanswered(room, *member, cmid);
                }
            }
        }
    }

    /// What the host answers to one who is let in.
    pub(super) fn answers(&mut self, socket: Socket, said: &ToClient, scene: &mut Scene<'_>) -> Check {
        let Some(link) = self.links.get_mut(&socket) else { return Ok(()) };
        if let ToClient::Bye { reason } = said {
            let member = link.member.and_then(|member| self.members.get(&member));
            let peer = member.map(|member| member.peer).or_else(|| Some(link.hello.as_ref()?.peer));
            return peer.map_or(Ok(()), |peer| Order::turned_out(peer, *reason, scene));
        }
        let Some((number, member)) = link.member.and_then(|number| Some((number, self.members.get(&number)?))) else {
            return Ok(());
        };
        match said {
            ToClient::Joined(joined) => {
                link.removed.remove(&joined.room);
                link.floors.remove(&joined.room);
                let log = scene.model.logs.get(&joined.epoch).filter(|log| log.is_certain);
                let floor = log.map_or(Seq::ZERO, |log| log.deeds.floor(number, joined.head));
                link.floors.extend((joined.after < floor).then_some((joined.room, floor)));
            }
            ToClient::Gap { room, to, reason: GapReason::Policy, .. } => {
                scene.marks.hit(Mark::PolicyGap);
                let floor = link.floors.remove(room);
                let is_certain = self.rooms.get(room).and_then(|(_, epoch)| scene.model.logs.get(epoch));
                if floor != Some(*to) && is_certain.is_some_and(|log| log.is_certain) {
                    let what = format!(
                        "it keeps what is up to {to} of room {room} from one who may see what is after {floor:?}"
                    );
                    return Err((Invariant::S33, what));
                }
            }
            ToClient::Entry(_) | ToClient::Roster { .. } | ToClient::Ack { .. } => return Ok(()),
            _ => {}
        }
        let is_back = self.members.values().filter(|other| other.peer == member.peer).count() > 1;
        let to = Talk { member: number, peer: member.peer, producer: member.producer, is_back, rooms: &self.rooms };
        if let ToClient::Rooms { rooms, .. } = said {
            scene.marks.hit(Mark::RoomsListed);
            return scene.model.lists(number, member.peer, is_back, rooms);
        }
        self.order.said(socket, &to, said, scene)
    }

    /// Whether a room that was not there before was opened as a private one: the first word on it says so.
    pub(super) fn is_opened_private(room: &RoomName, seen: &[Seen]) -> bool {
        let is_it = |text: &str| RoomName::new(text).is_ok_and(|asked| asked == *room);
        let opens = |seen: &Seen| match seen {
            Seen::Enters { room: entered, is_private } => (entered == room).then_some(*is_private),
            Seen::Heard { body, .. } => {
                let encoding = if body.first() == Some(&b'{') { Encoding::Json } else { Encoding::Postcard };
                match encoding.decode(body) {
                    Ok(ToHost::Open { room, .. }) => is_it(&room).then_some(true),
                    Ok(ToHost::Join { room, .. }) => is_it(&room).then_some(false),
                    _ => None,
                }
            }
            _ => None,
        };
        room.direct_between().is_some() || seen.iter().find_map(opens).unwrap_or(false)
    }

    /// Whoever was removed from a room is given nothing of it, and whoever has come nothing from before that.
    pub(super) fn is_for(&mut self, socket: Socket, encoding: Encoding, body: &[u8]) -> Check {
        let Some(link) = self.links.get_mut(&socket) else { return Ok(()) };
        if link.removed.is_empty() && link.floors.is_empty() {
            return Ok(());
        }
        let Ok(ToClient::Entry(Entry { room, seq, .. })) = encoding.decode(body) else { return Ok(()) };
        if link.removed.contains(&room) {
            return Err((Invariant::S10, format!("it sent entry {seq} of room {room} to one who was removed from it")));
        }
        match link.floors.remove(&room) {
            Some(floor) if seq <= floor => Err((
                Invariant::S33,
                format!("it sent entry {seq} of room {room} to one who may see what is after {floor}"),
            )),
            _ => Ok(()),
        }
    }
}

/// What the host says of its own can be read, and is the same bytes when it is said again.
pub(super) fn readable(encoding: Encoding, body: &[u8]) -> Result<ToClient, (Invariant, String)> {
    let Ok(message) = encoding.decode::<ToClient>(body) else {
        return Err((Invariant::S19, format!("it sent what cannot be read: {body:?}")));
    };
    let mut again = BytesMut::new();
    encoding.encode(&message, &mut again);
    if frames(&again).next() != Some(body) {
        return Err((Invariant::S19, format!("{message:?} is other bytes when it is said again")));
    }
    Ok(message)
}
