//! Cases by runtimes: what is run, and what has come of it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use libtest_mimic::{Failed, Trial};

use crate::{
    cases::{Broken, Case, cases},
    column::Column,
    deadline::outcome,
};

#[derive(Default)]
pub(crate) struct Table {
    columns: Vec<&'static str>,
    cells: Cells,
    trials: Vec<Trial>,
}

type Cells = Arc<Mutex<BTreeMap<(&'static str, &'static str), Cell>>>;

#[derive(Clone, Copy)]
enum Cell {
    /// It was not run, or has not ended.
    Open,
    Passed,
    Failed,
    NotHere(&'static str),
}

impl Table {
    /// Every case on a runtime.
    pub(crate) fn add<C: Column>(&mut self) {
        self.columns.push(C::NAME);
        for case in cases::<C::Runtime>() {
            let place = (case.name, C::NAME);
            let lacking = case.lacking::<C>();
            self.put(place, lacking.map_or(Cell::Open, Cell::NotHere));
            if lacking.is_none() {
                self.push(place, move || outcome::<C>(&case, None));
            }
        }
    }

    /// Every case with the fault that it has to notice, on the first of these runtimes that has what it needs.
    pub(crate) fn add_broken<C: Column, D: Column>(&mut self) {
        for (case, otherwise) in cases::<C::Runtime>().into_iter().zip(cases::<D::Runtime>()) {
            if case.lacking::<C>().is_none() {
                self.push_broken::<C>(case);
            } else if otherwise.lacking::<D>().is_none() {
                self.push_broken::<D>(otherwise);
            }
        }
    }

    fn push_broken<C: Column>(&mut self, case: Case<C::Runtime>) {
        let Broken::By(fault) = case.broken else { return };
        self.push((case.name, "broken"), move || match outcome::<C>(&case, Some(fault)) {
            Ok(()) => Err(format!("it does not notice {fault:?}")),
            Err(_) => Ok(()),
        });
    }

    fn push(&mut self, place: (&'static str, &'static str), run: impl FnOnce() -> Result<(), String> + Send + 'static) {
        let cells = Arc::clone(&self.cells);
        let run = move || {
            let outcome = run();
            let cell = if outcome.is_ok() { Cell::Passed } else { Cell::Failed };
            cells.lock().unwrap_or_else(PoisonError::into_inner).insert(place, cell);
            outcome.map_err(Failed::from)
        };
        self.trials.push(Trial::test(format!("{}::{}", place.1, place.0), run));
    }

    pub(crate) fn trials(&mut self) -> Vec<Trial> {
        std::mem::take(&mut self.trials)
    }

    fn put(&self, place: (&'static str, &'static str), cell: Cell) {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).insert(place, cell);
    }
}

/// The table, with the reasons for what is not run somewhere.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<_> =
            cells.keys().filter(|(_, column)| *column == self.columns[0]).map(|(name, _)| *name).collect();
        let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
        write!(f, "{:width$}", "case")?;
        self.columns.iter().try_for_each(|column| write!(f, "  {column}"))?;
        writeln!(f)?;
        let mut absent = Vec::new();
        for name in &names {
            write!(f, "{name:width$}")?;
            for column in &self.columns {
                let said = match cells.get(&(*name, *column)) {
                    Some(Cell::Passed) => "ok",
                    Some(Cell::Failed) => "FAIL",
                    Some(Cell::NotHere(reason)) => {
                        absent.push(format!("{name} is not for {column}: {reason}"));
                        "n/a"
                    }
                    Some(Cell::Open) | None => "-",
                };
                write!(f, "  {said:^width$}", width = column.len())?;
            }
            writeln!(f)?;
        }
        absent.iter().try_for_each(|reason| writeln!(f, "{reason}"))?;
        let count = |wanted: fn(&Cell) -> bool| {
            cells.iter().filter(|((_, column), cell)| *column != "broken" && wanted(cell)).count()
        };
        writeln!(
            f,
            "contract: {} cases on {} runtimes: {} passed, {} failed, {} not for that runtime",
            names.len(),
            self.columns.len(),
            count(|cell| matches!(cell, Cell::Passed)),
            count(|cell| matches!(cell, Cell::Failed)),
            count(|cell| matches!(cell, Cell::NotHere(_)))
        )
    }
}
