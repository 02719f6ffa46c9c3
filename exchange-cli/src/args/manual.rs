//! What can be typed after `exchange completions` and `exchange man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell that is to know them.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ManArguments {
    /// Where to write a page for each command, `exchange.1`, `exchange-host.1` and so on. Without it, that of `exchange` is
    /// written to standard output.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}
