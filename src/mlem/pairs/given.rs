//! Distances that are given and may be negative, as cross-validation leaves them.

use ndarray::ArrayView2;

use crate::mlem::error::{Error, Result};

/// The largest magnitude of `matrix`, where it is symmetric with zeros on its diagonal.
pub(super) fn signed_squares(matrix: ArrayView2<'_, f32>) -> Result<f64> {
    let n = matrix.nrows();
    let refuse = |reason: String| Err(Error::NoDistances { reason });
    if matrix.ncols() != n {
        return refuse(format!("{n} rows and {} columns", matrix.ncols()));
    }
    let largest = matrix.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    for i in 0..n {
        for j in 0..=i {
            let (here, there) = (matrix[[i, j]], matrix[[j, i]]);
            if here != there {
                return refuse(format!("stimulus {j} is {there} from {i}, but {here} the other way"));
            }
        }
        if matrix[[i, i]] != 0.0 {
            return refuse(format!("stimulus {i} is {} from itself", matrix[[i, i]]));
        }
    }
    Ok(f64::from(largest))
}
