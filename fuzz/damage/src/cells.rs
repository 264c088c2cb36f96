//! Numbers in tables, as hands and programs get them wrong.

use crate::rng::Rng;

/// One cell of a column of numbers, as hands and programs get it wrong.
pub fn cells(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    let whole = String::from_utf8_lossy(from);
    let mut rows: Vec<Vec<String>> = whole.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let column = rows[0].len() - 1;
    let row = 1 + rng.below(rows.len() - 1);
    let number = rows[row][column].clone();
    rows[row][column] = match rng.below(16) {
        0 => format!("\"{}\"", number.replace('.', ",")),
        1 => format!("0x{}", rng.below(4096)),
        2 => "1e999".to_owned(),
        3 => "infinity".to_owned(),
        4 => format!("\u{2212}{number}"),
        5 => "TRUE".to_owned(),
        6 => format!("{number}_000"),
        7 => format!("{number} ms"),
        8 => format!("{number}%"),
        9 => format!("1 000{number}"),
        10 => format!("1\u{a0}{number}"),
        11 => format!("\"1,{}00\"", number.replace('.', "")),
        12 => format!("({number})"),
        13 => format!("'{number}"),
        14 => "#N/A".to_owned(),
        _ => format!("{number}\u{ff10}"),
    };
    rows.into_iter().map(|row| row.join(",") + "\n").collect::<String>().into_bytes()
}
