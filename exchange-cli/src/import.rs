//! `exchange import`: a session made of what `exchange export --json` has written, for `exchange host --store`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read as _},
    path::Path,
};

use exchange_tokio::{
    Runtime as _, Store as _, Tokio,
    core::{
        Body, Cmid, ContentType, Durability, Effect, Host, HostConfig, Import, Imported, Input, Limits, Mentions, Nick,
        Outbox, Peer, PeerId, ProducerId, Reaction, Remark, RoomName, Rules, Seq, Time, Timestamp, message::Post,
    },
    sqlite::SqliteStore,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    app::App,
    args::ImportArguments,
    exit::{Exit, Failure},
    line::Line,
};

/// What a line tells.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Told {
    PersonHeld {
        #[serde(flatten)]
        who: Person,
        you: bool,
    },
    RoomHeld {
        room: RoomName,
        topic: Option<Remark>,
        founder: Option<PeerId>,
        rules: Rules,
    },
    Held(Box<Held>),
    /// Whatever it is, it is nothing that was said.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Person {
    nick: Nick,
    peer: PeerId,
}

/// A message as it stands.
#[derive(Deserialize)]
struct Held {
    room: RoomName,
    seq: Seq,
    sender: Nick,
    peer: PeerId,
    #[serde(default)]
    text: String,
    content_type: Option<ContentType>,
    kind: Option<u16>,
    payload: Option<String>,
    reply_to: Option<Seq>,
    #[serde(default)]
    mentions: BTreeSet<PeerId>,
    #[serde(default)]
    edited: bool,
    #[serde(default)]
    reactions: BTreeMap<Reaction, BTreeSet<PeerId>>,
    at: Timestamp,
    id: String,
    #[serde(default)]
    mine: bool,
}

pub(crate) async fn run(app: App, arguments: &ImportArguments) -> Result<Exit, Failure> {
    let cannot = |why: String| Failure::new(Exit::Store, format!("Cannot import: {why}."), "");
    let (file, path) = (arguments.file.display(), &arguments.store);
    let told = read(&arguments.file).map_err(|error| cannot(format!("{file}: {error}")))?;
    let host = host(&told).map_err(|error| match error {
        (0, why) => cannot(format!("{file}: {why}")),
        (line, why) => cannot(format!("{file}, line {line}: {why}")),
    })?;
    let mut store = SqliteStore::open(path).map_err(|error| Failure::of_store("import", &error))?;
    if !store.was_empty() {
        return Err(cannot(format!("there is a session in {} already", path.display())));
    }
    let most = u64::try_from(Limits::lan().history_entries).unwrap_or(u64::MAX);
    let too_long = host.histories().filter(|(_, log)| log.head().0 - log.tail().0 > most);
    let too_long: Vec<RoomName> = too_long.map(|(room, _)| room.clone()).collect();
    keep(host, &mut store).await.map_err(|error| cannot(error.to_string()))?;
    for room in too_long {
        let words = |line: Line| {
            let line = line.ours("In #").theirs(room).ours(" is more than a host keeps: of it, the last ");
            line.theirs(Limits::lan().history_entries).ours(" entries will be left.")
        };
        app.screen.warn(words).await;
    }
    let words = |line: Line| line.ours("\"exchange host --store ").theirs(path.display()).ours("\" goes on with it.");
    app.screen.say(words).await;
    Ok(Exit::Done)
}

fn read(file: &Path) -> io::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        return io::stdin().read_to_string(&mut text).map(|_| text);
    }
    fs::read_to_string(file)
}

/// The host of what these lines tell; the number of the line that tells nothing, or zero if it is none of them, and why.
fn host(text: &str) -> Result<Host, (usize, String)> {
    let mut told = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        // To it, every line is the first.
        let why = |error: serde_json::Error| error.to_string().replace(" at line 1 column", " at column");
        told.push((number, serde_json::from_str(line).map_err(|error| (number, why(error)))?));
    }
    if !told.iter().any(|(_, told)| matches!(told, Told::RoomHeld { .. } | Told::Held(_))) {
        return Err((0, "there is nothing in it that \"exchange export --json\" has written".into()));
    }
    let mut owner = None;
    let mut nick = None;
    for (number, told) in &told {
        match told {
            Told::PersonHeld { who, you: true } if owner.is_none() => {
                (owner, nick) = (Some((who.peer, None)), Some(who.nick.clone()));
            }
            Told::Held(held) if held.mine && owner.is_none_or(|(peer, run)| peer == held.peer && run.is_none()) => {
                let (producer, _) = client(&held.id).ok_or_else(|| (*number, "its \"id\" is none".to_owned()))?;
                owner = Some((held.peer, Some(producer)));
                nick.get_or_insert_with(|| held.sender.clone());
            }
            _ => {}
        }
    }
    let limits = Limits {
        rooms: usize::MAX,
        rooms_per_founder: usize::MAX,
        history_entries: usize::MAX,
        history_bytes: usize::MAX,
        ..Limits::lan()
    };
    let names = ("import".parse().expect("a name"), nick.unwrap_or_else(|| "host".parse().expect("a nick")));
    let config = HostConfig { limits, store: Some(Durability::Fsynced), ..HostConfig::new(names.0, names.1) };
    let seed = Tokio::default().seed().map_err(|error| (0, error.to_string()))?;
    let mut import = Import::new(config, owner, &seed, Time::ZERO);
    for (number, told) in told {
        match told {
            Told::PersonHeld { who: Person { nick, peer: id }, .. } => import.person(Peer { id, nick }),
            Told::RoomHeld { room, topic, founder, rules } => {
                import.room(&room, topic, rules, founder).map_err(|misfit| (number, misfit.to_string()))?;
            }
            Told::Held(held) => {
                let message = message(*held).map_err(|why| (number, why))?;
                import.message(message).map_err(|misfit| (number, misfit.to_string()))?;
            }
            Told::Other => {}
        }
    }
    import.finish().map_err(|misfit| (0, misfit.to_string()))
}

fn message(held: Held) -> Result<Imported, String> {
    let (producer, cmid) = client(&held.id).ok_or("its \"id\" is none")?;
    let Held { room, seq, sender, peer, text, reply_to, mentions, edited, reactions, at, .. } = held;
    let mentions: Mentions = mentions.into_iter().collect();
    let body = match (held.content_type, held.kind, held.payload) {
        (Some(content_type), _, Some(payload)) => {
            body(json!({ "kind": "data", "payload": { "content_type": content_type, "payload": payload } }))?
        }
        (_, Some(kind), Some(payload)) => body(json!({ "kind": kind, "payload": payload }))?,
        _ if reply_to.is_none() && mentions.is_empty() => Body::text(&text),
        _ => Body::Post(Post { reply_to, mentions, text: text.into() }),
    };
    let author = Peer { id: peer, nick: sender };
    Ok(Imported { room, seq, at, author, producer, cmid, body, edited, reactions })
}

/// What an application has said, as the protocol has it in JSON.
fn body(json: serde_json::Value) -> Result<Body, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}

/// Whose message it is, and that client's number for it.
fn client(id: &str) -> Option<(ProducerId, Cmid)> {
    let (producer, cmid) = id.split_once('-')?;
    Some((ProducerId::parse(producer)?, Cmid(cmid.parse().ok()?)))
}

/// Has the host keep all that there is of it.
async fn keep(mut host: Host, store: &mut SqliteStore) -> Result<(), exchange_tokio::StoreError> {
    let mut out = Outbox::new();
    host.handle(Time::ZERO, Input::Tick, &mut out);
    let effects: Vec<Effect> = out.drain().collect();
    for effect in effects {
        if let Effect::Store { changes, .. } = effect {
            store.keep(changes).await?;
        }
    }
    Ok(())
}
