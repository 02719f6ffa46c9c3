//! `exchange host`: a session that others can join.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use exchange_tokio::{Host, HostBuilder, NetworkError, core::discovery::DEFAULT_PORT, sqlite::SqliteStore};

use crate::{
    app::{App, IDLE},
    args::HostArguments,
    exit::{Exit, Failure, is_usual},
    find::{quoted, typed},
    home::{Home, Trust},
    invitation::Invitation,
    line::{Line, Style},
    local,
    output::Hosting,
    seat::Seat,
    secret, session, stats,
};

pub(crate) async fn run(mut app: App, arguments: &HostArguments) -> Result<Exit, Failure> {
    let discovery = match app.discovery() {
        Ok(discovery) => discovery,
        // There is always the address.
        Err(error) => {
            app.screen
                .warn(|line| line.ours("Others do not find the session by itself: ").theirs(error).ours("."))
                .await;
            None
        }
    };
    let (announced, is_typed) = (discovery.is_some(), app.is_typed);
    let store = arguments
        .store
        .as_ref()
        .map(SqliteStore::open)
        .transpose()
        .map_err(|error| Failure::of_store("host", &error))?;
    let home = Home::open(&app.common)?;
    let secret = if arguments.passphrase { Some(secret::of_host(&app).await?) } else { None };
    let build = |addresses: &[SocketAddr]| {
        let builder = Host::builder(&arguments.name()).nick(&arguments.talk.nick()).limits(arguments.limits());
        let builder = builder.read_receipts(arguments.talk.read_receipts);
        let builder = if is_typed { builder.idle(IDLE) } else { builder };
        let builder = store.iter().cloned().fold(builder, HostBuilder::store);
        let builder = home.identity().cloned().into_iter().fold(builder, HostBuilder::identity);
        let builder = if arguments.talk.insecure { builder.insecure() } else { builder };
        let builder = if arguments.code { builder.by_code() } else { builder };
        let builder = if arguments.ask { builder.by_approval() } else { builder };
        let builder = secret.iter().cloned().fold(builder, HostBuilder::by_secret);
        let builder = match &discovery {
            Some(discovery) => builder.discovery(discovery.clone()),
            None => builder.no_discovery(),
        };
        addresses.iter().fold(builder, |builder, address| builder.bind(*address))
    };
    let starting = async {
        match (arguments.addresses(), arguments.port) {
            (addresses, Some(port)) if addresses.is_empty() => {
                // The address of IPv6 stands for both families, where there is IPv6.
                match build(&[(Ipv6Addr::UNSPECIFIED, port).into()]).start().await {
                    Err(NetworkError::Io(_)) => build(&[(Ipv4Addr::UNSPECIFIED, port).into()]).start().await,
                    started => started,
                }
            }
            (addresses, _) => build(&addresses).start().await,
        }
    };
    let host = app.unless_interrupted(starting).await?.map_err(|error| Failure::of_host(&error))?;
    let stage = app.take_screen();
    introduce(&app, arguments, &host, announced).await;
    if let (Some(path), Some(store)) = (&arguments.store, &store) {
        let how = if store.was_empty() { "What happens is kept in " } else { "The session goes on, and is kept in " };
        app.screen.say(|line| line.ours(how).theirs(path.display()).ours(".")).await;
    }
    if let Some(every) = arguments.stats {
        stats::report(&app, &host, every);
    }
    let trust = if arguments.talk.insecure { Trust::Insecure } else { Trust::Own };
    Ok(session::run(app, Seat::Host(host), trust, arguments.talk.room.clone(), false, stage).await)
}

/// Says what others need to know to come.
async fn introduce(app: &App, arguments: &HostArguments, host: &Host, announced: bool) {
    let interfaces = local::interfaces(&app.common.interface);
    let addresses = local::reachable(host.addresses(), &interfaces);
    if app.common.json {
        app.screen
            .show(Line::json(&Hosting {
                session: &host.session().name,
                session_id: host.session().id,
                nick: &host.me().nick,
                peer: host.me().id,
                addresses: &addresses,
                announced,
                locked: arguments.code || arguments.passphrase,
                code: host.code().map(|code| code.to_string()),
            }))
            .await;
    }
    let line = || app.screen.line();
    let command =
        |what: String| line().ours("    ").styled(Style::Bold, |line| line.ours("exchange join ").theirs(what));
    let mut lines =
        vec![line().ours("Hosting \"").theirs(&host.session().name).ours("\" as ").name(&host.me().nick).ours(".")];
    match quoted(&host.session().name) {
        Some(name) if announced => {
            lines.push(line().ours("Others on this network join by name,"));
            lines.push(command(name));
            lines.push(line().ours("or by address:"));
        }
        _ => lines.push(line().ours("Others join by address:")),
    }
    let typed = to_be_typed(&addresses);
    if typed.is_empty() {
        lines.push(line().ours("    This machine is on no network now; it will have one when it is."));
    }
    lines.extend(typed.into_iter().map(command));
    if addresses.iter().all(|address| address.ip().is_loopback()) && !addresses.is_empty() {
        lines.push(line().ours("Only programs on this machine reach that address."));
    }
    lines.push(if arguments.talk.insecure {
        line().ours("Not encrypted: everybody on the network can read what is said. Others join with --insecure.")
    } else {
        line().ours("Encrypted. Others know you by ").theirs(host.me().id).ours(".")
    });
    match host.code() {
        Some(code) => {
            let code = |line: Line| line.theirs(code);
            lines.push(line().ours("They are asked for the code ").styled(Style::Bold, code).ours("."));
        }
        None if arguments.ask => lines.push(line().ours("You are told who knocks: /admit lets them in.")),
        None if arguments.passphrase => lines.push(line().ours("They are asked for the passphrase.")),
        None => {}
    }
    if arguments.qr {
        lines.extend(invite(app, host, &addresses));
    }
    if app.is_typed {
        let keys = if app.takes_screen() { "F1 shows keys, /help commands" } else { "/help shows commands" };
        let line = line().ours("Type a message and press Enter. ").ours(keys);
        lines.push(line.ours(", Ctrl-C ends the session."));
    }
    app.screen.explain(lines).await;

    let was_free = arguments.port.is_some() || host.addresses().iter().any(|address| is_usual(address.port()));
    if !was_free && arguments.addresses().is_empty() {
        let words = |line: Line| {
            line.ours("Port ")
                .theirs(DEFAULT_PORT)
                .ours(" is taken, by another session perhaps: whoever joins by address has to type the port too.")
        };
        app.screen.warn(words).await;
    }
}

/// A link by which others join, and its QR code; nothing, if this machine is on no network.
fn invite(app: &App, host: &Host, addresses: &[SocketAddr]) -> Vec<Line> {
    let Some(address) = addresses.iter().find(|address| address.is_ipv4()).or_else(|| addresses.first()) else {
        return Vec::new();
    };
    let invitation = Invitation { address: *address, host: host.me().id, code: host.code() };
    let line = || app.screen.line();
    let qr = invitation.qr().into_iter().flatten().map(|row| line().theirs(row));
    let typed = line().styled(Style::Bold, |line| line.ours("exchange join ").theirs(format!("\"{invitation}\"")));
    [line().ours("Or by this link, which says that it is you:")].into_iter().chain(qr).chain([typed]).collect()
}

/// Addresses as short as they can be typed. Those of IPv6 are for where there are no others.
fn to_be_typed(addresses: &[SocketAddr]) -> Vec<String> {
    let any_v4 = addresses.iter().any(SocketAddr::is_ipv4);
    let chosen = addresses.iter().filter(|address| address.is_ipv4() || !any_v4);
    chosen.copied().map(typed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_as_short_as_they_can_be_typed() {
        let typed = |addresses: &[&str]| {
            to_be_typed(&addresses.iter().map(|address| address.parse().unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(typed(&["10.0.0.7:27027", "[fd00::7]:27027"]), ["10.0.0.7"]);
        assert_eq!(typed(&["10.0.0.7:9"]), ["10.0.0.7:9"]);
        assert_eq!(typed(&["[fd00::7]:27027"]), ["fd00::7"]);
    }
}
