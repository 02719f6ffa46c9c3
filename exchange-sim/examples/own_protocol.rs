//! A protocol of one's own in a simulated world: what is sent arrives, over a bad network and through a partition.

use std::time::Duration;

use bytes::Bytes;
use exchange_core::Time;
use exchange_sim::net::{Latency, NodeId, Notice, Read, Weather};
use exchange_sim::{Clock, Happening, Io, Node, World};

struct Peer {
    server: Option<NodeId>,
    unsent: Bytes,
    received: usize,
}

impl Node for Peer {
    type Command = ();

    fn handle(&mut self, happening: Happening<()>, io: &mut Io<'_>) {
        match (happening, self.server) {
            (Happening::Start, Some(server)) => drop(io.connect(server)),
            (Happening::Start, None) => io.listen(true),
            (Happening::Notice(Notice::Connected { socket } | Notice::Writable { socket }), _) => {
                while io.write(socket, &mut self.unsent).is_ok_and(|taken| taken > 0) {}
            }
            (Happening::Notice(Notice::Readable { socket }), _) => {
                while let Read::Data(bytes) = io.read(socket) {
                    self.received += bytes.len();
                }
            }
            _ => {}
        }
    }
}

fn main() {
    let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
    let weather = Weather { latency: Latency::Uniform(100, 90_000), window: 512, cut_writes: 300, ..Weather::calm() };
    let mut world = World::new(7, weather);
    let server = world.add(Peer { server: None, unsent: Bytes::new(), received: 0 }, Clock::new(0, 0));
    let unsent = Bytes::from(vec![1; 10_000]);
    let client = world.add(Peer { server: Some(server), unsent, received: 0 }, Clock::new(0, 0));
    world.run_until(at(1));
    world.net_mut().block(client, server);
    world.run_until(at(60));
    world.net_mut().unblock(at(60), client, server);
    world.run_until(at(120));
    assert_eq!(world.node(server).map(|server| server.received), Some(10_000));
}
