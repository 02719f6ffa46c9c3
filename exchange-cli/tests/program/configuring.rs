//! What is set once and for all.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Program, guest};

const USAGE: i32 = 2;

const TEXT: &str = "\
nick = \"ana\"
no_discovery = true

[host]
name = \"Lab 3\"
room = \"den\"
store = \"lab3.exchange\"

[profile.kitchen]
nick = \"zoe\"
host.name = \"Kitchen\"
host.store = \"kitchen.exchange\"
";

/// A folder in which that is set.
fn home(text: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config.toml"), text).unwrap();
    home
}

fn at<'a>(home: &'a Path, arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--home", home.to_str().unwrap()]].concat()
}

/// What comes of that there: its exit code, and what it says there and there.
fn run(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let (code, out, err) = Program::run(&at(home, arguments));
    (code, out.join("\n"), err.join("\n"))
}

/// What a host says of itself that is started like that.
fn hosting(home: &Path, more: &[&str]) -> (Program, Value) {
    let mut host = Program::start(&at(home, &[&["host", "--bind", "127.0.0.1:0", "--json"], more].concat()));
    let hosting = host.event("hosting");
    (host, hosting)
}

fn end(mut program: Program) -> String {
    program.say("/quit");
    assert_eq!(program.exit_code(), 0);
    program.err.all().join("\n")
}

#[test]
fn what_is_set_counts_a_profile_counts_more_and_what_is_typed_counts_most() {
    let home = home(TEXT);
    let (mut ana, set) = hosting(home.path(), &[]);
    assert_eq!((&set["session"], &set["nick"], &set["announced"]), (&"Lab 3".into(), &"ana".into(), &false.into()));
    ana.until("room_joined", "room", "den");
    end(ana);
    assert!(home.path().join("lab3.exchange").exists());

    let (zoe, set) = hosting(home.path(), &["--profile", "kitchen"]);
    assert_eq!((&set["session"], &set["nick"], &set["announced"]), (&"Kitchen".into(), &"zoe".into(), &false.into()));
    end(zoe);
    assert!(home.path().join("kitchen.exchange").exists());

    let (bo, set) = hosting(home.path(), &["--profile", "kitchen", "--nick", "bo", "Bo's"]);
    assert_eq!((&set["session"], &set["nick"]), (&"Bo's".into(), &"bo".into()));
    end(bo);
    let (tester, set) = hosting(home.path(), &["--no-config", "--no-discovery"]);
    assert_eq!((&set["session"], &set["nick"]), (&"tester's session".into(), &"tester".into()));
    end(tester);
}

#[test]
fn what_to_join_and_how_is_set() {
    let (ana, hosting) = hosting(tempfile::tempdir().unwrap().path(), &["Lab 3", "--no-discovery"]);
    let address = hosting["addresses"][0].as_str().unwrap();
    let home =
        home(&format!("nick = 'bo'\nplain = true\n[join]\nsession = '{address}'\nroom = 'den'\ntimeout = 9.5\n"));
    let mut bo = Program::start(&at(home.path(), &["join"]));
    bo.err.wait_for_words("You are in \"Lab 3\" as bo.");
    bo.say("hello");
    bo.out.wait_for_words("#den <bo> hello");
    end(bo);
    // With --json, --plain means nothing.
    let mut bo = guest(address, "bo", &["--home", home.path().to_str().unwrap()]);
    bo.until("room_joined", "room", "den");
    end(bo);
    drop(ana);
}

#[test]
fn what_cannot_be_set_is_said_and_the_rest_counts() {
    let home = home(
        "nick = \"ana\"\nno-discovery = true\n[host]\nnmae = \"Lab 3\"\n[dance]\n[colours]\nlink = \"bleu\"\n[profile.x]\ntheme = \"solarized\"",
    );
    let (ana, hosting) = hosting(home.path(), &["--no-discovery"]);
    assert_eq!(hosting["nick"], "ana");
    let said = end(ana);
    for words in [
        "config.toml, line 2: there is no no-discovery that could be set. Is no_discovery meant?",
        "config.toml, line 4: there is no host.nmae that could be set. Is host.name meant?",
        "config.toml, line 5: there is no dance that could be set.",
        "config.toml, line 7: there is no colours.link \"bleu\". Is blue meant?",
        "config.toml, line 9: there is no profile.x.theme \"solarized\".",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_nothing_is_done() {
    for (text, words) in [
        (&b"[host]\nport = \"many\"\n"[..], "config.toml, line 2: host.port: a number from 0 to 65535 is needed."),
        (b"\nnick = \"\"\n", "config.toml, line 2: nick: a name needs at least one visible character."),
        (b"nick = \"\x1b[2J\"\n", "config.toml, line 1: "),
        (b"nick = 'a'\n\xff", "config.toml, line 2: that is no text in UTF-8."),
        (b"[profile.a]\nplain = 1", "config.toml, line 2: profile.a.plain: true or false is needed."),
    ] {
        let home = home("");
        fs::write(home.path().join("config.toml"), text).unwrap();
        for command in ["host", "id", "config"] {
            let (code, _, err) = run(home.path(), &[command]);
            assert!(code == USAGE && err.contains(words) && !err.contains('\u{1b}'), "{err}");
        }
        assert!(!home.path().join("identity").exists());
        // What a shell does at its start goes on, and there is a way around it.
        assert_eq!(run(home.path(), &["completions", "bash"]).0, 0);
        assert_eq!(run(home.path(), &["id", "--no-config"]).0, 0);
    }
    let (code, _, err) = run(home(TEXT).path(), &["id", "--profile", "ktichen"]);
    assert!(code == USAGE && err.contains("no profile \"ktichen\"") && err.contains("There are: kitchen."), "{err}");
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(run(nothing.path(), &["id", "--profile", "kitchen"]).0, USAGE);
    fs::create_dir(nothing.path().join("config.toml")).unwrap();
    let (code, _, err) = run(nothing.path(), &["id"]);
    assert!(code == 8 && err.contains("config.toml cannot be read"), "{err}");
}

#[test]
fn a_configuration_to_begin_with_is_written_once_and_sets_nothing() {
    let home = tempfile::tempdir().unwrap();
    let home = &home.path().join("not/there/yet");
    let (code, out, err) = run(home, &["config"]);
    assert!(code == 0 && err.contains("\"exchange config --init\" writes one"), "{err}");
    assert_eq!(run(home, &["config", "--init"]).0, 0);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(home).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(run(home, &["config"]).1, out);

    let text = fs::read_to_string(home.join("config.toml")).unwrap();
    fs::write(home.join("config.toml"), text.replace("#nick = \"ana\"", "nick = \"bo\"")).unwrap();
    let (code, _, err) = run(home, &["config", "--init"]);
    assert!(code == 8 && err.contains("stays as it is"), "{err}");
    let (_, changed, _) = run(home, &["config"]);
    assert!(changed.starts_with("nick = \"bo\"  # line "), "{changed}");
    assert_eq!(changed.lines().skip(1).collect::<Vec<_>>(), out.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn what_is_set_is_shown_with_where() {
    let home = home(TEXT);
    let (code, out, err) = run(home.path(), &["config", "--profile", "kitchen"]);
    assert!(code == 0 && err.contains(home.path().to_str().unwrap()), "{err}");
    for line in [
        "nick = \"zoe\"  # line 10, of the profile kitchen",
        "no_discovery = true  # line 2",
        "# plain: false",
        "# host.port: 27027 or, if that is taken, any that is free",
    ] {
        assert!(out.lines().any(|shown| shown == line), "{line}: {out}");
    }
    let (_, out, _) = run(home.path(), &["config", "--json", "--profile", "kitchen"]);
    let events: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&events[0]["event"], &events[0]["exists"]), (&"configuration".into(), &true.into()));
    let setting = |key: &str| events.iter().find(|event| event["key"] == *key).unwrap();
    let nick = setting("nick");
    assert_eq!((&nick["value"], &nick["line"], &nick["by_profile"]), (&"zoe".into(), &10.into(), &true.into()));
    assert_eq!((&setting("host.room")["by_profile"], &setting("plain")["value"]), (&false.into(), &Value::Null));
}
