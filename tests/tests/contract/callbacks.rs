//! Callbacks that fail, panic, wait, and call back.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use exchange_driver::{
    Runtime,
    core::{Event, Message, RoomName},
};
use exchange_tests::{messages, wait_for, watched::Alive};
use futures_channel::{mpsc, oneshot};
use futures_util::{FutureExt as _, StreamExt as _};

use crate::bed::{Bed, yield_now};

pub(crate) async fn one_that_fails_or_panics_becomes_an_event_and_is_called_again<R: Runtime>(bed: Bed<R>) {
    let builder = bed.host_builder().on_message(|host, message| async move {
        match message.text() {
            "fail" => Err("it did not work".into()),
            "panic" => panic!("it went wrong"),
            "hello" => {
                host.room(message.room()).send("hello too").await?;
                Ok(())
            }
            _ => Ok(()),
        }
    });
    let host = builder.start().await.unwrap();
    let mut events = host.events();
    for text in ["fail", "panic", "hello"] {
        host.room("lobby").send(text).await.unwrap();
    }
    for expected in ["it did not work", "panicked: it went wrong"] {
        let error = wait_for(&mut events, |event| match event {
            Event::CallbackFailed { error } => Some(error),
            _ => None,
        });
        assert_eq!(&*error.await, expected);
    }
    let seen = messages(&mut host.events(), &RoomName::lobby(), 4).await;
    assert_eq!(seen[3].2, "hello too");
}

pub(crate) async fn one_that_panics_before_it_waits_is_caught_too<R: Runtime>(bed: Bed<R>) {
    let (called, mut calls) = mpsc::unbounded();
    let first = AtomicBool::new(true);
    let builder = bed.host_builder().on_event(move |_, _| {
        called.unbounded_send(()).unwrap();
        assert!(!first.swap(false, Ordering::Relaxed), "the first call goes wrong");
        async { Ok(()) }
    });
    let host = builder.start().await.unwrap();
    let mut events = host.events();
    let error = wait_for(&mut events, |event| match event {
        Event::CallbackFailed { error } => Some(error),
        _ => None,
    });
    host.room("lobby").send("hello").await.unwrap();
    assert_eq!(&*error.await, "panicked: the first call goes wrong");
    assert_eq!((calls.next().await, calls.next().await), (Some(()), Some(())), "it goes on being called");
    host.shutdown(Duration::MAX).await;
    bed.until_only(Alive::default()).await;
}

pub(crate) async fn one_that_takes_its_time_holds_up_nobody<R: Runtime>(bed: Bed<R>) {
    let (release, held) = oneshot::channel::<()>();
    let held = held.shared();
    let builder = bed.host_builder().on_message(move |_, _| held.clone().map(|_| Ok(())));
    let host = builder.start().await.unwrap();
    let client = bed.join(&host, "bo").await;
    for number in 0..5000 {
        client.room("lobby").send(number.to_string()).await.unwrap().delivered().await.unwrap();
    }
    release.send(()).unwrap();
}

pub(crate) async fn one_that_asks_its_own_handle_is_answered<R: Runtime>(bed: Bed<R>) {
    let (told, answers) = one_answer();
    let builder = bed.host_builder().on_message(move |host, message| {
        let told = told.clone();
        async move {
            if message.text() == "who is there?" {
                let (people, rooms) = (host.people().await?.len(), host.rooms().await?.len());
                let members = host.room(message.room()).members().await?.len();
                host.room("lobby").send("you").await?.delivered().await?;
                told.lock().unwrap().take().unwrap().send((people, rooms, members)).unwrap();
            }
            Ok(())
        }
    });
    let host = builder.start().await.unwrap();
    let client = bed.join(&host, "bo").await;
    client.room("lobby").send("who is there?").await.unwrap();
    assert_eq!(answers.await, Ok((2, 1, 2)));
}

type Once<T> = Arc<Mutex<Option<oneshot::Sender<T>>>>;

fn one_answer<T>() -> (Once<T>, oneshot::Receiver<T>) {
    let (told, answer) = oneshot::channel();
    (Arc::new(Mutex::new(Some(told))), answer)
}

pub(crate) async fn one_that_ends_its_own_session_does<R: Runtime>(bed: Bed<R>) {
    let builder = bed.host_builder().on_message(|host, _| async move {
        host.shutdown(Duration::MAX).await;
        Ok(())
    });
    let host = builder.start().await.unwrap();
    let client = bed.join(&host, "bo").await;
    let mut events = host.events();
    client.room("lobby").send("stop").await.unwrap();
    while events.next().await.is_some() {}
    drop(client);
    bed.until_only(Alive::default()).await;
}

pub(crate) async fn they_run_in_order_and_one_at_a_time<R: Runtime>(bed: Bed<R>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (told, done) = one_answer();
    let logging = |name: char| {
        let (log, told) = (Arc::clone(&log), Arc::clone(&told));
        move |_, message: Message| {
            let (log, told) = (Arc::clone(&log), Arc::clone(&told));
            async move {
                log.lock().unwrap().push(format!("{name}{} begins", message.text()));
                yield_now().await;
                log.lock().unwrap().push(format!("{name}{} ends", message.text()));
                if name == 'b' && message.text() == "2" {
                    told.lock().unwrap().take().unwrap().send(()).unwrap();
                }
                Ok(())
            }
        }
    };
    let host = bed.host_builder().on_message(logging('a')).on_message(logging('b')).start().await.unwrap();
    for number in 0..3 {
        host.room("lobby").send(number.to_string()).await.unwrap();
    }
    done.await.unwrap();
    let expected = (0..3).flat_map(|number| {
        ["a", "b"].into_iter().flat_map(move |name| ["begins", "ends"].map(|what| format!("{name}{number} {what}")))
    });
    let log = log.lock().unwrap();
    assert!(log.iter().cloned().eq(expected), "{log:?}");
}

pub(crate) async fn they_do_not_keep_a_session_going<R: Runtime>(bed: Bed<R>) {
    let host = bed.host_builder().on_event(|_, _| async { Ok(()) }).start().await.unwrap();
    let client = bed.client_builder("bo").on_message(|_, _| async { Ok(()) }).join(host.addresses()[0]).await.unwrap();
    client.room("lobby").send("hello").await.unwrap().delivered().await.unwrap();
    drop((client, host));
    bed.until_only(Alive::default()).await;
}
