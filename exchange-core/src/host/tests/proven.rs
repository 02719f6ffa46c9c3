//! Links on which a handshake has proven who is there.

use super::{Bench, WINDOW, config, join, proven_hello, somebody};
use crate::{
    host::HostConfig,
    identity::Identity,
    ids::Token,
    message::{Encoding, Hello, JoinFrom, ToClient, ToHost},
    name::RoomName,
    reason::{CloseReason, Violation},
    seam::{Input, LinkId, LinkLoss},
};

/// What the nth run of somebody's client says first.
fn run(who: u8, run: u8, token: Option<Token>) -> ToHost {
    proven_hello(&somebody(who), run, 2, token)
}

impl Bench {
    /// Somebody comes on a link that proves who they are, and joins the lobby.
    fn come(&mut self, link: u64, proven: &Identity, greeting: &ToHost) -> LinkId {
        let link = self.open_by(proven, link);
        self.say_all(link, &[greeting.clone(), join(&RoomName::lobby(), JoinFrom::Head)]);
        link
    }

    fn token(&mut self, link: LinkId) -> Option<Token> {
        self.heard(link).into_iter().find_map(|told| match told {
            ToClient::Welcome(welcome) => Some(welcome.token),
            _ => None,
        })
    }

    fn in_lobby(&self, who: u8) -> usize {
        self.host.members(&RoomName::lobby()).filter(|member| member.id == somebody(who).peer()).count()
    }
}

#[test]
fn a_stolen_token_is_of_no_use_to_whoever_cannot_prove_to_be_its_owner() {
    let mut bench = Bench::new();
    let link = bench.come(1, &somebody(1), &run(1, 1, None));
    let token = bench.token(link);
    assert!(token.is_some());
    bench.input(Input::LinkDown { link, loss: LinkLoss::Broken });
    let again = run(1, 1, token);
    let ToHost::Hello(greeting) = again.clone() else { panic!("no hello") };
    let again = ToHost::Hello(Hello { attempt: 3, ..greeting });

    let thief = bench.come(2, &somebody(2), &again);
    assert_eq!(bench.closed(thief), Some(CloseReason::Violation(Violation::Impostor)));
    let owner = bench.come(3, &somebody(1), &again);
    assert!(bench.token(owner).is_some_and(|fresh| Some(fresh) != token), "its own is still good, and is replaced");
}

#[test]
fn whoever_is_back_for_certain_has_no_ghost() {
    let mut bench = Bench::new();
    let link = bench.come(1, &somebody(1), &run(1, 1, None));
    bench.input(Input::LinkDown { link, loss: LinkLoss::Broken });
    assert_eq!(bench.in_lobby(1), 1, "it may come back");
    // Without its token: it has lost its memory.
    let link = bench.come(2, &somebody(1), &run(1, 2, None));
    assert_eq!((bench.closed(link), bench.in_lobby(1)), (None, 1));
    assert_eq!(bench.host.away.len(), 0, "nobody waits for the one before");
}

#[test]
fn of_two_clients_of_one_peer_one_that_comes_back_leaves_the_other_its_time() {
    let mut bench = Bench::new();
    let links = [1, 2].map(|number| bench.come(number, &somebody(1), &run(1, u8::try_from(number).unwrap(), None)));
    let token = bench.token(links[0]);
    for link in links {
        bench.input(Input::LinkDown { link, loss: LinkLoss::Broken });
    }
    let ToHost::Hello(greeting) = run(1, 1, token) else { panic!("no hello") };
    let link = bench.come(3, &somebody(1), &ToHost::Hello(Hello { attempt: 3, ..greeting }));
    assert_eq!((bench.closed(link), bench.in_lobby(1), bench.host.away.len()), (None, 2, 1));
}

#[test]
fn one_peer_may_have_several_clients_if_each_proves_that_it_is_its_own() {
    let mut bench = Bench::new();
    let links = [1, 2].map(|number| bench.come(number, &somebody(1), &run(1, u8::try_from(number).unwrap(), None)));
    assert_eq!(links.map(|link| bench.closed(link)), [None, None]);
    assert_eq!(bench.in_lobby(1), 2);
    let claimed = bench.open(3, Encoding::Postcard, WINDOW);
    bench.say(claimed, &run(1, 3, None));
    assert_eq!(bench.closed(claimed), Some(CloseReason::WrongToken));
}

#[test]
fn the_owner_of_a_session_is_no_guest_in_it() {
    let mut bench = Bench::with(HostConfig { identity: Some(somebody(9)), ..config() });
    let link = bench.come(1, &somebody(9), &run(9, 1, None));
    assert_eq!(bench.closed(link), Some(CloseReason::WrongToken));
}
