//! Compares what the benchmark `counts` has counted, as it tells it in JSON, with the counts of `tests/counts`, or writes
//! those anew.
//!
//! ```text
//! counts check|write COMPILER
//! ```
//!
//! Compilers differ more than most changes do: beside counts of another one, nothing fails.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    io::{self, Read as _},
    path::PathBuf,
    process::ExitCode,
};

use serde::{Deserialize, Serialize};
use serde_json::{Deserializer, Value};

/// What a case may cost more than it did.
const TOLERATED: f64 = 0.10;

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    compiler: String,
    counts: Counts,
}

type Counts = BTreeMap<String, u64>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [how, compiler] = &arguments[..] else { return Err("whether to check or write, and by which compiler".into()) };
    let mut told = String::new();
    io::stdin().read_to_string(&mut told)?;
    let counts = read(&told)?;
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("counts").join("counts.json");
    if how == "write" {
        let kept = Kept { compiler: compiler.clone(), counts };
        fs::write(file, serde_json::to_string_pretty(&kept)? + "\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let kept: Kept = serde_json::from_str(&fs::read_to_string(file)?)?;
    let is_good = compare(&kept.counts, &counts);
    if *compiler != kept.compiler {
        println!("counted with {}, and this is {compiler}: nothing is made of the differences", kept.compiler);
        return Ok(ExitCode::SUCCESS);
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows them side by side; whether none is much more than it was.
fn compare(before: &Counts, now: &Counts) -> bool {
    println!("| instructions | before | now | |\n|---|---|---|---|");
    let mut is_good = true;
    for (case, before) in before {
        let now = now.get(case).copied();
        is_good &= now.is_some_and(|now| more(*before, now) <= TOLERATED);
        match now {
            Some(now) => println!("| {case} | {before} | {now} | {:+.1} % |", 100.0 * more(*before, now)),
            None => println!("| {case} | {before} | was not counted | |"),
        }
    }
    for (case, now) in now.iter().filter(|(case, _)| !before.contains_key(*case)) {
        println!("| {case} | | {now} | new |");
    }
    is_good
}

#[expect(clippy::cast_precision_loss, reason = "to be looked at")]
fn more(before: u64, now: u64) -> f64 {
    now as f64 / before as f64 - 1.0
}

/// The instructions of each case, as the runner tells them one after the other.
fn read(told: &str) -> Result<Counts, Box<dyn Error>> {
    let cases = Deserializer::from_str(told).into_iter::<Value>();
    cases.map(|case| instructions(&case?).ok_or_else(|| "no count in there".into())).collect()
}

fn instructions(case: &Value) -> Option<(String, u64)> {
    let path = case["module_path"].as_str()?.splitn(3, "::").nth(2)?;
    let total = &case["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"];
    Some((format!("{} {}", path.replace('_', " "), case["id"].as_str()?.replace('_', " ")), total.as_u64()?))
}
