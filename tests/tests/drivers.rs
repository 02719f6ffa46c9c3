//! A program moves from one driver to another by changing the names that it imports.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use quote::ToTokens;
use syn::{ImplItem, Item, UseTree, Visibility};

#[test]
fn the_drivers_have_the_same_names_and_they_mean_the_same() {
    let tokio = interface(&read("exchange-tokio/src/lib.rs"), "Tokio");
    let async_std = interface(&read("exchange-async-std/src/lib.rs"), "AsyncStd");
    assert!(tokio.contains("type Client = exchange_driver :: Client < Driver >"), "{tokio:#?}");
    let differ: Vec<_> = tokio.symmetric_difference(&async_std).collect();
    assert!(differ.is_empty(), "one of them alone has {differ:#?}");
}

#[test]
fn an_example_is_the_same_for_both_drivers_but_for_the_lines_that_name_a_runtime() {
    let names = |package: &str| {
        let files = fs::read_dir(root().join(package).join("examples")).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect::<BTreeSet<_>>()
    };
    assert_eq!(names("exchange-tokio"), names("exchange-async-std"));
    for name in names("exchange-tokio") {
        let on_tokio = read(&format!("exchange-tokio/examples/{name}"));
        let on_async_std = read(&format!("exchange-async-std/examples/{name}"));
        assert_eq!(on_tokio.lines().count(), on_async_std.lines().count(), "{name}");
        for (tokio, async_std) in on_tokio.lines().zip(on_async_std.lines()).filter(|(a, b)| a != b) {
            assert!(tokio.contains("tokio"), "{name}: {tokio}");
            assert!(async_std.contains("async_std"), "{name}: {async_std}");
        }
    }
}

/// It is not maintained, so nobody is to get it who did not ask for it.
#[test]
fn only_the_driver_for_async_std_brings_async_std_along() {
    assert!(dependencies("exchange-async-std").contains("async-std"));
    for package in ["exchange-cli", "exchange-tokio", "exchange-sim"] {
        let dependencies = dependencies(package);
        assert!(dependencies.contains("exchange-driver"), "{dependencies:?}");
        assert!(!dependencies.contains("async-std"), "{package} depends on async-std");
    }
}

/// What a program can use of a driver, with the name of its runtime replaced by `Driver`.
fn interface(source: &str, runtime: &str) -> BTreeSet<String> {
    let mut found = Vec::new();
    for item in syn::parse_file(source).unwrap().items {
        match item {
            Item::Use(item) if is_public(&item.vis) => found.extend(imports("", &item.tree)),
            Item::Type(item) if is_public(&item.vis) => {
                found.push(format!("type {} = {}", item.ident, item.ty.to_token_stream()));
            }
            Item::Fn(mut item) if is_public(&item.vis) => {
                // What `io` takes is each runtime's own kind of stream.
                item.sig.generics = syn::Generics::default();
                found.push(item.sig.to_token_stream().to_string());
            }
            Item::Struct(item) if is_public(&item.vis) => {
                let (name, of) = (&item.ident, item.generics.params.to_token_stream());
                let of = if of.is_empty() { of.to_string() } else { format!(" < {of} >") };
                found.push(format!("struct {name}"));
                for derive in item.attrs.iter().filter(|attribute| attribute.path().is_ident("derive")) {
                    derive
                        .parse_nested_meta(|meta| {
                            found.push(format!("impl {} for {name}{of}", last(&meta.path)));
                            Ok(())
                        })
                        .unwrap();
                }
            }
            Item::Impl(item) => {
                let of = item.self_ty.to_token_stream();
                match item.trait_ {
                    Some((of_trait, _)) => found.push(format!("impl {} for {of}", last(&of_trait))),
                    None => found.extend(item.items.iter().filter_map(|method| match method {
                        ImplItem::Fn(method) if is_public(&method.vis) => Some(format!("{of}::{}", method.sig.ident)),
                        _ => None,
                    })),
                }
            }
            Item::Use(_) | Item::Type(_) | Item::Fn(_) | Item::Struct(_) => {}
            other => panic!("nothing compares this yet: {}", other.to_token_stream()),
        }
    }
    found.into_iter().map(|name| name.replace(runtime, "Driver")).collect()
}

fn imports(path: &str, tree: &UseTree) -> Vec<String> {
    match tree {
        UseTree::Path(tree) => imports(&format!("{path}{}::", tree.ident), &tree.tree),
        UseTree::Group(group) => group.items.iter().flat_map(|tree| imports(path, tree)).collect(),
        UseTree::Name(name) => vec![format!("use {path}{}", name.ident)],
        other => panic!("nothing compares this yet: {path}{}", other.to_token_stream()),
    }
}

fn last(path: &syn::Path) -> String {
    path.segments.last().unwrap().to_token_stream().to_string()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The packages that come with one, when it is built alone.
fn dependencies(package: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    cargo.args(["tree", "--locked", "--edges=normal,build", "--prefix=none", "--format={p}", "--package", package]);
    let output = cargo.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
