//! What a pickle says of tensors: of which shape they are, and where in which storage they stand.

use super::kind::Kind;
use super::pickle::{Id, Pickle, Value};

/// A tensor of a file.
#[derive(Debug)]
pub(crate) struct Tensor {
    pub(super) storage: String,
    pub(crate) kind: Kind,
    /// Elements of the storage before the tensor's first.
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    /// Elements from one index to the next, for each dimension.
    pub(super) strides: Vec<usize>,
    /// Whether its numbers are stored with the other sign: PyTorch negates some views when they are read.
    pub(super) negated: bool,
}

impl Tensor {
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Elements from the first to the last, both counted; none where it cannot be.
    pub(super) fn span(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape
            .iter()
            .zip(&self.strides)
            .try_fold(1usize, |span, (&size, &stride)| span.checked_add((size - 1).checked_mul(stride)?))
    }

    pub(super) fn is_contiguous(&self) -> bool {
        let mut expected = 1usize;
        self.shape.iter().zip(&self.strides).rev().all(|(&size, &stride)| {
            let fits = size == 1 || stride == expected;
            expected = expected.saturating_mul(size);
            fits
        })
    }

    /// The elements in row-major order, from those in the order of the storage.
    pub(super) fn gather(&self, flat: &[f32]) -> Vec<f32> {
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

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Described {
    /// Its tensors by their names, in the order of the file.
    pub(crate) tensors: Vec<(String, Tensor)>,
    /// The names of what else it has.
    pub(crate) others: Vec<String>,
    /// Whether it is a tensor, and no collection.
    pub(crate) alone: bool,
}

/// Every tensor of a state dictionary, or of the one that a trainer keeps beside the state of its optimizer.
pub(super) fn weights(pickle: &Pickle) -> Result<Described, String> {
    let items = pickle.items(pickle.root()).ok_or("it holds something other than a dictionary of tensors")?;
    let inside = |name: &str| {
        let (_, value) = items.iter().find(|&&(key, _)| pickle.text(key) == Some(name))?;
        pickle.items(*value)
    };
    let inner = ["state_dict", "model_state_dict", "model", "module"].into_iter().find_map(inside);
    let items = inner.unwrap_or(items);
    let mut found = Described::default();
    for &(key, value) in items {
        let Some(name) = pickle.text(key) else { continue };
        if let Some(tensor) = tensor(pickle, value).map_err(|error| format!("tensor `{name}`: {error}"))? {
            found.tensors.push((name.to_owned(), tensor));
        }
    }
    if found.tensors.is_empty() { Err("it holds no tensors".to_owned()) } else { Ok(found) }
}

/// How deep collections of arrays stand in each other: a dictionary of lists, and one dictionary around it.
const DEPTH: usize = 3;

/// Every tensor of a dictionary, a list, or such in each other, whose names are joined by points.
pub(super) fn arrays(pickle: &Pickle) -> Result<Described, String> {
    let mut found = Described::default();
    if let Some(tensor) = tensor(pickle, pickle.root())? {
        found.alone = true;
        found.tensors.push((String::new(), tensor));
        return Ok(found);
    }
    collect(pickle, pickle.root(), "", DEPTH, &mut found)?;
    if found.tensors.is_empty() {
        let others = found.others.iter().filter(|name| !name.is_empty()).take(4);
        let others: Vec<String> = others.map(|name| format!("`{}`", name.escape_default())).collect();
        return Err(match others.as_slice() {
            [] => "it holds no tensors in a dictionary or a list".to_owned(),
            some => format!(
                "it holds no tensors in a dictionary or a list: {} are other objects (NumPy's arrays are none: np.savez writes them, \
                 torch.from_numpy makes tensors of them)",
                some.join(", ")
            ),
        });
    }
    Ok(found)
}

fn collect(pickle: &Pickle, id: Id, name: &str, depth: usize, found: &mut Described) -> Result<(), String> {
    // A file of cycles names the same values again and again.
    if found.tensors.len() + found.others.len() > MOST {
        return Err(format!("it describes more than {MOST} values"));
    }
    if let Some(tensor) = tensor(pickle, id).map_err(|error| format!("tensor `{name}`: {error}"))? {
        found.tensors.push((name.to_owned(), tensor));
        return Ok(());
    }
    let below = |part: String| if name.is_empty() { part } else { format!("{name}.{part}") };
    match (pickle.items(id), pickle.tuple(id)) {
        (Some(items), _) if depth > 0 => {
            for &(key, value) in items {
                let Some(key) = name_of(pickle, key) else {
                    found.others.push(below("(a key that is neither a text nor a number)".to_owned()));
                    continue;
                };
                collect(pickle, value, &below(key), depth - 1, found)?;
            }
        }
        (None, Some(items)) if depth > 0 && items.iter().any(|&item| holds_tensors(pickle, item, depth)) => {
            for (index, &item) in items.iter().enumerate() {
                collect(pickle, item, &below(index.to_string()), depth - 1, found)?;
            }
        }
        _ => found.others.push(name.to_owned()),
    }
    Ok(())
}

/// The name that a key makes: a text, a number, or several of these, `("mlp", 3)`.
fn name_of(pickle: &Pickle, key: Id) -> Option<String> {
    let plain = |key: Id| pickle.text(key).map(str::to_owned).or(pickle.int(key).map(|key| key.to_string()));
    plain(key).or_else(|| {
        let parts: Option<Vec<String>> = pickle.tuple(key)?.iter().map(|&part| plain(part)).collect();
        parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join("."))
    })
}

/// The most values of a file of arrays.
const MOST: usize = 100_000;

/// Whether there may be a tensor in a value: lists of plain numbers and texts are one thing without parts.
fn holds_tensors(pickle: &Pickle, id: Id, depth: usize) -> bool {
    matches!(pickle.get(id), Value::Call { .. })
        || depth > 1 && matches!(pickle.get(id), Value::Tuple(_) | Value::List(_) | Value::Dict(_))
}

/// The tensor that a value describes, if it describes one.
fn tensor(pickle: &Pickle, id: Id) -> Result<Option<Tensor>, String> {
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
    // Types that PyTorch has no storages of: floats of 8 bits, unsigned numbers.
    if let Some(("torch._utils._rebuild_tensor_v3", arguments)) = call {
        let kind = arguments.get(6).and_then(|&kind| pickle.global(kind)).unwrap_or("torch.dtype");
        return Err(format!("its numbers are of type `{kind}`, which is not read"));
    }
    let Some(("torch._utils._rebuild_tensor_v2", arguments)) = call else {
        return Ok(None);
    };
    let described = described(pickle, arguments).ok_or("its description is not that of a tensor")?;
    let negated = arguments.get(6).map_or(Ok(false), |&metadata| is_negated(pickle, metadata))?;
    let (storage, offset, shape, strides) = described;
    let storage = match pickle.get(storage) {
        Value::Persistent(inner) => pickle.tuple(*inner),
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
    let stored = Tensor { storage: key.to_owned(), kind, offset, shape, strides, negated };
    let end = stored.span().and_then(|span| span.checked_add(offset));
    if end.is_none_or(|end| end as u64 > count) {
        return Err(format!("its shape {:?} is larger than its storage of {count}", stored.shape));
    }
    let stored = Tensor { offset: offset + before, ..stored };
    Ok(Some(stored))
}

/// Whether what PyTorch keeps of a tensor beside its numbers says that they are negated when they are read.
fn is_negated(pickle: &Pickle, metadata: Id) -> Result<bool, String> {
    let mut negated = false;
    for &(key, value) in pickle.items(metadata).unwrap_or_default() {
        match (pickle.text(key), pickle.get(value)) {
            (_, Value::Bool(false)) => {}
            (Some("neg"), Value::Bool(true)) => negated = true,
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
