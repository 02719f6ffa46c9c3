//! What is set, as JSON.

use serde::Serialize;
use serde_json::Value;

use crate::{config::Found, line::Line};

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Json<'a> {
    Configuration { file: &'a str, exists: bool, profile: Option<&'a str> },
    Setting { key: &'a str, value: Option<&'a Value>, line: Option<usize>, by_profile: bool },
}

/// Where it is, and which profile of it counts.
pub(crate) fn configuration(file: &str, exists: bool, profile: Option<&str>) -> Line {
    Line::json(&Json::Configuration { file, exists, profile })
}

/// What something is set to, if it is.
pub(crate) fn setting(key: &str, found: Option<&Found>) -> Line {
    Line::json(&Json::Setting {
        key,
        value: found.map(|found| &found.value),
        line: found.map(|found| found.line),
        by_profile: found.is_some_and(|found| found.by_profile),
    })
}
