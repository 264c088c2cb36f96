//! Every layer: of which array of the file, at which place of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::axes::axes;
use super::choose::{Chosen, choose};
use super::options::{Axes, Axis, Reading};
use crate::activations::error::{Error, Result};
use crate::activations::formats::{Contents, Holds};
use crate::text;

/// The most layers of a file. A shape of nothing may promise any number.
const MOST: usize = 1 << 20;
/// How many names one message shows.
const SHOWN: usize = 8;

/// A layer of a file.
#[derive(Debug, Clone)]
pub(in crate::activations) struct Slot {
    pub(in crate::activations) layer: usize,
    /// Its array, by its position in the file.
    pub(in crate::activations) array: usize,
    /// The entries of the axes of the array that are fitted one by one, in their order.
    pub(in crate::activations) at: Vec<usize>,
    /// What it is of the array, as Python has it: `name`, `name[:, 3]`.
    pub(in crate::activations) name: String,
    /// What the layer is called, if it has more than a number.
    pub(in crate::activations) label: Option<String>,
}

impl Slot {
    /// Whether its name says its number and no more, as in the files that are written here.
    pub(in crate::activations) fn is_plain(&self) -> bool {
        self.name == format!("layer.{}", self.layer)
            || self.name == format!("[{}]", self.layer)
            || self.name.is_empty()
    }
}

/// The layers of a file, and what was found on the way.
pub(in crate::activations) struct Layout {
    pub(in crate::activations) slots: Vec<Slot>,
    /// The axes of each array that is a layer.
    pub(in crate::activations) axes: BTreeMap<usize, Axes>,
    /// What to say of it.
    pub(in crate::activations) notes: Vec<String>,
    /// What to warn of.
    pub(in crate::activations) warnings: Vec<String>,
}

/// The layers of `contents`, the file at `path`.
pub(in crate::activations) fn slots(contents: &Contents, path: &Path, reading: &Reading) -> Result<Layout> {
    let Chosen { mut layers, mut labels, left_out } = choose(contents, path, reading)?;
    // What a file of one array is called numbers no layer: `run-2.npy` is the second recording.
    if !contents.named {
        for (_, layer) in &mut layers {
            *layer = 0;
        }
        labels = false;
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut layout =
        Layout { slots: Vec::new(), axes: BTreeMap::new(), notes: Vec::new(), warnings: Vec::new() };
    if !left_out.is_empty() {
        layout.notes.push(format!(
            "{file}: left out, as no layer: {}; --arrays chooses others",
            text::some(&left_out, SHOWN)
        ));
    }
    let alone = layers.len() == 1;
    let mut doubts = Vec::new();
    for &(array, layer) in &layers {
        let of = &contents.arrays[array];
        let (found, doubt) = axes(of, path, contents.named, alone, reading)?;
        doubts.extend(doubt);
        each(
            &mut layout,
            &found,
            (&of.name, &of.shape, array, layer),
            (alone, labels, contents.named),
            path,
        )?;
        layout.axes.insert(array, found);
    }
    // Several arrays of several layers each are counted through.
    if !layout.slots.is_sorted_by(|a, b| a.layer < b.layer) || (!alone && layers.len() < layout.slots.len()) {
        layout.slots.iter_mut().enumerate().for_each(|(place, slot)| slot.layer = place);
    }
    doubts.dedup();
    layout.warnings.extend(doubts.into_iter().take(1).map(|doubt| format!("{file}: {doubt}")));
    let whole: Vec<&str> = layers
        .iter()
        .filter(|(array, _)| contents.arrays[*array].holds != Holds::Floats)
        .map(|(array, _)| contents.arrays[*array].name.as_str())
        .collect();
    if !whole.is_empty() {
        let all = if whole.len() == layers.len() {
            String::new()
        } else {
            format!(" ({})", text::some(&whole, SHOWN))
        };
        layout.warnings.push(format!(
            "{file} holds whole numbers or true and false, no floats{all}: they are read as numbers; leave them out with \
             --arrays if they are ids or labels"
        ));
    }
    if own_names(&mut layout.slots, &contents.provenance.labels) {
        return Ok(layout);
    }
    layout.notes.extend(mapping(&layout.slots, contents).map(|mapping| format!("{file}: {mapping}")));
    Ok(layout)
}

/// Gives each of `slots` the number that its name has in a file that was written here, if all of them have one.
fn own_names(slots: &mut [Slot], labels: &BTreeMap<usize, String>) -> bool {
    let number =
        |slot: &Slot| labels.iter().find(|(_, label)| **label == slot.name).map(|(&number, _)| number);
    let Some(numbers) = slots.iter().map(number).collect::<Option<Vec<usize>>>() else { return false };
    for (slot, number) in slots.iter_mut().zip(numbers) {
        (slot.layer, slot.label) = (number, Some(slot.name.clone()));
    }
    slots.sort_by_key(|slot| slot.layer);
    !slots.is_empty()
}

/// Adds the layers of one array.
fn each(
    layout: &mut Layout,
    axes: &Axes,
    (name, shape, array, layer): (&str, &[usize], usize, usize),
    (alone, labels, named): (bool, bool, bool),
    path: &Path,
) -> Result<()> {
    let over: Vec<(usize, &str)> = axes
        .as_slice()
        .iter()
        .enumerate()
        .filter_map(|(at, axis)| if let Axis::Over(name) = axis { Some((at, name.as_str())) } else { None })
        .collect();
    let sizes: Vec<usize> = over.iter().map(|&(at, _)| shape[at]).collect();
    let count = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    let count = count.filter(|&count| count <= MOST).ok_or_else(|| Error::Format {
        path: path.to_owned(),
        message: format!("shape {shape:?} would be more than {} layers", text::count(MOST as u128)),
    })?;
    for index in 0..count {
        let mut rest = index;
        let mut at = vec![0; sizes.len()];
        for (place, &size) in sizes.iter().enumerate().rev() {
            at[place] = rest % size;
            rest /= size;
        }
        let places: Vec<String> =
            over.iter().zip(&at).map(|((_, name), at)| format!("{name} {at}")).collect();
        let is_layers = matches!(over.as_slice(), [(_, "layer")]);
        let label = match (alone, over.is_empty()) {
            (_, true) => labels.then(|| name.to_owned()),
            (true, false) if is_layers => None,
            (true, false) => Some(places.join(", ")),
            (false, false) => Some(format!("{name}, {}", places.join(", "))),
        };
        let layer = if over.is_empty() { layer } else { index };
        let shown = if named { name } else { "" };
        layout.slots.push(Slot { layer, array, name: python(shown, &over, &at), at, label });
    }
    Ok(())
}

/// `name[:, 3]`.
fn python(name: &str, over: &[(usize, &str)], at: &[usize]) -> String {
    let Some(&(last, _)) = over.last() else { return name.to_owned() };
    let part = |axis: usize| match over.iter().position(|&(other, _)| other == axis) {
        Some(place) => at[place].to_string(),
        None => ":".to_owned(),
    };
    let parts: Vec<String> = (0..=last).map(part).collect();
    format!("{name}[{}]", parts.join(", "))
}

/// Which layer is which array, where that says more than the names do.
fn mapping(slots: &[Slot], contents: &Contents) -> Option<String> {
    if slots.iter().all(Slot::is_plain) || (slots.len() == 1 && !contents.named) {
        return None;
    }
    let shown: Vec<String> =
        slots.iter().map(|slot| format!("layer {} is `{}`", slot.layer, slot.name)).collect();
    Some(match shown.as_slice() {
        [first @ .., last] if first.len() > SHOWN => {
            format!("{}, …, {last}", first[..SHOWN - 1].join(", "))
        }
        all => all.join(", "),
    })
}
