//! Whether what a file holds fits into memory, asked before there is room for it: an allocation that fails ends the program.

/// Less than this is not asked about.
const SMALL: u64 = 1 << 26;

/// Whether `bytes` fit into what the system has left, with as much again for what is made of them.
pub(crate) fn has_room(bytes: u64) -> bool {
    bytes <= SMALL || {
        let room =
            usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
        room && available().is_none_or(|available| bytes <= available / 2)
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
    fn there_is_room_for_a_little_and_none_for_everything() {
        assert!(has_room(0) && has_room(SMALL));
        assert!(!has_room(1 << 50) && !has_room(u64::MAX));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_says_how_much_is_left() {
        assert!(available().is_some_and(|bytes| bytes > SMALL));
    }
}
