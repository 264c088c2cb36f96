//! A map of characters as `tokenizer.json` holds one (`precompiled_charsmap`, in base64): the size of a trie in bytes, the trie, and
//! the texts that characters become, with a NUL between. The library makes room for the size that is said before it looks whether
//! the trie is there.

use crate::text;

/// The longest text that characters may become, in bytes. The longest of the maps that are published has 33.
const LONGEST: usize = 256;
/// What the size of the trie takes.
const SIZE: usize = 4;

/// Refuses a map that is said to be larger than it is, or that makes long texts of single characters. An empty one is none.
pub(super) fn check(map: &str) -> Result<(), String> {
    // What is no base64 is the library's to refuse.
    let Some(bytes) = decode(map) else { return Ok(()) };
    let Some((size, rest)) = bytes.split_first_chunk::<SIZE>() else { return Ok(()) };
    let size = u32::from_le_bytes(*size) as usize;
    if size > rest.len() {
        return Err(format!(
            "the trie of its map of characters is said to have {} bytes, and {} are there",
            text::count(size as u128),
            text::count(rest.len() as u128)
        ));
    }
    let longest = rest[size..].split(|&byte| byte == 0).map(<[u8]>::len).max().unwrap_or(0);
    if longest > LONGEST {
        return Err(format!(
            "its map of characters makes {} bytes of a character, and at most {LONGEST} are taken",
            text::count(longest as u128)
        ));
    }
    Ok(())
}

/// The bytes of a text in base64; none where it is no such text.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for &c in group {
            let digit = match c {
                b'A'..=b'Z' => c - b'A',
                b'a'..=b'z' => c - b'a' + 26,
                b'0'..=b'9' => c - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        bits <<= 6 * (4 - group.len());
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As RFC 4648 has it.
    fn encode(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for group in bytes.chunks(3) {
            let mut three = [0; 3];
            three[..group.len()].copy_from_slice(group);
            let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            for k in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * k)) as usize & 63] as char;
                out.push(if k > group.len() { '=' } else { digit });
            }
        }
        out
    }

    #[test]
    fn texts_in_base64_are_read() {
        // RFC 4648, section 10.
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
        ] {
            assert_eq!((decode(text).unwrap(), encode(bytes.as_bytes())), (bytes.into(), text.to_owned()));
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)).unwrap(), all);
        assert_eq!(decode("a b"), None);
    }

    #[test]
    fn a_map_holds_what_it_says() {
        let map =
            |size: u32, texts: &[u8]| check(&encode(&[&size.to_le_bytes()[..], b"trie", texts].concat()));
        assert!(map(4, b"fi\0ffl\0").is_ok() && check("").is_ok() && check("\u{e9}").is_ok());
        let error = map(u32::MAX - 3, b"").unwrap_err();
        assert_eq!(
            error,
            "the trie of its map of characters is said to have 4,294,967,292 bytes, and 4 are there"
        );
        let error = map(4, &[b'x'; 1000]).unwrap_err();
        assert_eq!(
            error,
            "its map of characters makes 1,000 bytes of a character, and at most 256 are taken"
        );
    }
}
