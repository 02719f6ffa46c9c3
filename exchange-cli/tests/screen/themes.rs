//! Colours that somebody has set, as a terminal shows them.

use std::fs;

use tempfile::TempDir;

use crate::terminal::Terminal;

/// The start, with that set, in a terminal with these variables.
fn start(homes: &TempDir, set: &str, variables: &[&str]) -> Terminal {
    let home = homes.path().join("ana");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("config.toml"), set).unwrap();
    let arguments = [variables, &[env!("CARGO_BIN_EXE_exchange"), "--no-discovery"]].concat();
    let terminal = Terminal::run(&home, "env", &arguments);
    terminal.see("Enter joins");
    terminal
}

/// What is behind a row.
fn behind(terminal: &Terminal, row: u16) -> vt100::Color {
    terminal.look(|screen| screen.cell(row, 50).unwrap().bgcolor())
}

#[test]
fn a_theme_is_behind_everything_in_as_many_colours_as_there_are() {
    let homes = TempDir::new().unwrap();
    let dark = vt100::Color::Rgb(0x16, 0x18, 0x1d);
    let terminal = start(&homes, "theme = 'dark'", &["COLORTERM=truecolor"]);
    assert_eq!([1, 15, 29].map(|row| behind(&terminal, row)), [dark; 3]);
    let terminal = start(&homes, "theme = 'dark'", &["COLORTERM="]);
    assert_eq!(behind(&terminal, 15), vt100::Color::Idx(234));
    let terminal = start(&homes, "theme = 'light'", &["COLORTERM=", "TERM=xterm"]);
    assert_eq!(behind(&terminal, 15), vt100::Color::Idx(15));
    let own = "theme = 'dark'\n[profile.x]\ntheme = 'light'\n[colours]\nbackground = '#123456'";
    let terminal = start(&homes, own, &["COLORTERM=truecolor"]);
    assert_eq!(behind(&terminal, 15), vt100::Color::Rgb(0x12, 0x34, 0x56));
}

#[test]
fn whoever_wants_no_colours_has_none_whatever_is_set() {
    let homes = TempDir::new().unwrap();
    for (set, variables) in
        [("theme = 'light'", "NO_COLOR=1"), ("", "COLORTERM=truecolor"), ("theme = 'terminal'", "X=")]
    {
        let terminal = start(&homes, set, &[variables]);
        assert_eq!([0, 1, 15, 29].map(|row| behind(&terminal, row)), [vt100::Color::Default; 4], "{set} {variables}");
    }
}
