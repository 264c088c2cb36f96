//! Matrices across the border, neither way copied, by NumPy's own protocol (`__array_interface__`: where the numbers lie, how they
//! are spaced, and whose they are).
//!
//! This is the one file with `unsafe`: an address that Python gives becomes a matrix that Rust reads. It is sound as long as the
//! numbers stay where they are, which NumPy's array sees to for as long as it lives, and [`Lent`] keeps it alive. That nobody writes
//! to it meanwhile is the caller's to see to, as for every function that works on an array while other threads run; who does not
//! gets numbers of before or of after.
#![expect(
    unsafe_code,
    reason = "a NumPy array is read where it lies: copying it would double what a fit takes of memory"
)]

use ndarray::{Array2, ArrayView2, ShapeBuilder};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What the type of a number is called, on this machine.
#[cfg(target_endian = "little")]
const F32: &str = "<f4";
#[cfg(target_endian = "big")]
const F32: &str = ">f4";

/// A matrix of a NumPy array, read where it lies.
pub struct Lent {
    /// Keeps the numbers where they are.
    _owner: Py<PyAny>,
    first: *const f32,
    shape: [usize; 2],
    /// In numbers, not in bytes.
    strides: [usize; 2],
}

// SAFETY: it is read alone, and dropping the owner asks the interpreter first.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    /// The matrix of `array`, a NumPy array of two dimensions of f32 in the machine's order, with steps that are not negative.
    ///
    /// # Errors
    ///
    /// `ValueError` for any other: the package makes arrays fit (`mlem_probe/_arrays.py`).
    pub fn new(array: &Bound<'_, PyAny>) -> PyResult<Self> {
        let interface = array.getattr("__array_interface__")?;
        let kind: String = interface.get_item("typestr")?.extract()?;
        let shape: Vec<usize> = interface.get_item("shape")?.extract()?;
        let (address, _): (usize, bool) = interface.get_item("data")?.extract()?;
        let [rows, columns] = shape[..] else { return Err(unfit()) };
        let size = size_of::<f32>();
        let strides = match interface.get_item("strides")?.extract::<Option<Vec<isize>>>()? {
            Some(strides) => strides,
            None => vec![(columns * size) as isize, size as isize],
        };
        let &[down, across] = &strides[..] else { return Err(unfit()) };
        let fits = |stride: isize| stride >= 0 && stride.unsigned_abs().is_multiple_of(size);
        if kind != F32 || !fits(down) || !fits(across) || !address.is_multiple_of(size) || address == 0 {
            return Err(unfit());
        }
        Ok(Self {
            _owner: array.clone().unbind(),
            first: std::ptr::with_exposed_provenance(address),
            shape: [rows, columns],
            strides: [down as usize / size, across as usize / size],
        })
    }

    /// The matrix.
    pub fn view(&self) -> ArrayView2<'_, f32> {
        let [rows, columns] = self.shape;
        let [down, across] = self.strides;
        // SAFETY: NumPy says that numbers of this type lie there at these steps, and its array is kept (see the module). The
        // steps are not negative, and an array that large fits the address space, for it is there.
        unsafe { ArrayView2::from_shape_ptr((rows, columns).strides((down, across)), self.first) }
    }
}

fn unfit() -> PyErr {
    PyValueError::new_err("no NumPy array of two dimensions of float32")
}

/// A matrix of Rust's, which NumPy reads where it lies.
#[pyclass(frozen, module = "mlem_probe._native")]
pub struct Matrix(pub Array2<f32>);

#[pymethods]
impl Matrix {
    /// Where the numbers lie: NumPy's array keeps this object for as long as it looks at them. They are not to be written.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", F32)?;
        interface.set_item("shape", self.0.dim())?;
        interface.set_item("data", (self.0.as_ptr().expose_provenance(), true))?;
        let [down, across] =
            [self.0.strides()[0], self.0.strides()[1]].map(|step| step * size_of::<f32>() as isize);
        interface.set_item("strides", (down, across))?;
        Ok(interface)
    }
}
