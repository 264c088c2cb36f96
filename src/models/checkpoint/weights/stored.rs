//! Numbers as they stand in files become floats: those of 8 bits by their scales; and what is said of others.

use super::{File, Found, Weights};
use crate::models::checkpoint::adapter::Adapter;
use crate::models::checkpoint::eight::Eight;
use crate::models::checkpoint::scales::Scales;
use crate::models::checkpoint::{memory, methods};
use crate::models::declarations::quantised::Quantised;
use crate::models::error::{Error, Result};

impl Weights {
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

    /// The same, stored as `quantised` says.
    pub(in crate::models) fn stored(self, quantised: Quantised) -> Self {
        Self { quantised, ..self }
    }

    /// The same, with `adapter` merged; `None` where none is: then the files must not have one.
    ///
    /// # Errors
    ///
    /// [`Error::Adapter`] for layers of `LoRA` that are not merged, and whose scale nothing says.
    pub(in crate::models) fn adapted(self, adapter: Option<Adapter>) -> Result<Self> {
        let of_lora = |name: &String| name.contains(".lora_A.") || name.contains(".lora_embedding_A");
        if adapter.is_none()
            && let Some(name) = self.names().into_iter().find(of_lora)
        {
            return Err(Error::Adapter {
                file: self.id.clone(),
                message: format!(
                    "its layers of LoRA are not merged (tensor `{name}`), and without adapter_config.json nothing says by how much they count"
                ),
                remedy: "save the model merged (in Python, `merge_and_unload` and then save_pretrained), or put the adapter_config.json of \
                         its training beside it"
                    .to_owned(),
            });
        }
        Ok(Self { adapter, ..self })
    }

    /// Whether an adapter is merged.
    pub(in crate::models) fn is_adapted(&self) -> bool {
        self.adapter.is_some()
    }

    /// Once all has been read that ever will be: complains of what of the adapter was not used.
    pub(in crate::models) fn finish(&self) -> Result<()> {
        let Some(adapter) = &self.adapter else { return Ok(()) };
        let read = self.read.borrow();
        adapter.finish(|name| {
            let stored = self.layout.stored(name).unwrap_or(name);
            !read.contains(stored) && self.view(name).is_some()
        })
    }

    fn names(&self) -> Vec<String> {
        self.files.iter().flat_map(File::names).collect()
    }

    /// The values in the files.
    pub(super) fn stored_values(&self, names: &[String], shape: &[usize]) -> Result<Vec<f32>> {
        for name in names {
            if let Some(fours) = self.fours(name, shape)? {
                return fours.all(shape.first().copied().unwrap_or(0));
            }
        }
        let (name, found) = self.find(names, shape)?;
        memory::fits(&self.id, &name, shape)?;
        if self.adapter.is_some() {
            self.read.borrow_mut().insert(self.layout.stored(&name).unwrap_or(&name).to_owned());
        }
        let Found::Read(file, info) = found else { return found.load(&name) };
        let wrong = |message: String| Error::Scales { id: self.id.clone(), name: name.clone(), message };
        let scale = self.scale(&name);
        let Some(eight) = Eight::of(info.dtype) else {
            return match (scale, self.quantised) {
                (Some((scale, _)), Quantised::Fp8 { .. }) => Err(wrong(format!(
                    "it holds {}, and `{scale}` would scale it as if it held floats of 8 bits",
                    info.dtype
                ))),
                _ => file.read(&name, info),
            };
        };
        let mut values = eight.decode(&file.bytes(info)?);
        match (self.quantised, scale) {
            (Quantised::Fp8 { block }, Some((_, scale))) => {
                scale?.apply(&mut values, shape, block).map_err(wrong)?;
                Ok(values)
            }
            (Quantised::Fp8 { .. }, None) => {
                Err(wrong("it holds floats of 8 bits, and its scales are not there".to_owned()))
            }
            (Quantised::No | Quantised::Mxfp4, Some((scale, _))) => Err(self.quantised(
                "FP8",
                format!("tensor `{scale}`, of which `quantization_config` of config.json says nothing"),
            )),
            (Quantised::No | Quantised::Mxfp4, None) => match self.named_as_scale(&name) {
                Some(scale) => Err(self.quantised("FP8", format!("tensor `{scale}` beside `{name}`"))),
                // Rounded to 8 bits and no more.
                None => Ok(values),
            },
        }
    }

    /// The name of the scales of tensor `name`, and the scales, where there are some.
    pub(super) fn scale(&self, name: &str) -> Option<(String, Result<Scales>)> {
        let stem = name.strip_suffix(".weight").unwrap_or(name);
        let names = [
            format!("{name}_scale_inv"),
            format!("{stem}.scale"),
            format!("{stem}.qscale_weight"),
            format!("{name}_scale"),
        ];
        let (name, found) = names
            .into_iter()
            .find_map(|name| Some((self.view(&name)?, name)))
            .map(|(found, name)| (name, found))?;
        let shape = found.shape().to_vec();
        let values = match found {
            Found::Read(file, info) => match Eight::of_scales(info.dtype) {
                Some(eight) => file.bytes(info).map(|bytes| eight.decode(&bytes)),
                None => file.read(&name, info),
            },
            found => found.load(&name),
        };
        let fits = memory::fits(&self.id, &name, &shape);
        Some((name, fits.and(values).map(|values| Scales { values, shape })))
    }

    /// A tensor beside `name` whose name speaks of scales in a way that is not known: `q_proj.scale_weight`.
    fn named_as_scale(&self, name: &str) -> Option<&str> {
        let scales = self.scales.get_or_init(|| {
            let speaks = |name: &String| {
                let mut words = name.rsplit('.');
                words.next().is_some_and(|word| word.contains("scale"))
            };
            self.names().into_iter().filter(speaks).collect()
        });
        let stored = self.layout.stored(name).unwrap_or(name);
        let module = stored.strip_suffix(".weight").unwrap_or(stored);
        ['.', '_'].into_iter().find_map(|point| {
            let begin = format!("{module}{point}");
            let mut beside = scales.range(begin.clone()..).take_while(|name| name.starts_with(&begin));
            // A module inside has scales of its own.
            let is_its_own = |name: &&String| {
                let rest = &name[begin.len()..];
                !rest.strip_prefix("weight.").unwrap_or(rest).contains('.')
            };
            beside.find(is_its_own).map(String::as_str)
        })
    }

    /// What is behind an error, where the names of the tensors say that it is a method of quantisation.
    pub(super) fn explained(&self, error: Error) -> Error {
        if !matches!(error, Error::MissingTensor { .. } | Error::TensorShape { .. } | Error::NotFloats { .. })
            || self.quantised != Quantised::No
        {
            return error;
        }
        let names = self.names();
        match methods::told(names.iter().map(String::as_str)) {
            Some((method, name)) => self.quantised(method, format!("tensor `{name}`")),
            None => error,
        }
    }

    pub(super) fn quantised(&self, method: &str, because: String) -> Error {
        Error::Quantised { id: self.id.clone(), method: method.to_owned(), because }
    }
}
