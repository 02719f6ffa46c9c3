//! `exchange man`: what `exchange help` tells, as pages for `man`.

use std::{fs, io, path::Path};

use clap::CommandFactory as _;
use clap_mangen::{Man, generate_to};

use crate::{
    args::{Arguments, ManArguments},
    document,
    exit::{Exit, Failure},
};

pub(crate) fn run(arguments: &ManArguments) -> Result<Exit, Failure> {
    let Some(folder) = &arguments.folder else {
        let mut page = Vec::new();
        // There is no page of `help`, to be told of.
        let written = Man::new(Arguments::command().disable_help_subcommand(true)).render(&mut page);
        written.map_err(|error| document::failure(&error))?;
        return document::write(&page);
    };
    write(folder).map_err(|error| {
        let what = format!("The pages cannot be written to {}: {error}.", folder.display());
        Failure::new(Exit::Store, what, "")
    })?;
    Ok(Exit::Done)
}

fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    generate_to(Arguments::command(), folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::tree;

    #[test]
    fn every_command_has_a_page_that_names_every_option() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let commands = tree();
        for command in &commands {
            let path = folder.path().join(command.path.join("-")).with_extension("1");
            let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for option in &command.options {
                let written = format!("\\-\\-{}", option.replace('-', "\\-"));
                assert!(page.contains(&written), "{}: --{option}", command.name);
            }
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), commands.len());
    }
}
