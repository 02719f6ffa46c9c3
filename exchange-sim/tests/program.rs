//! The program, as people and scripts meet it.

#![cfg(feature = "cli")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_exchange-sim")).args(arguments).output().expect("the program")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// A place for the files of one test.
fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&place).expect("a folder");
    place
}

/// The file of a seed's scenario.
fn scenario(place: &Path, seed: u64) -> String {
    let scenario = exchange_sim::generate(seed, exchange_sim::Mode::Uniform);
    let path = place.join("scenario.json");
    let json = serde_json::to_string_pretty(&scenario).expect("a scenario as JSON");
    fs::write(&path, json).expect("a file");
    path.to_str().expect("a path that is text").to_owned()
}

#[test]
fn what_cannot_be_meant_ends_with_2_and_a_file_that_is_not_there_with_3() {
    assert_eq!(code(&program(&["run"])), 2);
    assert_eq!(code(&program(&["soak", "--seeds", "many"])), 2);
    for line in
        [&["replay", "/nowhere.json"][..], &["run", "--scenario", "/nowhere.json"], &["explain", "/nowhere.json"]]
    {
        let output = program(line);
        assert_eq!(code(&output), 3, "{line:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere.json"), "{line:?}");
    }
}

#[test]
fn a_file_that_is_no_scenario_is_refused_with_its_place() {
    let path = place("no-scenario").join("broken.json");
    fs::write(&path, "{ \"seed\": 1,\n \"weather\": 2 }").unwrap();
    let output = program(&["replay", path.to_str().unwrap()]);
    assert_eq!(code(&output), 3);
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 2"));
}

#[test]
fn a_seed_and_the_file_of_its_scenario_run_the_same() {
    let file = scenario(&place("same"), 5);
    let (seed, file) = (program(&["run", "--seed", "5", "--uniform", "--json"]), program(&["replay", &file, "--json"]));
    let digest = |output: &Output| serde_json::from_str::<serde_json::Value>(&text(output)).unwrap()["digest"].clone();
    assert_eq!(digest(&seed), digest(&file));
    assert_eq!(code(&seed), code(&file));
}

#[test]
fn a_verdict_names_the_seed_and_says_whether_it_is_fine() {
    let output = program(&["run", "--seed", "5", "--uniform", "--print"]);
    let text = text(&output);
    assert!(text.contains("client 1     {") && text.contains("seed 5, uniform: "), "{text}");
    assert_eq!(text.lines().any(|line| line == "fine"), code(&output) == 0, "{text}");
    assert_eq!(text.contains("VIOLATION"), code(&output) == 1, "{text}");
}

#[test]
fn a_soak_counts_its_seeds_and_says_what_never_came_up() {
    let output = program(&["soak", "--seeds", "4", "--jobs", "2", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!(summary["seeds"], 4);
    assert_eq!(summary["failed"] == 0, code(&output) == 0, "{summary}");
    assert!(summary["never"].as_array().is_some_and(|never| !never.is_empty()), "{summary}");
    assert_eq!(code(&program(&["soak", "--seeds", "1", "--all-marks"])), 1);
}

#[test]
fn the_same_happens_again_also_in_another_process() {
    for line in [&["determinism", "--seeds", "3"][..], &["determinism", "--seeds", "3", "--again-in-another-process"]] {
        let output = program(line);
        assert_eq!(code(&output), 0, "{}", text(&output));
        assert!(text(&output).starts_with("3 seeds"), "{}", text(&output));
    }
}

#[test]
fn what_happened_can_be_read_and_looked_at() {
    let place = place("explain");
    let (file, page) = (scenario(&place, 5), place.join("page.html"));
    let output = program(&["explain", &file, "--width", "120", "--html", page.to_str().unwrap()]);
    assert_eq!(code(&output), 0);
    assert!(text(&output).lines().any(|line| line.contains("← ana: ")), "{}", text(&output));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg id=\"diagram\"") && page.contains("class=\"r frame heard\""));
}

#[test]
fn what_does_not_fail_is_not_shrunk() {
    let place = place("shrink");
    let output = place.join("small.json");
    let mut calm = exchange_sim::generate(5, exchange_sim::Mode::Uniform);
    calm.steps.clear();
    calm.faults.clear();
    calm.intruders.clear();
    let file = place.join("calm.json");
    fs::write(&file, serde_json::to_string(&calm).unwrap()).unwrap();
    let ended = program(&["shrink", file.to_str().unwrap(), "-o", output.to_str().unwrap()]);
    assert_eq!(code(&ended), 1);
    assert!(String::from_utf8_lossy(&ended.stderr).contains("does not fail"));
    assert!(!output.exists());
}

#[test]
fn a_seed_of_the_driver_runs_alone_and_among_many() {
    let output = program(&["run", "--layer", "driver", "--seed", "3"]);
    assert_eq!(text(&output).lines().any(|line| line == "fine"), code(&output) == 0, "{}", text(&output));
    assert_eq!(code(&program(&["run", "--layer", "driver", "--seed", "3", "--print"])), 2);
    let both = program(&["soak", "--seeds", "2", "--layer", "both", "--json"]);
    let summaries = text(&both);
    let layers =
        summaries.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["layer"].clone());
    assert_eq!(layers.collect::<Vec<_>>(), ["core", "driver"]);
}
