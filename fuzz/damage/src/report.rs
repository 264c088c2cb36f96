//! What came of all cases: a table, and what was wrong.

use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Default)]
struct Row {
    cases: u64,
    accepted: u64,
    /// Went well, with other results than those of the whole file.
    differ: u64,
    faults: u64,
    longest: Duration,
}

/// Counts by what was tried.
#[derive(Default)]
pub struct Report {
    rows: BTreeMap<String, Row>,
    faults: Vec<String>,
}

impl Report {
    fn row(&mut self, name: &str) -> &mut Row {
        self.rows.entry(name.to_owned()).or_default()
    }

    pub fn count(&mut self, name: &str, accepted: bool) {
        let row = self.row(name);
        row.cases += 1;
        row.accepted += u64::from(accepted);
    }

    pub fn differs(&mut self, name: &str, differs: bool) {
        self.row(name).differ += u64::from(differs);
    }

    pub fn fault(&mut self, name: &str, what: &str) {
        self.row(name).faults += 1;
        println!("FAULT {name}: {what}");
        self.faults.push(what.to_owned());
    }

    pub fn time(&mut self, name: &str, time: Duration) {
        let row = self.row(name);
        row.longest = row.longest.max(time);
    }

    /// Counts a case that is right or wrong.
    pub fn check(&mut self, name: &str, fault: Option<String>) {
        self.count(name, fault.is_none());
        if let Some(fault) = fault {
            self.fault(name, &fault);
        }
    }

    /// Prints the table; whether nothing was wrong.
    pub fn end(&self) -> bool {
        println!("| what | cases | went well | other results | faults | longest |\n| --- | --- | --- | --- | --- | --- |");
        let mut all = Row::default();
        for (name, row) in &self.rows {
            println!(
                "| {name} | {} | {} | {} | {} | {:.1} s |",
                row.cases, row.accepted, row.differ, row.faults, row.longest.as_secs_f64()
            );
            all.cases += row.cases;
            all.accepted += row.accepted;
            all.differ += row.differ;
            all.faults += row.faults;
            all.longest = all.longest.max(row.longest);
        }
        println!("| all | {} | {} | {} | {} | {:.1} s |", all.cases, all.accepted, all.differ, all.faults, all.longest.as_secs_f64());
        self.faults.is_empty()
    }
}
