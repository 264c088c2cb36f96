//! Files that are told by the bytes they begin with.

use super::head::Head;
use super::names::Kind;

/// Bytes at an offset that one kind of file alone has, and how they are called.
const SIGNATURES: &[(usize, &[u8], Kind, &str)] = &[
    (0, b"\x93NUMPY", Kind::Npy, "NumPy's signature"),
    (0, b"GGUF", Kind::Gguf, "the signature GGUF"),
    (0, b"lmgg", Kind::Ggml, "the signature ggml"),
    (0, b"fmgg", Kind::Ggml, "the signature ggmf"),
    (0, b"tjgg", Kind::Ggml, "the signature ggjt"),
    (0, b"PAR1", Kind::Parquet, "the signature PAR1"),
    (0, b"PARE", Kind::Parquet, "the signature PARE (encrypted)"),
    (0, b"ARROW1", Kind::Arrow, "the signature ARROW1"),
    (0, b"FEA1", Kind::Arrow, "the signature FEA1 (Feather, version 1)"),
    (0, b"SQLite format 3\0", Kind::Sqlite, "SQLite's signature"),
    (0, b"<stata_dta>", Kind::Stata, "Stata's signature"),
    (0, b"$FL2", Kind::Spss, "SPSS's signature"),
    (0, b"$FL3", Kind::Spss, "SPSS's signature (compressed)"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Excel, "the signature of Office before 2007"),
    (0, b"\x1f\x8b", Kind::Gzip, "gzip's signature"),
    (0, b"BZh", Kind::Bzip2, "bzip2's signature"),
    (0, b"\xfd7zXZ\0", Kind::Xz, "xz's signature"),
    (0, b"\x28\xb5\x2f\xfd", Kind::Zstd, "zstd's signature"),
    (0, b"7z\xbc\xaf\x27\x1c", Kind::SevenZip, "7z's signature"),
    (257, b"ustar", Kind::Tar, "tar's signature"),
    (0, b"%PDF-", Kind::Pdf, "the signature %PDF"),
    (0, b"\x89PNG\r\n\x1a\n", Kind::Image, "PNG's signature"),
    (0, b"\xff\xd8\xff", Kind::Image, "JPEG's signature"),
    (0, b"GIF8", Kind::Image, "GIF's signature"),
    (0, b"RDX2\n", Kind::R, "R's signature"),
    (0, b"RDX3\n", Kind::R, "R's signature"),
    (0, b"X\n\0\0\0", Kind::R, "R's signature"),
    (0, b"\xffBIOSEMI", Kind::Edf, "BDF's signature"),
    (0, b"\0\0\0\x64\0\0\0\x1f\0\0\0\x14", Kind::Fif, "FIF's first tag"),
    (344, b"n+1\0", Kind::Nifti, "NIfTI's signature"),
    (344, b"ni1\0", Kind::Nifti, "NIfTI's signature (numbers in an .img beside it)"),
    (4, b"n+2\0\r\n\x1a\n", Kind::Nifti, "NIfTI-2's signature"),
    (4, b"ni2\0\r\n\x1a\n", Kind::Nifti, "NIfTI-2's signature (numbers in an .img beside it)"),
];

/// HDF5's signature, which may stand behind a block of the user's of 512 bytes or a power of two more.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
/// How a sorted table of `LevelDB` ends, of which TensorFlow's index is one.
const TABLE: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/// The first object of a file that PyTorch wrote before version 1.6, behind the opcode of a long integer.
const OLD_TORCH: [u8; 12] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/// A header of safetensors is never longer.
const LONGEST_HEADER: u64 = 100_000_000;

/// What a file that begins so is, if its bytes tell, and what tells it.
pub(super) fn kind(head: &Head) -> Option<(Kind, String)> {
    let said = |kind: Kind, what: &str| Some((kind, what.to_owned()));
    if head.bytes.is_empty() {
        return said(Kind::Empty, "it has no bytes");
    }
    if head.bytes.len() >= 64 && head.bytes.iter().all(|&byte| byte == 0) {
        return Some((Kind::Zeros, format!("its first {} bytes are zero", head.bytes.len())));
    }
    if head.starts(b"MATLAB 7.3 MAT-file") {
        return said(Kind::MatlabHdf5, "its header says MATLAB 7.3");
    }
    if head.starts(b"MATLAB 5.0 MAT-file") || head.has(126, b"IM\0\x01") || head.has(124, b"\0\x01IM") {
        return said(Kind::Matlab, "MATLAB's header");
    }
    if let Some((_, _, kind, what)) = SIGNATURES.iter().find(|(offset, bytes, ..)| head.has(*offset, bytes)) {
        return said(*kind, what);
    }
    if [0, 512, 1024, 2048, 4096, 8192].into_iter().any(|offset| head.has(offset, HDF5)) {
        return said(Kind::Hdf5, "HDF5's signature");
    }
    if let Some(length) = safetensors_header(head) {
        return Some((Kind::Safetensors, format!("a header of {length} bytes")));
    }
    if head.starts(&[0x80]) && matches!(head.bytes.get(1), Some(1..=5)) {
        return if head.has(2, &OLD_TORCH) {
            said(Kind::TorchOld, "a pickle with PyTorch's number")
        } else {
            said(Kind::Pickle, "the first opcode of a pickle")
        };
    }
    if head.length >= 48 && head.tail == TABLE {
        return said(Kind::TensorFlowIndex, "it ends as a sorted table");
    }
    if head.name.contains(".data-0") && head.name.contains("-of-0") && !looks_like_text(&head.bytes) {
        return said(Kind::TensorFlowData, "its name");
    }
    if head.starts(b"\xff\xff\xff\xff") && head.bytes.get(6..8) == Some(&[0, 0]) {
        return said(Kind::ArrowStream, "the marker of an Arrow message");
    }
    if head.starts(b"0       ") && head.bytes.len() >= 256 {
        return said(Kind::Edf, "EDF's header");
    }
    protobuf(head).or_else(|| msgpack(head)).or_else(|| matlab_4(head))
}

/// The length of the header that a file of safetensors begins with.
fn safetensors_header(head: &Head) -> Option<u64> {
    let length = u64::from_le_bytes(*head.bytes.first_chunk::<8>()?);
    (head.has(8, b"{") && (2..=LONGEST_HEADER).contains(&length)).then_some(length)
}

/// ONNX, TensorFlow's graphs and sentencepiece's vocabularies are protocol buffers: their first fields tell them apart.
fn protobuf(head: &Head) -> Option<(Kind, String)> {
    let bytes = &head.bytes;
    let said = |kind: Kind, what: &str| Some((kind, what.to_owned()));
    match bytes.as_slice() {
        // `saved_model_schema_version: 1`, then the graph. ONNX's version is at least 3 in what is about.
        [0x08, 0x01, 0x12, ..] => said(Kind::SavedModel, "a SavedModel's first fields"),
        // `ir_version`, then who made it, or the graph.
        [0x08, 2..=32, 0x12, length, name @ ..]
            if name.get(..*length as usize).is_some_and(|name| name.iter().all(u8::is_ascii_graphic)) =>
        {
            said(Kind::Onnx, "ONNX's first fields")
        }
        [0x08, 2..=32, 0x3a | 0x42, ..] if head.ends(&["onnx"]) => said(Kind::Onnx, "ONNX's first fields"),
        // A piece: its text and its score.
        [0x0a, piece, 0x0a, length, rest @ ..]
            if length < piece && rest.get(*length as usize) == Some(&0x15) =>
        {
            said(Kind::SentencePiece, "the first piece of a vocabulary")
        }
        _ => None,
    }
}

/// A map whose first key is a name: what Flax writes.
fn msgpack(head: &Head) -> Option<(Kind, String)> {
    let ([0x81..=0x8f, key @ ..] | [0xde, _, _, key @ ..] | [0xdf, _, _, _, _, key @ ..]) =
        head.bytes.as_slice()
    else {
        return None;
    };
    let (length, text) = match key {
        [length @ 0xa1..=0xbf, text @ ..] => (usize::from(length & 0x1f), text),
        [0xd9, length, text @ ..] => (usize::from(*length), text),
        _ => return None,
    };
    let name = text.get(..length).filter(|name| name.iter().all(u8::is_ascii_graphic))?;
    Some((Kind::Flax, format!("a map whose first key is `{}`", String::from_utf8_lossy(name))))
}

/// A matrix of MATLAB 4: five integers, then its name. There is no signature, so the file's name has to say it too.
fn matlab_4(head: &Head) -> Option<(Kind, String)> {
    let (words, _) = head.bytes.get(..20)?.as_chunks::<4>();
    let [kind, _, _, imaginary, length] = *words else { return None };
    let little = [kind, imaginary, length].map(u32::from_le_bytes);
    let big = [kind, imaginary, length].map(u32::from_be_bytes);
    let plausible = |[kind, imaginary, length]: [u32; 3]| {
        let ends = head.bytes.get(19 + length as usize) == Some(&0);
        kind < 5000 && kind / 100 % 10 == 0 && imaginary < 2 && (2..64).contains(&length) && ends
    };
    (head.ends(&["mat"]) && (plausible(little) || plausible(big)))
        .then(|| (Kind::Matlab, "the header of a matrix of MATLAB 4".to_owned()))
}

/// Whether bytes may be a text of any encoding that has letters where ASCII has them.
pub(super) fn looks_like_text(bytes: &[u8]) -> bool {
    let odd = |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    bytes.iter().filter(odd).count() == 0
}
