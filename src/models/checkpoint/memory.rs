//! Whether a tensor fits into memory, asked before there is room for it: an allocation that fails ends the program.

use crate::files::memory::has_room;
use crate::models::error::{Error, Result};

/// Refuses tensor `name` of checkpoint `id` if its numbers, in f32 and once more as they are laid out for the kernels, do not
/// fit into what the system has left. Gives how many there are.
pub(in crate::models) fn fits(id: &str, name: &str, shape: &[usize]) -> Result<usize> {
    let size = shape.iter().try_fold(1usize, |size, &side| size.checked_mul(side));
    let bytes = size.and_then(|size| (size as u64).checked_mul(4));
    let fits = bytes.is_some_and(has_room);
    match size {
        Some(size) if fits => Ok(size),
        _ => Err(Error::TooLarge { id: id.to_owned(), name: name.to_owned(), shape: shape.to_vec() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_has_room_for_is_refused_by_name() {
        assert_eq!(fits("x", "a.weight", &[3, 5]).unwrap(), 15);
        assert_eq!(fits("x", "a.weight", &[3, 0, 1 << 40]).unwrap(), 0);
        for shape in [[1 << 50, 768], [1 << 40, 1 << 40], [1 << 31, 1 << 20], [usize::MAX, 1]] {
            let error = fits("x", "a.weight", &shape).unwrap_err();
            assert!(error.to_string().starts_with("x: tensor `a.weight` ["), "{error}");
            assert!(error.hint().is_some());
        }
    }
}
