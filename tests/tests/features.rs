//! `FEATURES.md` and the code say the same: what a row names is there, and no event and no command is without a row. And
//! what `SECURITY.md` and `EDGE_CASES.md` say to have a test for has it.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use quote::ToTokens as _;
use syn::{Expr, ImplItem, Item, Type, Visibility};

/// One row of the table.
struct Feature {
    name: String,
    events: Vec<String>,
    methods: Vec<String>,
    commands: Vec<String>,
    test: (String, PathBuf),
}

fn features() -> Vec<Feature> {
    let path = here().join("FEATURES.md");
    let document = fs::read_to_string(path).unwrap();
    let mut lines = document.lines().skip_while(|line| !line.starts_with('|'));
    assert_eq!(lines.next(), Some("| feature | event | method | command | test |"));
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, events, methods, commands, test] = cells[..] else { panic!("not five cells: {row}") };
        assert!(!name.is_empty(), "{row}");
        Feature {
            name: name.into(),
            events: names(events),
            methods: names(methods),
            commands: names(commands),
            test: link(test, here()),
        }
    })
    .collect()
}

/// The names in a cell, each in code marks.
fn names(cell: &str) -> Vec<String> {
    let names = cell.split(", ").filter(|name| !name.is_empty());
    names
        .map(|name| {
            let name = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
            name.unwrap_or_else(|| panic!("no code marks: {cell}")).to_owned()
        })
        .collect()
}

/// The test's name and file of ``[`name`](file)``, seen from a folder.
fn link(cell: &str, folder: &Path) -> (String, PathBuf) {
    let inner = cell.strip_prefix("[`").and_then(|cell| cell.strip_suffix(')'));
    let (name, file) = inner.and_then(|inner| inner.split_once("`](")).unwrap_or_else(|| panic!("no link: {cell}"));
    (name.to_owned(), folder.join(file))
}

#[test]
fn every_row_has_a_test_that_is_there() {
    for Feature { name, test: (test, file), .. } in features() {
        has_test(&name, &test, &file);
    }
}

#[test]
fn every_abuse_in_security_md_has_a_test_that_is_there() {
    let document = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let table = document.lines().skip_while(|line| *line != "| abuse | what comes of it | test |");
    let rows = table.filter(|line| line.starts_with('|')).skip(2);
    let mut abuses = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [abuse, _, test] = cells[..] else { panic!("not three cells: {row}") };
        let (test, file) = link(test, root());
        has_test(abuse, &test, &file);
        assert!(abuses.insert(abuse), "twice: {abuse}");
    }
    assert!(!abuses.is_empty());
}

#[test]
fn every_edge_case_has_a_test_that_is_there_and_a_rule_that_is_one() {
    let (document, protocol) = (here().join("EDGE_CASES.md"), fs::read_to_string(root().join("PROTOCOL.md")).unwrap());
    let document = fs::read_to_string(document).unwrap();
    let mut rows = document.lines().filter(|line| line.starts_with('|'));
    assert_eq!(rows.next(), Some("| case | rule | in full | test |"));
    let mut cases = BTreeSet::new();
    for row in rows.skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [case, rule, full, test] = cells[..] else { panic!("not four cells: {row}") };
        assert!(!case.is_empty() && !rule.is_empty() && cases.insert(case), "{row}");
        assert!(full.is_empty() || protocol.contains(&format!("- **{full}**")), "there is no rule {full}");
        let (test, file) = link(test, here());
        has_test(case, &test, &file);
    }
    assert!(!cases.is_empty());
}

fn has_test(row: &str, test: &str, file: &Path) {
    let source = fs::read_to_string(file).unwrap_or_else(|error| panic!("{row}: {}: {error}", file.display()));
    let starts = [format!("fn {test}("), format!("fn {test}<")];
    assert!(starts.iter().any(|start| source.contains(start)), "{row}: no {test} in {}", file.display());
}

#[test]
fn every_event_is_in_a_row_and_every_row_names_events_that_there_are() {
    let named = features().into_iter().flat_map(|feature| feature.events).collect();
    same(&variants("exchange-core/src/event.rs", "Event"), &named);
}

#[test]
fn every_command_is_in_a_row_and_every_row_names_commands_that_there_are() {
    let named = features().into_iter().flat_map(|feature| feature.commands).collect();
    same(&commands(), &named);
}

#[test]
fn every_row_names_methods_that_the_drivers_have() {
    let methods = methods("exchange-driver/src");
    assert!(methods.contains("Room::send"), "{methods:?}");
    for feature in features() {
        for method in feature.methods {
            assert!(methods.contains(&method), "{}: there is no {method}", feature.name);
        }
    }
}

fn same(there: &BTreeSet<String>, named: &BTreeSet<String>) {
    assert!(!there.is_empty());
    let missing: Vec<_> = there.difference(named).collect();
    assert!(missing.is_empty(), "in no row of FEATURES.md: {missing:?}");
    let invented: Vec<_> = named.difference(there).collect();
    assert!(invented.is_empty(), "in FEATURES.md alone: {invented:?}");
}

fn variants(path: &str, name: &str) -> BTreeSet<String> {
    let items = parsed(&root().join(path));
    let found = items.into_iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == name => Some(item),
        _ => None,
    });
    found.unwrap().variants.iter().map(|variant| variant.ident.to_string()).collect()
}

/// What the program's help begins its lines with.
fn commands() -> BTreeSet<String> {
    let items = parsed(&root().join("exchange-cli/src/input.rs"));
    let help = items.into_iter().find_map(|item| match item {
        Item::Const(item) if item.ident == "HELP" => Some(*item.expr),
        _ => None,
    });
    let Some(Expr::Array(lines)) = help else { panic!("the program's help is no list") };
    let usages = lines.elems.iter().map(|line| match line {
        Expr::Tuple(line) => line.elems.first().to_token_stream().to_string(),
        other => panic!("no line of help: {}", other.to_token_stream()),
    });
    usages.map(|usage| usage.trim_matches('"').split(' ').next().unwrap_or_default().to_owned()).collect()
}

/// Public methods of that crate's types.
fn methods(source: &str) -> BTreeSet<String> {
    let mut methods = BTreeSet::new();
    let inside = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let files = inside(&root().join(source))
        .into_iter()
        .flat_map(|path| if path.is_dir() { inside(&path) } else { vec![path] });
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let impls = parsed(&file).into_iter().filter_map(|item| match item {
            Item::Impl(item) if item.trait_.is_none() => Some(item),
            _ => None,
        });
        for block in impls {
            let Type::Path(of) = &*block.self_ty else { continue };
            let of = &of.path.segments.last().unwrap().ident;
            methods.extend(block.items.iter().filter_map(|item| match item {
                ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) => {
                    Some(format!("{of}::{}", method.sig.ident))
                }
                _ => None,
            }));
        }
    }
    methods
}

fn parsed(path: &Path) -> Vec<Item> {
    syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap().items
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn root() -> &'static Path {
    here().parent().unwrap()
}
