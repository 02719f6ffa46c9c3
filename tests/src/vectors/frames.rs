//! Streams after the preamble, cut into frames. What is in a frame does not matter here.

use super::{Vector, hex};

pub(super) fn vectors() -> Vec<Vector> {
    let frame = |length: usize| [&u32::try_from(length).unwrap().to_be_bytes()[..], &vec![7; length]].concat();
    let whole = |name, direction, lengths: &[usize]| {
        let bytes: Vec<u8> = lengths.iter().flat_map(|length| frame(*length)).collect();
        let frames: Vec<String> = lengths.iter().map(|length| hex(&vec![7; *length])).collect();
        stream(name, direction, &bytes).with("frames", &frames)
    };
    let partial = |name, bytes: &[u8], frames: &[&str]| stream(name, "to_host", bytes).with("frames", frames);
    let refused = |name, direction, bytes: &[u8], error| stream(name, direction, bytes).with("error", error);
    vec![
        whole("nothing", "to_host", &[]),
        whole("one_byte", "to_host", &[1]),
        whole("several", "to_client", &[3, 300, 1, 20]),
        whole("first_of_a_client.longest", "to_host", &[1024, 1025]),
        whole("first_of_a_host.longer", "to_client", &[1025]),
        partial("length.not_whole", &[0, 0, 0], &[]),
        partial("frame.not_whole", &[&frame(2)[..], &frame(9)[..12]].concat(), &["0707"]),
        partial("longest.not_whole", &[&frame(2)[..], &65_536_u32.to_be_bytes()].concat(), &["0707"]),
        refused("empty.first", "to_host", &[0; 4], "malformed"),
        refused("empty.later", "to_client", &[&frame(1)[..], &[0; 4]].concat(), "malformed"),
        refused("first_of_a_client.too_long", "to_host", &1025_u32.to_be_bytes(), "oversize"),
        refused("too_long", "to_host", &[&frame(2)[..], &65_537_u32.to_be_bytes()].concat(), "oversize"),
        refused("too_long.by_far", "to_client", &[0xff; 4], "oversize"),
        refused("another_protocol", "to_client", b"HTTP/1.1 400 Bad Request\r\n", "oversize"),
    ]
}

fn stream(name: &str, direction: &str, bytes: &[u8]) -> Vector {
    Vector::new(name).with("direction", direction).bytes("bytes", bytes)
}
