//! Which arrays of a file are layers, in which order, and what the others are.

use std::path::Path;

use super::named::Named;
use super::options::Reading;
use super::order::{Ordered, Unclear, order};
use crate::activations::error::{Error, Result};
use crate::activations::formats::{Array, Contents, Holds};
use crate::text;

/// How many names one message shows.
const SHOWN: usize = 16;

/// Names of what goes with activations and is none.
const BESIDE: [&str; 44] = [
    "input_ids",
    "token_ids",
    "tokens",
    "token",
    "token_type_ids",
    "segment_ids",
    "position_ids",
    "attention_mask",
    "mask",
    "masks",
    "padding_mask",
    "labels",
    "label",
    "y",
    "target",
    "targets",
    "ids",
    "id",
    "idx",
    "index",
    "indices",
    "lengths",
    "length",
    "offsets",
    "offset_mapping",
    "layer_names",
    "layers_names",
    "names",
    "layer_ids",
    "sentences",
    "sentence",
    "words",
    "texts",
    "folds",
    "fold",
    "split",
    "subject",
    "subjects",
    "session",
    "sessions",
    "onsets",
    "events",
    "conditions",
    "condition",
];
/// How such names end.
const BESIDE_ENDS: [&str; 6] = ["_ids", "_mask", "_labels", "_names", "_idx", "_indices"];

/// The arrays that are layers.
#[derive(Debug)]
pub(super) struct Chosen {
    /// Their positions in the file, in the order of the layers, each with the number of its layer.
    pub(super) layers: Vec<(usize, usize)>,
    /// Whether their names are what the layers are called.
    pub(super) labels: bool,
    /// What is left out, and why.
    pub(super) left_out: Vec<String>,
}

/// The arrays of `contents`, the file at `path`, that are layers.
pub(super) fn choose(contents: &Contents, path: &Path, reading: &Reading) -> Result<Chosen> {
    if !reading.arrays.is_empty() {
        return by_patterns(contents, path, reading);
    }
    if let Some(error) = one_per_stimulus(contents, path, reading) {
        return Err(error);
    }
    let (kept, mut left_out) = kept(&contents.arrays, contents.named, reading);
    left_out.extend(contents.others.iter().map(|name| format!("`{name}` (no array)")));
    if kept.is_empty() {
        let message = match left_out.as_slice() {
            [] => "there is no array in it".to_owned(),
            all => format!("no array in it is of stimuli × units: {}", text::some(all, SHOWN)),
        };
        let remedy = "each layer is an array of (stimuli, units); if one of these is meant, choose it with --arrays NAME; the upper \
                      triangle of distances (pdist) takes --distance precomputed";
        return Err(unclear(path, message, remedy.to_owned()));
    }
    let names: Vec<&str> = kept.iter().map(|&at| contents.arrays[at].name.as_str()).collect();
    let Ordered { layers, labels } =
        order(&names, contents.ordered).map_err(|unclear| not_ordered(path, &names, unclear))?;
    let layers = layers.into_iter().map(|(name, layer)| (kept[name], layer)).collect();
    Ok(Chosen { layers, labels, left_out })
}

/// The error for a file with an array for each stimulus, as a loop over sentences leaves it; none where some array has a row for each.
fn one_per_stimulus(contents: &Contents, path: &Path, reading: &Reading) -> Option<Error> {
    let n = reading.n_stimuli.filter(|&n| n > 1 && reading.axes.is_none())?;
    let numbers: Vec<&Array> = contents
        .arrays
        .iter()
        .filter(|array| !matches!(array.holds, Holds::Other(_)) && (1..=3).contains(&array.shape.len()))
        .collect();
    let is_one = |array: &&Array| array.shape.len() < 3 || array.shape[0] == 1;
    let each = !numbers.is_empty() && numbers.len().is_multiple_of(n) && numbers.iter().all(is_one);
    // A sentence of n tokens has n rows, too; few have.
    let rows = numbers.iter().filter(|array| array.shape.contains(&n)).count();
    if !each || rows * 4 > numbers.len() {
        return None;
    }
    let first = numbers.first()?;
    let pooled = if first.shape.len() == 1 { "x" } else { "x.reshape(-1, x.shape[-1]).mean(0)" };
    let times = if numbers.len() == n { String::new() } else { format!(" ({} for each)", numbers.len() / n) };
    Some(unclear(
        path,
        format!(
            "{} arrays for {n} stimuli{times}, the first of them `{}` of {}: an array for each stimulus? A layer has {n} rows",
            numbers.len(),
            first.name,
            first.shape_in_words()
        ),
        format!(
            "a layer is one array of all stimuli: in Python, np.stack([{pooled} for x in arrays of the layer]){}, and np.savez of \
             these, under the names of the layers",
            if first.shape.len() == 1 { "" } else { " (the mean over tokens; x[-1] is the last)" }
        ),
    ))
}

/// The arrays that may be layers, and what the others are.
fn kept(arrays: &[Array], named: bool, reading: &Reading) -> (Vec<usize>, Vec<String>) {
    let is_layer = |array: &Array| !named || !Named::of(&array.name).layer_numbers().is_empty();
    let is_end = |array: &Array| Named::of(&array.name).end().is_some();
    let why_not = |array: &Array| -> Option<String> {
        let shape = array.shape_in_words();
        match &array.holds {
            Holds::Other(what) => return Some(what.clone()),
            _ if array.shape.len() < 2 => return Some(shape),
            _ if named && is_beside(&array.name) => return Some(format!("by its name; {shape}")),
            _ => {}
        }
        (array.shape.len() == 2 && array.shape[1] == 1 && !is_layer(array)).then_some(shape)
    };
    let mut left_out = Vec::new();
    let mut kept = Vec::new();
    for (at, array) in arrays.iter().enumerate() {
        match why_not(array) {
            Some(why) => left_out.push(format!("`{}` ({why})", array.name)),
            None => kept.push(at),
        }
    }
    // Next to layers of floats, whole numbers of another name are no layer; nor is what has no row per stimulus.
    let floats = kept.iter().any(|&at| arrays[at].holds == Holds::Floats);
    let rows = |array: &Array| {
        let n = reading.n_stimuli.filter(|_| array.shape.len() == 2 && reading.axes.is_none());
        n.is_none_or(|n| array.shape.contains(&n))
    };
    let fitting = kept.iter().any(|&at| rows(&arrays[at]));
    kept.retain(|&at| {
        let array = &arrays[at];
        if is_layer(array) {
            return true;
        }
        let why = if floats && array.holds != Holds::Floats {
            "whole numbers beside floats".to_owned()
        } else if fitting && !rows(array) && !is_end(array) {
            format!("{} has no row per stimulus", array.shape_in_words())
        } else if reading.axes.as_ref().is_some_and(|axes| axes.as_slice().len() != array.shape.len()) {
            format!("{} has other axes than --axes", array.shape_in_words())
        } else {
            return true;
        };
        left_out.push(format!("`{}` ({why})", array.name));
        false
    });
    (kept, left_out)
}

fn is_beside(name: &str) -> bool {
    let name = name.to_lowercase();
    let last = name.rsplit(['.', '/']).next().unwrap_or_default();
    BESIDE.contains(&last) || BESIDE_ENDS.iter().any(|end| last.ends_with(end))
}

/// The arrays that the user's patterns name, in the order of these.
fn by_patterns(contents: &Contents, path: &Path, reading: &Reading) -> Result<Chosen> {
    let names: Vec<&str> = contents.arrays.iter().map(|array| array.name.as_str()).collect();
    let mut layers = Vec::new();
    let mut taken: Vec<usize> = Vec::new();
    let mut labels = true;
    for pattern in &reading.arrays {
        let found: Vec<usize> = (0..names.len())
            .filter(|at| !taken.contains(at) && (names[*at] == pattern || matches(pattern, names[*at])))
            .collect();
        if found.is_empty() {
            let message = format!("no array is called `{pattern}`");
            let remedy = format!("the arrays are {}", text::some(&quoted(&names), SHOWN));
            return Err(unclear(path, message, remedy));
        }
        if let Some(&wrong) = found.iter().find(|&&at| {
            matches!(contents.arrays[at].holds, Holds::Other(_)) || contents.arrays[at].shape.len() < 2
        }) {
            let array = &contents.arrays[wrong];
            let what = match &array.holds {
                Holds::Other(what) => format!("holds {what}"),
                _ => format!("has shape {}", array.shape_in_words()),
            };
            let message = format!("array `{}` {what}, and cannot be fitted", array.name);
            return Err(unclear(
                path,
                message,
                "each layer is an array of numbers, (stimuli, units)".to_owned(),
            ));
        }
        let shown: Vec<&str> = found.iter().map(|&at| names[at]).collect();
        let ordered =
            order(&shown, contents.ordered).map_err(|unclear| not_ordered(path, &shown, unclear))?;
        labels &= ordered.labels;
        layers.extend(ordered.layers.into_iter().map(|(name, layer)| (found[name], layer)));
        taken.extend(found);
    }
    if reading.arrays.len() > 1 {
        // The order is the user's.
        for (place, (_, layer)) in layers.iter_mut().enumerate() {
            *layer = place;
        }
    }
    Ok(Chosen { layers, labels, left_out: Vec::new() })
}

/// The positions of `names` in the order of their layers, with the numbers of these.
pub(in crate::activations) fn in_order(names: &[String], path: &Path) -> Result<Vec<(usize, usize)>> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(order(&names, true).map_err(|unclear| not_ordered(path, &names, unclear))?.layers)
}

/// Which layers arrays called `names` are, in their order, wherever they are held: positions in `names` in the order of the layers,
/// each with the number of its layer; and whether the names are what layers are called, their numbers being no more than an order
/// (regions of a brain, windows of time). As in files: `blocks.3.hook_resid_post` is layer 3.
///
/// # Errors
///
/// [`Error::Names`]: which name is which layer is not clear.
pub fn layers_of(names: &[String]) -> Result<(Vec<(usize, usize)>, bool)> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Ordered { layers, labels } = order(&names, true).map_err(|Unclear { why, .. }| Error::Names {
        message: format!("{why}; the names are {}", text::some(&quoted(&names), SHOWN)),
    })?;
    Ok((layers, labels))
}

/// Whether `name` is as `pattern` says, in which `*` is any text and `?` any character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last star was, and what it takes so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|&c| c == '?' || c == name[n]) {
            p += 1;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

fn unclear(path: &Path, message: String, remedy: String) -> Error {
    Error::Unclear { path: path.to_owned(), message, remedy }
}

fn not_ordered(path: &Path, names: &[&str], Unclear { why, pattern }: Unclear) -> Error {
    let message = format!(
        "which array is which layer is not clear: {why}; the arrays are {}",
        text::some(&quoted(names), SHOWN)
    );
    let choose = match pattern {
        Some(pattern) => format!("choose with --arrays '{pattern}', or "),
        None => String::new(),
    };
    unclear(
        path,
        message,
        format!(
            "{choose}give them in the order of the layers: --arrays A,B,… (a pattern such as 'layer.*' each)"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_any_text() {
        for (pattern, name, expected) in [
            ("blocks.*.hook_resid_post", "blocks.10.hook_resid_post", true),
            ("blocks.*.hook_resid_post", "blocks.10.hook_resid_pre", false),
            ("*", "", true),
            ("a?c*", "abc", true),
            ("*b*b", "abbbab", true),
            ("a", "b", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_beside_layers_is_known_by_name() {
        for name in ["input_ids", "Attention_Mask", "batch.labels", "special_tokens_mask", "layer_names"] {
            assert!(is_beside(name), "{name}");
        }
        for name in ["layer.3", "h.3.output", "V1", "hidden"] {
            assert!(!is_beside(name), "{name}");
        }
    }
}
