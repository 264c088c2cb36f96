//! Files of `torch.save` (`pytorch_model.bin`, `acts.pt`): which tensors they hold, and the tensors one by one.
//!
//! A file is a zip archive with a pickle and one entry for each storage, or, from before PyTorch 1.6, pickles and storages
//! one after another. The pickle is read as data: nothing in it is run. Source: `torch/serialization.py` of PyTorch.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;

use super::described::{self, Described, Tensor};
use super::kind::Kind;
use super::pickle::{Pickle, Value};
use crate::files::error::Error;
use crate::files::memory::has_room;
use crate::text;

/// The number that files from before PyTorch 1.6 begin with, after the pickle's own first bytes.
const OLD_MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// The most bytes of the pickle that describes the tensors, each of which takes about two hundred.
const PICKLE: u64 = 1 << 25;

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It cannot be read.
    Files(Error),
    /// It is not what its name says, or holds something else.
    Wrong(String),
}

/// A file, open.
pub(crate) struct TorchFile {
    /// What it holds, in its order.
    pub(crate) described: Described,
    storages: Storages,
    /// The storages whose sums were compared.
    summed: RefCell<BTreeSet<String>>,
}

enum Storages {
    /// The archive, and what stands before the names of its entries.
    Zip(RefCell<ZipArchive<BufReader<File>>>, String),
    /// Where each storage begins.
    Old(RefCell<BufReader<File>>, BTreeMap<String, u64>),
}

impl TorchFile {
    /// Opens the state dictionary at `path` and reads which tensors it has.
    pub(crate) fn weights(path: &Path) -> Result<Self, Failed> {
        Self::open(path, described::weights)
    }

    /// Opens the file at `path` and reads which tensors it has, in a dictionary, a list, dictionaries of lists, or alone.
    pub(crate) fn arrays(path: &Path) -> Result<Self, Failed> {
        Self::open(path, described::arrays)
    }

    fn open(path: &Path, describe: Describe) -> Result<Self, Failed> {
        let file = || {
            File::open(path).map_err(|source| Failed::Files(Error::Read { path: path.to_owned(), source }))
        };
        let mut start = [0; 2];
        let begins_as_zip = file()?.read_exact(&mut start).is_ok() && &start == b"PK";
        let reader = BufReader::new(file()?);
        let (described, storages) =
            if begins_as_zip { from_zip(reader, describe) } else { from_old(reader, describe) }
                .map_err(Failed::Wrong)?;
        Ok(Self { described, storages, summed: RefCell::default() })
    }

    /// The values of a tensor of this file, row-major.
    pub(crate) fn read(&self, tensor: &Tensor) -> Result<Vec<f32>, String> {
        let count = tensor.shape.iter().try_fold(4u64, |product, &size| product.checked_mul(size as u64));
        // A view may repeat a storage without end.
        if !count.is_some_and(has_room) {
            return Err(format!("there is no room for its shape {:?}", tensor.shape));
        }
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
                let raw = read_raw(&mut entry, length)?;
                // Tensors may share a storage, of which the sum is taken once.
                if self.summed.borrow_mut().insert(tensor.storage.clone()) {
                    check_sum(&mut entry)?;
                }
                raw
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

fn read_raw(from: &mut impl Read, length: usize) -> Result<Vec<u8>, String> {
    let mut raw = Vec::new();
    from.take(length as u64).read_to_end(&mut raw).map_err(|error| error.to_string())?;
    if raw.len() < length {
        return Err(format!("{} of its {length} bytes are there", raw.len()));
    }
    Ok(raw)
}

/// Reads what is left of an entry, at whose end its sum is compared. PyTorch can be told to write none: then it is 0.
fn check_sum<R: Read>(entry: &mut ZipFile<'_, R>) -> Result<(), String> {
    if entry.crc32() == 0 {
        return Ok(());
    }
    let size = entry.size();
    let rest = io::copy(&mut entry.by_ref().take(size), &mut io::sink());
    match rest.and_then(|_| entry.read(&mut [0])) {
        Ok(0) => Ok(()),
        Ok(_) => Err("it is damaged: it is longer than the archive says".to_owned()),
        Err(error) => Err(format!("it is damaged: {error}")),
    }
}

type Contents = (Described, Storages);

/// What is taken of a pickle.
type Describe = fn(&Pickle) -> Result<Described, String>;

fn from_zip(reader: BufReader<File>, describe: Describe) -> Result<Contents, String> {
    let mut archive = ZipArchive::new(reader).map_err(|error| error.to_string())?;
    let names = archive.file_names().filter_map(|name| name.ok().map(std::borrow::Cow::into_owned));
    let names: Vec<String> = names.collect();
    let pickle = names.iter().find(|name| name.as_str() == "data.pkl" || name.ends_with("/data.pkl"));
    let pickle = pickle.ok_or("the archive has no data.pkl")?;
    let prefix = pickle.trim_end_matches("data.pkl").to_owned();
    if let Ok(mut order) = archive.by_name(&format!("{prefix}byteorder")) {
        let length = order.size().min(64) as usize;
        let text = String::from_utf8_lossy(&read_raw(&mut order, length)?).into_owned();
        check_sum(&mut order)?;
        if text != "little" {
            return Err(format!("its byte order is `{}`; only `little` is read", text.escape_debug()));
        }
    }
    let pickle = {
        let mut entry = archive.by_name(pickle).map_err(|error| error.to_string())?;
        if entry.size() > PICKLE {
            return Err(format!("data.pkl: it is longer than {} bytes", text::count(u128::from(PICKLE))));
        }
        let size = entry.size() as usize;
        let bytes = read_raw(&mut entry, size).map_err(|error| format!("data.pkl: {error}"))?;
        check_sum(&mut entry).map_err(|error| format!("data.pkl: {error}"))?;
        Pickle::read(&mut bytes.as_slice()).map_err(|error| format!("data.pkl: {error}"))?
    };
    Ok((describe(&pickle)?, Storages::Zip(RefCell::new(archive), prefix)))
}

fn from_old(mut reader: BufReader<File>, describe: Describe) -> Result<Contents, String> {
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
        system.text(key) == Some("little_endian") && *system.get(value) == Value::Bool(false)
    });
    if big {
        return Err("its byte order is big-endian; only little-endian is read".to_owned());
    }
    let pickle = Pickle::read(&mut reader)?;
    let described = describe(&pickle)?;
    let kinds: BTreeMap<&str, Kind> =
        described.tensors.iter().map(|(_, tensor)| (tensor.storage.as_str(), tensor.kind)).collect();
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
    Ok((described, Storages::Old(RefCell::new(reader), starts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, name: &str) -> Vec<f32> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pytorch").join(file);
        let file = TorchFile::weights(&path).unwrap();
        let (_, tensor) = file.described.tensors.iter().find(|(found, _)| found == name).unwrap();
        file.read(tensor).unwrap()
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
