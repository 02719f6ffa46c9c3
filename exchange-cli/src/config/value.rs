//! What stands behind a key, as what is needed there.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde_json::Value as Json;
use toml::de::{DeInteger, DeValue};

/// A value of the file, and the folder that paths in it start from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    pub(super) value: &'a DeValue<'a>,
    pub(super) folder: &'a Path,
}

/// What is made of a value, or what is needed instead.
pub(super) type Made<T> = Result<T, String>;

impl Value<'_> {
    pub(super) fn flag(self) -> Made<bool> {
        self.value.as_bool().ok_or_else(|| "true or false is needed".into())
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(self) -> Made<T> {
        self.text()?.parse().map_err(|error: T::Err| error.to_string())
    }

    pub(super) fn parsed_by<T>(self, parse: fn(&str) -> Made<T>) -> Made<T> {
        parse(self.text()?)
    }

    /// A number that is none too small and none too large for what it is for.
    pub(super) fn whole<T: TryFrom<u64>>(self, needed: &str) -> Made<T> {
        let number =
            self.value.as_integer().and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        number.and_then(|number| number.try_into().ok()).ok_or_else(|| needed.into())
    }

    /// A number as it would be typed.
    pub(super) fn number_by<T>(self, parse: fn(&str) -> Made<T>) -> Made<T> {
        match self.value {
            DeValue::Integer(number) if number.radix() == 10 => parse(number.as_str()),
            DeValue::Float(number) => parse(number.as_str()),
            // It says what is needed.
            _ => parse(""),
        }
    }

    /// A path, from the folder of the file on: wherever the program is started, it is the same. `~/` is one's own folder.
    pub(super) fn path(self) -> Made<PathBuf> {
        let text = self.text()?;
        if text.is_empty() {
            return Err("the name of a file is needed".into());
        }
        match text.strip_prefix("~/").map(|rest| (rest, etcetera::home_dir())) {
            Some((rest, Ok(home))) => Ok(home.join(rest)),
            _ => Ok(self.folder.join(text)),
        }
    }

    pub(super) fn names(self) -> Made<Vec<String>> {
        let needed = || "a list of names is needed, such as [\"eth0\", \"wlan0\"]".to_owned();
        let values = self.value.as_array().ok_or_else(needed)?;
        let names = values.iter().map(|name| name.get_ref().as_str().filter(|name| !name.is_empty()));
        names.map(|name| name.map(str::to_owned).ok_or_else(needed)).collect()
    }

    /// As it is shown.
    pub(super) fn json(self) -> Json {
        json(self.value)
    }

    pub(super) fn text(&self) -> Made<&str> {
        self.value.as_str().ok_or_else(|| "text in quotation marks is needed".into())
    }
}

fn json(value: &DeValue<'_>) -> Json {
    let whole = |number: &DeInteger<'_>| i64::from_str_radix(number.as_str(), number.radix()).ok();
    match value {
        DeValue::String(text) => Json::from(&**text),
        DeValue::Integer(number) => whole(number).into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().into(),
        DeValue::Boolean(flag) => Json::from(*flag),
        DeValue::Datetime(time) => Json::from(time.to_string()),
        DeValue::Array(values) => values.iter().map(|value| json(value.get_ref())).collect(),
        DeValue::Table(table) => {
            table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect()
        }
    }
}
