//! What can be wrong with activations.

use std::path::{Path, PathBuf};

use crate::{files, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with activations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// There is no matrix at all.
    #[error("no layer of activations")]
    NoLayers,
    /// There are not as many matrices as layers, or the layers do not ascend.
    #[error("{matrices} matrices for layers {layers:?}, which should ascend, one each")]
    Layers {
        /// The layers.
        layers: Vec<usize>,
        /// How many matrices.
        matrices: usize,
    },
    /// A layer that was asked for is not there.
    #[error("there is no layer {layer}")]
    NoSuchLayer {
        /// Which layer.
        layer: usize,
        /// The layers there are.
        layers: Vec<usize>,
    },
    /// A layer has another number of rows than the first.
    #[error("layer {layer} has {found} rows, but layer {first} has {expected}")]
    RowCounts {
        /// Which layer.
        layer: usize,
        /// Its rows.
        found: usize,
        /// The layer it is compared with.
        first: usize,
        /// The rows of that one.
        expected: usize,
    },
    /// A mean is to be taken over a stimulus that is not there, or over none.
    #[error("a mean over {} of {n} stimuli", stimulus.map_or("none".to_owned(), |stimulus| format!("stimulus {stimulus}")))]
    NoSuchStimulus {
        /// Which one, from 0; `None` where a group is empty.
        stimulus: Option<usize>,
        /// How many there are.
        n: usize,
    },
    /// A transform asks for a column that the stimuli do not have.
    #[error("the stimuli have no column `{name}`, which a transform asks for")]
    NoColumn {
        /// The column.
        name: String,
        /// The columns there are.
        known: Vec<String>,
    },
    /// A transform would leave nothing: its columns tell the stimuli apart one by one.
    #[error("{transform} leaves nothing: by the values of its columns, {n} stimuli are explained one by one")]
    NothingLeft {
        /// Which transform.
        transform: String,
        /// How many stimuli there are.
        n: usize,
    },
    /// The noise is what differs among stimuli of one value, and there are no two of any.
    #[error(
        "{transform} (of --transform, or --noise-from): no two stimuli have the same value, so that there is no noise to whiten by"
    )]
    NoRepeats {
        /// Which transform.
        transform: String,
    },
    /// Something is done within each value of a column, and stimuli have none.
    #[error("{transform}: column `{column}` is empty for {}: {}", text::counted(rows.len() as u128, "row"),
        text::some(&rows.iter().map(ToString::to_string).collect::<Vec<_>>(), 10))]
    NoGroup {
        /// Which transform.
        transform: String,
        /// The column.
        column: String,
        /// The rows, from 0.
        rows: Vec<usize>,
    },
    /// The noise has no covariance that could be inverted.
    #[error(
        "{transform} (of --transform, or --noise-from): at layer {layer} the noise has no covariance that can be inverted"
    )]
    NoNoise {
        /// Which transform.
        transform: String,
        /// Which layer.
        layer: usize,
    },
    /// Two conditions were not measured together often enough for a cross-validated distance.
    #[error("conditions {a} and {b} have fewer than two partitions in common")]
    Unshared {
        /// A condition, from 0.
        a: usize,
        /// Another.
        b: usize,
    },
    /// A matrix without rows or columns.
    #[error("layer {layer} is empty: {rows} stimuli × {columns} units")]
    Empty {
        /// Which layer.
        layer: usize,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
    },
    /// A value that is NaN or infinite.
    #[error("layer {layer}, stimulus {stimulus}: unit {unit} is {value}{}", if *on_diagonal { ", on the diagonal of a square matrix" } else { "" })]
    NotFinite {
        /// Which layer.
        layer: usize,
        /// Which stimulus, from 1.
        stimulus: usize,
        /// Which unit, from 0.
        unit: usize,
        /// The value.
        value: f32,
        /// Whether the matrix is square and this stands on its diagonal, as in matrices of distances.
        on_diagonal: bool,
    },
    /// A file that is not what its name says, or holds something else than activations.
    #[error("{}: {message}", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file of which it is not clear which array is which layer, or what an axis is.
    #[error("{}: {message}", path.display())]
    Unclear {
        /// Which file.
        path: PathBuf,
        /// What is not clear.
        message: String,
        /// How it can be said.
        remedy: String,
    },
    /// Names of which it is not clear which layers they are.
    #[error("which name is which layer is not clear: {message}")]
    Names {
        /// What is not clear, and the names.
        message: String,
    },
    /// Units that are left out of one layer and not of another, one of which should be subtracted from the other.
    #[error("layers {layer} and {other} do not have the same units: other ones are NaN for every stimulus")]
    LeftOut {
        /// Which layer.
        layer: usize,
        /// The layer to subtract.
        other: usize,
    },
    /// A file whose ending is none of the formats.
    #[error("{}: the ending says no format of activations", path.display())]
    UnknownFormat {
        /// Which file.
        path: PathBuf,
    },
    /// A transform that does not exist.
    #[error("no transform is called `{name}`")]
    UnknownTransform {
        /// The name.
        name: String,
        /// What may be meant.
        remedy: String,
    },
    /// A transform needs a layer that is not there.
    #[error("{transform} needs layer {layer}, which is not there")]
    NoLayerBefore {
        /// Which layer.
        layer: usize,
        /// Which transform.
        transform: &'static str,
        /// The layers there are.
        layers: Vec<usize>,
    },
    /// Every layer that was asked for is left out by the transforms.
    #[error("minus-layer0 leaves nothing of layer 0, and no other layer was asked for")]
    NoLayerLeft,
    /// Layers of different sizes, one of which should be subtracted from the other.
    #[error(
        "layer {layer} has {d} units and layer {other} has {other_d}: one cannot be subtracted from the other"
    )]
    Widths {
        /// Which layer.
        layer: usize,
        /// Its units.
        d: usize,
        /// The layer to subtract.
        other: usize,
        /// The units of that one.
        other_d: usize,
    },
    /// It is not known which single token each vector is of.
    #[error("minus-token-mean needs to know which token each vector is of")]
    NoTokens,
    /// More principal components than there are stimuli or units.
    #[error("pca:{k} of layer {layer}: there are {} stimuli and {}", n, text::counted(*d as u128, "unit"))]
    TooManyComponents {
        /// How many were asked for.
        k: usize,
        /// Of which layer.
        layer: usize,
        /// How many stimuli there are.
        n: usize,
        /// How many units.
        d: usize,
    },
    /// Principal components that could not be found.
    #[error("the principal components of layer {layer} could not be found")]
    NoComponents {
        /// Of which layer.
        layer: usize,
    },
    /// A unit that a layer does not have.
    #[error("layer {layer} has no unit {unit}: it has units 0 to {}", d - 1)]
    NoSuchUnit {
        /// Which unit.
        unit: usize,
        /// Which layer.
        layer: usize,
        /// How many units it has.
        d: usize,
    },
    /// Activations that are no repeat of others.
    #[error("{message}")]
    NotARepeat {
        /// What differs.
        message: String,
    },
    /// A pooling that does not exist.
    #[error("no pooling is called `{name}`")]
    UnknownPooling {
        /// The name.
        name: String,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Files(error) => return error.hint(),
            Self::NotFinite { on_diagonal: true, .. } => {
                "if these are distances (--distance precomputed), that of a stimulus to itself is 0: numpy.fill_diagonal(d, 0); \
                 else leave out the stimulus or the unit"
                    .to_owned()
            }
            Self::NotFinite { .. } => {
                "leave out the stimulus, or the unit with --units; or find out where the recording or the model overflows"
                    .to_owned()
            }
            Self::NoSuchLayer { layers, .. } => {
                let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
                format!("the layers are {}", text::join_and(&layers))
            }
            Self::NoLayerBefore { layers, .. } => {
                let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
                format!("the layers are {}; give it activations that have the layer too", text::join_and(&layers))
            }
            Self::UnknownTransform { remedy, .. } | Self::Unclear { remedy, .. } => remedy.clone(),
            Self::Names { .. } => "give layers of one kind alone, or give their numbers in the place of names".to_owned(),
            Self::LeftOut { .. } => "leave the same units out of all layers with --units".to_owned(),
            Self::Widths { .. } | Self::NoSuchUnit { .. } => {
                "choose layers of the same size with --layers, or units that all of them have with --units".to_owned()
            }
            Self::NoGroup { column, .. } => {
                format!("give every row a value in `{column}`, or take the rows out of the table and of the activations")
            }
            Self::NoRepeats { .. } => "name the column of what was repeated: a condition, a stimulus".to_owned(),
            Self::NoNoise { .. } => {
                "stimuli of one value must differ in their activations, and in more than a few units: take single recordings and no \
                 means of them, or leave out constant units with --units"
                    .to_owned()
            }
            Self::NothingLeft { .. } => "name a column that several stimuli have in common".to_owned(),
            Self::NoColumn { name, known } => {
                let near = text::near_matches(name, known.iter().map(String::as_str));
                match near.as_slice() {
                    [] if known.is_empty() => "give stimuli that have it".to_owned(),
                    [] => format!("the columns are {}", text::some(known, 10)),
                    near => format!("did you mean {}?", near.join(" or ")),
                }
            }
            Self::Unshared { .. } => "measure all conditions in two partitions or more, or leave some out".to_owned(),
            Self::NoTokens => {
                "take the activations of single tokens: --pool first, --pool last or --at a slot of one token, in \
                 `probe extract` or `probe run`"
                    .to_owned()
            }
            Self::TooManyComponents { n, d, .. } => format!("ask for at most {}", n.min(d)),
            Self::NotARepeat { .. } => {
                "repeats are recordings of the same stimuli, in the same order, at the same layers and units".to_owned()
            }
            Self::NoSuchStimulus { .. } => "stimuli are counted from 0".to_owned(),
            Self::RowCounts { .. } => "every layer needs one row per stimulus, in the same order".to_owned(),
            Self::Format { .. } => {
                "arrays are (n_stimuli, d) each, or a single one of (n_layers, n_stimuli, d), of real numbers"
                    .to_owned()
            }
            Self::UnknownFormat { path } => conversion(path),
            Self::UnknownPooling { .. } => "use mean, max, min, first, last or none".to_owned(),
            Self::NoLayerLeft => "subtracted from itself, layer 0 is nothing: ask for others with --layers".to_owned(),
            Self::NoLayers
            | Self::Layers { .. } | Self::Empty { .. } | Self::NoComponents { .. } => return None,
        })
    }
}

/// What to do about a file of another format.
fn conversion(path: &Path) -> String {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let with = |how: &str| format!("save it as .npz in Python: {how}");
    match ending.as_str() {
        "h5" | "hdf5" | "hdf" => with(&format!(
            "`import h5py, numpy; f = h5py.File(\"{name}\")`, then `numpy.savez(\"a.npz\", **{{k: v[:] for k, v in f.items()}})` for an \
             array per layer, or `numpy.save(\"a.npy\", numpy.stack([f[k][:].mean(1) for k in sorted((k for k in f if k.isdigit()), \
             key=int)], 1))` for NeuroX's (layers, tokens, units) per sentence, the mean over its tokens"
        )),
        "mat" => with(&format!(
            "`numpy.savez(\"a.npz\", **{{k: v for k, v in scipy.io.loadmat(\"{name}\").items() if k[0] != \"_\"}})`"
        )),
        "pkl" | "pickle" | "joblib" => with(&format!(
            "a pickle can run programs, and is not read; `numpy.savez(\"a.npz\", **pickle.load(open(\"{name}\", \"rb\")))` if it is a \
             dictionary of arrays of yours"
        )),
        _ => "use .safetensors or .npy, or, to read, .npz or .pt (torch.save)".to_owned(),
    }
}
