//! Streams of bytes.

use std::{
    future::poll_fn,
    io::{ErrorKind, IoSlice},
    task::{Context, Poll, Waker},
};

use exchange_driver::{ByteStream as _, Runtime};
use exchange_tests::{
    stream::{close, read, read_exactly, read_to_end, write, write_all},
    watched::Alive,
};
use futures_util::future::join;

use crate::bed::{Bed, StreamOn, apart};

/// More than sockets hold.
const MUCH: usize = 16 * 1024 * 1024;

/// Bytes of which no stretch is like another.
fn pattern(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Writes until nothing more is taken; how much was.
async fn fill<R: Runtime>(stream: &mut StreamOn<R>, bytes: &[u8], piece: usize) -> usize {
    poll_fn(|cx| {
        let mut taken = 0;
        loop {
            let slices: Vec<_> = bytes[taken..].chunks(piece).take(8).map(IoSlice::new).collect();
            match stream.poll_write(cx, &slices) {
                Poll::Pending => return Poll::Ready(taken),
                Poll::Ready(written) => taken += written.unwrap(),
            }
            assert!(taken < bytes.len(), "nobody reads, and everything is taken");
        }
    })
    .await
}

pub(crate) async fn bytes_come_as_they_were_written_however_they_are_cut<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let bytes = pattern(200_000);
    let writing = async {
        for (number, piece) in bytes.chunks(777).enumerate() {
            write_all(&mut near, &piece[..number % 7]).await.unwrap();
            write_all(&mut near, &piece[number % 7..]).await.unwrap();
        }
        drop(near);
    };
    let reading = async {
        let mut heard = Vec::new();
        for size in [1, 2, 3, 1000, 64 * 1024].into_iter().cycle() {
            let mut buffer = vec![0; size];
            let length = read(&mut far, &mut buffer).await.unwrap();
            if length == 0 {
                return heard;
            }
            heard.extend_from_slice(&buffer[..length]);
        }
        unreachable!("sizes never run out")
    };
    assert!(join(writing, reading).await.1 == bytes);
}

pub(crate) async fn buffers_are_written_in_their_order<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let buffers: [&[u8]; 5] = [b"", b"one, ", b"", b"two, ", b"three"];
    let written = write(&mut near, &buffers.map(IoSlice::new)).await.unwrap();
    drop(near);
    assert!(written > 0);
    assert_eq!(read_to_end(&mut far).await.unwrap(), &b"one, two, three"[..written]);
}

pub(crate) async fn more_buffers_than_a_system_call_takes_are_fine<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let bytes = pattern(5000);
    let slices: Vec<_> = bytes.chunks(1).map(IoSlice::new).collect();
    let written = write(&mut near, &slices).await.unwrap();
    drop(near);
    assert!(written > 0);
    assert!(read_to_end(&mut far).await.unwrap() == bytes[..written]);
}

pub(crate) async fn no_more_is_told_than_was_written<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let bytes = pattern(MUCH);
    let written = fill::<R>(&mut near, &bytes, 1_000_000).await;
    drop(near);
    assert!(written > 0);
    assert!(read_to_end(&mut far).await.unwrap() == bytes[..written]);
}

pub(crate) async fn a_reader_waits_and_is_woken<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let echo = async {
        for _ in 0..10 {
            let heard = read_exactly(&mut far, 1).await.unwrap();
            write_all(&mut far, &heard).await.unwrap();
        }
    };
    let ask = async {
        for number in 0..10 {
            write_all(&mut near, &[number]).await.unwrap();
            assert_eq!(read_exactly(&mut near, 1).await.unwrap(), [number]);
        }
    };
    apart(echo, ask).await;
}

pub(crate) async fn a_writer_waits_and_is_woken<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let bytes = pattern(MUCH);
    let expected = bytes.clone();
    let talk = async {
        let filled = fill::<R>(&mut near, &bytes, 1_000_000).await;
        write_all(&mut near, &bytes[filled..]).await.unwrap();
        drop(near);
    };
    apart(talk, async { assert!(read_to_end(&mut far).await.unwrap() == expected) }).await;
}

pub(crate) async fn a_reader_and_a_writer_wait_for_each_other_never<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let bytes = pattern(MUCH);
    // Both sides are full before either reads.
    let at_near = fill::<R>(&mut near, &bytes, 1_000_000).await;
    let at_far = fill::<R>(&mut far, &bytes, 1_000_000).await;
    let both = |stream, written| both_ways::<R>(stream, &bytes, written);
    let (at_near, at_far) = join(both(near, at_near), both(far, at_far)).await;
    assert!(at_near == bytes && at_far == bytes);
}

/// Writes the rest and reads as much at once; what it has read.
async fn both_ways<R: Runtime>(mut stream: StreamOn<R>, bytes: &[u8], mut written: usize) -> Vec<u8> {
    let (mut heard, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    poll_fn(|cx| {
        while written < bytes.len() {
            match stream.poll_write(cx, &[IoSlice::new(&bytes[written..])]) {
                Poll::Ready(more) => written += more.unwrap(),
                Poll::Pending => break,
            }
        }
        while heard.len() < bytes.len() {
            match stream.poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(0)) => panic!("it ends too early"),
                Poll::Ready(length) => heard.extend_from_slice(&buffer[..length.unwrap()]),
                Poll::Pending => return Poll::Pending,
            }
        }
        if written == bytes.len() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    heard
}

pub(crate) async fn whoever_has_asked_last_is_woken<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let mut buffer = [0; 8];
    assert!(near.poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer).is_pending());
    let reading = async { assert_eq!(read_exactly(&mut near, 5).await.unwrap(), b"hello") };
    apart(reading, async { write_all(&mut far, b"hello").await.unwrap() }).await;
}

pub(crate) async fn closing_ends_one_direction_after_everything_written<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    let bytes = pattern(1_000_000);
    let talk = async {
        write_all(&mut near, &bytes).await.unwrap();
        close(&mut near).await.unwrap();
        assert_eq!(read_to_end(&mut near).await.unwrap(), b"thank you");
    };
    let listen = async {
        assert!(read_to_end(&mut far).await.unwrap() == bytes);
        write_all(&mut far, b"thank you").await.unwrap();
        close(&mut far).await.unwrap();
    };
    join(talk, listen).await;
}

pub(crate) async fn a_closed_stream_still_reads<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    close(&mut near).await.unwrap();
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"");
    for word in ["one", "two"] {
        write_all(&mut far, word.as_bytes()).await.unwrap();
        assert_eq!(read_exactly(&mut near, 3).await.unwrap(), word.as_bytes());
    }
    assert!(write_all(&mut near, b"too late").await.is_err());
}

pub(crate) async fn a_stream_that_is_dropped_is_ended<R: Runtime>(bed: Bed<R>) {
    let (mut near, far) = bed.pair().await;
    drop(far);
    assert_eq!(read_to_end(&mut near).await.unwrap(), b"");
    bed.until_only(Alive { streams: 1, ..Alive::default() }).await;
}

pub(crate) async fn an_end_is_read_again_and_again<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    close(&mut far).await.unwrap();
    for _ in 0..3 {
        assert_eq!(read(&mut near, &mut [0; 8]).await.unwrap(), 0);
    }
}

pub(crate) async fn dropping_what_was_not_read_resets_the_connection<R: Runtime>(bed: Bed<R>) {
    let (mut near, mut far) = bed.pair().await;
    write_all(&mut near, b"hello").await.unwrap();
    // It has all come, and some of it is not read.
    read_exactly(&mut far, 1).await.unwrap();
    drop(far);
    assert_eq!(read_to_end(&mut near).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

pub(crate) async fn writing_to_somebody_who_is_gone_fails_in_the_end<R: Runtime>(bed: Bed<R>) {
    let (mut near, far) = bed.pair().await;
    drop(far);
    let bytes = vec![0; MUCH];
    let error = write_all(&mut near, &bytes).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error:?}");
}
