//! What takes back, for once, what the configuration turns on.

use clap::Args;

#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct CommonOff {
    /// Not --plain, whatever the configuration says.
    #[arg(long, global = true, overrides_with = "plain", hide_short_help = true)]
    pub(crate) no_plain: bool,
    /// Announce and look for sessions, whatever the configuration says.
    #[arg(long, global = true, overrides_with = "no_discovery", hide_short_help = true)]
    pub(crate) discovery: bool,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct TalkOff {
    /// Not --read-receipts, whatever the configuration says.
    #[arg(long, overrides_with = "read_receipts", hide_short_help = true)]
    pub(crate) no_read_receipts: bool,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct HostOff {
    /// Not --strict, whatever the configuration says.
    #[arg(long, overrides_with = "strict", hide_short_help = true)]
    pub(crate) no_strict: bool,
    /// Not --ask, whatever the configuration says.
    #[arg(long, overrides_with = "ask", hide_short_help = true)]
    pub(crate) no_ask: bool,
    /// Not --qr, whatever the configuration says.
    #[arg(long, overrides_with = "qr", hide_short_help = true)]
    pub(crate) no_qr: bool,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct JoinOff {
    /// Not --wait, whatever the configuration says.
    #[arg(long, overrides_with = "wait", hide_short_help = true)]
    pub(crate) no_wait: bool,
}
