//! Damage with structure: what a file of each format looks like when it was cut, edited, filled in by hand, or made to harm.

use crate::rng::Rng;

/// Numbers that break arithmetic.
const NUMBERS: [&str; 16] = [
    "0", "-1", "1", "255", "65536", "2147483648", "4294967295", "9223372036854775807", "18446744073709551615",
    "-9223372036854775808", "1e308", "1e999", "-0", "0.1", "123456789012345678901234567890", "3.5",
];

/// Texts that steer terminals, paths, shells and pages.
pub const TEXTS: [&str; 14] = [
    "", " ", "\u{1b}[31mred\u{1b}[0m", "\u{1b}]0;title\u{7}", "\u{9b}2J", "\u{202e}olleh", "a\u{0}b", "../../etc/passwd",
    "$(touch pwned)", "'; touch pwned; '", "<script>alert(1)</script>", "=1+1", "a,b\"c", "\r\n",
];

/// A range of `length`, small more often than large.
fn range(rng: &mut Rng, length: usize) -> (usize, usize) {
    let start = rng.below(length.max(1));
    let longest = if rng.chance(3) { length - start.min(length) } else { 8.min(length - start.min(length)) };
    (start.min(length), (start + rng.below(longest + 1)).min(length))
}

/// Damage of bytes without looking what they are.
pub fn bytes(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    let mut to = from.to_vec();
    for _ in 0..=rng.below(2) {
        let (start, end) = range(rng, to.len());
        match rng.below(9) {
            0 => to.truncate(start),
            1 => drop(to.drain(start..end)),
            2 => {
                let piece = to[start..end].to_vec();
                let at = rng.below(to.len() + 1);
                to.splice(at..at, piece);
            }
            3 => {
                if let Some(byte) = to.get_mut(start) {
                    *byte ^= 1 << rng.below(8);
                }
            }
            4 => to[start..end].fill(0),
            5 => to[start..end].fill(0xff),
            6 => {
                let number = *rng.pick(&[0u64, 1, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX]);
                let width = *rng.pick(&[1, 2, 4, 8]);
                for (byte, new) in to[start..].iter_mut().zip(&number.to_le_bytes()[..width]) {
                    *byte = *new;
                }
            }
            7 => {
                let new: Vec<u8> = (0..rng.below(16)).map(|_| rng.next() as u8).collect();
                to.splice(start..start, new);
            }
            _ => to.extend_from_slice(&from[..rng.below(from.len().min(64) + 1)]),
        }
    }
    to
}

/// Damage of a text, line by line and word by word.
pub fn text(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    if rng.chance(5) {
        return bytes(rng, from);
    }
    let whole = String::from_utf8_lossy(from);
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    for _ in 0..=rng.below(3) {
        let n = lines.len();
        let (i, j) = (rng.below(n), rng.below(n));
        if n == 0 {
            break;
        }
        match rng.below(10) {
            0 => drop(lines.remove(i)),
            1 => lines.insert(i, lines[j].clone()),
            2 => lines.swap(i, j),
            3 => {
                let words: Vec<&str> = lines[i].split_inclusive([' ', ',', '"', '=', '[', ']', '{', '}']).collect();
                let k = rng.below(words.len());
                let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
                if let Some(word) = words.get_mut(k) {
                    *word = match rng.below(3) {
                        0 => String::new(),
                        1 => format!("{word}{word}"),
                        _ => (*rng.pick(&NUMBERS)).to_owned(),
                    };
                }
                lines[i] = words.concat();
            }
            4 => lines[i].push_str(*rng.pick(&TEXTS)),
            5 => {
                let c = *rng.pick(&['"', '\'', '[', ']', '{', '}', '\\', '#', '\u{0}', '\u{feff}', 'é', '→', '%', '?']);
                let mut at = rng.below(lines[i].len() + 1);
                while !lines[i].is_char_boundary(at) {
                    at -= 1;
                }
                lines[i].insert(at, c);
            }
            6 => {
                let open = *rng.pick(&["[", "(", "{a=", "[["]);
                lines[i].push_str(&open.repeat(*rng.pick(&[1, 40, 3000])));
            }
            7 => {
                let digits: String = lines[i].chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
                lines[i] = digits;
            }
            8 => lines[i] = lines[i].repeat(*rng.pick(&[2, 300])),
            _ => lines.truncate(i),
        }
    }
    (lines.join("\n") + "\n").into_bytes()
}

/// Damage of a table.
pub fn csv(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    if rng.chance(4) {
        return text(rng, from);
    }
    let whole = String::from_utf8_lossy(from);
    let mut rows: Vec<Vec<String>> =
        whole.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    for _ in 0..=rng.below(2) {
        let i = if rng.chance(4) { 0 } else { rng.below(rows.len()) };
        if rows.is_empty() || rows[i].is_empty() {
            break;
        }
        let column = rng.below(rows[i].len());
        match rng.below(8) {
            0 => rows[i][column] = (*rng.pick(&TEXTS)).to_owned(),
            1 => rows[i][column] = (*rng.pick(&NUMBERS)).to_owned(),
            2 => {
                let typos = ["1,5", "\"1,5\"", "0x10", "infinity", "\u{2212}1", "TRUE", "1_000", "1.2.3", "NaN", "NA", "1 "];
                rows[i][column] = (*rng.pick(&typos)).to_owned();
            }
            3 => drop(rows[i].remove(column)),
            4 => rows[i].insert(column, "x".to_owned()),
            5 => {
                let row = rows[rng.below(rows.len())].clone();
                rows.insert(i, row);
            }
            6 => {
                // A whole column of other numbers.
                for row in rows.iter_mut().skip(1) {
                    if let Some(cell) = row.get_mut(column) {
                        *cell = cell.replace('.', ",");
                        *cell = format!("\"{cell}\"");
                    }
                }
            }
            _ => rows[i][column] = "y".repeat(*rng.pick(&[300, 70_000, 1 << 20])),
        }
    }
    let lines: Vec<String> = rows.into_iter().map(|row| row.join(",")).collect();
    (lines.join(if rng.chance(8) { "\r\n" } else { "\n" }) + "\n").into_bytes()
}

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

/// A value of JSON, as far as damage needs to know it.
#[derive(Clone, Debug)]
pub enum Json {
    /// A number, a word or a string, as it is written.
    Leaf(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let value = Self::value(bytes, &mut at)?;
        Some(value)
    }

    fn space(bytes: &[u8], at: &mut usize) {
        while bytes.get(*at).is_some_and(u8::is_ascii_whitespace) {
            *at += 1;
        }
    }

    fn value(bytes: &[u8], at: &mut usize) -> Option<Self> {
        Self::space(bytes, at);
        match bytes.get(*at)? {
            b'{' | b'[' => {
                let is_object = bytes[*at] == b'{';
                *at += 1;
                let (mut list, mut object) = (Vec::new(), Vec::new());
                loop {
                    Self::space(bytes, at);
                    match bytes.get(*at)? {
                        b'}' | b']' => {
                            *at += 1;
                            return Some(if is_object { Self::Object(object) } else { Self::List(list) });
                        }
                        b',' => *at += 1,
                        _ if is_object => {
                            let Self::Leaf(key) = Self::value(bytes, at)? else { return None };
                            Self::space(bytes, at);
                            if bytes.get(*at)? != &b':' {
                                return None;
                            }
                            *at += 1;
                            object.push((key, Self::value(bytes, at)?));
                        }
                        _ => list.push(Self::value(bytes, at)?),
                    }
                }
            }
            b'"' => {
                let start = *at;
                *at += 1;
                while *bytes.get(*at)? != b'"' {
                    *at += if bytes[*at] == b'\\' { 2 } else { 1 };
                }
                *at += 1;
                Some(Self::Leaf(String::from_utf8_lossy(&bytes[start..*at]).into_owned()))
            }
            _ => {
                let start = *at;
                while bytes.get(*at).is_some_and(|byte| !b",]}: \n\r\t".contains(byte)) {
                    *at += 1;
                }
                (*at > start).then(|| Self::Leaf(String::from_utf8_lossy(&bytes[start..*at]).into_owned()))
            }
        }
    }

    pub fn write(&self, out: &mut String) {
        match self {
            Self::Leaf(text) => out.push_str(text),
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(items) => {
                out.push('{');
                for (i, (key, value)) in items.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    out.push_str(key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    fn count(&self) -> usize {
        1 + match self {
            Self::Leaf(_) => 0,
            Self::List(items) => items.iter().map(Self::count).sum(),
            Self::Object(items) => items.iter().map(|(_, value)| value.count()).sum(),
        }
    }

    /// The `n`th value, counted from the outside in.
    fn nth(&mut self, n: &mut usize) -> Option<&mut Self> {
        if *n == 0 {
            return Some(self);
        }
        *n -= 1;
        match self {
            Self::Leaf(_) => None,
            Self::List(items) => items.iter_mut().find_map(|item| item.nth(n)),
            Self::Object(items) => items.iter_mut().find_map(|(_, value)| value.nth(n)),
        }
    }
}

/// `text` as JSON has it.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Another value in the place of one.
fn junk(rng: &mut Rng, old: &Json) -> Json {
    let leaf = |text: &str| Json::Leaf(text.to_owned());
    match rng.below(10) {
        0 => leaf("null"),
        1 => leaf(*rng.pick(&["true", "false"])),
        2..=4 => leaf(*rng.pick(&NUMBERS)),
        5 => Json::Leaf(quoted(*rng.pick(&TEXTS))),
        6 => Json::List(vec![old.clone(); rng.below(4)]),
        7 => Json::Object(vec![(quoted(*rng.pick(&TEXTS)), old.clone())]),
        8 => Json::Leaf("[".repeat(500) + &"]".repeat(500)),
        _ => Json::Leaf(quoted(&"z".repeat(*rng.pick(&[100, 100_000])))),
    }
}

/// Damage of JSON.
pub fn json(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    let parsed = std::str::from_utf8(from).ok().and_then(Json::parse).filter(|_| !rng.chance(6));
    let Some(mut value) = parsed else { return text(rng, from) };
    for _ in 0..=rng.below(2) {
        let mut n = rng.below(value.count());
        let Some(place) = value.nth(&mut n) else { continue };
        match (rng.below(5), &mut *place) {
            (0, Json::Object(items)) if !items.is_empty() => drop(items.remove(rng.below(items.len()))),
            (1, Json::Object(items)) if !items.is_empty() => {
                let k = rng.below(items.len());
                items[k].0 = quoted(*rng.pick(&TEXTS));
            }
            (2, Json::Object(items)) if !items.is_empty() => items.push(items[rng.below(items.len())].clone()),
            (0, Json::List(items)) if !items.is_empty() => drop(items.remove(rng.below(items.len()))),
            (1 | 2, Json::List(items)) if !items.is_empty() => items.push(items[rng.below(items.len())].clone()),
            _ => *place = junk(rng, &place.clone()),
        }
    }
    let mut out = String::new();
    value.write(&mut out);
    out.into_bytes()
}

/// Damage of a safetensors file: of its header, whose length is then right, or of anything.
pub fn safetensors(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    let length = from.get(..8).map_or(0, |head| u64::from_le_bytes(head.try_into().unwrap())) as usize;
    if from.len() < 8 + length || rng.chance(4) {
        return bytes(rng, from);
    }
    let mut header = json(rng, &from[8..8 + length]);
    while header.len() % 8 != 0 {
        header.push(b' ');
    }
    [&(header.len() as u64).to_le_bytes()[..], &header, &from[8 + length..]].concat()
}

/// Damage of a .npy: of its header, whose length is then right, or of anything.
pub fn npy(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    let length = from.get(8..10).map_or(0, |head| u16::from_le_bytes(head.try_into().unwrap())) as usize;
    if from.len() < 10 + length || rng.chance(4) {
        return bytes(rng, from);
    }
    let header = String::from_utf8_lossy(&from[10..10 + length]).into_owned();
    let mut header = match rng.below(9) {
        0 => header.replace("<f4", *rng.pick(&[">f4", "<f8", "<c8", "|O", "<U5", "f4", "<i8", "|b1", "<f2"])),
        1 => header.replace("False", *rng.pick(&["True", "None", "0", ""])),
        2 => {
            let shape = *rng.pick(&[
                "()", "(-1,)", "(0, 5)", "(4294967296, 4294967296)", "(1,)", "5", "((3,), 4)",
                "(18446744073709551615,)", "(2, 2, 2, 2, 2)", "(9999999999999999999999,)", "(1.5, 2)",
            ]);
            let start = header.find('(').unwrap_or(0);
            let end = header.find(')').map_or(header.len(), |end| end + 1);
            format!("{}{shape}{}", &header[..start.min(end)], &header[end..])
        }
        3 => header.replace("'shape'", *rng.pick(&["'shap'", "shape", "'descr'"])),
        4 => {
            let deep = *rng.pick(&[10, 30, 100, 5000]);
            header.replace("'fortran_order'", &format!("'x': {}{}, 'fortran_order'", "(".repeat(deep), ")".repeat(deep)))
        }
        5 => {
            let deep = *rng.pick(&[10, 30, 100, 5000]);
            header.replace("'<f4'", &format!("{}'<f4'{}", "[".repeat(deep), "]".repeat(deep)))
        }
        6 => header.replace("'<f4'", "[('a', '<f4'), ('b', '<i2', (3,))]"),
        _ => String::from_utf8_lossy(&text(rng, header.as_bytes())).into_owned(),
    }
    .into_bytes();
    header.truncate(usize::from(u16::MAX));
    [&from[..8], &(header.len() as u16).to_le_bytes()[..], &header, &from[10 + length..]].concat()
}
