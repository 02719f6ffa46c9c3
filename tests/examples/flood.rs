//! Floods a network with answers of multicast DNS, until it is killed: most of them no answers at all, some of services
//! of others, some of sessions that are none, and some of sessions that nobody hosts. It is for tests, which run it on a
//! network of their own.
//!
//! ```console
//! $ flood ADDRESS        # the address of this machine on that network
//! ```

use std::{
    env,
    error::Error,
    net::{Ipv4Addr, UdpSocket},
    time::Duration,
};

use exchange_tokio::core::{
    SessionId,
    discovery::{PeerRecord, SERVICE_TYPE, host_name, instance_name},
};

const GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);

/// About two thousand packets a second.
const BATCH: u64 = 10;
const PAUSE: Duration = Duration::from_millis(5);

/// Sessions that nobody hosts: as many leave room for one that somebody does.
const SESSIONS: u64 = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address: Ipv4Addr = env::args().nth(1).ok_or("an address is needed")?.parse()?;
    // What does not come from the port of multicast DNS need not be heard.
    let socket = UdpSocket::bind((address, GROUP.1))?;
    let mut pace = tokio::time::interval(PAUSE);
    for number in 0.. {
        socket.send_to(&packet(number, address), GROUP)?;
        if number == 0 {
            println!("flooding");
        }
        if number % BATCH == 0 {
            pace.tick().await;
        }
    }
    Ok(())
}

fn packet(number: u64, address: Ipv4Addr) -> Vec<u8> {
    let mut random = Random(number);
    match number % 5 {
        // Noise after the header of an answer, with compressed names that lead anywhere.
        0 => {
            let mut packet = header(random.below(6));
            for _ in 0..random.below(600) {
                packet.push(if random.below(4) == 0 { 0xc0 } else { random.byte() });
            }
            packet
        }
        // A real answer, cut off or with some bytes replaced.
        1 => {
            let mut packet = session(number, address, "Lab 4");
            for _ in 0..random.below(8) {
                let place = usize::from(random.below(200)) % packet.len();
                packet[place] = random.byte();
            }
            packet.truncate(usize::from(random.below(400)).max(12));
            packet
        }
        // Names that contain themselves, and counts of answers that are not there.
        2 => [header(u16::MAX), vec![0xc0, 0x0c, 0, 12, 0, 1, 0, 0, 0, 120, 0, 2, 0xc0, 0x0c]].concat(),
        // Services of others, each new.
        3 => {
            let instance = format!("printer {number}");
            let instance = [&label(&instance)[..], &name("_http._tcp.local.")].concat();
            [header(1), record(&name("_http._tcp.local."), PTR, 4500, &instance)].concat()
        }
        // Sessions that nobody hosts, each with another number of people every time.
        _ => session(number, address, if (number / 5).is_multiple_of(2) { "Lab 4" } else { "\u{1b}[2J" }),
    }
}

/// What a host announces of a session.
fn session(number: u64, address: Ipv4Addr, session_name: &str) -> Vec<u8> {
    let mut bytes = [0xee; 16];
    bytes[..8].copy_from_slice(&(number / 5 % SESSIONS).to_be_bytes());
    let id = SessionId::from_bytes(bytes);
    let mut peer = PeerRecord::new(id, "name".parse().expect("a name"), "mallory".parse().expect("a nick"), 27_027);
    peer.people = u32::try_from(number).unwrap_or_default();
    let txt = peer.to_txt().into_iter().flat_map(|(key, value)| {
        let value = if value == "name" { session_name.to_owned() } else { value };
        label(&format!("{key}={value}"))
    });
    let service = name(SERVICE_TYPE);
    let instance = [&label(&instance_name(id))[..], &service].concat();
    let host = name(&host_name(id));
    let place = [&[0, 0, 0, 0][..], &27_027_u16.to_be_bytes(), &host].concat();
    [
        header(4),
        record(&service, PTR, 4500, &instance),
        record(&instance, SRV, 120, &place),
        record(&instance, TXT, 4500, &txt.collect::<Vec<_>>()),
        record(&host, A, 120, &address.octets()),
    ]
    .concat()
}

const A: u16 = 1;
const PTR: u16 = 12;
const TXT: u16 = 16;
const SRV: u16 = 33;

/// The header of an answer with this many records.
fn header(records: u16) -> Vec<u8> {
    let [high, low] = records.to_be_bytes();
    vec![0, 0, 0x84, 0, 0, 0, high, low, 0, 0, 0, 0]
}

fn record(name: &[u8], kind: u16, seconds: u32, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    // Of what is not shared with others, what was said before is no longer true.
    let class = if kind == PTR { 1_u16 } else { 0x8001 };
    [name, &kind.to_be_bytes(), &class.to_be_bytes(), &seconds.to_be_bytes(), &length.to_be_bytes(), data].concat()
}

fn name(dotted: &str) -> Vec<u8> {
    dotted.split_inclusive('.').flat_map(|part| label(part.trim_end_matches('.'))).chain([0]).collect()
}

fn label(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    [&[length][..], text.as_bytes()].concat()
}

/// Numbers that are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u16) -> u16 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u16::try_from((self.0 >> 33) % u64::from(limit)).unwrap_or_default()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or_default()
    }
}
