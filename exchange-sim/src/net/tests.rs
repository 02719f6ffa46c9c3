//! The network as its machines see it.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Two machines, the second of which listens.
fn pair(weather: Weather) -> (Net, NodeId, NodeId) {
    let mut net = Net::new(1, weather);
    let (a, b) = (net.add(), net.add());
    net.listen(b, true);
    (net, a, b)
}

fn notices(net: &mut Net, now: Time) -> Vec<Notice> {
    std::iter::from_fn(|| net.next(now)).collect()
}

/// A connection between the two, at the time given.
fn connected(net: &mut Net, a: NodeId, b: NodeId, now: Time) -> Socket {
    let socket = net.connect(now, a, b);
    let seen = notices(net, now + SECOND);
    assert_eq!(seen, [Notice::Accepted { socket: socket.other(), from: a }, Notice::Connected { socket }]);
    socket
}

fn write(net: &mut Net, now: Time, socket: Socket, bytes: &'static [u8]) -> Result<usize, Lost> {
    net.write(now, socket, &mut Bytes::from_static(bytes))
}

fn read_all(net: &mut Net, now: Time, socket: Socket) -> (Vec<u8>, Option<Lost>) {
    let mut all = Vec::new();
    loop {
        match net.read(now, socket, usize::MAX) {
            Read::Data(bytes) => all.extend_from_slice(&bytes),
            Read::Dry => return (all, None),
            Read::Over(lost) => return (all, Some(lost)),
        }
    }
}

#[test]
fn bytes_arrive_in_order_after_the_latency_however_they_are_cut() {
    let weather = Weather { latency: Latency::Uniform(1, 5000), cut_writes: 1000, cut_reads: 500, ..Weather::calm() };
    let (mut net, a, b) = pair(weather);
    let socket = connected(&mut net, a, b, Time::ZERO);
    let mut data = Bytes::from((0..=255_u8).cycle().take(5000).collect::<Vec<u8>>());
    let sent = data.clone();
    while !data.is_empty() {
        net.write(Time::ZERO + SECOND, socket, &mut data).unwrap();
    }
    assert_eq!(read_all(&mut net, Time::ZERO + SECOND, socket.other()).0, b"");
    let later = Time::ZERO + SECOND * 60;
    assert!(notices(&mut net, later).iter().all(|notice| *notice == Notice::Readable { socket: socket.other() }));
    assert_eq!(read_all(&mut net, later, socket.other()), (sent.to_vec(), None));
}

#[test]
fn a_full_window_takes_nothing_more_until_the_other_side_has_read() {
    let (mut net, a, b) = pair(Weather { window: 10, ..Weather::calm() });
    let socket = connected(&mut net, a, b, Time::ZERO);
    let now = Time::ZERO + SECOND;
    assert_eq!(write(&mut net, now, socket, b"0123456789abc"), Ok(10));
    assert_eq!(write(&mut net, now, socket, b"abc"), Ok(0));
    assert_eq!(notices(&mut net, now + SECOND), [Notice::Readable { socket: socket.other() }]);
    assert_eq!(read_all(&mut net, now + SECOND, socket.other()).0, b"0123456789");
    assert_eq!(notices(&mut net, now + SECOND), [Notice::Writable { socket }]);
    assert_eq!(write(&mut net, now + SECOND, socket, b"abc"), Ok(3));
}

#[test]
fn where_nobody_listens_one_is_refused_and_at_a_dead_door_one_hears_nothing() {
    let (mut net, a, b) = pair(Weather::calm());
    net.set_door(b, Some(Door::Closed));
    let refused = net.connect(Time::ZERO, a, b);
    assert_eq!(notices(&mut net, Time::ZERO + SECOND), [Notice::Refused { socket: refused }]);
    net.set_door(b, Some(Door::Dead));
    net.connect(Time::ZERO, a, b);
    assert_eq!(notices(&mut net, Time::ZERO + SECOND * 1000), []);
    net.set_door(b, None);
    net.listen(b, false);
    let refused = net.connect(Time::ZERO, a, b);
    assert_eq!(notices(&mut net, Time::ZERO + SECOND), [Notice::Refused { socket: refused }]);
}

#[test]
fn what_is_on_its_way_when_a_path_is_blocked_arrives_when_it_is_open_again() {
    let (mut net, a, b) = pair(Weather::calm());
    let socket = connected(&mut net, a, b, Time::ZERO);
    let now = Time::ZERO + SECOND;
    net.block(a, b);
    net.block(a, b);
    write(&mut net, now, socket, b"up").unwrap();
    write(&mut net, now, socket.other(), b"down").unwrap();
    assert_eq!(notices(&mut net, now + SECOND), [Notice::Readable { socket }], "the other direction is open");
    net.unblock(now + SECOND, a, b);
    assert_eq!(notices(&mut net, now + SECOND * 2), [], "it was blocked twice");
    net.unblock(now + SECOND * 2, a, b);
    assert_eq!(notices(&mut net, now + SECOND * 3), [Notice::Readable { socket: socket.other() }]);
    assert_eq!(read_all(&mut net, now + SECOND * 3, socket.other()).0, b"up");
}

#[test]
fn each_side_of_a_broken_connection_learns_of_it_in_its_own_time_or_never() {
    let (mut net, a, b) = pair(Weather::calm());
    let socket = connected(&mut net, a, b, Time::ZERO);
    let now = Time::ZERO + SECOND;
    net.break_conn(now, socket.conn, Some(SECOND), None);
    write(&mut net, now, socket, b"lost").unwrap();
    assert_eq!(notices(&mut net, now + SECOND * 100), [Notice::Readable { socket }]);
    assert_eq!(read_all(&mut net, now, socket), (vec![], Some(Lost::Broken)));
    assert_eq!(read_all(&mut net, now, socket.other()), (vec![], None));
    assert_eq!(write(&mut net, now, socket, b"x"), Err(Lost::Broken));
    assert_eq!(write(&mut net, now, socket.other(), b"x"), Ok(1), "it does not know");
}

#[test]
fn an_end_comes_after_all_that_was_written_and_leaves_the_other_direction_open() {
    let (mut net, a, b) = pair(Weather::calm());
    let socket = connected(&mut net, a, b, Time::ZERO);
    let now = Time::ZERO + SECOND;
    write(&mut net, now, socket, b"last").unwrap();
    net.finish(now, socket);
    notices(&mut net, now + SECOND);
    assert_eq!(read_all(&mut net, now + SECOND, socket.other()), (b"last".to_vec(), Some(Lost::Closed)));
    assert_eq!(write(&mut net, now + SECOND, socket.other(), b"answer"), Ok(6));
    notices(&mut net, now + SECOND * 2);
    assert_eq!(read_all(&mut net, now + SECOND * 2, socket), (b"answer".to_vec(), None));
}

#[test]
fn whoever_writes_to_an_end_that_was_let_go_of_is_reset() {
    let (mut net, a, b) = pair(Weather::calm());
    let socket = connected(&mut net, a, b, Time::ZERO);
    let now = Time::ZERO + SECOND;
    net.release(now, socket.other());
    write(&mut net, now, socket, b"anybody?").unwrap();
    notices(&mut net, now + SECOND);
    assert_eq!(read_all(&mut net, now + SECOND, socket), (vec![], Some(Lost::Broken)));
}

#[test]
fn without_power_a_machine_answers_nothing_and_with_power_again_knows_of_nothing() {
    let (mut net, a, b) = pair(Weather::calm());
    let socket = connected(&mut net, a, b, Time::ZERO);
    let now = Time::ZERO + SECOND;
    net.power_off(b);
    write(&mut net, now, socket, b"hello").unwrap();
    assert_eq!(notices(&mut net, now + SECOND * 100), []);
    net.power_on(now + SECOND * 100, b);
    notices(&mut net, now + SECOND * 101);
    assert_eq!(read_all(&mut net, now + SECOND * 101, socket), (vec![], Some(Lost::Broken)));
}

#[test]
fn a_slow_reader_gets_a_little_at_a_time_and_a_paused_one_nothing() {
    let (mut net, a, b) = pair(Weather::calm());
    let socket = connected(&mut net, a, b, Time::ZERO);
    let now = Time::ZERO + SECOND;
    net.set_pace(b, a, Some(Pace::Slow(2, 100)));
    write(&mut net, now, socket, b"abcd").unwrap();
    notices(&mut net, now + SECOND);
    let reader = socket.other();
    assert_eq!(read_all(&mut net, now + SECOND, reader).0, b"ab");
    assert_eq!(notices(&mut net, now + SECOND * 2), [Notice::Readable { socket: reader }]);
    net.set_pace(b, a, Some(Pace::Paused));
    assert_eq!(read_all(&mut net, now + SECOND * 2, reader).0, b"");
    net.set_pace(b, a, None);
    assert!(notices(&mut net, now + SECOND * 2).contains(&Notice::Readable { socket: reader }));
    assert_eq!(read_all(&mut net, now + SECOND * 2, reader).0, b"cd");
}

#[test]
fn bandwidth_spaces_out_what_is_written() {
    let (mut net, a, b) = pair(Weather { bandwidth: 1000, ..Weather::calm() });
    let socket = connected(&mut net, a, b, Time::ZERO);
    let now = Time::ZERO + SECOND;
    net.write(now, socket, &mut Bytes::from(vec![0; 500])).unwrap();
    net.write(now, socket, &mut Bytes::from(vec![0; 500])).unwrap();
    notices(&mut net, now + Duration::from_millis(600));
    assert_eq!(read_all(&mut net, now, socket.other()).0.len(), 500);
    notices(&mut net, now + Duration::from_millis(1100));
    assert_eq!(read_all(&mut net, now, socket.other()).0.len(), 500);
}
