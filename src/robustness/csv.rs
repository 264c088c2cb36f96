//! The tables of a sheet: `robustness.csv`, `claims.csv`, `variations.csv`.

use csv::Writer;

use super::claims::{Claim, ClaimKind};
use super::sheet::{Outcome, Sheet};
use crate::files::table::{cell, table};

/// Every claim, and what each variation says of it.
pub const ROBUSTNESS: &str = "robustness.csv";
/// The same, a row for each claim and variation.
pub const CLAIMS: &str = "claims.csv";
/// Every variation.
pub const VARIATIONS: &str = "variations.csv";

/// The layers of a claim: `4`, `4-5`.
fn layers(claim: &Claim) -> String {
    match &claim.kind {
        ClaimKind::Largest { layer } | ClaimKind::Sign { layer, .. } => layer.to_string(),
        ClaimKind::Peak { layers } => match layers.as_slice() {
            [first, .., last] => format!("{first}-{last}"),
            one => one.first().map(ToString::to_string).unwrap_or_default(),
        },
        ClaimKind::More { .. } => String::new(),
    }
}

fn other(claim: &Claim) -> String {
    if let ClaimKind::More { than } = &claim.kind { than.clone() } else { String::new() }
}

fn yes_or_no(holds: Option<bool>) -> String {
    holds.map_or("", |holds| if holds { "yes" } else { "no" }).to_owned()
}

impl Sheet {
    /// The tables, by their names.
    #[must_use]
    pub fn tables(&self) -> Vec<(String, Vec<u8>)> {
        vec![
            (ROBUSTNESS.to_owned(), self.wide()),
            (CLAIMS.to_owned(), self.long()),
            (VARIATIONS.to_owned(), self.of_variations()),
        ]
    }

    fn wide(&self) -> Vec<u8> {
        let mut writer = Writer::from_writer(Vec::new());
        let fixed = ["claim", "kind", "feature", "other", "layers", "text", "held", "asked", "share"];
        let names = self.variations.iter().map(|variation| variation.name.as_str());
        // Writing to memory cannot fail, and every record has the header's length.
        let _ = writer.write_record(fixed.into_iter().chain(names));
        for (number, (claim, answers)) in self.claims.iter().zip(&self.answers).enumerate() {
            let (held, asked) = self.held(number, None);
            let mut row = vec![
                (number + 1).to_string(),
                claim.kind.name().to_owned(),
                claim.feature.clone(),
                other(claim),
                layers(claim),
                claim.text.clone(),
                held.to_string(),
                asked.to_string(),
                cell(held as f64 / asked as f64),
            ];
            row.extend(answers.iter().map(|answer| yes_or_no(answer.holds)));
            let _ = writer.write_record(row);
        }
        writer.into_inner().unwrap_or_default()
    }

    fn long(&self) -> Vec<u8> {
        let rows =
            self.claims.iter().zip(&self.answers).enumerate().flat_map(|(number, (claim, answers))| {
                answers.iter().zip(&self.variations).map(move |(answer, variation)| {
                    [
                        (number + 1).to_string(),
                        claim.text.clone(),
                        variation.kind.name().to_owned(),
                        variation.name.clone(),
                        yes_or_no(answer.holds),
                        answer.found.clone(),
                    ]
                })
            });
        table(["claim", "text", "kind", "variation", "holds", "found"], rows)
    }

    fn of_variations(&self) -> Vec<u8> {
        let rows = self.variations.iter().enumerate().map(|(at, variation)| {
            let (held, asked) = (0..self.claims.len()).fold((0, 0), |(held, asked), claim| {
                let holds = self.answers[claim][at].holds;
                (held + usize::from(holds == Some(true)), asked + usize::from(holds.is_some()))
            });
            let (state, seconds, why, score) = match &variation.outcome {
                Outcome::Made { facts, seconds, .. } => ("made", cell(*seconds), "", cell(facts.score())),
                Outcome::Failed { why } => ("failed", String::new(), why.as_str(), String::new()),
                Outcome::NotReached => ("not reached", String::new(), "", String::new()),
            };
            [
                variation.kind.name().to_owned(),
                variation.name.clone(),
                state.to_owned(),
                held.to_string(),
                asked.to_string(),
                score,
                seconds,
                variation
                    .command
                    .iter()
                    .map(|word| crate::text::argument(word))
                    .collect::<Vec<_>>()
                    .join(" "),
                variation.run_dir.clone(),
                why.to_owned(),
            ]
        });
        let cannot = self.cannot.iter().map(|(kind, why)| {
            let mut row: [String; 10] = Default::default();
            kind.name().clone_into(&mut row[0]);
            "cannot".clone_into(&mut row[2]);
            row[9].clone_from(why);
            row
        });
        let head =
            ["kind", "variation", "state", "held", "asked", "score", "seconds", "command", "run_dir", "why"];
        table(head, rows.chain(cannot))
    }
}
