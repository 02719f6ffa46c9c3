//! A session that is kept in a file, as commands read it, and write it for people and for other programs.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

use exchange_tokio::{
    Store as _,
    core::{Archive, ArchivedRoom, MessageView, PeerId, RoomName, Seq, Timestamp, store::Damage},
    sqlite::{SqliteStore, salvage},
};
use jiff::{ZonedDateTime, civil::Date, tz::TimeZone};

use crate::{
    app::App,
    exit::{Exit, Failure, SALVAGE},
    line::Line,
    output::{Format, held, lost, person_held, room_held},
};

/// What is wrong with a file is said in so many lines.
const COMPLAINTS: usize = 10;

/// Where messages are.
pub(crate) type Places = BTreeSet<(RoomName, Seq)>;

/// A session that is kept in a file, as commands read it.
pub(crate) struct Kept<'a> {
    file: &'a Path,
    archive: Archive,
}

/// What is at a place of a room.
enum Told<'a> {
    Message(&'a MessageView),
    /// Nothing, from there to there.
    Lost(Seq, Seq),
}

impl<'a> Kept<'a> {
    /// Opens a file, which has to be sound, for doing that with it.
    pub(crate) async fn open(doing: &str, file: &'a Path) -> Result<(Self, SqliteStore), Failure> {
        let cannot = |why: String, advice: &str| Failure::new(Exit::Store, format!("Cannot {doing}: {why}."), advice);
        // To open it would make one.
        fs::metadata(file).map_err(|error| cannot(format!("{}: {error}", file.display()), ""))?;
        let mut store = SqliteStore::open(file).map_err(|error| Failure::of_store(doing, &error))?;
        let rows = store.load().await.map_err(|error| cannot(error.to_string(), ""))?;
        if rows.is_empty() {
            return Err(cannot(format!("nothing was ever kept in {}", file.display()), ""));
        }
        let archive = Archive::read(rows);
        if let Some(other @ (Damage::OfClient | Damage::Later { .. })) = archive.damage.first() {
            return Err(cannot(format!("{}: {other}", file.display()), ""));
        }
        let damage = archive.damage.first().map(Damage::to_string);
        let gap = archive.rooms.iter().find_map(|room| Some((room.gaps.first()?, &room.name)));
        let gap = gap.map(|((from, to), room)| format!("#{from} to #{to} of {room} are missing"));
        match damage.or(gap) {
            Some(damage) => Err(cannot(format!("{} is damaged: {damage}", file.display()), SALVAGE)),
            None => Ok((Self { file, archive }, store)),
        }
    }

    /// Reads what can be read in a file.
    pub(crate) fn salvage(file: &'a Path) -> Result<Self, Failure> {
        let cannot = |why: String| Failure::new(Exit::Store, format!("Cannot export: {}: {why}.", file.display()), "");
        let rows = salvage(file).map_err(|error| cannot(error.to_string()))?;
        let archive = Archive::read(rows);
        if archive.rooms.is_empty() {
            Err(cannot("nothing can be read in it".into()))
        } else {
            Ok(Self { file, archive })
        }
    }

    /// The room of that name, or all.
    pub(crate) fn rooms(&self, wanted: Option<&RoomName>) -> Result<Vec<&ArchivedRoom>, Failure> {
        let is_wanted = |room: &&ArchivedRoom| wanted.is_none_or(|wanted| *wanted == room.name);
        let rooms: Vec<&ArchivedRoom> = self.archive.rooms.iter().filter(is_wanted).collect();
        match wanted {
            Some(room) if rooms.is_empty() => {
                Err(Failure::new(Exit::NotFound, format!("There is no room {room} in it."), ""))
            }
            _ => Ok(rooms),
        }
    }

    /// Writes what was said in these rooms, or of that only what was found.
    pub(crate) fn write(&self, app: &App, rooms: &[&ArchivedRoom], found: Option<&Places>) -> Result<(), Failure> {
        // Not by way of the screen, which waits for nobody for long: what is written may go to somebody who is slow.
        let mut out = BufWriter::new(io::stdout().lock());
        let rooms = rooms.iter().map(|room| (*room, told(room, found)));
        let written = match app.format() {
            Format::Json => self.write_json(&mut out, rooms, found.is_none()),
            Format::Text(_) => self.write_markdown(&mut out, rooms),
        };
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Store, format!("It cannot be written: {error}."), ""))
            }
            _ => Ok(()),
        }
    }

    fn write_json<'b>(
        &self,
        out: &mut impl Write,
        rooms: impl Iterator<Item = (&'b ArchivedRoom, Vec<Told<'b>>)>,
        whole: bool,
    ) -> io::Result<()> {
        let me = self.archive.owner.unwrap_or(PeerId::from_bytes([0; 16]));
        for person in self.archive.people.iter().filter(|_| whole) {
            writeln!(out, "{}", person_held(person, person.id == me).as_str())?;
        }
        for (room, said) in rooms {
            if whole {
                writeln!(out, "{}", room_held(room).as_str())?;
            }
            for told in said {
                let line = match told {
                    Told::Message(view) => held(view, me),
                    Told::Lost(from, to) => lost(&room.name, from, to),
                };
                writeln!(out, "{}", line.as_str())?;
            }
        }
        Ok(())
    }

    fn write_markdown<'b>(
        &self,
        out: &mut impl Write,
        rooms: impl Iterator<Item = (&'b ArchivedRoom, Vec<Told<'b>>)>,
    ) -> io::Result<()> {
        let (line, zone) = (|| Line::out(false), TimeZone::system());
        let title = self.file.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(out, "{}", line().ours("# ").theirs(title).as_str())?;
        for (room, said) in rooms {
            writeln!(out, "\n{}", line().ours("## #").theirs(&room.name).as_str())?;
            if let Some(topic) = &room.topic {
                writeln!(out, "\n{}", line().theirs(topic).as_str())?;
            }
            let mut today = Date::MIN;
            for told in said {
                let message = match told {
                    Told::Message(message) => message,
                    Told::Lost(from, to) => {
                        let line = line().ours("\n*What was at #").theirs(from).ours(" to #").theirs(to);
                        writeln!(out, "{}", line.ours(" cannot be read.*\n").as_str())?;
                        continue;
                    }
                };
                let moment = moment(message.message().timestamp(), &zone);
                let day = moment.as_ref().map_or(Date::ZERO, ZonedDateTime::date);
                if day != today {
                    today = day;
                    let day = moment
                        .as_ref()
                        .map_or_else(|| "Some day".into(), |moment| moment.strftime("%A, %-d %B %Y").to_string());
                    writeln!(out, "\n{}\n", line().ours("### ").theirs(day).as_str())?;
                }
                writeln!(out, "{}", item(message, moment.as_ref()).as_str())?;
            }
        }
        Ok(())
    }

    /// Says what could not be read.
    pub(crate) async fn complain(&self, app: &App) {
        for damage in self.archive.damage.iter().take(COMPLAINTS) {
            app.screen.warn(|line| line.theirs(damage).ours(".")).await;
        }
        if let Some(more @ 1..) = self.archive.damage.len().checked_sub(COMPLAINTS) {
            app.screen.warn(|line| line.ours("So much more is missing or damaged: ").theirs(more).ours(".")).await;
        }
        for room in &self.archive.rooms {
            let lost: u64 = room.gaps.iter().map(|(from, to)| (to.0 - from.0).saturating_add(1)).sum();
            if lost > 0 {
                let words = |line: Line| line.ours("In #").theirs(&room.name).ours(", entries are lost: ").theirs(lost);
                app.screen.warn(|line| words(line).ours(".")).await;
            }
        }
    }
}

/// The messages of a room as they stand, without those that were deleted, and what is missing between them.
fn told<'a>(room: &'a ArchivedRoom, found: Option<&Places>) -> Vec<Told<'a>> {
    let mut gaps = room.gaps.iter().peekable();
    let mut told = Vec::new();
    for view in &room.messages {
        while let Some((from, to)) = gaps.next_if(|(from, _)| *from < view.message().seq()) {
            told.push(Told::Lost(*from, *to));
        }
        let place = || (room.name.clone(), view.message().seq());
        if !view.is_deleted() && found.is_none_or(|found| found.contains(&place())) {
            told.push(Told::Message(view));
        }
    }
    told.extend(gaps.map(|(from, to)| Told::Lost(*from, *to)));
    told
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
pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> Option<ZonedDateTime> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.as_millis()).ok()?).ok()?;
    Some(at.to_zoned_datetime(zone.clone()))
}
