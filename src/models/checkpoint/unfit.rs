//! What a file is that stands in the place of weights and is none.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::files::kind::{Kind, what_is};
use crate::models::error::Error;

/// The error of a file in the place of weights that is known to be none of `usual`, or of no known kind.
pub(super) fn not_weights(path: &Path, format: &'static str, usual: &[Kind]) -> Option<Error> {
    let kind = what_is(path).ok()?.kind;
    let remedy = match kind {
        kind if usual.contains(&kind) => return None,
        // An older file that is cut within the first of its pickles.
        Kind::Pickle if !is_whole_pickle(path) => return None,
        Kind::Safetensors => "give it the name that says so: model.safetensors",
        Kind::TorchZip | Kind::TorchOld => "give it the name that says so: pytorch_model.bin",
        Kind::TorchScript => {
            "in Python, `torch.save(torch.jit.load(FILE).state_dict(), \"pytorch_model.bin\")` keeps its weights alone"
        }
        Kind::Pickle => {
            "save its tensors as PyTorch does: in Python, `torch.save(model.state_dict(), \"pytorch_model.bin\")`"
        }
        Kind::LfsPointer => "run `git lfs pull` in that folder",
        Kind::Html | Kind::Empty | Kind::Zeros | Kind::Xml => {
            "the download went wrong, or was refused: fetch the file again"
        }
        Kind::Gguf | Kind::Ggml | Kind::Onnx | Kind::Hdf5 | Kind::Flax => {
            "take the checkpoint in safetensors, or in PyTorch's files"
        }
        _ => return None,
    };
    Some(Error::NotWeights { file: path.display().to_string(), format, is: kind.name(), remedy })
}

/// Whether the file at `path` ends as a pickle does, with the instruction to stop.
fn is_whole_pickle(path: &Path) -> bool {
    let last = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        io::Result::Ok(last[0])
    };
    last().is_ok_and(|last| last == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_weights_is_called_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pytorch_model.bin");
        for (bytes, is) in [
            (b"".as_slice(), "an empty file"),
            (b"<!DOCTYPE html><html>", "an HTML page"),
            (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
            (b"\x10\0\0\0\0\0\0\0{\"a\":1,\"b\":2}  ", "a safetensors file"),
            (b"GGUF\x03\0\0\0", "a GGUF model"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = not_weights(&path, "PyTorch", &[Kind::TorchZip]).unwrap();
            let text = error.to_string();
            assert!(
                text.contains(is) && text.contains("not PyTorch weights") && error.hint().is_some(),
                "{text}"
            );
        }
        let usual = [Kind::TorchZip, Kind::TorchOld];
        std::fs::write(&path, b"PK\x05\x06 and the rest is lost").unwrap();
        assert!(not_weights(&path, "PyTorch", &usual).is_none());
        // An older file, cut: a download that broke off, not a pickle of another program.
        std::fs::write(&path, b"\x80\x02\x8a\x0a\x6c\xfc\x9c").unwrap();
        assert!(not_weights(&path, "PyTorch", &usual).is_none());
        std::fs::write(&path, b"\x80\x02}q\x00.").unwrap();
        assert!(not_weights(&path, "PyTorch", &usual).is_some());
    }
}
