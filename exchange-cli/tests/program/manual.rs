//! What shells and `man` are told of the program.

use std::{fs, process::Command};

use crate::process::Program;

#[test]
fn what_bash_is_told_is_what_it_understands() {
    let (code, script, _) = Program::run(&["completions", "bash"]);
    assert_eq!(code, 0);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("exchange");
    fs::write(&file, script.join("\n")).unwrap();
    let asked = "source \"$0\"; COMP_WORDS=(exchange ho); COMP_CWORD=1; _exchange exchange ho exchange; echo \"${COMPREPLY[@]}\"";
    assert!(Command::new("bash").arg("-n").arg(&file).status().unwrap().success());
    let answer = Command::new("bash").args(["-c", asked]).arg(&file).output().unwrap();
    assert_eq!(String::from_utf8(answer.stdout).unwrap().trim(), "host", "{}", String::from_utf8_lossy(&answer.stderr));
    assert_eq!(Program::run(&["completions", "cmd"]).0, 2);
}

#[test]
fn man_has_a_page_for_each_command_and_the_first_without_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("share/man1");
    assert_eq!(Program::run(&["man", folder.to_str().unwrap()]).0, 0);
    let (code, page, _) = Program::run(&["man"]);
    assert_eq!(code, 0);
    assert_eq!(fs::read_to_string(folder.join("exchange.1")).unwrap().lines().collect::<Vec<_>>(), page);
    assert!(fs::read_to_string(folder.join("exchange-id-verify.1")).unwrap().contains("safety number"));
    let in_a_file = folder.join("exchange.1/below");
    assert_eq!(Program::run(&["man", in_a_file.to_str().unwrap()]).0, 8);
}
