//! `exchange id`: who one is, and whom one knows.

use std::{fs, path::Path};

use serde_json::Value;

use crate::process::{Program, guest, host};

const PEER: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

/// What comes of `exchange id` in that home: its exit code, and what it says there and there.
fn id(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut program = Program::start(&[&["id", "--home", home.to_str().unwrap()], arguments].concat());
    program.hang_up();
    let code = program.exit_code();
    (code, program.out.all().join("\n"), program.err.all().join("\n"))
}

/// The objects of `exchange id show`: oneself, and whom one knows.
fn shown(home: &Path) -> (Value, Vec<Value>) {
    let (code, out, _) = id(home, &["show", "--json"]);
    assert_eq!(code, 0);
    let mut lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    (lines.next().unwrap(), lines.collect())
}

#[test]
fn who_was_met_is_shown_with_the_number_that_both_have_and_is_verified_if_one_says_so() {
    let (ana, bo) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_host, address) = host(&["--home", ana.path().to_str().unwrap()]);
    let mut guest = guest(&address, "bo", &["--home", bo.path().to_str().unwrap()]);
    guest.say("/quit");
    assert_eq!(guest.exit_code(), 0);

    let ((ana_is, _), (bo_is, known)) = (shown(ana.path()), shown(bo.path()));
    assert_eq!((&bo_is["event"], known.len()), (&"identity".into(), 1));
    assert_eq!(
        (&known[0]["event"], &known[0]["session"], &known[0]["peer"], &known[0]["verified"]),
        (&"known_host".into(), &"Lab 3".into(), &ana_is["peer"], &false.into())
    );
    let number = known[0]["safety_number"].as_str().unwrap();
    assert_eq!(id(ana.path(), &["trust", "bo's own", bo_is["peer"].as_str().unwrap()]).0, 0);
    assert_eq!(shown(ana.path()).1[0]["safety_number"], number);

    // Nobody is there to be asked.
    let (code, out, err) = id(bo.path(), &["verify", "Lab 3"]);
    assert_eq!(code, 2);
    assert!(out.contains(number) && err.contains("--yes"), "{out} {err}");
    assert_eq!(shown(bo.path()).1, known);
    assert_eq!(id(bo.path(), &["verify", "Lab 3", "--yes"]).0, 0);
    assert_eq!(shown(bo.path()).1[0]["verified"], true);
    assert!(id(bo.path(), &[]).1.contains(number));

    let mut guest = Program::start(&["join", &address, "--home", bo.path().to_str().unwrap(), "--json"]);
    guest.err.wait_for_words("whom you have verified");
}

#[test]
fn who_is_to_host_a_session_can_be_said_and_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let (code, _, err) = id(home, &["trust", "Lab 3", PEER]);
    assert!(code == 0 && err.contains("nobody was known"), "{err}");
    assert_eq!(id(home, &["verify", "Lab 3", "--yes"]).0, 0);
    let (code, _, err) = id(home, &["trust", "Lab 3", OTHER]);
    assert!(code == 0 && err.contains(PEER), "{err}");
    let known = &shown(home).1[0];
    assert_eq!((&known["peer"], &known["verified"]), (&OTHER.into(), &false.into()));

    let (_host, address) = host(&[]);
    let (code, _, err) = Program::run(&["join", &address, "--home", home.to_str().unwrap()]);
    let advice = "exchange id forget \"Lab 3\"";
    assert!(code == 9 && err.iter().any(|line| line.contains(advice)), "{err:?}");
    let (code, _, err) = id(home, &["forget", "Lab 3"]);
    assert!(code == 0 && err.contains(OTHER), "{err}");
    for command in ["forget", "verify"] {
        assert_eq!(id(home, &[command, "Lab 3"]).0, 3, "{command}");
    }
    guest(&address, "bo", &["--home", home.to_str().unwrap()]);
    assert_eq!(id(home, &["trust", "Lab 3", "bo"]).0, 2);
}

#[test]
fn who_one_is_is_taken_to_another_machine_and_takes_the_place_of_nobody_unasked() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (here, there) = (here.path(), there.path());
    let file = here.join("written");
    let to = ["export", "--to", file.to_str().unwrap()];
    assert_eq!(id(here, &to).0, 3);
    let peer = shown(here).0["peer"].clone();
    let (code, secret, err) = id(here, &["export"]);
    assert!(code == 0 && secret.len() == 64 && err.contains(peer.as_str().unwrap()), "{err}");
    assert_eq!(id(here, &to).0, 0);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!((fs::read_to_string(&file).unwrap(), mode & 0o777), (format!("{secret}\n"), 0o600));
    assert_eq!(id(here, &to).0, 8);

    let from = ["import", file.to_str().unwrap()];
    assert_eq!(id(there, &["import", "-"]).0, 8);
    assert_eq!((id(there, &from).0, shown(there).0["peer"].clone()), (0, peer));
    fs::write(&file, secret.replace(|digit: char| digit.is_ascii_digit(), "f")).unwrap();
    assert_eq!(id(there, &from).0, 4);
    assert_eq!(shown(there).0["peer"], shown(here).0["peer"]);
    assert_eq!(id(there, &[&from[..], &["--replace"]].concat()).0, 0);
    assert_ne!(shown(there).0["peer"], shown(here).0["peer"]);
}
