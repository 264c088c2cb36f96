//! The tensors of a checkpoint by name, checked against the shape that the configuration calls for.

mod stored;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use candle_core::safetensors::{Load, SliceSafetensors};
use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{TensorInfo, TensorView};

use super::adapter::{self, Adapter};
use super::eight::Eight;
use super::initialize::{Initialiser, Role};
use super::layout::{self, Layout, Reading};
use super::matrix::Matrix;
use super::memory;
use super::precision::Form;
use super::pytorch::{PytorchFile, Stored};
use super::safetensors::SafetensorsFile;
use super::shards::Shards;
use super::table::{FileTable, Table};
use crate::hub;
use crate::models::declarations::names::{Linear, Names, Tied};
use crate::models::declarations::quantised::Quantised;
use crate::models::error::{Error, Result};

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
}

enum File {
    Safetensors(Arc<SafetensorsFile>),
    Embedded(SliceSafetensors<'static>),
    Pytorch(PytorchFile),
}

impl File {
    fn get(&self, name: &str) -> Option<Found<'_>> {
        match self {
            Self::Safetensors(file) => file.get(name).map(|info| Found::Read(file, info)),
            Self::Embedded(file) => file.get(name).ok().map(Found::View),
            Self::Pytorch(file) => file.get(name).map(|stored| Found::Stored(file, stored)),
        }
    }

    fn names(&self) -> Vec<String> {
        match self {
            Self::Safetensors(file) => file.names(),
            Self::Embedded(file) => file.tensors().into_iter().map(|(name, _)| name).collect(),
            Self::Pytorch(file) => file.names().map(str::to_owned).collect(),
        }
    }

    /// Names that were left out because another has the same tensor, with that one.
    fn aliases(&self) -> Vec<(String, String)> {
        match self {
            Self::Safetensors(file) => file.aliases(),
            Self::Embedded(_) | Self::Pytorch(_) => Vec::new(),
        }
    }
}

/// A tensor that is read one entry of its first side at a time: of many experts, one need be in memory twice.
pub(in crate::models) enum Slices {
    File { file: Arc<SafetensorsFile>, name: String, info: TensorInfo, size: usize },
    Values { values: Vec<f32>, size: usize },
}

impl Slices {
    /// The first `count` entries.
    pub(in crate::models) fn all(&self, count: usize) -> Result<Vec<f32>> {
        Ok((0..count).map(|index| self.get(index)).collect::<Result<Vec<_>>>()?.concat())
    }

    /// Entry `index`, row-major.
    pub(in crate::models) fn get(&self, index: usize) -> Result<Vec<f32>> {
        match self {
            Self::File { file, name, info, size } => file.read_part(name, info, index * size, *size),
            Self::Values { values, size } => Ok(values[index * size..][..*size].to_vec()),
        }
    }
}

/// A tensor of a file.
enum Found<'a> {
    Read(&'a Arc<SafetensorsFile>, &'a TensorInfo),
    View(TensorView<'a>),
    Stored(&'a PytorchFile, &'a Stored),
}

impl Found<'_> {
    fn shape(&self) -> &[usize] {
        match self {
            Self::Read(_, info) => &info.shape,
            Self::View(view) => view.shape(),
            Self::Stored(_, stored) => stored.shape(),
        }
    }

    /// As f32, row-major; `name` is the tensor's.
    fn load(&self, name: &str) -> Result<Vec<f32>> {
        match self {
            Self::Read(file, info) => file.read(name, info),
            Self::View(view) => {
                Ok(view.load(&Device::Cpu)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
            }
            Self::Stored(file, stored) => file.read(name, stored),
        }
    }
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
        }
    }

    /// Those of checkpoint `id` before any training.
    pub(in crate::models) fn untrained(id: &str, initialiser: Initialiser, form: Form) -> Self {
        Self { id: id.to_owned(), initialiser: Some(initialiser), ..Self::none(form) }
    }

    /// The first tensor that holds what is no number, by its name, and the number. What is not floats is passed over, and so is what
    /// cannot be read.
    pub(in crate::models) fn not_finite(&self) -> Option<(String, f32)> {
        let mut names: Vec<String> = self.files.iter().flat_map(File::names).collect();
        names.sort_unstable();
        names.into_iter().find_map(|name| {
            let values = self.view(&name)?.load(&name).ok()?;
            let value = values.into_iter().find(|value| !value.is_finite())?;
            Some((name, value))
        })
    }

    /// How linear layers are to be held.
    pub(in crate::models) fn form(&self) -> Form {
        self.form
    }

    /// Settles where the tensors of a family stand in this checkpoint, and says what is unusual about it.
    pub(in crate::models) fn settle(&mut self, names: &Names, tied: Tied) -> Result<Vec<String>> {
        if self.initialiser.is_some() {
            self.prefix = names.prefixes.first().copied().unwrap_or_default().to_owned();
            return Ok(Vec::new());
        }
        let all: Vec<String> = self.files.iter().flat_map(File::names).collect();
        let mut notes = Vec::new();
        let heads: Vec<&str> = names.prefixes.to_vec();
        match self.layout.read(&all, names, tied) {
            Reading::Found { prefix, tokens, table } => {
                if !names.prefixes.contains(&prefix.as_str()) {
                    notes.push(format!("the names of tensors begin with `{prefix}`, which is passed over"));
                }
                if let Some(table) = table {
                    notes.push(format!("the table of tokens is stored as `{table}` alone"));
                    self.layout.add(format!("{prefix}{tokens}.weight"), table);
                }
                (self.prefix, self.tokens) = (prefix, Some(tokens));
            }
            Reading::Several(beginnings) => {
                return Err(Error::SeveralModels { id: self.id.clone(), beginnings });
            }
            Reading::Untied(head) => {
                return Err(Error::NoTable { id: self.id.clone(), table: names.tokens.to_owned(), head });
            }
            Reading::Missing => {
                let named = |prefix: &&str| self.view(&format!("{prefix}{}.weight", names.tokens)).is_some();
                let prefix = names.prefixes.iter().copied().find(named).or(names.prefixes.first().copied());
                self.prefix = prefix.unwrap_or_default().to_owned();
            }
        }
        if let Some(adapter) = &mut self.adapter {
            adapter.set_heads(&[heads, vec![self.prefix.as_str()]].concat());
        }
        Ok(notes)
    }

    /// The name of the table of tokens, of a family that calls it `usual`.
    pub(in crate::models) fn tokens_name(&self, usual: &'static str) -> &'static str {
        self.tokens.unwrap_or(usual)
    }

    fn view(&self, full_name: &str) -> Option<Found<'_>> {
        let full_name = self.layout.stored(full_name).unwrap_or(full_name);
        match self.shards.get(full_name) {
            Some(file) => self.files[file].get(full_name),
            None => self.files.iter().find_map(|file| file.get(full_name)),
        }
    }

    /// Whether there is a tensor of block `layer` of this whole name.
    pub(in crate::models) fn has(&self, name: &str, layer: usize) -> bool {
        self.view(&format!("{}{}", self.prefix, in_block(name, layer))).is_some()
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
                there: layout::shown(&self.files.iter().flat_map(File::names).collect::<Vec<_>>()),
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

    /// A tensor of block `layer`, of which one entry of the first side is wanted after another.
    pub(in crate::models) fn slices(&self, name: &str, layer: usize, shape: &[usize]) -> Result<Slices> {
        let size = shape.iter().skip(1).product();
        let name = in_block(name, layer);
        if self.initialiser.is_none() && self.adapter.is_none() {
            let found = self.find(std::slice::from_ref(&name), shape);
            let (name, found) = found.map_err(|error| self.explained(error))?;
            if let Found::Read(file, info) = found
                && Eight::of(info.dtype).is_none()
            {
                return Ok(Slices::File { file: Arc::clone(file), name, info: info.clone(), size });
            }
        }
        let role = if name.ends_with("bias") { Role::Zero } else { Role::Drawn };
        Ok(Slices::Values { values: self.floats(&[name], shape, role)?, size })
    }

    /// A bias of block `layer` by its whole name, whatever that ends in.
    pub(in crate::models) fn bias(&self, name: &str, layer: usize, size: usize) -> Result<Vec<f32>> {
        self.floats(&[in_block(name, layer)], &[size], Role::Zero)
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
