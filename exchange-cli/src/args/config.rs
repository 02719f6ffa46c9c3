//! What can be typed after `exchange config`, and which configuration counts.

use clap::Args;

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ConfigArguments {
    /// Write a file in which everything that can be set is explained and nothing is set yet. One that is there stays as it
    /// is.
    #[arg(long)]
    pub(crate) init: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Which {
    /// Lay this profile of the configuration over the rest of it.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Do as if there were no configuration.
    #[arg(long, global = true, conflicts_with = "profile", hide_short_help = true)]
    pub(crate) no_config: bool,
}
