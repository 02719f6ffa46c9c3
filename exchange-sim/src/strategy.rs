//! Scenarios as a strategy for property tests: drawn by seed, and made smaller the way scenarios are.

use proptest::{
    strategy::{NewTree, Strategy, ValueTree},
    test_runner::TestRunner,
};
use rand_core::Rng as _;

use crate::{Mode, Scenario, Shrinker, generate};

/// Any scenario of a mode.
///
/// ```
/// use exchange_sim::{Mode, run, scenarios};
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(5), |(scenario in scenarios(Mode::Swarm))| {
///     prop_assert_eq!(run(&scenario).violation, None);
/// });
/// ```
pub fn scenarios(mode: Mode) -> Scenarios {
    Scenarios { mode }
}

/// See [`scenarios`].
#[derive(Clone, Copy, Debug)]
pub struct Scenarios {
    mode: Mode,
}

/// A scenario and what smaller ones are to be tried.
#[derive(Clone, Debug)]
pub struct ScenarioTree {
    shrinker: Shrinker,
    current: Scenario,
    is_candidate: bool,
}

impl Strategy for Scenarios {
    type Tree = ScenarioTree;
    type Value = Scenario;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let scenario = generate(runner.rng().next_u64(), self.mode);
        Ok(ScenarioTree { shrinker: Shrinker::new(scenario.clone()), current: scenario, is_candidate: false })
    }
}

impl ScenarioTree {
    /// The current scenario fails or does not: goes on to the next, or back to the smallest that fails.
    fn go_on(&mut self, still_fails: bool) -> bool {
        if std::mem::take(&mut self.is_candidate) {
            self.shrinker.tell(still_fails);
        }
        match self.shrinker.next() {
            Some(candidate) => {
                self.current = candidate;
                self.is_candidate = true;
            }
            None => self.current = self.shrinker.best().clone(),
        }
        self.is_candidate
    }
}

impl ValueTree for ScenarioTree {
    type Value = Scenario;

    fn current(&self) -> Scenario {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        self.go_on(true)
    }

    fn complicate(&mut self) -> bool {
        self.go_on(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::test_runner::{Config, TestError, TestRunner};

    use super::*;
    use crate::scenario::Trouble;

    #[test]
    fn a_property_that_fails_is_told_the_smallest_scenario_that_breaks_it() {
        let mut runner = TestRunner::new_with_rng(
            Config { max_shrink_iters: 10_000, failure_persistence: None, ..Config::default() },
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let sleeps = |scenario: &Scenario| scenario.faults.iter().any(|f| matches!(f.trouble, Trouble::Sleep { .. }));
        let outcome = runner.run(&scenarios(Mode::Uniform), |scenario| {
            if sleeps(&scenario) { Err(proptest::test_runner::TestCaseError::fail("sleeps")) } else { Ok(()) }
        });
        let Err(TestError::Fail(_, smallest)) = outcome else { panic!("it found nothing") };
        assert_eq!((smallest.faults.len(), smallest.steps.len(), smallest.clients.len()), (1, 0, 1));
    }
}
