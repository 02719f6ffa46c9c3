//! What the program does with files that are damaged.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Program, guest, host};

/// A file in which so much was said, and what it is called.
fn file(folder: &TempDir, messages: usize) -> String {
    let file = folder.path().join("lab.exchange").to_str().unwrap().to_owned();
    let (mut ana, address) = host(&["--store", &file, "--rate", "100000"]);
    let mut bo = guest(&address, "bo", &[]);
    for number in 1..=messages {
        bo.say(&format!("message number {number} of many"));
    }
    bo.until("message", "text", &format!("message number {messages} of many"));
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
    file
}

/// Everybody but `export --salvage` says that it is damaged and what to do, and nobody touches it.
fn is_told_and_left(file: &str) {
    let before = fs::read(file).unwrap();
    let host = ["host", "--bind", "127.0.0.1:0", "--no-discovery", "--store", file];
    for arguments in [&host[..], &["export", file], &["search", file, "message"]] {
        let (code, out, err) = Program::run(arguments);
        assert_eq!((code, out.len()), (8, 0), "{arguments:?}: {err:?}");
        assert!(err[0].contains("damaged"), "{arguments:?}: {err:?}");
        assert!(err.iter().any(|line| line.contains("exchange export --salvage")), "{arguments:?}: {err:?}");
    }
    Program::run(&["export", "--salvage", file]);
    assert!(fs::read(file).unwrap() == before);
    assert_eq!(fs::read_dir(Path::new(file).parent().unwrap()).unwrap().count(), 1);
}

/// The messages that are written, and the gaps.
fn salvage(file: &str) -> (Vec<String>, Vec<Value>, Vec<String>) {
    let (code, out, err) = Program::run(&["export", "--salvage", "--json", file]);
    assert_eq!(code, 0, "{err:?}");
    let lines: Vec<Value> = out.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (held, rest): (Vec<Value>, Vec<Value>) = lines.into_iter().partition(|line| line["event"] == "held");
    let lost = rest.into_iter().filter(|line| line["event"] == "lost");
    (held.iter().map(|held| held["text"].as_str().unwrap().to_owned()).collect(), lost.collect(), err)
}

fn texts(numbers: impl Iterator<Item = u64>) -> Vec<String> {
    numbers.map(|number| format!("message number {number} of many")).collect()
}

#[test]
fn of_a_file_with_bad_bytes_in_it_the_rest_is_written_and_what_is_lost_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder, 300);
    let mut bytes = fs::read(&file).unwrap();
    // In the page of the rows in which that message is, and the texts beside them are not.
    let row = b"message number 150 of many";
    let places: Vec<usize> = (0..bytes.len() - row.len()).filter(|at| bytes[*at..].starts_with(row)).collect();
    let page = |at: usize| at / 4096 * 4096;
    let at = places.into_iter().map(page).find(|page| bytes[*page] == 10).unwrap();
    bytes[at..at + 64].fill(0xff);
    fs::write(&file, &bytes).unwrap();
    is_told_and_left(&file);

    let (said, lost, err) = salvage(&file);
    let [gap] = &lost[..] else { panic!("{lost:?}") };
    let (from, to) = (gap["from"].as_u64().unwrap(), gap["to"].as_u64().unwrap());
    let missing = to - from + 1;
    // Before the first message, two have come.
    assert_eq!(said, texts((1..=300).filter(|number| !(from..=to).contains(&(number + 2)))));
    assert!(missing > 10 && missing < 150, "{missing}");
    assert!(err.iter().any(|line| line.contains(&format!("In #lobby, entries are lost: {missing}."))), "{err:?}");
    let (_, out, _) = Program::run(&["export", "--salvage", &file]);
    let named = format!("*What was at #{from} to #{to} cannot be read.*");
    let before = out.iter().take_while(|line| **line != named).filter(|line| line.contains(" **bo** #"));
    assert_eq!(u64::try_from(before.count()).unwrap(), from - 3, "in its place");
}

#[test]
fn of_a_file_that_was_cut_off_what_is_left_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder, 300);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    is_told_and_left(&file);
    let (said, _, _) = salvage(&file);
    let all = texts(1..=300);
    assert!(said.len() > 20 && said.iter().all(|text| all.contains(text)), "{}", said.len());

    fs::write(&file, &bytes[..50]).unwrap();
    let (code, out, err) = Program::run(&["export", "--salvage", &file]);
    assert_eq!((code, out.len()), (8, 0));
    assert!(err[0].contains("nothing can be read in it"), "{err:?}");
}

#[test]
fn of_a_file_with_a_row_that_says_nothing_the_others_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder, 30);
    let mut bytes = fs::read(&file).unwrap();
    let text = b"message number 15 of many";
    // Before the text of a row are its kind, which here becomes one that there is not, and its length.
    let row = (0..bytes.len() - text.len())
        .rfind(|at| bytes[*at..].starts_with(text) && bytes[at - 2..*at] == [0, u8::try_from(text.len()).unwrap()]);
    bytes[row.unwrap() - 1] = 0xff;
    fs::write(&file, &bytes).unwrap();
    is_told_and_left(&file);
    let (said, lost, err) = salvage(&file);
    assert_eq!(said, texts((1..=30).filter(|number| *number != 15)));
    assert_eq!((&lost[0]["from"], &lost[0]["to"]), (&17.into(), &17.into()));
    assert!(err.iter().any(|line| line.contains("entry 17 of room 1 is damaged")), "{err:?}");
}
