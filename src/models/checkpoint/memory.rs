//! Whether a tensor fits into memory, asked before there is room for it: an allocation that fails ends the program.

use crate::models::error::{Error, Result};

/// Smaller tensors are not asked about.
const SMALL: u64 = 1 << 26;

/// Refuses tensor `name` of checkpoint `id` if its numbers, in f32 and once more as they are laid out for the kernels, do not
/// fit into what the system has left. Gives how many there are.
pub(in crate::models) fn fits(id: &str, name: &str, shape: &[usize]) -> Result<usize> {
    let size = shape.iter().try_fold(1usize, |size, &side| size.checked_mul(side));
    let bytes = size.and_then(|size| (size as u64).checked_mul(4));
    let fits = bytes.is_some_and(|bytes| {
        bytes <= SMALL || {
            let room = Vec::<u8>::new().try_reserve_exact(bytes as usize).is_ok();
            room && available().is_none_or(|available| bytes <= available / 2)
        }
    });
    match size {
        Some(size) if fits => Ok(size),
        _ => Err(Error::TooLarge { id: id.to_owned(), name: name.to_owned(), shape: shape.to_vec() }),
    }
}

/// How many bytes the system can still give without swapping, where it says so (`proc_meminfo(5)` of Linux).
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
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

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_says_how_much_is_left() {
        assert!(available().is_some_and(|bytes| bytes > SMALL));
    }
}
