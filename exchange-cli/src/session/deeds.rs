//! Commands that do something in a room, to it or to somebody.

use exchange_tokio::core::{Peer, PeerId, Role, RoomName, Rule};

use super::{Conversation, messages::OnItsWay};
use crate::{
    input::{Deed, Treatment},
    output::{peers, told_apart},
};

impl Conversation {
    pub(super) async fn open(&mut self, room: RoomName) {
        match self.seat.room(&room).open().await {
            Ok(()) => self.go_to(room).await,
            Err(error) => self.refused(&room, error).await,
        }
    }

    /// The answer is an event.
    pub(super) async fn list_all_rooms(&self) {
        if let Err(error) = self.seat.list_rooms().await {
            self.screen.warn(|line| line.ours("Not done: ").theirs(error).ours(".")).await;
        }
    }

    /// Says something in the room of oneself and somebody else.
    pub(super) async fn whisper(&mut self, who: &str, text: &str) {
        let Some(peer) = self.one(who).await else { return };
        let room = self.seat.direct(&peer);
        let said = match room.join().await {
            Ok(()) => room.send(text).await,
            Err(error) => Err(error),
        };
        match said {
            Ok(receipt) => self.on_their_way.push(OnItsWay::message(receipt)),
            Err(error) => self.screen.warn(|line| line.ours("Not sent: ").theirs(error).ours(".")).await,
        }
    }

    pub(super) async fn carry_out(&mut self, deed: Deed) {
        let room = self.seat.room(&self.room);
        let done = match deed {
            Deed::Topic(topic) => room.set_topic(&topic).await,
            Deed::Lock(locked) => room.set_rule(Rule::Locked(locked)).await,
            Deed::Slow(seconds) => room.set_rule(Rule::Slow(seconds)).await,
            Deed::Close => room.close().await,
            Deed::To(who, treatment) => {
                let banned = if treatment == Treatment::Unban { self.banned(&who) } else { None };
                let who = if banned.is_some() { banned } else { self.one(&who).await };
                let Some(who) = who else { return };
                match treatment {
                    Treatment::Invite => room.invite(who).await,
                    Treatment::Kick(reason) => room.kick(who, &reason).await,
                    Treatment::Ban(seconds, reason) => room.ban(who, seconds, &reason).await,
                    Treatment::Unban => room.unban(who).await,
                    Treatment::Mute(seconds) => room.mute(who, seconds).await,
                    Treatment::Unmute => room.unmute(who).await,
                    Treatment::Appoint => room.set_role(who, Role::Moderator).await,
                    Treatment::Dismiss => room.set_role(who, Role::Member).await,
                }
            }
        };
        self.change(done).await;
    }

    /// Somebody who was banned, by a nick or an id: they are not there to be found.
    fn banned(&self, who: &str) -> Option<Peer> {
        let mut known = self.banned.iter().map(|(id, nick)| Peer { id: *id, nick: nick.clone() });
        let by_id = || PeerId::parse(who).map(|id| Peer { id, nick: self.seat.me().nick.clone() });
        known.rfind(|peer| peer.is_called(who)).or_else(by_id)
    }

    /// The one who is meant; if that is nobody or not clear, it is said.
    async fn one(&self, who: &str) -> Option<Peer> {
        let found = peers(self.found(who).await);
        if let [peer] = &found[..] {
            return Some(peer.clone());
        }
        if !found.is_empty() {
            let labels = told_apart(&found).join(", ");
            self.screen.warn(|line| line.ours("Which of them: ").theirs(labels).ours("?")).await;
        }
        None
    }
}
