//! The tensors of a checkpoint by name, checked against the shape that the configuration calls for.

use std::path::Path;

use candle_core::safetensors::{Load, MmapedSafetensors, SliceSafetensors};
use candle_core::{DType, Device, Tensor};
use safetensors::tensor::TensorView;

use super::error::{Error, Result};
use super::initialize::{Initialiser, Role};
use super::kernels::linear::PackedLinear;
use super::kernels::norm::Norm;
use super::names::Linear;
use super::pytorch::{PytorchFile, Stored};
use super::spec::{self, NormKind};
use crate::{files, hub};

/// The weights files of a checkpoint, open; or weights as before any training.
pub(super) struct Weights {
    id: String,
    files: Vec<File>,
    initialiser: Option<Initialiser>,
    /// Put before every name; see [`Weights::find_prefix`].
    prefix: &'static str,
}

enum File {
    Mapped(MmapedSafetensors),
    Embedded(SliceSafetensors<'static>),
    Pytorch(PytorchFile),
}

/// A tensor of a file.
enum Found<'a> {
    View(TensorView<'a>),
    Stored(&'a PytorchFile, &'a Stored),
}

impl Found<'_> {
    fn shape(&self) -> &[usize] {
        match self {
            Self::View(view) => view.shape(),
            Self::Stored(_, stored) => stored.shape(),
        }
    }

    /// As f32; `name` is the tensor's.
    fn load(&self, name: &str) -> Result<Tensor> {
        Ok(match self {
            Self::View(view) => view.load(&Device::Cpu)?.to_dtype(DType::F32)?,
            Self::Stored(file, stored) => {
                Tensor::from_vec(file.read(name, stored)?, stored.shape(), &Device::Cpu)?
            }
        })
    }
}

impl Weights {
    /// Opens the files of checkpoint `id`.
    pub(super) fn open(id: &str, weights: &hub::Weights) -> Result<Self> {
        let files = match weights {
            hub::Weights::Safetensors(paths) => paths.iter().map(|path| map(path)).collect::<Result<_>>()?,
            hub::Weights::Absent => Vec::new(),
            hub::Weights::Pytorch(paths) => {
                let open = |path| PytorchFile::open(path).map(File::Pytorch);
                paths.iter().map(|path| open(path)).collect::<Result<_>>()?
            }
            hub::Weights::Embedded(bytes) => {
                vec![File::Embedded(SliceSafetensors::new(bytes).map_err(|error| Error::WeightsFile {
                    file: id.to_owned(),
                    format: "safetensors",
                    message: error.to_string(),
                })?)]
            }
        };
        Ok(Self { id: id.to_owned(), files, initialiser: None, prefix: "" })
    }

    /// Those of checkpoint `id` before any training.
    pub(super) fn untrained(id: &str, initialiser: Initialiser) -> Self {
        Self { id: id.to_owned(), files: Vec::new(), initialiser: Some(initialiser), prefix: "" }
    }

    /// Settles which of `prefixes` this checkpoint puts before every name, by looking for `name`.
    pub(super) fn find_prefix(&mut self, prefixes: &'static [&'static str], name: &str) {
        self.prefix = prefixes
            .iter()
            .find(|prefix| self.view(&format!("{prefix}{name}")).is_some())
            .or_else(|| prefixes.first())
            .copied()
            .unwrap_or_default();
    }

    fn view(&self, full_name: &str) -> Option<Found<'_>> {
        self.files.iter().find_map(|file| match file {
            File::Mapped(file) => file.get(full_name).ok().map(Found::View),
            File::Embedded(file) => file.get(full_name).ok().map(Found::View),
            File::Pytorch(file) => file.get(full_name).map(|stored| Found::Stored(file, stored)),
        })
    }

    /// Tensor `name` as f32, or the first of `names` that is there; `role` says how it is before any training.
    fn tensor(&self, names: &[String], shape: &[usize], role: Role) -> Result<Tensor> {
        if let (Some(initialiser), [name, ..]) = (&self.initialiser, names) {
            return Ok(Tensor::from_vec(initialiser.draw(name, shape, role), shape, &Device::Cpu)?);
        }
        let full = |name: &String| format!("{}{name}", self.prefix);
        let found = names.iter().map(full).find_map(|name| self.view(&name).map(|view| (name, view)));
        let Some((name, view)) = found else {
            return Err(Error::MissingTensor {
                id: self.id.clone(),
                name: names.first().map(full).unwrap_or_default(),
                expected: shape.to_vec(),
            });
        };
        if view.shape() != shape {
            return Err(Error::TensorShape {
                id: self.id.clone(),
                name,
                found: view.shape().to_vec(),
                expected: shape.to_vec(),
            });
        }
        view.load(&name)
    }

    fn vector(&self, names: &[String], size: usize, role: Role) -> Result<Vec<f32>> {
        Ok(self.tensor(names, &[size], role)?.to_vec1()?)
    }

    /// A tensor of block `layer` by its whole name, row-major.
    pub(super) fn values(&self, name: &str, layer: usize, shape: &[usize]) -> Result<Vec<f32>> {
        let is_bias = name.rsplit('.').next() == Some("bias");
        let role = if is_bias { Role::Zero } else { Role::Drawn };
        Ok(self.tensor(&[in_block(name, layer)], shape, role)?.flatten_all()?.to_vec1()?)
    }

    /// An embedding table, `(rows, columns)`.
    pub(super) fn table(&self, name: &str, rows: usize, columns: usize) -> Result<Tensor> {
        self.tensor(&[format!("{name}.weight")], &[rows, columns], Role::Drawn)
    }

    /// A linear layer of block `layer`: its weight, `(outputs, inputs)`, and its bias.
    pub(super) fn matrix(
        &self,
        names: Linear,
        layer: usize,
        outputs: usize,
        inputs: usize,
    ) -> Result<Matrix> {
        let name = in_block(names.name, layer);
        let weight_name = [format!("{name}.weight")];
        let weight = if names.turned {
            self.tensor(&weight_name, &[inputs, outputs], Role::Drawn)?.t()?
        } else {
            self.tensor(&weight_name, &[outputs, inputs], Role::Drawn)?
        };
        // Biases are 0 before any training, but for those that steps are made with.
        let role = if name.ends_with("mixer.dt_proj") { Role::Drawn } else { Role::Zero };
        let bias =
            if names.bias { Some(self.vector(&[format!("{name}.bias")], outputs, role)?) } else { None };
        Ok(Matrix { weight: weight.flatten_all()?.to_vec1()?, bias, outputs, inputs })
    }

    /// A norm of `size` values, in block `layer` if it is in one, under its new names or its old ones.
    pub(super) fn norm(&self, name: &str, layer: usize, size: usize, spec: spec::Norm) -> Result<Norm> {
        let name = in_block(name, layer);
        let role = if spec.kind == NormKind::RmsPlusOne { Role::Zero } else { Role::One };
        let mut weight = match spec.kind {
            NormKind::LayerPlain => vec![1.0; size],
            _ => self.vector(&[format!("{name}.weight"), format!("{name}.gamma")], size, role)?,
        };
        if spec.kind == NormKind::RmsPlusOne {
            for value in &mut weight {
                *value += 1.0;
            }
        }
        let bias = match spec.kind {
            NormKind::Layer => {
                self.vector(&[format!("{name}.bias"), format!("{name}.beta")], size, Role::Zero)?
            }
            _ => vec![0.0; size],
        };
        let centre = matches!(spec.kind, NormKind::Layer | NormKind::LayerUnbiased | NormKind::LayerPlain);
        Ok(Norm { centre, eps: spec.eps, weight, bias })
    }
}

/// A name with the number of its block.
fn in_block(template: &str, layer: usize) -> String {
    template.replace("{}", &layer.to_string())
}

/// A linear layer as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    /// `(outputs, inputs)`.
    weight: Vec<f32>,
    /// `(outputs,)`.
    bias: Option<Vec<f32>>,
    outputs: usize,
    inputs: usize,
}

impl Matrix {
    /// A layer made of `weight`, `(outputs, inputs)`, and a bias.
    pub(super) fn new(weight: Vec<f32>, bias: Option<Vec<f32>>, outputs: usize, inputs: usize) -> Self {
        Self { weight, bias, outputs, inputs }
    }

    /// Lays it out for the kernels.
    pub(super) fn pack(&self) -> PackedLinear {
        PackedLinear::new(&self.weight, self.bias.as_deref(), self.outputs, self.inputs)
    }

    /// The outputs in another order, or some of them, or of several layers with the same inputs: `rows` names the layer and
    /// the output.
    pub(super) fn gather(parts: &[&Self], rows: impl Iterator<Item = (usize, usize)> + Clone) -> Self {
        let inputs = parts.first().map_or(0, |part| part.inputs);
        let weight: Vec<f32> = rows
            .clone()
            .flat_map(|(part, row)| &parts[part].weight[row * inputs..][..inputs])
            .copied()
            .collect();
        let biased = parts.iter().any(|part| part.bias.is_some());
        let bias = biased.then(|| {
            rows.map(|(part, row)| parts[part].bias.as_ref().map_or(0.0, |bias| bias[row]))
                .collect::<Vec<f32>>()
        });
        Self { outputs: weight.len() / inputs.max(1), weight, bias, inputs }
    }

    /// All outputs times `factor`.
    pub(super) fn scaled(mut self, factor: f32) -> Self {
        if factor != 1.0 {
            for value in self.weight.iter_mut().chain(self.bias.iter_mut().flatten()) {
                *value *= factor;
            }
        }
        self
    }
}

fn map(path: &Path) -> Result<File> {
    let metadata =
        std::fs::metadata(path).map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
    if metadata.len() == 0 {
        // An empty file cannot be mapped, and the system's word for it would not help.
        return Err(Error::weights_file(path, "the file is empty".to_owned()));
    }
    #[expect(unsafe_code, reason = "a memory map has no safe constructor")]
    // SAFETY: the map is read-only, and it is dropped before `Model::load` returns. A program that changes the file
    // in that moment can make us read other numbers, as with any file.
    let file = unsafe { MmapedSafetensors::new(path) };
    file.map(File::Mapped).map_err(|error| Error::weights_file(path, root_cause(&error)))
}

/// What candle says without the path, which the error has already.
fn root_cause(error: &candle_core::Error) -> String {
    match error {
        candle_core::Error::WithPath { inner, .. } | candle_core::Error::WithBacktrace { inner, .. } => {
            root_cause(inner)
        }
        other => other.to_string(),
    }
}
