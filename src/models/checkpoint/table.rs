//! The table of tokens: the largest single tensor of most models, of which a batch needs few rows.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::TensorInfo;

use super::dtype::{Dtype, Held};
use super::safetensors::SafetensorsFile;
use crate::models::error::Result;

/// An embedding for each token, `(vocab_size, d)`.
pub(in crate::models) enum Table {
    /// In memory, of whatever type it is held as.
    Tensor(Tensor),
    /// In its file, from which rows are read as they are needed.
    File(FileTable),
}

/// A table in a file.
pub(in crate::models) struct FileTable {
    pub(in crate::models) file: Arc<SafetensorsFile>,
    pub(in crate::models) name: String,
    pub(in crate::models) info: TensorInfo,
    /// What its numbers are rounded to.
    pub(in crate::models) dtype: Dtype,
}

impl Table {
    /// Holds `table`, `(vocab_size, d)`, as `dtype`.
    pub(in crate::models) fn new(table: Tensor, dtype: Dtype) -> Result<Self> {
        Ok(Self::Tensor(table.to_dtype(dtype.into())?))
    }

    /// Rows of the table in f32, `(rows, d)`.
    pub(in crate::models) fn gather(&self, rows: &[u32]) -> Result<Tensor> {
        match self {
            Self::Tensor(table) => {
                let rows = Tensor::new(rows, &Device::Cpu)?;
                Ok(table.index_select(&rows, 0)?.to_dtype(DType::F32)?)
            }
            Self::File(table) => {
                let d = table.info.shape.last().copied().unwrap_or(0);
                let mut values = Vec::with_capacity(rows.len() * d);
                for &row in rows {
                    values.extend(table.file.read_part(&table.name, &table.info, row as usize * d, d)?);
                }
                let held = Held::new(values, table.dtype);
                let values = held.values(0, rows.len() * d, &mut Vec::new()).to_vec();
                Ok(Tensor::from_vec(values, (rows.len(), d), &Device::Cpu)?)
            }
        }
    }

    /// All of it as it is held, `(vocab_size, d)`.
    pub(in crate::models) fn held(&self) -> Result<Tensor> {
        match self {
            Self::Tensor(table) => Ok(table.clone()),
            Self::File(table) => Ok(self.tensor()?.to_dtype(table.dtype.into())?),
        }
    }

    /// All of it in f32, `(vocab_size, d)`.
    pub(in crate::models) fn tensor(&self) -> Result<Tensor> {
        match self {
            Self::Tensor(table) => Ok(table.to_dtype(DType::F32)?),
            Self::File(FileTable { file, name, info, .. }) => {
                Ok(Tensor::from_vec(file.read(name, info)?, info.shape.as_slice(), &Device::Cpu)?)
            }
        }
    }
}
