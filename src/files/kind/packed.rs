//! Zips, which many formats are, and files compressed with gzip.

use std::fs::File;

use super::head::{Head, unpacked};
use super::names::Kind;

/// How many names of a zip are looked at.
const NAMES: usize = 10_000;

/// What the zip `file` is, by the names in it.
pub(super) fn zip(file: &File, head: &Head) -> (Kind, String) {
    let names: Vec<String> = match zip::ZipArchive::new(file) {
        Ok(archive) => archive.file_names().take(NAMES).flatten().map(std::borrow::Cow::into_owned).collect(),
        // Cut off, so that its list is missing: the first name stands at its beginning.
        Err(_) => first_name(head).into_iter().collect(),
    };
    let find = |test: &dyn Fn(&str) -> bool| names.iter().find(|name| test(name)).cloned();
    let ends = |name: &str, part: &str| name == part || name.ends_with(&format!("/{part}"));
    let is_code = |name: &str| name.contains("/code/") || ends(name, "constants.pkl");
    // Older versions write a folder of the file's name around what is in it.
    if let Some(name) = find(&|name| ends(name, "data.pkl")) {
        return match find(&is_code) {
            Some(name) => (Kind::TorchScript, format!("it holds {name}")),
            None => (Kind::TorchZip, format!("it holds {name}")),
        };
    }
    if !names.is_empty()
        && names.iter().all(|name| name.rsplit_once('.').is_some_and(|(_, ending)| ending == "npy"))
    {
        return (Kind::Npz, format!("it holds {} and nothing but .npy", names[0]));
    }
    let kinds = [
        (Kind::Excel, "xl/workbook.xml"),
        (Kind::Excel, "xl/workbook.bin"),
        (Kind::Word, "word/document.xml"),
        (Kind::Presentation, "ppt/presentation.xml"),
        (Kind::Keras, "model.weights.h5"),
    ];
    for (kind, part) in kinds {
        if names.iter().any(|name| name == part) {
            return (kind, format!("it holds {part}"));
        }
    }
    // Both have to be there: an e-book has the first alone.
    if ["mimetype", "content.xml"].iter().all(|part| names.iter().any(|name| name == part)) {
        return (Kind::OpenDocument, "it holds mimetype and content.xml".to_owned());
    }
    let shown = names.first().map_or_else(|| "it is empty".to_owned(), |name| format!("it holds {name}"));
    (Kind::Zip, shown)
}

/// The name in the record that a zip begins with.
fn first_name(head: &Head) -> Option<String> {
    let length = u16::from_le_bytes(*head.bytes.get(26..)?.first_chunk::<2>()?);
    let name = head.bytes.get(30..30 + usize::from(length))?;
    String::from_utf8(name.to_vec()).ok()
}

/// The beginning of what `head`, compressed with gzip, has inside.
pub(super) fn gunzipped(head: &Head) -> Head {
    let name = head.name.strip_suffix(".gz").unwrap_or(&head.name).to_owned();
    Head::inside(unpacked(flate2::read::GzDecoder::new(head.bytes.as_slice())), name)
}
