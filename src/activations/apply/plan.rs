//! Which layers transforms need when, and what becomes of each.

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::arithmetic::{add_noise, standardize, subtract_explained, subtract_mean, whiten};
use crate::activations::beside::{Beside, Column};
use crate::activations::by_layer::{ByLayer, Shape};
use crate::activations::error::{Error, Result};
use crate::activations::provenance::Provenance;
use crate::activations::transform::Transform;
use crate::numeric::pca::principal_scores;
use crate::progress::Progress;
use crate::text;

/// How many bytes of layers are worked on at once, where one is not larger than that.
const AT_ONCE: usize = 256 << 20;

/// What users should hear, by the transform and the layer that it is about.
type Notes = BTreeMap<(usize, usize), String>;

/// Transforms of some layers of a source: which are needed when, and what becomes of each.
pub(super) struct Plan<'a> {
    source: &'a dyn ByLayer,
    transforms: &'a [Transform],
    /// The layers that are asked for and left.
    pub(super) asked: Vec<usize>,
    /// For each place of a token side by side with others, the stimuli with the same token at the same position.
    groups: Vec<Vec<Vec<usize>>>,
    /// The columns that transforms ask for, and others.
    columns: &'a [Column],
    /// For each transform that leaves what is not linear in columns, the space of what is: `(n_stimuli, rank)`.
    spaces: Vec<Option<Array2<f64>>>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        source: &'a dyn ByLayer,
        transforms: &'a [Transform],
        layers: Option<&[usize]>,
        Beside { tokens, columns }: Beside<'a>,
    ) -> Result<Self> {
        let mut asked = Transform::layers_left(transforms, layers.unwrap_or(source.layers()));
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Err(Error::NoLayerLeft);
        }
        let needed = Transform::needed_layers(transforms, &asked);
        if let Some(&layer) = needed.iter().find(|layer| source.layers().binary_search(layer).is_err()) {
            let layers = source.layers().to_vec();
            let transform = match layer {
                _ if asked.contains(&layer) => return Err(Error::NoSuchLayer { layer, layers }),
                0 if transforms.contains(&Transform::MinusLayer0) => "minus-layer0",
                _ => "minus-previous",
            };
            return Err(Error::NoLayerBefore { layer, transform, layers });
        }
        let groups = if transforms.iter().any(Transform::needs_tokens) {
            let tokens = tokens.filter(|tokens| tokens.n_stimuli() == source.n_stimuli());
            let tokens = tokens.ok_or(Error::NoTokens)?;
            (0..tokens.n_tokens()).map(|place| tokens.groups(place)).collect()
        } else {
            Vec::new()
        };
        let n = source.n_stimuli();
        let column = |name: &String| {
            let of_all = |column: &&Column| {
                column.groups.iter().map(Vec::len).sum::<usize>() + column.without.len() == n
            };
            let found = columns.iter().filter(|column| column.name == *name).find(of_all);
            found.ok_or_else(|| Error::NoColumn {
                name: name.clone(),
                known: columns.iter().map(|column| column.name.clone()).collect(),
            })
        };
        let mut spaces = Vec::with_capacity(transforms.len());
        for transform in transforms {
            let asked = transform.columns().iter().map(column).collect::<Result<Vec<_>>>()?;
            let is_residual = matches!(transform, Transform::Residual(_));
            let degrees = asked.iter().map(|column| column.degrees()).sum::<usize>();
            let one_by_one = |column: &&Column| column.groups.len() == n;
            let no_two = |column: &&Column| column.groups.iter().all(|group| group.len() < 2);
            if matches!(transform, Transform::Whiten(_)) && asked.iter().any(no_two) {
                return Err(Error::NoRepeats { transform: transform.to_string() });
            }
            // What is done within a value cannot be done to a stimulus that has none.
            if let Transform::ZScoreBy(_) | Transform::MinusGroupMean(_) = transform
                && let Some(column) = asked.iter().find(|column| !column.without.is_empty())
            {
                let (column, rows) = (column.name.clone(), column.without.clone());
                return Err(Error::NoGroup { transform: transform.to_string(), column, rows });
            }
            let nothing = if is_residual { degrees + 1 >= n } else { asked.iter().any(one_by_one) };
            if nothing {
                return Err(Error::NothingLeft { transform: transform.to_string(), n });
            }
            spaces.push(is_residual.then(|| Column::basis(&asked, n)));
        }
        let plan = Self { source, transforms, asked, groups, columns, spaces };
        // What cannot be done is said before anything is.
        for done in 1..=transforms.len() {
            for layer in Transform::needed_layers(&transforms[done..], &plan.asked) {
                plan.width(layer, done)?;
            }
        }
        Ok(plan)
    }

    pub(super) fn provenance(&self) -> Provenance {
        let mut provenance = self.source.provenance().clone();
        provenance.transforms.extend_from_slice(self.transforms);
        provenance
    }

    pub(super) fn shape(&self) -> Result<Shape> {
        let width = |&layer: &usize| self.width(layer, self.transforms.len());
        let widths = self.asked.iter().map(width).collect::<Result<_>>()?;
        Ok(Shape { layers: self.asked.clone(), n_stimuli: self.source.n_stimuli(), widths })
    }

    /// Where a layer of the source is.
    fn index(&self, layer: usize) -> Result<usize> {
        let found = self.source.layers().binary_search(&layer);
        found.map_err(|_| Error::NoSuchLayer { layer, layers: self.source.layers().to_vec() })
    }

    /// The layer that is subtracted from `layer` by a transform, if one is.
    fn subtrahend(transform: &Transform, layer: usize) -> Option<usize> {
        match transform {
            Transform::MinusLayer0 => Some(0),
            Transform::MinusPrevious => layer.checked_sub(1),
            _ => None,
        }
    }

    /// How many units a layer has after the first `done` transforms; refuses what cannot be done.
    fn width(&self, layer: usize, done: usize) -> Result<usize> {
        let Some((transform, before)) = self.transforms[..done].split_last() else {
            return Ok(self.source.width(self.index(layer)?));
        };
        let d = self.width(layer, before.len())?;
        if let Some(other) = Self::subtrahend(transform, layer) {
            if self.source.left_out(self.index(layer)?) != self.source.left_out(self.index(other)?) {
                return Err(Error::LeftOut { layer, other });
            }
            let other_d = self.width(other, before.len())?;
            if d != other_d {
                return Err(Error::Widths { layer, d, other, other_d });
            }
        }
        match transform {
            Transform::Pca(k) => {
                let (n, k) = (self.source.n_stimuli(), *k);
                if k > n.min(d) { Err(Error::TooManyComponents { k, layer, n, d }) } else { Ok(k) }
            }
            Transform::Units(units) => match units.iter().find(|&&unit| unit >= d) {
                Some(&unit) => Err(Error::NoSuchUnit { unit, layer, d }),
                None => Ok(units.len()),
            },
            _ => Ok(d),
        }
    }

    /// Makes every layer that is asked for, some at a time, and gives each with its place among them to `visit`, in order.
    pub(super) fn each(
        &self,
        progress: &dyn Progress,
        mut visit: impl FnMut(usize, Array2<f32>) -> Result<()>,
    ) -> Result<()> {
        let widest = (0..self.source.layers().len()).map(|index| self.source.width(index)).max().unwrap_or(1);
        let bytes = self.source.n_stimuli() * widest * size_of::<f32>();
        let at_once = (AT_ONCE / bytes.max(1)).clamp(1, rayon::current_num_threads());
        let mut notes = Notes::new();
        for (group, layers) in self.asked.chunks(at_once).enumerate() {
            let made: Vec<Result<(Array2<f32>, Notes)>> = layers
                .par_iter()
                .map(|&layer| {
                    let mut notes = Notes::new();
                    Ok((self.layer(layer, self.transforms.len(), &mut notes)?, notes))
                })
                .collect();
            for (place, made) in made.into_iter().enumerate() {
                let (matrix, said) = made?;
                notes.extend(said);
                visit(group * at_once + place, matrix)?;
            }
        }
        for warning in self.alone().into_iter().chain(self.without_condition()) {
            progress.warn(&warning);
        }
        for note in notes.values() {
            progress.note(note);
        }
        Ok(())
    }

    /// A layer after the first `done` transforms. What is subtracted from it is made anew: two layers are in memory, and no more.
    fn layer(&self, layer: usize, done: usize, notes: &mut Notes) -> Result<Array2<f32>> {
        let Some((transform, before)) = self.transforms[..done].split_last() else {
            return Ok(self.source.layer(self.index(layer)?)?.into_owned());
        };
        let mut matrix = self.layer(layer, before.len(), notes)?;
        match transform {
            Transform::MinusLayer0 | Transform::MinusPrevious => match Self::subtrahend(transform, layer) {
                Some(other) if other == layer => matrix.fill(0.0),
                Some(other) => matrix -= &self.layer(other, before.len(), notes)?,
                None => {}
            },
            Transform::MinusTokenMean => {
                let width = matrix.ncols() / self.groups.len();
                for (place, groups) in self.groups.iter().enumerate() {
                    let units = place * width..(place + 1) * width;
                    for rows in groups {
                        subtract_mean(&mut matrix, rows, units.clone());
                    }
                }
            }
            Transform::ZScore => {
                let constant = standardize(&mut matrix);
                if constant > 0 {
                    let units = text::counted(constant as u128, "unit");
                    let note = format!("z-score: {units} of layer {layer} never changed and became 0");
                    notes.insert((done, layer), note);
                }
            }
            Transform::ZScoreBy(column) => {
                let mut constant = 0;
                for rows in self.groups_of(column) {
                    let mut of_group = matrix.select(Axis(0), rows);
                    constant += standardize(&mut of_group);
                    for (&row, values) in rows.iter().zip(of_group.rows()) {
                        matrix.row_mut(row).assign(&values);
                    }
                }
                if constant > 0 {
                    let units = text::counted(constant as u128, "unit");
                    let note = format!(
                        "{transform}: {units} of layer {layer} never changed within a value of {column} and became 0 there"
                    );
                    notes.insert((done, layer), note);
                }
            }
            Transform::MinusGroupMean(column) => {
                let alone = self.groups_of(column).iter().filter(|rows| rows.len() == 1).count();
                if alone > 0 {
                    let note = format!(
                        "{transform}: {alone} of the stimuli are alone with their {column}, and became 0"
                    );
                    notes.insert((done, 0), note);
                }
                for rows in self.groups_of(column) {
                    let all = 0..matrix.ncols();
                    subtract_mean(&mut matrix, rows, all);
                }
            }
            Transform::Residual(_) => {
                if let Some(space) = &self.spaces[before.len()] {
                    subtract_explained(&mut matrix, space);
                }
            }
            Transform::Whiten(column) => {
                let flat = || Error::NoNoise { transform: transform.to_string(), layer };
                matrix = whiten(&matrix, self.groups_of(column)).ok_or_else(flat)?;
            }
            Transform::Pca(k) => {
                // The numbers are finite and `k` is small enough: what is left is a failure to converge.
                matrix = principal_scores(matrix.view(), *k).ok_or(Error::NoComponents { layer })?;
            }
            Transform::Units(units) => matrix = matrix.select(Axis(1), units),
            Transform::Noise { level, seed } => add_noise(&mut matrix, *level, *seed, layer),
        }
        Ok(matrix)
    }

    /// The stimuli of each value of a column that is there.
    fn groups_of(&self, name: &str) -> &'a [Vec<usize>] {
        self.columns.iter().find(|column| column.name == name).map_or(&[], |column| &column.groups)
    }

    /// What is to be said of stimuli that are in no condition: they are whitened, and the noise is not taken from them.
    fn without_condition(&self) -> Option<String> {
        self.transforms.iter().find_map(|transform| {
            let Transform::Whiten(name) = transform else { return None };
            let column = self.columns.iter().find(|column| column.name == *name)?;
            let (without, n) = (column.without.len(), self.source.n_stimuli());
            (without > 0).then(|| {
                format!(
                    "{transform}: {} of {} stimuli {} no {name} and {} no part in the covariance of the noise; whitened by it are all",
                    text::count(without as u128),
                    text::count(n as u128),
                    if without == 1 { "has" } else { "have" },
                    if without == 1 { "takes" } else { "take" },
                )
            })
        })
    }

    /// What is to be said of tokens that have no mean but themselves.
    fn alone(&self) -> Option<String> {
        let alone: usize = self.groups.iter().flatten().filter(|rows| rows.len() == 1).count();
        (alone > 0).then(|| {
            format!(
                "minus-token-mean: {} a token at its position that no other stimulus has, and became 0",
                if self.groups.len() > 1 {
                    format!("{} of stimuli are", text::counted(alone as u128, "token"))
                } else if alone == 1 {
                    "1 stimulus has".to_owned()
                } else {
                    format!("{} stimuli have", text::count(alone as u128))
                }
            )
        })
    }
}
