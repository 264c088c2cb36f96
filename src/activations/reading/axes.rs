//! What the axes of an array are: said by the user, or settled by the number of stimuli.

use std::path::Path;

use super::options::{Axes, Axis, Reading};
use crate::activations::error::{Error, Result};
use crate::activations::formats::{Array, shape_in_words};

/// The axes of `array`, and a doubt about them. `alone`: whether it is the only one.
pub(super) fn axes(
    array: &Array,
    path: &Path,
    named: bool,
    alone: bool,
    reading: &Reading,
) -> Result<(Axes, Option<String>)> {
    let shape = &array.shape;
    let unclear = |message: String, remedy: String| {
        let what = if named { format!("array `{}`", array.name) } else { "the array".to_owned() };
        Error::Unclear { path: path.to_owned(), message: format!("{what} {message}"), remedy }
    };
    let shown = array.shape_in_words();
    if let Some(axes) = &reading.axes {
        let named = axes.as_slice().len();
        if named != shape.len() {
            let message = format!("is {shown}: {} axes, and --axes names {named}", shape.len());
            return Err(unclear(message, "name every axis, or leave the array out with --arrays".to_owned()));
        }
        let found = shape[axes.of_stimuli()];
        return match reading.n_stimuli {
            Some(n) if n != found => {
                let message = format!(
                    "is {shown}, and the axis that --axes calls n has {found} entries, where there are {n} stimuli"
                );
                Err(unclear(message, readings(shape, n, &suggestions(shape, n))))
            }
            _ => Ok((axes.clone(), None)),
        };
    }
    let layers = || Axes::new(vec![Axis::Over("layer".to_owned()), Axis::Stimuli, Axis::Units]);
    let rows = || Axes::new(vec![Axis::Stimuli, Axis::Units]);
    let n = reading.n_stimuli;
    match (shape.as_slice(), n) {
        ([_, _], None) => Ok((rows(), None)),
        (&[first, second], Some(n)) if first == n || second != n => {
            let doubt = (first == n && second == n && !reading.distances).then(|| {
                format!(
                    "{shown}: rows are read as stimuli and columns as units; if it is the other way round, say --axes unit,n"
                )
            });
            Ok((rows(), doubt))
        }
        ([_, _, _], None) if alone => Ok((layers(), None)),
        (&[first, second, third], Some(n))
            if alone && reads_as_layers([first, second, third], n, reading) =>
        {
            Ok((layers(), None))
        }
        (shape, Some(n)) => {
            let several = if shape.len() > 2 && !alone { " (tokens that are not pooled?)" } else { "" };
            let all = suggestions(shape, n);
            let words: Vec<String> = all.iter().map(in_words).collect();
            let what = if words.is_empty() { String::new() } else { format!(": {}?", words.join(", or ")) };
            Err(unclear(format!("is {shown} for {n} stimuli{several}{what}"), readings(shape, n, &all)))
        }
        (shape, None) => {
            let message = format!("has shape {}, which is not (n_stimuli, d)", shape_in_words(shape));
            Err(unclear(message, readings(shape, 0, &[])))
        }
    }
}

/// Whether three axes can be layers, stimuli and units alone. Where no axis has as many entries as there are stimuli, that is
/// for the fit to say.
fn reads_as_layers([first, second, third]: [usize; 3], n: usize, reading: &Reading) -> bool {
    if reading.distances && second == n && third == n {
        return true;
    }
    matches!((first == n, second == n, third == n), (false, _, false))
}

/// Readings of `shape` in which the stimuli have an axis that is as long as there are stimuli.
fn suggestions(shape: &[usize], n: usize) -> Vec<Axes> {
    let over = |name: &str| Axis::Over(name.to_owned());
    let mut all = Vec::new();
    for at in (0..shape.len()).filter(|&at| shape[at] == n) {
        let others: Vec<Vec<Axis>> = match shape.len() {
            2 => vec![vec![Axis::Units]],
            3 if at == 0 => vec![vec![over("layer"), Axis::Units], vec![Axis::Units, over("time")]],
            3 => vec![vec![over("layer"), Axis::Units], vec![Axis::Units, over("layer")]],
            _ => Vec::new(),
        };
        for mut axes in others {
            axes.insert(at, Axis::Stimuli);
            all.push(Axes::new(axes));
        }
    }
    all
}

/// `stimuli × layers × units`.
fn in_words(axes: &Axes) -> String {
    let words: Vec<String> = axes
        .as_slice()
        .iter()
        .map(|axis| match axis {
            Axis::Stimuli => "stimuli".to_owned(),
            Axis::Units => "units".to_owned(),
            Axis::Over(name) => format!("{name}s"),
        })
        .collect();
    words.join(" × ")
}

fn readings(shape: &[usize], n: usize, all: &[Axes]) -> String {
    let said: Vec<String> = all.iter().map(|axes| format!("--axes {axes}")).collect();
    match said.as_slice() {
        [] if shape.contains(&n) || n == 0 => format!(
            "say what each axis is, as in --axes n,{}unit: what is neither n nor unit is fitted one by one, and several units \
             are put side by side",
            if shape.len() > 3 { "layer,unit," } else { "layer," }
        ),
        [] => format!("no axis has {n} entries: one row per stimulus, in the same order, is what is fitted"),
        [only] => format!("say {only}"),
        several => format!(
            "say {}; what is neither n nor unit is fitted one by one, under any name",
            several.join(", or ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activations::formats::Holds;

    fn of(shape: &[usize], reading: &Reading) -> Result<(String, bool)> {
        let array = Array { name: "a".to_owned(), shape: shape.to_vec(), holds: Holds::Floats, place: None };
        axes(&array, Path::new("a.npz"), true, true, reading)
            .map(|(axes, doubt)| (axes.to_string(), doubt.is_some()))
    }

    fn n(n: usize) -> Reading {
        Reading { n_stimuli: Some(n), ..Reading::default() }
    }

    #[test]
    fn the_number_of_stimuli_settles_what_it_can() {
        let read = |shape: &[usize], n_stimuli| of(shape, &n(n_stimuli)).unwrap();
        assert_eq!(read(&[40, 8], 40), ("n,unit".to_owned(), false));
        assert_eq!(read(&[40, 40], 40), ("n,unit".to_owned(), true));
        assert_eq!(read(&[3, 40, 16], 40), ("layer,n,unit".to_owned(), false));
        let distances = Reading { distances: true, ..n(40) };
        assert_eq!(of(&[3, 40, 40], &distances).unwrap(), ("layer,n,unit".to_owned(), false));
        assert_eq!(of(&[3, 40, 40], &Reading::default()).unwrap().0, "layer,n,unit");
    }

    #[test]
    fn what_is_not_settled_is_asked_for() {
        let ask = |shape: &[usize], n_stimuli| {
            let error = of(shape, &n(n_stimuli)).unwrap_err();
            (error.to_string(), error.hint().unwrap())
        };
        let (message, hint) = ask(&[40, 3, 16], 40);
        assert_eq!(
            message,
            "a.npz: array `a` is (40, 3, 16) for 40 stimuli: stimuli × layers × units, or stimuli × units × times?"
        );
        assert!(hint.starts_with("say --axes n,layer,unit, or --axes n,unit,time"), "{hint}");
        assert!(ask(&[64, 64, 30], 64).1.contains("--axes n,unit,time, or --axes layer,n,unit"));
        assert_eq!(ask(&[12, 64], 64).1, "say --axes unit,n");
        for shape in [&[3, 40, 40][..], &[16, 3, 40], &[40, 1, 16], &[40, 3, 5, 16], &[40, 40, 40]] {
            assert!(ask(shape, 40).1.contains("--axes"), "{shape:?}");
        }
    }

    #[test]
    fn what_is_said_is_held_against_the_number_of_stimuli() {
        let said = |axes: &str| Reading { axes: Some(axes.parse().unwrap()), ..n(40) };
        assert_eq!(of(&[40, 3, 16], &said("n,layer,unit")).unwrap().0, "n,layer,unit");
        let error = of(&[40, 3, 16], &said("layer,n,unit")).unwrap_err().to_string();
        assert!(error.contains("calls n has 3 entries, where there are 40 stimuli"), "{error}");
        let error = of(&[40, 16], &said("n,layer,unit")).unwrap_err().to_string();
        assert!(error.contains("2 axes, and --axes names 3"), "{error}");
    }
}
