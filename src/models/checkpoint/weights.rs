//! The tensors of a checkpoint by name, checked against the shape that the configuration calls for.

mod found;
mod four;
mod head;
mod settle;
pub(in crate::models) mod slices;
mod stored;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use candle_core::safetensors::SliceSafetensors;
use candle_core::{Device, Tensor};

use super::adapter::{self, Adapter};
use super::eight::Eight;
use super::initialize::{Initialiser, Role};
use super::layout::{self, Layout};
use super::matrix::Matrix;
use super::memory;
use super::precision::Form;
use super::pytorch::PytorchFile;
use super::safetensors::SafetensorsFile;
use super::shards::Shards;
use super::table::{FileTable, Table};
use crate::hub;
use crate::models::declarations::names::Linear;
use crate::models::declarations::quantised::Quantised;
use crate::models::error::{Error, Result};
use found::{File, Found};

/// The weights files of a checkpoint, open; or weights as before any training.
pub(in crate::models) struct Weights {
    id: String,
    files: Vec<File>,
    shards: Shards,
    initialiser: Option<Initialiser>,
    layout: Layout,
    /// Put before every name; see [`Weights::settle`].
    prefix: String,
    /// What the family calls the table of tokens, of its two names the one that is there.
    tokens: Option<&'static str>,
    /// How linear layers are held, and, but for precision, the table of tokens.
    form: Form,
    /// How the configuration says that weights are stored.
    quantised: Quantised,
    /// What is merged into the weights of the files.
    adapter: Option<Adapter>,
    /// The tensors that were read, where an adapter has to know it.
    read: RefCell<BTreeSet<String>>,
    /// The names that speak of scales, once they are asked for.
    scales: OnceCell<BTreeSet<String>>,
}

impl Weights {
    /// Opens the files of checkpoint `id`, whose large tensors are to be held in `form`.
    pub(in crate::models) fn open(id: &str, weights: &hub::Weights, form: Form) -> Result<Self> {
        let files = match weights {
            hub::Weights::Safetensors(paths) => {
                let open = |path| Ok(File::Safetensors(Arc::new(SafetensorsFile::open(path)?)));
                paths.iter().map(|path| open(path)).collect::<Result<_>>()?
            }
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
        let shards = match weights {
            hub::Weights::Safetensors(paths) | hub::Weights::Pytorch(paths) if paths.len() > 1 => {
                Shards::of(paths, &files.iter().map(File::names).collect::<Vec<_>>())?
            }
            _ => Shards::default(),
        };
        let names: Vec<String> = files.iter().flat_map(File::names).collect();
        let mut layout = Layout::of(&names, files.iter().flat_map(File::aliases).collect());
        if names.iter().any(|name| name.contains(".base_layer.") || name.contains(".original_module.")) {
            // A model that was saved with its adapter not merged.
            for name in names.iter().filter(|name| !adapter::names::is_of_adapter(name)) {
                layout.add(adapter::names::clean(name), name.clone());
            }
        }
        Ok(Self { id: id.to_owned(), files, shards, layout, ..Self::none(form) })
    }

    /// No files at all.
    fn none(form: Form) -> Self {
        Self {
            id: String::new(),
            files: Vec::new(),
            shards: Shards::default(),
            initialiser: None,
            layout: Layout::default(),
            prefix: String::new(),
            tokens: None,
            form,
            quantised: Quantised::No,
            adapter: None,
            read: RefCell::default(),
            scales: OnceCell::new(),
        }
    }

    /// Those of checkpoint `id` before any training.
    pub(in crate::models) fn untrained(id: &str, initialiser: Initialiser, form: Form) -> Self {
        Self { id: id.to_owned(), initialiser: Some(initialiser), ..Self::none(form) }
    }

    /// How linear layers are to be held.
    pub(in crate::models) fn form(&self) -> Form {
        self.form
    }

    fn view(&self, full_name: &str) -> Option<Found<'_>> {
        let full_name = self.layout.stored(full_name).unwrap_or(full_name);
        match self.shards.get(full_name) {
            Some(file) => self.files[file].get(full_name),
            None => self.files.iter().find_map(|file| file.get(full_name)),
        }
    }

    /// Tensor `name` as f32, row-major, or the first of `names` that is there; `role` says how it is before any training.
    pub(in crate::models) fn floats(
        &self,
        names: &[String],
        shape: &[usize],
        role: Role,
    ) -> Result<Vec<f32>> {
        self.laid(names, shape, role, false)
    }

    /// The same; `is_turned` says that a linear layer is stored `(inputs, outputs)`.
    fn laid(&self, names: &[String], shape: &[usize], role: Role, is_turned: bool) -> Result<Vec<f32>> {
        if let (Some(initialiser), [name, ..]) = (&self.initialiser, names) {
            memory::fits(&self.id, name, shape)?;
            return Ok(initialiser.draw(name, shape, role));
        }
        let whole = self.adapter.as_ref().map(|adapter| adapter.whole(names, shape)).transpose()?.flatten();
        let mut values = match whole {
            Some(values) => values,
            None => self.stored_values(names, shape).map_err(|error| self.explained(error))?,
        };
        if let Some(adapter) = &self.adapter {
            adapter.merge(names, shape, is_turned, &mut values)?;
        }
        Ok(values)
    }

    /// The first of `names` that is there, and its tensor, which has `shape`.
    fn find(&self, names: &[String], shape: &[usize]) -> Result<(String, Found<'_>)> {
        let full = |name: &String| format!("{}{name}", self.prefix);
        let found = names.iter().map(full).find_map(|name| self.view(&name).map(|view| (name, view)));
        let Some((name, view)) = found else {
            return Err(Error::MissingTensor {
                id: self.id.clone(),
                name: names.first().map(full).unwrap_or_default(),
                expected: shape.to_vec(),
                there: layout::shown(&self.files.iter().flat_map(File::names).collect::<Vec<_>>()).into(),
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
        Ok((name, view))
    }

    /// Refuses a table called `name`, made from nothing that is stored, that there is no room for.
    pub(in crate::models) fn fits(&self, name: &str, shape: &[usize]) -> Result<()> {
        memory::fits(&self.id, name, shape).map(|_| ())
    }

    /// A tensor of block `layer` by its whole name, row-major.
    pub(in crate::models) fn values(&self, name: &str, layer: usize, shape: &[usize]) -> Result<Vec<f32>> {
        let is_bias = name.rsplit('.').next() == Some("bias");
        let role = if is_bias { Role::Zero } else { Role::Drawn };
        self.floats(&[in_block(name, layer)], shape, role)
    }

    /// The table of tokens, `(rows, columns)`: in memory, or, where `stays` says so and the file allows it, in its file.
    pub(in crate::models) fn tokens(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
        stays: bool,
    ) -> Result<Table> {
        if stays && self.initialiser.is_none() && self.adapter.is_none() {
            let found = self.find(&[format!("{name}.weight")], &[rows, columns]);
            let (name, found) = found.map_err(|error| self.explained(error))?;
            if let Found::Read(file, info) = found
                && Eight::of(info.dtype).is_none()
            {
                let table =
                    FileTable { file: Arc::clone(file), name, info: info.clone(), dtype: self.form.dtype };
                return Ok(Table::File(table));
            }
        }
        Table::new(self.table(name, rows, columns)?, self.form.dtype)
    }

    /// An embedding table, `(rows, columns)`.
    pub(in crate::models) fn table(&self, name: &str, rows: usize, columns: usize) -> Result<Tensor> {
        let values = self.floats(&[format!("{name}.weight")], &[rows, columns], Role::Drawn)?;
        Ok(Tensor::from_vec(values, (rows, columns), &Device::Cpu)?)
    }

    /// A linear layer of block `layer`: its weight, `(outputs, inputs)`, and its bias.
    pub(in crate::models) fn matrix(
        &self,
        names: Linear,
        layer: usize,
        outputs: usize,
        inputs: usize,
    ) -> Result<Matrix> {
        if names.groups > 1 {
            return self.grouped(names, layer, outputs, inputs);
        }
        self.layer(names.name, (names.bias, names.turned), layer, outputs, inputs)
    }

    /// A linear layer in groups, as one in which all else is 0.
    fn grouped(&self, names: Linear, layer: usize, outputs: usize, inputs: usize) -> Result<Matrix> {
        let (name, groups) = (in_block(names.name, layer), names.groups);
        let (out, size) = (outputs / groups, inputs / groups);
        let stored = self.floats(&[format!("{name}.weight")], &[groups, size, out], Role::Drawn)?;
        let mut weight = vec![0.0; outputs * inputs];
        for (row, group) in stored.chunks_exact(out).enumerate() {
            let (group_at, input) = (row / size, row);
            for (unit, &value) in group.iter().enumerate() {
                weight[(group_at * out + unit) * inputs + input] = value;
            }
        }
        let bias = self.floats(&[format!("{name}.bias")], &[outputs], Role::Zero)?;
        let bias = names.bias.then_some(bias);
        Ok(Matrix { form: self.form, ..Matrix::new(weight, bias, outputs, inputs) })
    }

    /// The same by its name, with whether it has a bias, and whether it is stored `(inputs, outputs)`.
    pub(in crate::models) fn layer(
        &self,
        name: &str,
        (bias, is_turned): (bool, bool),
        layer: usize,
        outputs: usize,
        inputs: usize,
    ) -> Result<Matrix> {
        let name = in_block(name, layer);
        let weight_name = [format!("{name}.weight")];
        let weight = if is_turned {
            turned(&self.laid(&weight_name, &[inputs, outputs], Role::Drawn, true)?, outputs)
        } else {
            self.floats(&weight_name, &[outputs, inputs], Role::Drawn)?
        };
        let bias =
            if bias { Some(self.floats(&[format!("{name}.bias")], &[outputs], Role::Zero)?) } else { None };
        Ok(Matrix { form: self.form, ..Matrix::new(weight, bias, outputs, inputs) })
    }
}

/// A matrix stored `(inputs, outputs)`, as `(outputs, inputs)`.
fn turned(stored: &[f32], outputs: usize) -> Vec<f32> {
    let inputs = stored.len() / outputs.max(1);
    let mut turned = vec![0.0; stored.len()];
    for (input, row) in stored.chunks_exact(outputs).enumerate() {
        for (output, &value) in row.iter().enumerate() {
            turned[output * inputs + input] = value;
        }
    }
    turned
}

/// A name with the number of its block.
pub(in crate::models) fn in_block(template: &str, layer: usize) -> String {
    template.replace("{}", &layer.to_string())
}
