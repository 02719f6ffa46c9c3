//! From a plan that fails to a small one.

use super::{Failure, Plan, run_plan};
use crate::shrink::without_part;

/// Runs after which what is small enough is small enough.
const MOST_RUNS: usize = 400;

/// The same failure, or another, of a plan without all that it takes no part of.
pub fn shrink(mut failure: Box<Failure>) -> Box<Failure> {
    let mut runs = 0;
    loop {
        let before = (failure.plan.faults.len(), failure.plan.steps.len());
        for pass in [without_faults, without_steps] {
            let mut n = 0;
            while runs < MOST_RUNS
                && let Some(smaller) = pass(&failure.plan, n)
            {
                runs += 1;
                match run_plan(&smaller) {
                    Ok(_) => n += 1,
                    Err(still) => failure = still,
                }
            }
        }
        if before == (failure.plan.faults.len(), failure.plan.steps.len()) {
            return failure;
        }
    }
}

fn without_faults(plan: &Plan, n: usize) -> Option<Plan> {
    Some(Plan { faults: without_part(&plan.faults, n)?, ..plan.clone() })
}

fn without_steps(plan: &Plan, n: usize) -> Option<Plan> {
    Some(Plan { steps: without_part(&plan.steps, n)?, ..plan.clone() })
}
