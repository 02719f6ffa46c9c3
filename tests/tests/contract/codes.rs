//! Sessions that are for those who know a code or a passphrase, or are let in.

use std::time::Duration;

use exchange_driver::{
    ClientBuilder, NetworkError, RequestError, Runtime,
    core::{Ended, Event, Identity, JoinCode, JoinSecret, LinkLoss, Refusal, Seed},
};
use exchange_tests::{next_message, proxy::Proxy, wait_for};

use crate::bed::{Bed, On};

fn guess(number: u64) -> JoinSecret {
    JoinCode::draw(&Seed::from_number(number)).into()
}

impl<R: Runtime> Bed<R> {
    fn knowing(&self, nick: &str, secret: JoinSecret) -> ClientBuilder<On<R>> {
        self.client_builder(nick).secret(secret)
    }
}

pub(crate) async fn whoever_knows_the_code_comes_in_and_nobody_else<R: Runtime>(bed: Bed<R>) {
    let host = bed.host_builder().by_code().start().await.unwrap();
    let (address, code) = (host.addresses()[0], host.code().unwrap());
    let bo = bed.knowing("bo", code.into()).join(address).await.unwrap();
    assert!(bo.host_has_secret().await.unwrap());
    bo.room("lobby").send("hi").await.unwrap().delivered().await.unwrap();
    assert_eq!(next_message(&mut host.events()).await.text(), "hi");

    assert!(matches!(bed.client_builder("cy").join(address).await, Err(NetworkError::Locked)));
    let wrong = bed.knowing("cy", guess(1)).join(address).await;
    assert!(matches!(wrong, Err(NetworkError::WrongSecret)));
    assert!(matches!(bed.client_builder("cy").insecure().join(address).await, Err(NetworkError::OnlyEncrypted)));
    assert!(matches!(
        bed.client_builder("cy").insecure().secret(code.into()).join(address).await,
        Err(NetworkError::NotEncrypted)
    ));
    assert_eq!(host.people().await.unwrap().len(), 2);

    let open = bed.host().await;
    assert_eq!(open.code(), None);
    let wrong = bed.knowing("bo", code.into()).join(open.addresses()[0]).await;
    assert!(matches!(wrong, Err(NetworkError::NotLocked)));
    assert!(!bed.join(&open, "bo").await.host_has_secret().await.unwrap());
    let clear = bed.host_builder().insecure().by_code().start().await;
    assert!(matches!(clear, Err(NetworkError::NotEncrypted)), "in the clear nobody can prove to know it");
}

pub(crate) async fn a_passphrase_is_as_good_as_a_code<R: Runtime>(bed: Bed<R>) {
    let phrase: JoinSecret = "correct horse battery".parse().unwrap();
    let host = bed.host_builder().by_secret(phrase.clone()).start().await.unwrap();
    assert_eq!(host.code(), None);
    let address = host.addresses()[0];
    assert!(bed.knowing("bo", phrase).join(address).await.unwrap().host_has_secret().await.unwrap());
    let other = "correct horse battery!".parse().unwrap();
    assert!(matches!(bed.knowing("cy", other).join(address).await, Err(NetworkError::WrongSecret)));
}

pub(crate) async fn whoever_was_let_in_comes_back_without_the_code<R: Runtime>(bed: Bed<R>) {
    let host = bed.host_builder().by_code().start().await.unwrap();
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let bo = Identity::from_seed([2; 32]);
    let first =
        bed.knowing("bo", host.code().unwrap().into()).identity(bo.clone()).join(proxy.address()).await.unwrap();
    let mut events = first.events();
    proxy.cut();
    wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    first.room("lobby").send("back").await.unwrap().delivered().await.unwrap();
    first.shutdown(Duration::from_secs(5)).await;

    bed.client_builder("bo").identity(bo).join(proxy.address()).await.unwrap();
    let somebody_else = bed.client_builder("bo").join(proxy.address()).await;
    assert!(matches!(somebody_else, Err(NetworkError::Locked)));
}

pub(crate) async fn a_code_that_was_guessed_at_twenty_times_is_replaced<R: Runtime>(bed: Bed<R>) {
    let host = bed.host_builder().by_code().start().await.unwrap();
    let (address, code) = (host.addresses()[0], host.code().unwrap());
    for number in 0..20 {
        let wrong = bed.knowing("cy", guess(number)).join(address).await;
        assert!(matches!(wrong, Err(NetworkError::WrongSecret)), "{number}");
    }
    let too_often = bed.knowing("bo", code.into()).join(address).await;
    assert!(matches!(too_often, Err(NetworkError::NoGuess)), "the right one comes too late");
    assert_eq!(host.code(), Some(code));

    let mut events = host.events();
    bed.runtime.skip(Duration::from_secs(60));
    let renewed = wait_for(&mut events, |event| match event {
        Event::CodeRenewed { code } => Some(code),
        _ => None,
    });
    let fresh = renewed.await;
    assert_eq!(host.code(), Some(fresh));
    assert!(matches!(bed.knowing("bo", code.into()).join(address).await, Err(NetworkError::WrongSecret)));
    bed.knowing("bo", fresh.into()).join(address).await.unwrap();
    let wrong = Ended::Lost(LinkLoss::WrongSecret);
    let told = wait_for(&mut events, |event| match event {
        Event::LinkClosed { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(told.await, wrong, "the host hears of every guess");
}

pub(crate) async fn whoever_knocks_comes_in_when_they_are_let_in<R: Runtime>(bed: Bed<R>) {
    let host = bed.host_builder().by_approval().start().await.unwrap();
    let (address, mut events) = (host.addresses()[0], host.events());
    let join = |nick: &str, seed| bed.client_builder(nick).identity(Identity::from_seed([seed; 32])).join(address);
    assert!(matches!(join("bo", 2).await, Err(NetworkError::Knocking)));
    assert!(matches!(join("cy", 3).await, Err(NetworkError::Knocking)));
    for nick in ["bo", "cy"] {
        let knocked = wait_for(&mut events, |event| match event {
            Event::Knocked { peer } => Some(peer),
            _ => None,
        });
        assert_eq!(knocked.await.nick.as_str(), nick);
    }
    let [bo, cy] = &host.knocking().await.unwrap()[..] else { panic!("two are at the door") };
    host.admit(bo.id).await.unwrap();
    host.turn_away(cy.id).await.unwrap();
    assert!(matches!(host.admit(cy.id).await, Err(RequestError::Refused(Refusal::NoSuchPeer))));
    join("bo", 2).await.unwrap().room("lobby").send("hi").await.unwrap().delivered().await.unwrap();
    assert!(matches!(join("cy", 3).await, Err(NetworkError::TurnedAway)));
    let clear = bed.host_builder().insecure().by_approval().start().await;
    assert!(matches!(clear, Err(NetworkError::NotEncrypted)), "in the clear nobody proves who they are");
}
