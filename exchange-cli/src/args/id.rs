//! What can be typed after `exchange id`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use exchange_tokio::core::{PeerId, SessionName};

#[derive(Clone, Debug, Args)]
pub(crate) struct IdArguments {
    #[command(subcommand)]
    pub(crate) command: Option<IdCommand>,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum IdCommand {
    /// Show who you are, whom you know as the host of which session, and the safety number with each.
    Show,
    /// Make sure who hosts a session: compare the safety number with the one that its host sees.
    ///
    /// The host types /verify and your nick in the session. Do it by a way on which you know each other: side by side,
    /// or by phone. If the two numbers are the same, nobody stands between you.
    Verify {
        /// The session.
        #[arg(value_name = "NAME")]
        session: SessionName,
        /// They are the same. Without it, and with nobody to ask at a terminal, nothing is marked.
        #[arg(long)]
        yes: bool,
    },
    /// Say who is to host a session from now on, whoever did before.
    Trust {
        /// The session.
        #[arg(value_name = "NAME")]
        session: SessionName,
        /// Its host: the 32 digits that `exchange host` and `exchange id` show there.
        #[arg(value_name = "PEER", value_parser = peer)]
        peer: PeerId,
    },
    /// Forget who hosts a session: whoever hosts it next is met for the first time.
    Forget {
        /// The session.
        #[arg(value_name = "NAME")]
        session: SessionName,
    },
    /// Write the secret by which you are you, to be that on another machine as well.
    ///
    /// Whoever has it is you, to everybody. It is written to standard output, unless that is a terminal.
    Export {
        /// Write it to this file, which must not be there yet, for your eyes only.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Be whom `exchange id export` has written down.
    Import {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// Also if you are somebody already. Who that was is gone, unless you have exported it.
        #[arg(long)]
        replace: bool,
    },
}

fn peer(text: &str) -> Result<PeerId, String> {
    PeerId::parse(text).ok_or_else(|| "the 32 hexadecimal digits are needed that \"exchange host\" shows".into())
}
