//! A simulation as tables and figures: error against noise, Spearman against noise, and the climb of the stochastic solver.

use std::fmt::Write;

use super::Result;
use super::export::{self, File, Format};
use super::svg::{Curve, Curves};
use super::words;
use crate::profile::Spread;
use crate::simulate::{Method, Recovery, Simulation, WorldKind};
use crate::text;

/// Positions along the steps of a climb.
const POSITIONS: usize = 60;

/// The tables: `recovery.csv`, and `convergence.csv` where the stochastic solver was run.
#[must_use]
pub fn tables(simulation: &Simulation) -> Vec<File> {
    let mut recovery = "world,noise,method,seed,error,drift,spearman,steps\n".to_owned();
    for row in &simulation.recoveries {
        let _ = writeln!(
            recovery,
            "{},{},\"{}\",{},{},{},{},{}",
            row.world.name(),
            row.noise,
            row.method.name(),
            row.seed,
            row.error as f32,
            row.drift as f32,
            row.spearman as f32,
            row.steps
        );
    }
    let mut files = vec![File { name: "recovery.csv".to_owned(), bytes: recovery.into_bytes() }];
    if !simulation.climbs.is_empty() {
        let mut climbs = "world,noise,method,seed,step,soft_spearman,batch,optimum\n".to_owned();
        for climb in &simulation.climbs {
            for (step, value) in climb.soft_spearman.iter().enumerate() {
                let _ = writeln!(
                    climbs,
                    "{},{},\"{}\",{},{step},{},{},{}",
                    climb.world.name(),
                    climb.noise,
                    climb.method.name(),
                    climb.seed,
                    *value as f32,
                    climb.batch,
                    climb.optimum as f32
                );
            }
        }
        files.push(File { name: "convergence.csv".to_owned(), bytes: climbs.into_bytes() });
    }
    files
}

/// What is read from a recovery.
type Measure = fn(&Recovery) -> f64;

/// A line per world, method and measure, a column per noise level: means over seeds with their standard deviations.
#[must_use]
pub fn table(simulation: &Simulation) -> String {
    let levels = levels(simulation);
    let mut out = format!("Mean ± sd over {}.\n\n", seeds(simulation));
    for world in worlds(simulation) {
        let measures: [(&str, Measure); 4] = [
            ("error of W", |row| row.error),
            ("drift of W", |row| row.drift),
            ("Spearman", |row| row.spearman),
            ("steps", |row| row.steps as f64),
        ];
        for (measure, of) in measures {
            let rows: Vec<(Method, Vec<Spread>)> = methods(simulation)
                .into_iter()
                .filter(|method| measure != "steps" || method.name().contains("stochastic"))
                .map(|method| (method, along_noise(simulation, world, method, &levels, of)))
                .filter(|(_, at)| at.iter().any(Spread::is_defined))
                .collect();
            if rows.is_empty() {
                continue;
            }
            let decimals = if measure == "steps" { 0 } else { 3 };
            let _ = write!(out, "{:<24}", format!("{}: {measure}", world.name()));
            for level in &levels {
                let _ = write!(out, "{:>14}", format!("noise {level}"));
            }
            out.push('\n');
            for (method, at) in rows {
                let _ = write!(out, "{:<24}", method.name());
                for spread in at {
                    let _ = write!(out, "{:>14}", words::spread(spread, decimals));
                }
                out.push('\n');
            }
            out.push('\n');
        }
    }
    out
}

/// Over how many seeds each method was run.
fn seeds(simulation: &Simulation) -> String {
    let of = |method: Method| {
        distinct(simulation.recoveries.iter().filter(|row| row.method == method).map(|row| row.seed)).len()
    };
    let methods = methods(simulation);
    let counts = distinct(methods.iter().map(|&method| of(method)));
    let named = |&count: &usize| {
        let of_count: Vec<String> = methods
            .iter()
            .filter(|&&method| of(method) == count)
            .map(|method| method.name().to_owned())
            .collect();
        let seeds = text::counted(count as u128, "seed");
        if counts.len() > 1 { format!("{seeds} ({})", text::join_and(&of_count)) } else { seeds }
    };
    text::join_and(&counts.iter().map(named).collect::<Vec<_>>())
}

/// The figures as files of `formats`.
///
/// # Errors
///
/// [`super::Error::Drawing`] where an image cannot be made.
pub fn figures(simulation: &Simulation, formats: &[Format]) -> Result<Vec<File>> {
    let mut drawings = Vec::new();
    for world in worlds(simulation) {
        let mut against_noise = |name: &str, title: &str, of: fn(&Recovery) -> f64| {
            if let Some(svg) = noise_curves(simulation, world, title, of) {
                drawings.push((format!("{name}-{}", world.name()), svg));
            }
        };
        against_noise("error", "Frobenius error of W", |row| row.error);
        against_noise("drift", "Frobenius distance to W at the least noise", |row| row.drift);
        against_noise("spearman", "Spearman, held-out stimuli", |row| row.spearman);
        if let Some(svg) = climb_curves(simulation, world) {
            drawings.push((format!("convergence-{}", world.name()), svg));
        }
    }
    export::drawings(&drawings, formats)
}

/// The different ones of `values`, in the order they come.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

fn worlds(simulation: &Simulation) -> Vec<WorldKind> {
    distinct(simulation.recoveries.iter().map(|row| row.world))
}

fn methods(simulation: &Simulation) -> Vec<Method> {
    let used = |method: &Method| simulation.recoveries.iter().any(|row| row.method == *method);
    Method::ALL.into_iter().filter(used).collect()
}

fn levels(simulation: &Simulation) -> Vec<f64> {
    distinct(simulation.recoveries.iter().map(|row| row.noise))
}

/// Over seeds, at each level.
fn along_noise(
    simulation: &Simulation,
    world: WorldKind,
    method: Method,
    levels: &[f64],
    of: fn(&Recovery) -> f64,
) -> Vec<Spread> {
    let at = |&level: &f64| {
        let rows = simulation.recoveries.iter();
        let rows = rows.filter(|row| row.world == world && row.method == method && row.noise == level);
        Spread::of(&rows.map(of).collect::<Vec<_>>())
    };
    levels.iter().map(at).collect()
}

fn noise_curves(
    simulation: &Simulation,
    world: WorldKind,
    title: &str,
    of: fn(&Recovery) -> f64,
) -> Option<String> {
    let levels = levels(simulation);
    let series: Vec<(&str, Vec<Spread>)> = methods(simulation)
        .into_iter()
        .map(|method| (method.name(), along_noise(simulation, world, method, &levels, of)))
        .collect();
    let positions = levels.iter().map(f64::to_string).collect();
    draw(&series, positions, &levels, title, "noise, in standard deviations of each dimension", title)
}

/// The climbs without noise (at the first level): mean over seeds at each step that any of them reached.
fn climb_curves(simulation: &Simulation, world: WorldKind) -> Option<String> {
    let first = simulation.climbs.first()?.noise;
    let climbs = || simulation.climbs.iter().filter(|climb| climb.world == world && climb.noise == first);
    let longest = climbs().map(|climb| climb.soft_spearman.len()).max().filter(|&longest| longest > 1)?;
    let stride = longest.div_ceil(POSITIONS);
    let steps: Vec<usize> = (0..longest).step_by(stride).collect();
    let series: Vec<(&str, Vec<Spread>)> = methods(simulation)
        .into_iter()
        .filter(|method| climbs().any(|climb| climb.method == *method))
        .map(|method| {
            let at = |&step: &usize| {
                // A climb that has ended stays where it was.
                let own = climbs().filter(|climb| climb.method == method);
                let values =
                    own.filter_map(|c| c.soft_spearman.get(step).or(c.soft_spearman.last())).copied();
                Spread::of(&values.collect::<Vec<_>>())
            };
            (method.name(), steps.iter().map(at).collect())
        })
        .collect();
    let positions = steps.iter().map(usize::to_string).collect();
    draw(
        &series,
        positions,
        &[],
        "Convergence of the stochastic solver",
        "step",
        "soft Spearman of the batch",
    )
}

fn draw(
    series: &[(&str, Vec<Spread>)],
    positions: Vec<String>,
    places: &[f64],
    title: &str,
    x_title: &str,
    y_title: &str,
) -> Option<String> {
    if !series.iter().any(|(_, at)| at.iter().any(Spread::is_defined)) {
        return None;
    }
    let ends: Vec<String> = series
        .iter()
        .filter_map(|(name, at)| {
            let last = at.iter().rev().find(|spread| spread.is_defined())?;
            Some(format!("{name} ends at {}", words::spread(*last, 3)))
        })
        .collect();
    let curves = Curves {
        name: title,
        description: &format!("{}.", ends.join("; ")),
        positions,
        places: places.to_vec(),
        ordered: true,
        from_zero: false,
        x_title,
        y_title,
        series: series
            .iter()
            .enumerate()
            .map(|(style, (name, at))| Curve { name, at, style: Some(style), dashed: false })
            .collect(),
        ranges: Vec::new(),
    };
    Some(curves.render(super::svg::Room::Wide))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Climb;

    #[test]
    fn a_simulation_becomes_tables_and_figures() {
        let mut simulation = Simulation::default();
        for (k, method) in Method::ALL.into_iter().enumerate() {
            for seed in 0..2 {
                for noise in [0.0, 2.0] {
                    simulation.recoveries.push(Recovery {
                        world: WorldKind::Dense,
                        method,
                        noise,
                        seed,
                        error: 0.1 * k as f64 + 0.1 * seed as f64,
                        drift: 0.0,
                        spearman: 0.9,
                        steps: k,
                    });
                }
            }
        }
        simulation.climbs.push(Climb {
            world: WorldKind::Dense,
            method: Method::ALL[2],
            noise: 0.0,
            seed: 0,
            soft_spearman: vec![0.1, 0.5],
            batch: 256,
            optimum: 0.9,
        });
        let text = table(&simulation);
        assert!(text.contains("dense: error of W") && text.contains(".050 ± .071"), "{text}");
        let names: Vec<String> = tables(&simulation).into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["recovery.csv", "convergence.csv"]);
        let figures = figures(&simulation, &[Format::Svg]).unwrap();
        let names: Vec<&str> = figures.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            names,
            ["error-dense.svg", "drift-dense.svg", "spearman-dense.svg", "convergence-dense.svg"]
        );
        assert!(figures.iter().all(|file| !String::from_utf8_lossy(&file.bytes).contains("NaN")));
    }
}
