//! Those who are in, and do too much of something.

use std::{future::pending, net::Ipv4Addr, net::SocketAddr, rc::Rc, time::Duration};

use bytes::BytesMut;
use exchange_tests::raw::{RawClient, somebody};
use exchange_tokio::{
    Io,
    core::{
        Availability, Body, CloseReason, Cmid, Encoding, Identity, Presence, RoomId, Seq, Token,
        message::{Hello, JoinFrom, PageFrom, ToClient, ToHost},
    },
};
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use tokio::{
    net::TcpStream,
    task::yield_now,
    time::{sleep, timeout},
};

use super::Deeds;
use crate::linux::addresses;

/// So many links one address may have.
const LINKS: usize = 16;

/// So many messages a host takes of one member at once.
const BURST: u32 = 40;

/// Said at once, before anything is read.
const BATCH: u32 = 64;

/// Before whoever was not let in tries again.
const PAUSE: Duration = Duration::from_millis(10);

/// Whoever is heard of so often is not taken for dead.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

type Deed = LocalBoxFuture<'static, ()>;

/// One member, who comes back as the same whenever its link is ended.
pub(super) fn talk(host: SocketAddr, deeds: &Rc<Deeds>) -> Vec<Deed> {
    vec![flood(host, Rc::clone(deeds), |member, number| text(member, Cmid(number))).boxed_local()]
}

/// As many at once as have a place, each of whom says what it may and makes place for the next.
pub(super) fn talk_as_ever_new_people(host: SocketAddr, deeds: &Rc<Deeds>) -> Vec<Deed> {
    at_once(LINKS, || {
        let deeds = Rc::clone(deeds);
        async move {
            deeds.begun();
            while !deeds.is_over() {
                match Member::join(host, addresses::abuser(1), &mut Person::new()).await {
                    Some(mut member) => {
                        let mut all = (1..=BURST).map(|number| text(&member, Cmid(number.into())));
                        deeds.count(BURST);
                        member.client.say_bytes(&encoded(&mut all)).await;
                        member.leave().await;
                        // It has been heard to the end when the host closes, too.
                        while member.client.hear().await.is_some() {}
                    }
                    None => sleep(PAUSE).await,
                }
            }
        }
    })
}

pub(super) fn ping(host: SocketAddr, deeds: &Rc<Deeds>) -> Vec<Deed> {
    at_once(LINKS, || flood(host, Rc::clone(deeds), |_, nonce| ToHost::Ping { nonce }))
}

pub(super) fn flip(host: SocketAddr, deeds: &Rc<Deeds>) -> Vec<Deed> {
    at_once(LINKS, || {
        flood(host, Rc::clone(deeds), |member, number| {
            let room = member.room;
            let is_odd = number / 2 % 2 == 1;
            let availability = if is_odd { Availability::Busy } else { Availability::Online };
            match number % 2 {
                0 => ToHost::Presence(Presence { availability, note: None }),
                _ => ToHost::Typing { room, typing: is_odd },
            }
        })
    })
}

/// Asks for the longest page there is as often as it is given.
pub(super) fn leaf(host: SocketAddr, deeds: &Rc<Deeds>) -> Vec<Deed> {
    at_once(LINKS, || {
        let deeds = Rc::clone(deeds);
        async move {
            let mut member = Member::wait_to_join(host, addresses::abuser(1)).await;
            deeds.begun();
            while !deeds.is_over() {
                let (room, from) = (member.room, PageFrom::Before(Seq(u64::MAX)));
                member.client.say(&ToHost::Fetch { room, from, count: u32::MAX }).await;
                let wait = loop {
                    match member.client.hear().await {
                        Some(ToClient::Page { more: false, .. }) => break Duration::ZERO,
                        Some(ToClient::FetchRefused { refusal, .. }) => break refusal.retry_after().unwrap_or(PAUSE),
                        Some(ToClient::Ping { nonce }) => member.client.say(&ToHost::Pong { nonce }).await,
                        Some(_) => {}
                        None => return,
                    }
                };
                match wait {
                    Duration::ZERO => deeds.count(1),
                    wait => sleep(wait).await,
                }
            }
            member.leave().await;
        }
    })
}

/// From so many addresses, so many each, who never read what they are told.
pub(super) fn fall_silent(host: SocketAddr, deeds: &Rc<Deeds>, from: u8, each: usize) -> Vec<Deed> {
    stay(host, deeds, from, each, async |_| pending().await)
}

/// From so many addresses, so many each, who read all they are told.
pub(super) fn listen(host: SocketAddr, deeds: &Rc<Deeds>, from: u8, each: usize) -> Vec<Deed> {
    stay(host, deeds, from, each, async |member| while member.client.hear().await.is_some() {})
}

/// Whatever they do besides, they give signs of life.
fn stay(
    host: SocketAddr,
    deeds: &Rc<Deeds>,
    from: u8,
    each: usize,
    besides: impl AsyncFn(&mut Member) + Copy + 'static,
) -> Vec<Deed> {
    let links = (1..=from).flat_map(|number| std::iter::repeat_n(addresses::abuser(number), each));
    links
        .map(|address| {
            let deeds = Rc::clone(deeds);
            async move {
                let mut member = Member::wait_to_join(host, address).await;
                deeds.begun();
                let mut nonce = 0;
                while !deeds.is_over() {
                    member.client.say(&ToHost::Pong { nonce }).await;
                    deeds.count(1);
                    nonce += 1;
                    // Whoever stops is not to be waited for.
                    for _ in 0..20 {
                        if !deeds.is_over() {
                            let _ = timeout(SIGN_OF_LIFE / 20, besides(&mut member)).await;
                        }
                    }
                }
                member.leave().await;
            }
            .boxed_local()
        })
        .collect()
}

fn at_once<F: Future<Output = ()> + 'static>(count: usize, deed: impl Fn() -> F) -> Vec<Deed> {
    (0..count).map(|_| deed().boxed_local()).collect()
}

/// Says what that makes of ever higher numbers, and reads what it is told, without ever waiting.
async fn flood(host: SocketAddr, deeds: Rc<Deeds>, what: impl Fn(&Member, u64) -> ToHost) {
    let mut person = Person::new();
    deeds.begun();
    while !deeds.is_over() {
        let Some(mut member) = Member::join(host, addresses::abuser(1), &mut person).await else {
            sleep(PAUSE).await;
            continue;
        };
        let mut number = 1_u64;
        while !deeds.is_over() && member.hear_all().await {
            let batch = encoded(&mut (number..number + u64::from(BATCH)).map(|number| what(&member, number)));
            member.client.say_bytes(&batch).await;
            number += u64::from(BATCH);
            deeds.count(BATCH);
            yield_now().await;
        }
        if deeds.is_over() {
            member.leave().await;
        }
    }
}

fn text(member: &Member, cmid: Cmid) -> ToHost {
    member.client.signed(member.room, cmid, Body::text("buy, buy, buy"))
}

fn encoded(messages: &mut dyn Iterator<Item = ToHost>) -> BytesMut {
    let mut frames = BytesMut::new();
    messages.for_each(|message| Encoding::Postcard.encode(&message, &mut frames));
    frames
}

/// Who one is, over all of one's links.
#[derive(Debug)]
struct Person {
    identity: Identity,
    token: Option<Token>,
}

impl Person {
    fn new() -> Self {
        Self { identity: somebody(), token: None }
    }
}

/// A link that is a member of the lobby.
struct Member {
    client: RawClient<Io<TcpStream>>,
    room: RoomId,
}

impl Member {
    /// `None` if it is not let in.
    async fn join(host: SocketAddr, from: Ipv4Addr, person: &mut Person) -> Option<Self> {
        let stream = addresses::stream(from, host).await.ok()?;
        let mut client = RawClient::open(stream, Encoding::Postcard, &person.identity).await?;
        let hello = client.hello(&format!("m{:x}", fastrand::u64(..)));
        client.say(&ToHost::Hello(Hello { token: person.token.take(), ..hello })).await;
        let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
        client.say(&ToHost::Join { room: "lobby".into(), from: JoinFrom::Head, settled, sent }).await;
        loop {
            match client.hear().await? {
                ToClient::Welcome(welcome) => person.token = Some(welcome.token),
                ToClient::Joined(joined) => return Some(Self { client, room: joined.room }),
                _ => {}
            }
        }
    }

    /// Comes again until it is let in: so many at once may find no place for those who have not said who they are.
    async fn wait_to_join(host: SocketAddr, from: Ipv4Addr) -> Self {
        loop {
            match Self::join(host, from, &mut Person::new()).await {
                Some(member) => return member,
                None => sleep(PAUSE).await,
            }
        }
    }

    /// Reads what there is; whether the link still is.
    async fn hear_all(&mut self) -> bool {
        loop {
            match self.client.hear().now_or_never() {
                None => return true,
                Some(None) => return false,
                Some(Some(ToClient::Ping { nonce })) => self.client.say(&ToHost::Pong { nonce }).await,
                Some(Some(_)) => {}
            }
        }
    }

    async fn leave(&mut self) {
        self.client.say(&ToHost::Bye { reason: CloseReason::Left }).await;
    }
}
