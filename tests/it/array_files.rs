//! Files of arrays, as NumPy, safetensors and PyTorch write them.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// An array of floats, or of what `kind` says.
#[derive(Clone)]
pub(crate) struct Array {
    pub(crate) name: String,
    shape: Vec<usize>,
    values: Vec<f64>,
    kind: &'static str,
}

pub(crate) fn array(name: &str, shape: &[usize], value: impl Fn(usize) -> f64) -> Array {
    let values = (0..shape.iter().product()).map(value).collect();
    Array { name: name.to_owned(), shape: shape.to_vec(), values, kind: "f4" }
}

impl Array {
    pub(crate) fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let all = self.values.iter();
        match self.kind {
            "f4" => all.flat_map(|&x| (x as f32).to_le_bytes()).collect(),
            "f8" => all.flat_map(|&x| x.to_le_bytes()).collect(),
            "i8" => all.flat_map(|&x| (x as i64).to_le_bytes()).collect(),
            "b1" => all.map(|&x| u8::from(x != 0.0)).collect(),
            kind => panic!("{kind}"),
        }
    }
}

/// The bytes of a `.npy`.
pub(crate) fn npy(array: &Array, fortran: bool) -> Vec<u8> {
    let shape: Vec<String> = array.shape.iter().map(|size| format!("{size},")).collect();
    let order = if fortran { "True" } else { "False" };
    let sign = if array.kind == "b1" { '|' } else { '<' };
    let mut header = format!(
        "{{'descr': '{sign}{}', 'fortran_order': {order}, 'shape': ({}), }}",
        array.kind,
        shape.join(" ")
    );
    header.push_str(&" ".repeat((64 - (header.len() + 11) % 64) % 64));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(array.bytes());
    bytes
}

fn zipped(entries: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        zip.start_file(name, stored).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn pickled_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.bytes());
}

fn pickled_number(out: &mut Vec<u8>, number: usize) {
    out.push(b'J');
    out.extend((number as i32).to_le_bytes());
}

/// A tensor in storage `key`.
fn pickled_tensor(out: &mut Vec<u8>, array: &Array, key: usize) {
    let kind = match array.kind {
        "f4" => "Float",
        "f8" => "Double",
        "i8" => "Long",
        _ => "Bool",
    };
    out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    pickled_text(out, "storage");
    out.extend(format!("ctorch\n{kind}Storage\n").bytes());
    pickled_text(out, &key.to_string());
    pickled_text(out, "cpu");
    pickled_number(out, array.values.len());
    out.extend(b"tQ");
    pickled_number(out, 0);
    for strides in [false, true] {
        out.push(b'(');
        for at in 0..array.shape.len() {
            let size = if strides { array.shape[at + 1..].iter().product() } else { array.shape[at] };
            pickled_number(out, size);
        }
        out.push(b't');
    }
    out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
}

/// What `torch.save` writes of a dictionary, or of a list where names are empty.
pub(crate) fn torch(arrays: &[Array]) -> Vec<u8> {
    let list = arrays.iter().all(|array| array.name.is_empty());
    let mut pickle = b"\x80\x02".to_vec();
    pickle.extend(if list { b"](" } else { b"}(" });
    for (key, array) in arrays.iter().enumerate() {
        if !list {
            match array.name.parse::<i32>() {
                // Keys of a dictionary may be numbers.
                Ok(number) => {
                    pickle.push(b'J');
                    pickle.extend(number.to_le_bytes());
                }
                Err(_) => pickled_text(&mut pickle, &array.name),
            }
        }
        pickled_tensor(&mut pickle, array, key);
    }
    if !list {
        pickled_text(&mut pickle, "layer_names");
        pickle.extend(b"](");
        pickled_text(&mut pickle, "a name");
        pickle.push(b'e');
    }
    pickle.extend(if list { b"e." } else { b"u." });
    let mut entries = vec![("a/data.pkl".to_owned(), pickle), ("a/byteorder".to_owned(), b"little".to_vec())];
    entries.extend(arrays.iter().enumerate().map(|(key, array)| (format!("a/data/{key}"), array.bytes())));
    zipped(entries)
}

/// A file of `arrays` in a format.
pub(crate) fn file(folder: &Path, format: &str, arrays: &[Array]) -> PathBuf {
    let path = folder.join(format!("x.{format}"));
    let bytes = match format {
        "npy" => npy(&arrays[0], false),
        "npz" => {
            zipped(arrays.iter().map(|array| (format!("{}.npy", array.name), npy(array, false))).collect())
        }
        "pt" => torch(arrays),
        "safetensors" => {
            let data: Vec<Vec<u8>> = arrays.iter().map(Array::bytes).collect();
            let views = arrays.iter().zip(&data).map(|(array, data)| {
                let dtype = match array.kind {
                    "f4" => Dtype::F32,
                    "f8" => Dtype::F64,
                    "i8" => Dtype::I64,
                    _ => Dtype::BOOL,
                };
                (array.name.clone(), TensorView::new(dtype, array.shape.clone(), data).unwrap())
            });
            safetensors::serialize(views, None).unwrap()
        }
        format => panic!("{format}"),
    };
    std::fs::write(&path, bytes).unwrap();
    path
}
