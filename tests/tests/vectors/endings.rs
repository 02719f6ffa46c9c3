//! How a side ends a link for what it hears, or goes on: the machines themselves are told.

use exchange_tests::vectors::hex;
use exchange_tokio::core::{
    Client, ClientConfig, CloseReason, Effect, Encoding, Host, HostConfig, Input, LinkId, LinkLoss, Nick, Outbox, Seed,
    SessionName, Time,
    message::{ToClient, ToHost},
    wire::{Received, frames},
};
use serde_json::{Value, json};

use super::{streams::opened, vectors};

const LINK: LinkId = LinkId(1);
const ENCODING: Encoding = Encoding::Json;

enum Machine {
    Host(Box<Host>),
    Client(Box<Client>),
}

impl Machine {
    fn new(reader: &str) -> Self {
        let seed = Seed::from_number(1);
        if reader == "host" {
            let config = HostConfig::new(SessionName::new("Lab 3").unwrap(), Nick::new("ana").unwrap());
            return Self::Host(Box::new(Host::new(config, &seed, Time::ZERO)));
        }
        let mut client = Client::new(ClientConfig::new(Nick::new("bo").unwrap()), &seed);
        client.round(Time::ZERO, &mut Outbox::new()).connect();
        Self::Client(Box::new(client))
    }

    fn handle(&mut self, input: Input<'_>, out: &mut Outbox) {
        match self {
            Self::Host(host) => host.handle(Time::ZERO, input, out),
            Self::Client(client) => client.handle(Time::ZERO, input, out),
        }
    }

    /// Why the link ends, as the other side is told.
    fn goodbye(&self, frame: &[u8]) -> Option<CloseReason> {
        match self {
            Self::Host(_) => match ENCODING.decode::<ToClient>(frame).unwrap() {
                ToClient::Bye { reason } => Some(reason),
                _ => None,
            },
            Self::Client(_) => match ENCODING.decode::<ToHost>(frame).unwrap() {
                ToHost::Bye { reason } => Some(reason),
                _ => None,
            },
        }
    }
}

#[test]
fn every_link_ends_or_goes_on_as_it_says() {
    for vector in vectors("endings.json") {
        let reader = vector.text("reader");
        let mut machine = Machine::new(reader);
        let mut out = Outbox::new();
        machine.handle(Input::LinkUp { link: LINK, credit: 65_536, from: None }, &mut out);
        machine.handle(Input::Opened { link: LINK, encoding: ENCODING, proven: None }, &mut out);
        let mut wire = opened(if reader == "host" { "to_host" } else { "to_client" }, ENCODING);
        let bytes = vector.bytes("bytes");
        let mut input = &bytes[..];
        loop {
            match wire.receive(&mut input) {
                Ok(Some(Received::Frame(body))) => machine.handle(Input::Frame { link: LINK, body }, &mut out),
                Ok(_) => break,
                Err(fault) => {
                    let LinkLoss::Violation(violation) = fault.loss else { panic!("{vector}: {fault}") };
                    machine.handle(Input::Fault { link: LINK, violation }, &mut out);
                    break;
                }
            }
        }
        let (mut told, mut closed) = (Vec::new(), None);
        for effect in out.drain() {
            match effect {
                Effect::Send { frames: said, .. } => {
                    told.extend(frames(&said).filter_map(|frame| machine.goodbye(frame)));
                }
                Effect::Close { reason, .. } => closed = Some(reason),
                Effect::Dial { .. } | Effect::Store { .. } | Effect::Event(_) => {}
            }
        }
        let ended: Option<Value> = closed.map(|reason| json!(reason));
        assert_eq!(ended.as_ref(), vector.get("error"), "{vector}: {}", hex(&bytes));
        assert_eq!(told, Vec::from_iter(closed), "{vector}: the other side is told, once");
    }
}
