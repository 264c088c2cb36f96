//! Which damage may change results without a word, and which may not: read here without a line of the program's own readers.

/// What a file says of itself.
#[derive(Clone, Copy, PartialEq)]
pub enum Oracle {
    /// Sums or hashes cover it: damage is noticed, or makes no difference.
    Covered,
    /// A table: another number in the place of a number, or a name in that of a name, is what the table says. No row goes, and no
    /// number becomes a name.
    Table,
    /// A header that says how long the rest is: no bytes are missing or too many.
    Sized,
    /// Whatever can be read is what is meant.
    Free,
}

/// Whether other results without a word are a fault.
pub fn is_silent(oracle: Oracle, original: &[u8], damaged: &[u8]) -> bool {
    match oracle {
        Oracle::Covered => damaged != original,
        Oracle::Free => false,
        Oracle::Sized => {
            let header = header(original);
            original.len() != damaged.len() && damaged.get(..header) == original.get(..header)
        }
        Oracle::Table => match (rows(original), rows(damaged)) {
            (Some(original), Some(damaged)) => !is_as_said(&original, &damaged),
            _ => false,
        },
    }
}

/// How long the header of a .npy (version 1) or a safetensors file is.
fn header(file: &[u8]) -> usize {
    if file.starts_with(b"\x93NUMPY") {
        return 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    }
    8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize
}

/// The cells of a table, where its quotes are in order.
fn rows(table: &[u8]) -> Option<Vec<Vec<String>>> {
    let text = std::str::from_utf8(table).ok()?.trim_start_matches('\u{feff}');
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => cell.push(chars.next()?),
            (true, '"') => quoted = false,
            (true, c) => cell.push(c),
            (false, '"') if cell.is_empty() => quoted = true,
            (false, '"') => return None,
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') if chars.peek() == Some(&'\n') => {}
            (false, '\n' | '\r') => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (false, c) => cell.push(c),
        }
    }
    if quoted {
        return None;
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|row| row.len() != 1 || !row[0].is_empty());
    Some(rows)
}

fn is_number(cell: &str) -> bool {
    let cell = cell.trim();
    cell.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && cell.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether `damaged` is a table of the same rows in which numbers are numbers.
fn is_as_said(original: &[Vec<String>], damaged: &[Vec<String>]) -> bool {
    let (Some(header), true) = (original.first(), original.len() == damaged.len()) else { return false };
    if damaged[0] != *header {
        // Features of other names are seen in what comes of it; a table with columns more or less is another.
        return damaged.iter().all(|row| row.len() == damaged[0].len());
    }
    (0..header.len()).all(|column| {
        let numeric = original[1..].iter().all(|row| row.get(column).is_some_and(|cell| cell.is_empty() || is_number(cell)));
        damaged[1..].iter().all(|row| {
            let cell = row.get(column);
            row.len() == header.len() && (!numeric || cell.is_some_and(|cell| cell.trim().is_empty() || is_number(cell)))
        })
    })
}
