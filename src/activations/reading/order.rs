//! Names in the order of their layers, or why that is not clear.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::named::{End, Named};
use crate::text;

/// How many names one message shows.
const SHOWN: usize = 12;

/// Names as layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ordered {
    /// Positions of the names, in the order of the layers, each with the number of its layer. They ascend.
    pub(super) layers: Vec<(usize, usize)>,
    /// Whether the names are what layers are called, their numbers being no more than an order.
    pub(super) labels: bool,
}

/// Why an order is not clear, and a pattern that would choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unclear {
    pub(super) why: String,
    pub(super) pattern: Option<String>,
}

fn unclear<T>(why: String) -> Result<T, Unclear> {
    Err(Unclear { why, pattern: None })
}

/// The names `names` as layers. `ordered`: whether they come in an order that somebody gave them.
pub(super) fn order(names: &[&str], ordered: bool) -> Result<Ordered, Unclear> {
    let named: Vec<Named> = names.iter().map(|name| Named::of(name)).collect();
    if let [only] = named.as_slice() {
        let number = only.layer_numbers().last().map(|&at| only.numbers[at]).filter(|number| number.counts);
        let layer = number.map_or(0, |number| number.value as usize);
        // The one array of a model is its layer, whatever it is called; a path (`sub-01/V1`) says what it is of.
        let labels = number.is_none() && names[0].contains('/');
        return Ok(Ordered { layers: vec![(0, layer)], labels });
    }
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, name) in named.iter().enumerate() {
        if !name.layer_numbers().is_empty() {
            groups.entry(name.template()).or_default().push(at);
        }
    }
    let groups: Vec<Vec<usize>> = groups.into_values().collect();
    let groups = if groups.is_empty() { modules(&named) } else { groups };
    match groups.as_slice() {
        [] => labels(names, &named, ordered),
        [group] => numbered(names, &named, group),
        several => Err(kinds(names, &named, several)),
    }
}

/// The kinds of names that are numbered, where no word says so, yet others are those of a model's two ends, or the numbers are those
/// of modules in a list: then they are layers, and no regions that are called by numbers.
fn modules(named: &[Named]) -> Vec<Vec<usize>> {
    let mut kinds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, name) in named.iter().enumerate().filter(|(_, name)| !name.numbers.is_empty()) {
        kinds.entry(name.template()).or_default().push(at);
    }
    let has_end = named.iter().any(|name| name.end().is_some());
    let counted = |kind: &Vec<usize>| kind.len() > 1 && (has_end || named[kind[0]].is_in_list());
    let mixed = kinds.values().map(Vec::len).max() != Some(named.len());
    if mixed && kinds.values().any(counted) { kinds.into_values().collect() } else { Vec::new() }
}

/// Several kinds of arrays are numbered.
fn kinds(names: &[&str], named: &[Named], groups: &[Vec<usize>]) -> Unclear {
    let mut patterns: Vec<(usize, String)> = groups
        .iter()
        .map(|group| {
            let first = group[0];
            let number = named[first].layer_numbers().first().copied().unwrap_or(0);
            (group.len(), Named::pattern(names[first], number))
        })
        .collect();
    patterns.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let shown: Vec<String> = patterns.iter().map(|(n, pattern)| format!("`{pattern}` ({n})")).collect();
    // Of TransformerLens's many, the one that transformers calls hidden states.
    let best = patterns.iter().find(|(_, pattern)| pattern.ends_with("hook_resid_post"));
    let pattern = best.or(patterns.first()).map(|(_, pattern)| pattern.clone());
    Unclear {
        why: format!("{} kinds of arrays are numbered: {}", patterns.len(), text::some(&shown, SHOWN)),
        pattern,
    }
}

/// One numbered kind, with what else there is.
fn numbered(names: &[&str], named: &[Named], group: &[usize]) -> Result<Ordered, Unclear> {
    let number = named[group[0]].layer_numbers().first().copied().unwrap_or(0);
    let pattern = Named::pattern(names[group[0]], number);
    let (sorted, counts) = sorted(names, named, group)?;
    let (mut first, mut last) = (None, None);
    for (at, name) in named.iter().enumerate().filter(|(at, _)| !group.contains(at)) {
        let place = match name.end() {
            Some(End::First) => &mut first,
            Some(End::Last) => &mut last,
            None => {
                let why = format!("`{}` has no place among {} that are numbered", names[at], group.len());
                return Err(Unclear { why, pattern: Some(pattern) });
            }
        };
        if let Some(other) = place.replace(at) {
            let why = format!("which of `{}` and `{}` comes first is not said", names[other], names[at]);
            return Err(Unclear { why, pattern: Some(pattern) });
        }
    }
    let counted = counts.is_some();
    let numbers = counts.unwrap_or_else(|| (0..sorted.len()).collect());
    let shift = usize::from(first.is_some() && numbers[0] == 0);
    let mut layers: Vec<(usize, usize)> = first.map(|at| (at, 0)).into_iter().collect();
    layers.extend(sorted.into_iter().zip(numbers.into_iter().map(|number| number + shift)));
    let end = layers.last().map_or(0, |&(_, layer)| layer + 1);
    layers.extend(last.map(|at| (at, end)));
    let labels = !counted && first.is_none() && last.is_none();
    Ok(Ordered { layers, labels })
}

/// Names with no word for layers.
fn labels(names: &[&str], named: &[Named], ordered: bool) -> Result<Ordered, Unclear> {
    let all: Vec<usize> = (0..names.len()).collect();
    let template = named[0].template();
    let alike = !named[0].numbers.is_empty() && named.iter().all(|name| name.template() == template);
    let layers = if alike {
        match sorted(names, named, &all)? {
            (sorted, Some(numbers)) => sorted.into_iter().zip(numbers).collect(),
            (sorted, None) => sorted.into_iter().zip(0..).collect(),
        }
    } else {
        let mut order = all;
        if !ordered {
            order.sort_by(|&a, &b| text::naturally(names[a], names[b]));
        }
        order.into_iter().zip(0..).collect()
    };
    Ok(Ordered { layers, labels: true })
}

/// Names that differ in numbers alone, in the order of these; and their numbers, where each has one of its own.
#[allow(clippy::type_complexity, reason = "two lists, and an absence")]
fn sorted(
    names: &[&str],
    named: &[Named],
    group: &[usize],
) -> Result<(Vec<usize>, Option<Vec<usize>>), Unclear> {
    let column = |at: usize| group.iter().map(|&name| named[name].numbers[at].value).collect::<Vec<f64>>();
    let mut varying: Vec<usize> = Vec::new();
    for at in 0..named[group[0]].numbers.len() {
        let values = column(at);
        let is_new = !varying.iter().any(|&other| column(other) == values);
        if is_new && values.iter().any(|&value| value != values[0]) {
            varying.push(at);
        }
    }
    if let Some(&at) = varying.first() {
        let values = column(at);
        let both = values.iter().any(|&v| v < 0.0) && values.iter().any(|&v| v >= 0.0);
        if both && !named[group[0]].is_of_time() {
            return unclear("their numbers count from both ends".to_owned());
        }
    }
    let key = |name: usize| varying.iter().map(move |&at| named[name].numbers[at].value);
    let compare = |a: usize, b: usize| {
        key(a)
            .zip(key(b))
            .map(|(a, b)| a.total_cmp(&b))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    let mut order = group.to_vec();
    order.sort_by(|&a, &b| compare(a, b));
    if let Some(pair) = order.windows(2).find(|pair| compare(pair[0], pair[1]).is_eq()) {
        return unclear(format!("`{}` and `{}` have the same number", names[pair[0]], names[pair[1]]));
    }
    let numbers = match varying.as_slice() {
        [at] if order.iter().all(|&name| named[name].numbers[*at].counts) => {
            Some(order.iter().map(|&name| named[name].numbers[*at].value as usize).collect())
        }
        [] => named[order[0]]
            .layer_numbers()
            .last()
            .map(|&at| named[order[0]].numbers[at])
            .filter(|number| number.counts)
            .map(|number| vec![number.value as usize]),
        _ => None,
    };
    Ok((order, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in the order of their layers, with the numbers of these.
    fn of(names: &[&str]) -> Vec<(String, usize)> {
        let ordered = order(names, true).unwrap();
        ordered.layers.iter().map(|&(at, layer)| (names[at].to_owned(), layer)).collect()
    }

    fn expect(names: &[&str], expected: &[(&str, usize)]) {
        let expected: Vec<_> = expected.iter().map(|&(name, layer)| (name.to_owned(), layer)).collect();
        assert_eq!(of(names), expected);
    }

    #[test]
    fn numbers_are_layers_wherever_they_stand() {
        expect(&["layer.10", "layer.9", "layer.0"], &[("layer.0", 0), ("layer.9", 9), ("layer.10", 10)]);
        expect(&["arr_1", "arr_0"], &[("arr_0", 0), ("arr_1", 1)]);
        expect(
            &["blocks.10.hook_resid_post", "blocks.2.hook_resid_post"],
            &[("blocks.2.hook_resid_post", 2), ("blocks.10.hook_resid_post", 10)],
        );
        expect(
            &["gpt2_layer_10_hidden", "gpt2_layer_2_hidden"],
            &[("gpt2_layer_2_hidden", 2), ("gpt2_layer_10_hidden", 10)],
        );
        expect(&["layer3_of_3", "layer2_of_3"], &[("layer2_of_3", 2), ("layer3_of_3", 3)]);
        assert!(!order(&["layer.1", "layer.0"], true).unwrap().labels);
        expect(&["layer.5"], &[("layer.5", 5)]);
        expect(&["gpt2"], &[("gpt2", 0)]);
    }

    #[test]
    fn an_embedding_comes_first_and_a_norm_last() {
        expect(
            &["layers.1", "norm", "token_embedding", "layers.0"],
            &[("token_embedding", 0), ("layers.0", 1), ("layers.1", 2), ("norm", 3)],
        );
        expect(&["embeddings", "layer.1", "layer.2"], &[("embeddings", 0), ("layer.1", 1), ("layer.2", 2)]);
        let why = |names: &[&str]| order(names, true).unwrap_err().why;
        assert!(why(&["hook_embed", "wte", "h.0", "h.1"]).contains("which of `hook_embed` and `wte`"));
        assert!(why(&["pooled", "h.0", "h.1"]).contains("`pooled` has no place among 2"));
    }

    #[test]
    fn negative_keys_count_from_the_end() {
        expect(&["-1", "-2", "-10"], &[("-10", 0), ("-2", 1), ("-1", 2)]);
        assert!(order(&["-1", "-2"], true).unwrap().labels);
        assert!(order(&["0", "1", "-1"], true).unwrap_err().why.contains("both ends"));
    }

    #[test]
    fn one_path_is_a_label_and_one_name_is_a_layer() {
        assert!(order(&["sub-01/V1"], true).unwrap().labels);
        assert!(!order(&["activations"], true).unwrap().labels);
        assert_eq!(order(&["model/layer.3"], true).unwrap(), Ordered { layers: vec![(0, 3)], labels: false });
    }

    #[test]
    fn names_without_layers_are_labels() {
        expect(&["V1", "V4", "IT"], &[("V1", 0), ("V4", 1), ("IT", 2)]);
        expect(&["V4", "V1"], &[("V1", 1), ("V4", 4)]);
        expect(&["100-200ms", "0-100ms"], &[("0-100ms", 0), ("100-200ms", 1)]);
        expect(&["t=0.15", "t=-0.1", "t=0.2"], &[("t=-0.1", 0), ("t=0.15", 1), ("t=0.2", 2)]);
        let unordered = order(&["fc6", "conv10", "conv2"], false).unwrap();
        assert_eq!(unordered.layers, [(2, 0), (1, 1), (0, 2)]);
        assert!(unordered.labels);
    }

    #[test]
    fn modules_in_a_list_are_no_regions() {
        let unclear = |names: &[&str]| order(names, false).unwrap_err().why;
        let of_clip = ["visual.conv1", "visual.resblocks.0", "visual.resblocks.1", "visual.ln_post"];
        assert!(unclear(&of_clip).starts_with("2 kinds of arrays are numbered"));
        expect(
            &["visual.ln_post", "visual.resblocks.1", "visual.resblocks.0"],
            &[("visual.resblocks.0", 0), ("visual.resblocks.1", 1), ("visual.ln_post", 2)],
        );
        expect(&["wte", "cell2", "cell1"], &[("wte", 0), ("cell1", 1), ("cell2", 2)]);
        assert!(
            unclear(&["net.trunk.0", "net.trunk.1", "net.stem"]).contains("`net.stem` has no place among 2")
        );
        expect(&["lh.V1", "lh.V2", "lh.IT"], &[("lh.V1", 0), ("lh.V2", 1), ("lh.IT", 2)]);
    }

    #[test]
    fn what_is_not_clear_is_said() {
        let error = order(&["blocks.0.hook_resid_pre", "blocks.0.hook_resid_post"], true).unwrap_err();
        assert!(error.why.starts_with("2 kinds of arrays are numbered"), "{}", error.why);
        assert_eq!(error.pattern.unwrap(), "blocks.*.hook_resid_post");
        assert!(order(&["layer_1", "layer_01"], true).unwrap_err().why.contains("the same number"));
    }

    #[test]
    fn several_numbers_are_an_order_and_the_names_labels() {
        let names = ["h.1.head.0", "h.0.head.10", "h.0.head.2"];
        let ordered = order(&names, true).unwrap();
        assert_eq!(ordered.layers, [(2, 0), (1, 1), (0, 2)]);
        assert!(ordered.labels);
    }
}
