//! Who finds the answer that a world has: a table with the oracle beside all others, and the numbers as files.

use std::fmt::Write;

use super::export::File;
use super::words;
use crate::profile::Spread;
use crate::simulate::{Answer, Asked, Options, WorldKind};
use crate::text;

/// The tables: `answers.csv` with a row for each world, noise, estimator and seed, and `answer_importance.csv` with one for each feature
/// too. What is not defined is empty.
#[must_use]
pub fn tables(answers: &[Answer]) -> Vec<File> {
    let number = |x: f64| if x.is_finite() { (x as f32).to_string() } else { String::new() };
    let mut rows = "world,noise,estimator,seed,measure,score,agreement,told\n".to_owned();
    let mut importances = "world,noise,estimator,seed,feature,gain,importance\n".to_owned();
    for row in answers {
        let head = format!("{},{},{},{}", row.world.name(), row.noise, row.asked.name(), row.seed);
        let numbers = [row.score, row.agreement, row.told].map(number).join(",");
        let _ = writeln!(rows, "{head},{},{numbers}", row.asked.measure());
        for (k, (gain, importance)) in row.gains.iter().zip(&row.importances).enumerate() {
            let _ = writeln!(importances, "{head},f{},{},{}", k + 1, number(*gain), number(*importance));
        }
    }
    [("answers.csv", rows), ("answer_importance.csv", importances)]
        .map(|(name, text)| File { name: name.to_owned(), bytes: text.into_bytes() })
        .to_vec()
}

/// What is read from an answer, and what it is called.
type Measure = (&'static str, fn(&Answer) -> f64);

const MEASURES: [Measure; 3] = [
    ("score on held-out stimuli", |row| row.score),
    ("agreement with the oracle's importances", |row| row.agreement),
    ("features that do something told from those that do nothing", |row| row.told),
];

/// A line per estimator and measure, a column per noise level: means over seeds with their standard deviations.
#[must_use]
pub fn table(answers: &[Answer], options: &Options) -> String {
    let mut out = format!(
        "{} of {} have no part in a world. Mean ± sd over {}.\n",
        options.features / 3,
        text::counted(options.features as u128, "feature"),
        text::counted(u128::from(options.seeds), "seed")
    );
    for &world in &options.worlds {
        for (name, of) in MEASURES {
            let _ = write!(out, "\n{}: {name}\n{:<22}", world.name(), "");
            for noise in &options.noise {
                let _ = write!(out, "{:>14}", format!("noise {noise}"));
            }
            out.push('\n');
            for asked in Asked::ALL {
                let who = match name {
                    "score on held-out stimuli" => format!("{} ({})", asked.name(), asked.measure()),
                    _ => asked.name().to_owned(),
                };
                let _ = write!(out, "{who:<22}");
                for &noise in &options.noise {
                    let _ = write!(
                        out,
                        "{:>14}",
                        words::spread(over_seeds(answers, (world, noise, asked), of), 2)
                    );
                }
                out.push('\n');
            }
        }
    }
    out.push_str(
        "\nagreement: Spearman over features; 1 is the oracle's order. Told: area under the ROC curve; .5 is chance.\n",
    );
    out
}

fn over_seeds(
    answers: &[Answer],
    (world, noise, asked): (WorldKind, f64, Asked),
    of: fn(&Answer) -> f64,
) -> Spread {
    let rows = answers.iter().filter(|row| row.world == world && row.noise == noise && row.asked == asked);
    Spread::of(&rows.map(of).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_in_the_table_with_the_oracle_first() {
        let answer = |asked: Asked, seed: u64| Answer {
            world: WorldKind::Network,
            noise: 1.0,
            seed,
            asked,
            score: 0.5 + 0.1 * seed as f64,
            agreement: if asked == Asked::Rsa { f64::NAN } else { 1.0 },
            told: 0.75,
            importances: vec![0.1, f64::NAN],
            gains: vec![1.0, 0.0],
        };
        let answers: Vec<Answer> =
            Asked::ALL.into_iter().flat_map(|asked| [answer(asked, 0), answer(asked, 1)]).collect();
        let options = Options {
            worlds: vec![WorldKind::Network],
            noise: vec![1.0],
            seeds: 2,
            features: 6,
            ..Options::default()
        };
        let told = table(&answers, &options);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], "2 of 6 features have no part in a world. Mean ± sd over 2 seeds.");
        assert_eq!(lines[2], "network: score on held-out stimuli");
        assert_eq!(
            lines[4].split_whitespace().collect::<Vec<_>>(),
            ["oracle", "(Spearman)", ".55", "±", ".07"]
        );
        assert!(lines.iter().any(|line| line.starts_with("RSA") && line.ends_with('—')), "{told}");
        let files = tables(&answers);
        let text = |k: usize| String::from_utf8(files[k].bytes.clone()).unwrap();
        assert_eq!(text(0).lines().nth(1).unwrap(), "network,1,oracle,0,Spearman,0.5,1,0.75");
        assert_eq!(text(1).lines().nth(2).unwrap(), "network,1,oracle,0,f2,0,");
        assert!(text(0).contains("network,1,RSA,1,Spearman,0.6,,0.75"));
    }
}
