//! `exchange export`: what was said in a session that is kept in a file, to be read or for other programs.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

use exchange_tokio::{
    Store as _,
    core::{Host, HostConfig, Limits, MessageView, PeerId, Remark, RoomName, Seed, Time, Timestamp},
    sqlite::SqliteStore,
};
use jiff::{ZonedDateTime, civil::Date, tz::TimeZone};

use crate::{
    app::App,
    args::ExportArguments,
    exit::{Exit, Failure},
    line::Line,
    output::{Format, held},
};

pub(crate) async fn run(app: App, arguments: &ExportArguments) -> Result<Exit, Failure> {
    let kept = Kept::open("export", &arguments.file).await?;
    let rooms = kept.rooms(arguments.room.as_ref())?;
    kept.write(&app, &rooms, |_| true)
}

/// A session that is kept in a file, as commands read it.
pub(crate) struct Kept<'a> {
    file: &'a Path,
    pub(crate) store: SqliteStore,
    /// The host as it was kept, which nobody will ever reach.
    host: Host,
}

impl<'a> Kept<'a> {
    /// Opens a file for doing that with it.
    pub(crate) async fn open(doing: &str, file: &'a Path) -> Result<Self, Failure> {
        let cannot = |why: String| Failure::new(Exit::Store, format!("Cannot {doing}: {why}."), "");
        // To open it would make one.
        fs::metadata(file).map_err(|error| cannot(format!("{}: {error}", file.display())))?;
        let mut store = SqliteStore::open(file).map_err(|error| Failure::of_store(doing, &error))?;
        let rows = store.load().await.map_err(|error| cannot(error.to_string()))?;
        if rows.is_empty() {
            return Err(cannot(format!("nothing was ever kept in {}", file.display())));
        }
        let limits = Limits { history_entries: usize::MAX, history_bytes: usize::MAX, ..Limits::lan() };
        let names = ("export".parse().expect("a name"), "export".parse().expect("a nick"));
        let config = HostConfig { limits, ..HostConfig::new(names.0, names.1) };
        let host = Host::restore(config, &Seed::new([0; 32]), Time::ZERO, Timestamp::default(), rows)
            .map_err(|damage| cannot(format!("{} is damaged: {damage}", file.display())))?;
        Ok(Self { file, store, host })
    }

    /// The room of that name, or all; as they are written there, not as they were typed.
    pub(crate) fn rooms(&self, wanted: Option<&RoomName>) -> Result<Vec<RoomName>, Failure> {
        let rooms = self.host.rooms().filter(|room| wanted.is_none_or(|wanted| wanted == *room));
        let rooms: Vec<RoomName> = rooms.cloned().collect();
        match wanted {
            Some(room) if rooms.is_empty() => {
                Err(Failure::new(Exit::NotFound, format!("There is no room {room} in it."), ""))
            }
            _ => Ok(rooms),
        }
    }

    /// Writes the messages of these rooms that are wanted.
    pub(crate) fn write(
        &self,
        app: &App,
        rooms: &[RoomName],
        is_wanted: impl Fn(&MessageView) -> bool,
    ) -> Result<Exit, Failure> {
        // Not by way of the screen, which waits for nobody for long: what is written may go to somebody who is slow.
        let mut out = BufWriter::new(io::stdout().lock());
        let rooms = rooms.iter().map(|room| {
            // As they stand, without those that were deleted.
            let said = self.host.messages(room).filter(|view| !view.is_deleted() && is_wanted(view));
            (room, self.host.topic(room), said)
        });
        let written = match app.format() {
            Format::Json => write_json(&mut out, &self.host, rooms.flat_map(|(_, _, said)| said)),
            Format::Text(_) => write_markdown(&mut out, self.file, rooms),
        };
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Store, format!("It cannot be written: {error}."), ""))
            }
            _ => Ok(Exit::Done),
        }
    }
}

fn write_json(out: &mut impl Write, host: &Host, messages: impl Iterator<Item = MessageView>) -> io::Result<()> {
    let me = host.me().map_or(PeerId::from_bytes([0; 16]), |me| me.id);
    for message in messages {
        writeln!(out, "{}", held(&message, me).as_str())?;
    }
    Ok(())
}

fn write_markdown<'a>(
    out: &mut impl Write,
    file: &Path,
    rooms: impl Iterator<Item = (&'a RoomName, Option<&'a Remark>, impl Iterator<Item = MessageView>)>,
) -> io::Result<()> {
    let (line, zone) = (|| Line::out(false), TimeZone::system());
    let title = file.file_stem().unwrap_or_default().to_string_lossy();
    writeln!(out, "{}", line().ours("# ").theirs(title).as_str())?;
    for (room, topic, messages) in rooms {
        writeln!(out, "\n{}", line().ours("## #").theirs(room).as_str())?;
        if let Some(topic) = topic {
            writeln!(out, "\n{}", line().theirs(topic).as_str())?;
        }
        let mut today = Date::MIN;
        for message in messages {
            let moment = moment(message.message().timestamp(), &zone);
            let day = moment.as_ref().map_or(Date::ZERO, ZonedDateTime::date);
            if day != today {
                today = day;
                let day = moment
                    .as_ref()
                    .map_or_else(|| "Some day".into(), |moment| moment.strftime("%A, %-d %B %Y").to_string());
                writeln!(out, "\n{}\n", line().ours("### ").theirs(day).as_str())?;
            }
            writeln!(out, "{}", item(&message, moment.as_ref()).as_str())?;
        }
    }
    Ok(())
}

fn item(view: &MessageView, moment: Option<&ZonedDateTime>) -> Line {
    let message = view.message();
    let time = moment.map_or_else(|| "--:--".into(), |moment| moment.strftime("%H:%M").to_string());
    let line = Line::out(false).ours("- ").theirs(time).ours(" **").theirs(&message.sender().nick).ours("** #");
    let line = line.theirs(message.seq());
    let line = message.reply_to().into_iter().fold(line, |line, seq| line.ours(" (to #").theirs(seq).ours(")"));
    let line = line.ours(": ").said(view.text());
    let line = if view.edited().is_some() { line.ours(" (edited)") } else { line };
    view.reactions()
        .fold(line, |line, (reaction, people)| line.ours("  ").theirs(reaction).ours("×").theirs(people.len()))
}

/// Clocks may have shown anything.
fn moment(at: Timestamp, zone: &TimeZone) -> Option<ZonedDateTime> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.as_millis()).ok()?).ok()?;
    Some(at.to_zoned_datetime(zone.clone()))
}
