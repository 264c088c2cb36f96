//! PyTorch's own weights files (`pytorch_model.bin`): which tensors they hold, and the tensors one by one.
//!
//! A file is a zip archive with a pickle and one entry for each storage, or, from before PyTorch 1.6, pickles and storages
//! one after another. The pickle is read as data: nothing in it is run. Source: `torch/serialization.py` of PyTorch.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::kind::Kind;
use super::pickle::{Id, Pickle};
use crate::files;
use crate::files::kind::Kind as Sort;
use crate::files::memory::has_room;
use crate::models::error::{Error, Result};
use crate::text;

/// The number that files from before PyTorch 1.6 begin with, after the pickle's own first bytes.
const OLD_MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// The most bytes of the pickle that describes the tensors, each of which takes about two hundred.
const PICKLE: u64 = 1 << 25;

/// A weights file, open.
pub(in crate::models) struct PytorchFile {
    name: String,
    /// By name.
    tensors: BTreeMap<String, Stored>,
    storages: Storages,
}

/// A tensor of a file.
#[derive(Debug)]
pub(in crate::models) struct Stored {
    storage: String,
    kind: Kind,
    /// Elements of the storage before the tensor's first.
    offset: usize,
    shape: Vec<usize>,
    /// Elements from one index to the next, for each dimension.
    strides: Vec<usize>,
    /// Whether its numbers are stored with the other sign: PyTorch negates some views when they are read.
    negated: bool,
}

enum Storages {
    /// The archive, and what stands before the names of its entries.
    Zip(RefCell<ZipArchive<BufReader<File>>>, String),
    /// Where each storage begins.
    Old(RefCell<BufReader<File>>, BTreeMap<String, u64>),
}

impl PytorchFile {
    /// Opens the file at `path` and reads which tensors it has.
    pub(in crate::models) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let wrong = |message: String| {
            Error::not_weights(path, "PyTorch", &[Sort::TorchZip, Sort::TorchOld])
                .unwrap_or(Error::WeightsFile { file: name.clone(), format: "PyTorch", message })
        };
        let file = || File::open(path).map_err(|source| files::Error::Read { path: path.to_owned(), source });
        let mut start = [0; 2];
        let begins_as_zip = file()?.read_exact(&mut start).is_ok() && &start == b"PK";
        let reader = BufReader::new(file()?);
        let (tensors, storages) =
            if begins_as_zip { from_zip(reader) } else { from_old(reader) }.map_err(wrong)?;
        Ok(Self { name, tensors, storages })
    }

    /// The names of its tensors.
    pub(in crate::models) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor called `name`.
    pub(in crate::models) fn get(&self, name: &str) -> Option<&Stored> {
        self.tensors.get(name)
    }

    /// The values of a tensor of this file, row-major.
    pub(in crate::models) fn read(&self, name: &str, tensor: &Stored) -> Result<Vec<f32>> {
        self.values(tensor).map_err(|message| Error::WeightsFile {
            file: self.name.clone(),
            format: "PyTorch",
            message: format!("tensor `{name}`: {message}"),
        })
    }

    fn values(&self, tensor: &Stored) -> Result<Vec<f32>, String> {
        let (Kind::F16 | Kind::Bf16 | Kind::F32 | Kind::F64) = tensor.kind else {
            return Err("it holds whole numbers, not weights".to_owned());
        };
        let size = tensor.kind.bytes();
        let span = tensor.span().ok_or("its size is beyond all memory")?;
        let (skipped, length) = (tensor.offset.checked_mul(size), span.checked_mul(size));
        let (skipped, length) = skipped.zip(length).ok_or("its size is beyond all memory")?;
        if !has_room(length as u64) {
            return Err(format!("{length} bytes of its storage are to be read, for which there is no room"));
        }
        let raw = match &self.storages {
            Storages::Zip(archive, prefix) => {
                let mut archive = archive.borrow_mut();
                let entry = format!("{prefix}data/{}", tensor.storage);
                let mut entry = archive.by_name(&entry).map_err(|error| error.to_string())?;
                let before = io::copy(&mut entry.by_ref().take(skipped as u64), &mut io::sink());
                before.map_err(|error| error.to_string())?;
                read_raw(&mut entry, length)?
            }
            Storages::Old(file, starts) => {
                let start = starts.get(&tensor.storage).ok_or("its storage is not in the file")?;
                let mut file = file.borrow_mut();
                file.seek(SeekFrom::Start(start.saturating_add(skipped as u64)))
                    .map_err(|error| error.to_string())?;
                read_raw(&mut *file, length)?
            }
        };
        let mut flat = tensor.kind.decode(&raw);
        if tensor.negated {
            for value in &mut flat {
                *value = -*value;
            }
        }
        Ok(if tensor.is_contiguous() { flat } else { tensor.gather(&flat) })
    }
}

impl Stored {
    pub(in crate::models) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Elements from the first to the last, both counted; none where it cannot be.
    fn span(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape
            .iter()
            .zip(&self.strides)
            .try_fold(1usize, |span, (&size, &stride)| span.checked_add((size - 1).checked_mul(stride)?))
    }

    fn is_contiguous(&self) -> bool {
        let mut expected = 1usize;
        self.shape.iter().zip(&self.strides).rev().all(|(&size, &stride)| {
            let fits = size == 1 || stride == expected;
            expected = expected.saturating_mul(size);
            fits
        })
    }

    /// The elements in row-major order, from those in the order of the storage.
    fn gather(&self, flat: &[f32]) -> Vec<f32> {
        let mut offsets = vec![0usize];
        for (&size, &stride) in self.shape.iter().zip(&self.strides) {
            offsets = offsets
                .iter()
                .flat_map(|&offset| (0..size).map(move |index| offset + index * stride))
                .collect();
        }
        offsets.into_iter().map(|offset| flat[offset]).collect()
    }
}

fn read_raw(from: &mut impl Read, length: usize) -> Result<Vec<u8>, String> {
    let mut raw = Vec::new();
    from.take(length as u64).read_to_end(&mut raw).map_err(|error| error.to_string())?;
    if raw.len() < length {
        return Err(format!("{} of its {length} bytes are there", raw.len()));
    }
    Ok(raw)
}

type Contents = (BTreeMap<String, Stored>, Storages);

fn from_zip(reader: BufReader<File>) -> Result<Contents, String> {
    let mut archive = ZipArchive::new(reader).map_err(|error| error.to_string())?;
    let names = archive.file_names().filter_map(|name| name.ok().map(std::borrow::Cow::into_owned));
    let names: Vec<String> = names.collect();
    let pickle = names.iter().find(|name| name.as_str() == "data.pkl" || name.ends_with("/data.pkl"));
    let pickle = pickle.ok_or("the archive has no data.pkl")?;
    let prefix = pickle.trim_end_matches("data.pkl").to_owned();
    if let Ok(order) = archive.by_name(&format!("{prefix}byteorder")) {
        let mut text = String::new();
        order.take(64).read_to_string(&mut text).map_err(|error| error.to_string())?;
        if text != "little" {
            return Err(format!("its byte order is `{}`; only `little` is read", text.escape_debug()));
        }
    }
    let pickle = {
        let entry = archive.by_name(pickle).map_err(|error| error.to_string())?;
        let mut entry = BufReader::new(entry.take(PICKLE));
        Pickle::read(&mut entry).map_err(|error| {
            let whole = entry.get_ref().limit() > 0;
            let bound = format!("it is longer than {} bytes", text::count(u128::from(PICKLE)));
            format!("data.pkl: {}", if whole { error } else { bound })
        })?
    };
    let tensors = tensors(&pickle)?;
    Ok((tensors, Storages::Zip(RefCell::new(archive), prefix)))
}

fn from_old(mut reader: BufReader<File>) -> Result<Contents, String> {
    // A pickle of one long number: protocol, LONG1, its length, its bytes, the end.
    let mut magic = [0; 15];
    reader.read_exact(&mut magic).map_err(|_| "it ends too early".to_owned())?;
    if magic[2..4] != [0x8a, 10] || magic[4..14] != OLD_MAGIC {
        return Err("it begins neither as a zip archive nor as an older PyTorch file".to_owned());
    }
    // The protocol, and the system it was written on.
    let _protocol = Pickle::read(&mut reader)?;
    let system = Pickle::read(&mut reader)?;
    let big = system.items(system.root()).unwrap_or_default().iter().any(|&(key, value)| {
        system.text(key) == Some("little_endian") && *system.get(value) == super::pickle::Value::Bool(false)
    });
    if big {
        return Err("its byte order is big-endian; only little-endian is read".to_owned());
    }
    let pickle = Pickle::read(&mut reader)?;
    let tensors = tensors(&pickle)?;
    let kinds: BTreeMap<&str, Kind> =
        tensors.values().map(|tensor| (tensor.storage.as_str(), tensor.kind)).collect();
    let keys = Pickle::read(&mut reader)?;
    let keys = keys
        .tuple(keys.root())
        .and_then(|ids| ids.iter().map(|&id| keys.text(id).map(str::to_owned)).collect::<Option<Vec<_>>>())
        .ok_or("it does not list its storages")?;
    let mut starts = BTreeMap::new();
    let mut position = reader.stream_position().map_err(|error| error.to_string())?;
    for key in keys {
        let mut count = [0; 8];
        reader.seek(SeekFrom::Start(position)).map_err(|error| error.to_string())?;
        reader.read_exact(&mut count).map_err(|_| format!("it ends before storage {key}"))?;
        let kind = *kinds.get(key.as_str()).ok_or_else(|| format!("no tensor is in storage {key}"))?;
        let length = u64::from_le_bytes(count).checked_mul(kind.bytes() as u64);
        let end = length.and_then(|length| length.checked_add(position + 8));
        starts.insert(key.clone(), position + 8);
        position = end.ok_or_else(|| format!("storage {key} has a size beyond all memory"))?;
    }
    Ok((tensors, Storages::Old(RefCell::new(reader), starts)))
}

/// Every tensor of a state dictionary, or of one that stands under `state_dict`.
fn tensors(pickle: &Pickle) -> Result<BTreeMap<String, Stored>, String> {
    let items = pickle.items(pickle.root()).ok_or("it holds something other than a dictionary of tensors")?;
    // Trainers keep the weights beside the state of the optimizer.
    let inside = |name: &str| {
        let (_, value) = items.iter().find(|&&(key, _)| pickle.text(key) == Some(name))?;
        pickle.items(*value)
    };
    let inner = ["state_dict", "model_state_dict", "model", "module"].into_iter().find_map(inside);
    let items = inner.unwrap_or(items);
    let mut found = BTreeMap::new();
    for &(key, value) in items {
        let Some(name) = pickle.text(key) else { continue };
        if let Some(tensor) = tensor(pickle, value).map_err(|error| format!("tensor `{name}`: {error}"))? {
            found.insert(name.to_owned(), tensor);
        }
    }
    if found.is_empty() { Err("it holds no tensors".to_owned()) } else { Ok(found) }
}

/// The tensor that a value describes, if it describes one.
fn tensor(pickle: &Pickle, id: Id) -> Result<Option<Stored>, String> {
    let mut call = pickle.call(id);
    // Parameters and subclasses are wrapped, once or twice.
    for _ in 0..2 {
        call = match call {
            Some(("torch._utils._rebuild_parameter", &[inner, ..])) => pickle.call(inner),
            Some(("torch._tensor._rebuild_from_type_v2", &[function, _, arguments, ..])) => {
                pickle.global(function).zip(pickle.tuple(arguments))
            }
            other => other,
        };
    }
    let Some(("torch._utils._rebuild_tensor_v2", arguments)) = call else {
        return Ok(None);
    };
    let described = described(pickle, arguments).ok_or("its description is not that of a tensor")?;
    let negated = arguments.get(6).map_or(Ok(false), |&metadata| is_negated(pickle, metadata))?;
    let (storage, offset, shape, strides) = described;
    let storage = match pickle.get(storage) {
        super::pickle::Value::Persistent(inner) => pickle.tuple(*inner),
        _ => None,
    };
    let &[tag, kind, key, _, count, ref rest @ ..] = storage.ok_or("it has no storage")? else {
        return Err("its storage is not described".to_owned());
    };
    let kind = pickle.global(kind).unwrap_or_default();
    let kind =
        Kind::parse(kind).ok_or_else(|| format!("its numbers are of type `{kind}`, which is not read"))?;
    let (Some("storage"), Some(key), Some(count)) = (pickle.text(tag), pickle.text(key), pickle.int(count))
    else {
        return Err("its storage is not described".to_owned());
    };
    // Before PyTorch 1.6 a storage may be a part of another, under whose key it is stored.
    let (before, count) = match rest.first().and_then(|&view| pickle.tuple(view)) {
        Some(&[_, before, size]) => {
            let part = |id| pickle.int(id).and_then(|number| u64::try_from(number).ok());
            let (before, size) =
                part(before).zip(part(size)).ok_or("the part of a storage that it is in is not described")?;
            if before.checked_add(size).is_none_or(|end| end > count.max(0) as u64) {
                return Err(format!("a part from {before} of {size} is beyond its storage of {count}"));
            }
            (before as usize, size)
        }
        Some(_) => return Err("the part of a storage that it is in is not described".to_owned()),
        None => (0, count.max(0) as u64),
    };
    let stored = Stored { storage: key.to_owned(), kind, offset, shape, strides, negated };
    let end = stored.span().and_then(|span| span.checked_add(offset));
    if end.is_none_or(|end| end as u64 > count) {
        return Err(format!("its shape {:?} is larger than its storage of {count}", stored.shape));
    }
    let stored = Stored { offset: offset + before, ..stored };
    Ok(Some(stored))
}

/// Whether what PyTorch keeps of a tensor beside its numbers says that they are negated when they are read.
fn is_negated(pickle: &Pickle, metadata: Id) -> Result<bool, String> {
    let mut negated = false;
    for &(key, value) in pickle.items(metadata).unwrap_or_default() {
        match (pickle.text(key), pickle.get(value)) {
            (_, super::pickle::Value::Bool(false)) => {}
            (Some("neg"), super::pickle::Value::Bool(true)) => negated = true,
            (name, _) => {
                return Err(format!(
                    "PyTorch marks it as `{}`, which is not read; save it resolved (resolve_conj, resolve_neg, contiguous)",
                    name.unwrap_or("something without a name").escape_debug()
                ));
            }
        }
    }
    Ok(negated)
}

/// Storage, offset, shape and strides.
fn described(pickle: &Pickle, arguments: &[Id]) -> Option<(Id, usize, Vec<usize>, Vec<usize>)> {
    let &[storage, offset, shape, strides, ..] = arguments else { return None };
    let size = |id: Id| usize::try_from(pickle.int(id)?).ok();
    let sizes = |id: Id| pickle.tuple(id)?.iter().map(|&id| size(id)).collect::<Option<Vec<usize>>>();
    let (shape, strides) = (sizes(shape)?, sizes(strides)?);
    (shape.len() == strides.len()).then_some((storage, size(offset)?, shape, strides))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, name: &str) -> Vec<f32> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pytorch").join(file);
        let file = PytorchFile::open(&path).unwrap();
        file.read(name, file.get(name).unwrap()).unwrap()
    }

    #[test]
    fn a_tensor_that_is_negated_when_it_is_read_has_its_sign() {
        assert_eq!(read("negated.bin", "negated"), [-10.0, -11.0, -12.0, -13.0, -14.0, -15.0]);
        assert_eq!(read("negated.bin", "plain"), [1.0, 2.0]);
    }

    #[test]
    fn a_storage_may_be_a_part_of_another() {
        assert_eq!(read("old_view.bin", "whole"), [0.0, 1.0, 2.0]);
        assert_eq!(read("old_view.bin", "part"), [4.0, 5.0, 6.0]);
    }
}
