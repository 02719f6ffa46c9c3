//! What applications are told, as a stream.

use std::time::Duration;

use exchange_driver::{
    Runtime,
    core::{CloseReason, Ended, Event, RoomName},
};
use exchange_tests::{messages, next_message};
use futures_util::future::join;

use crate::bed::Bed;

pub(crate) async fn those_that_nobody_reads_in_time_are_counted<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let mut events = host.events();
    let room = host.room("lobby");
    for number in 0..5000 {
        room.send(number.to_string()).await.unwrap();
    }
    // When it is over, nothing more is told while the rest is counted.
    let mut others = events.clone();
    host.shutdown(Duration::ZERO).await;
    while others.next().await.is_some() {}
    let Some(Event::Lagged { missed }) = events.try_event() else { panic!("nothing was missed") };
    let mut rest = 0;
    while events.try_event().is_some() {
        rest += 1;
    }
    assert_eq!(rest, 4096, "the newest are kept");
    assert!(missed >= 5000 - 4096, "{missed}");
}

pub(crate) async fn one_who_lags_holds_up_nobody<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let client = bed.join(&host, "bo").await;
    let (_never_read, mut read) = (client.events(), host.events());
    let talk = async {
        for number in 0..10_000 {
            let receipt = client.room("lobby").send(number.to_string()).await.unwrap();
            if number % 100 == 99 {
                receipt.delivered().await.unwrap();
            }
        }
    };
    let (heard, ()) = join(messages(&mut read, &RoomName::lobby(), 10_000), talk).await;
    assert_eq!(heard[9_999].2, "9999");
}

pub(crate) async fn try_event_never_waits<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let mut events = host.events();
    while events.try_event().is_some() {}
    let mut others = events.clone();
    host.room("lobby").send("now").await.unwrap();
    assert_eq!(next_message(&mut others).await.text(), "now");
    let Some(Event::Message(message)) = events.try_event() else { panic!("it is there") };
    assert_eq!(message.text(), "now");
    while events.try_event().is_some() {}
    assert_eq!(host.people().await.unwrap().len(), 1);
}

pub(crate) async fn every_stream_sees_every_event<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let mut early = host.events();
    let mut half_way = early.clone();
    for number in 0..10 {
        host.room("lobby").send(number.to_string()).await.unwrap();
        if number == 4 {
            messages(&mut early, &RoomName::lobby(), 5).await;
            half_way = early.clone();
        }
    }
    let texts = |heard: Vec<(u64, String, String)>| heard.into_iter().map(|(.., text)| text).collect::<Vec<_>>();
    let all: Vec<_> = (0..10).map(|number| number.to_string()).collect();
    for mut rest in [early, half_way] {
        assert_eq!(texts(messages(&mut rest, &RoomName::lobby(), 5).await), all[5..]);
    }
    assert_eq!(texts(messages(&mut host.events(), &RoomName::lobby(), 10).await), all);
}

pub(crate) async fn they_end_after_the_session_is_closed<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let mut events = host.events();
    host.shutdown(Duration::ZERO).await;
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event);
    }
    assert_eq!(last, Some(Event::Closed { cause: Ended::Here(CloseReason::HostClosed) }));
    assert_eq!(events.next().await, None);
}
