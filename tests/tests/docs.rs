//! What the documentation always has to say.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{fs, path::Path};

use quote::ToTokens as _;
use syn::{Attribute, ImplItem, Item, ReturnType, Signature, TraitItem, Visibility};

#[test]
fn every_public_async_function_of_the_drivers_says_what_happens_if_it_is_dropped() {
    let (mut said, mut silent) = (0, Vec::new());
    for package in ["exchange-driver", "exchange-tokio", "exchange-async-std"] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src");
        for (file, text) in rust_files(&source) {
            for (name, docs) in public_async_functions(&syn::parse_file(&text).unwrap().items) {
                if docs.contains("# Cancel safety") {
                    said += 1;
                } else {
                    silent.push(format!("{file}: {name}"));
                }
            }
        }
    }
    assert!(silent.is_empty(), "these say nothing of it: {silent:#?}");
    assert!(said > 30, "only {said} were found");
}

fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                return rust_files(&path);
            }
            vec![(path.display().to_string(), fs::read_to_string(&path).unwrap())]
        })
        .collect()
}

/// Names and documentation of those that can be called from outside and have to be awaited.
fn public_async_functions(items: &[Item]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut look_at = |is_public: bool, signature: &Signature, attributes: &[Attribute]| {
        if is_public && has_to_be_awaited(signature) {
            found.push((signature.ident.to_string(), docs(attributes)));
        }
    };
    for item in items {
        match item {
            Item::Fn(function) => look_at(is_public(&function.vis), &function.sig, &function.attrs),
            Item::Trait(item) => item.items.iter().for_each(|method| {
                if let TraitItem::Fn(method) = method {
                    look_at(is_public(&item.vis), &method.sig, &method.attrs);
                }
            }),
            Item::Impl(item) => item.items.iter().for_each(|method| {
                if let ImplItem::Fn(method) = method {
                    look_at(is_public(&method.vis), &method.sig, &method.attrs);
                }
            }),
            _ => {}
        }
    }
    found
}

fn has_to_be_awaited(signature: &Signature) -> bool {
    let is_future = |output: &ReturnType| output.to_token_stream().to_string().contains("Future");
    signature.asyncness.is_some() || is_future(&signature.output)
}

fn docs(attributes: &[Attribute]) -> String {
    let docs = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    docs.map(|attribute| attribute.to_token_stream().to_string()).collect()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
