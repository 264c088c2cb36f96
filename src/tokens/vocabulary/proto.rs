//! A sentencepiece model: the protocol buffer that its file is, as far as a tokenizer needs it.
//!
//! The fields and their defaults are those of `sentencepiece_model.proto`; what is not listed here is passed over.

use std::collections::HashSet;

use super::wire::{Value, each_field};
use crate::text::count;

/// The longest piece in bytes: the ways to make one out of others are as many as its characters, and each is looked up.
const LONGEST: usize = 1024;

/// What a file of sentencepiece says.
#[expect(clippy::struct_excessive_bools, reason = "four independent settings of a file")]
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelProto {
    /// The vocabulary; a piece's id is its place.
    pub(super) pieces: Vec<Piece>,
    pub(super) algorithm: Algorithm,
    /// Whether what is not in the vocabulary becomes bytes.
    pub(super) byte_fallback: bool,
    /// The ids and names of the unknown piece, of the beginning and of the end; an id below 0 is none.
    pub(super) unknown: (i64, String),
    pub(super) beginning: (i64, String),
    pub(super) end: (i64, String),
    /// How characters are normalized; empty for not at all.
    pub(super) charsmap: Vec<u8>,
    /// Whether a space is put before the text.
    pub(super) add_dummy_prefix: bool,
    /// Whether spaces are removed at both ends, and several become one.
    pub(super) remove_extra_whitespaces: bool,
    /// Whether spaces become `▁`.
    pub(super) escape_whitespaces: bool,
}

/// A piece of the vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Its log probability, or the order in which it was merged.
    pub(super) score: f32,
    pub(super) kind: PieceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    Normal,
    /// Stands for something, and is never found in a text.
    Control,
    /// Found whole wherever it stands in a text.
    UserDefined,
    /// Unknown, unused, or a byte.
    Other,
}

/// How a text is cut into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Unigram,
    Bpe,
    Word,
    Char,
}

impl Algorithm {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unigram => "Unigram",
            Self::Bpe => "BPE",
            Self::Word => "Word",
            Self::Char => "Char",
        }
    }
}

impl ModelProto {
    /// Reads the bytes of a file; says what is wrong with them.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut model = Self {
            pieces: Vec::new(),
            algorithm: Algorithm::Unigram,
            byte_fallback: false,
            unknown: (0, "<unk>".to_owned()),
            beginning: (1, "<s>".to_owned()),
            end: (2, "</s>".to_owned()),
            charsmap: Vec::new(),
            add_dummy_prefix: true,
            remove_extra_whitespaces: true,
            escape_whitespaces: true,
        };
        each_field(bytes, |field, value| match field {
            1 => {
                model.pieces.push(Piece::parse(value.bytes()?)?);
                Ok(())
            }
            2 => each_field(value.bytes()?, |field, value| model.trainer(field, value)),
            3 => each_field(value.bytes()?, |field, value| model.normalizer(field, value)),
            _ => Ok(()),
        })?;
        if model.pieces.is_empty() {
            return Err("it has no pieces".to_owned());
        }
        model.check_pieces()?;
        check_charsmap(&model.charsmap)?;
        Ok(model)
    }

    /// Says which piece is one that no vocabulary has.
    fn check_pieces(&self) -> Result<(), String> {
        let mut known = HashSet::new();
        for (id, Piece { text, score, .. }) in self.pieces.iter().enumerate() {
            if text.is_empty() {
                return Err(format!("its piece {id} is empty"));
            }
            if text.len() > LONGEST {
                let start: String = text.chars().take(16).collect();
                return Err(format!(
                    "its piece {id}, `{start}…`, has {} bytes, and at most {} are read",
                    count(text.len() as u128),
                    count(LONGEST as u128)
                ));
            }
            if !score.is_finite() {
                return Err(format!("its piece {id}, `{text}`, has the score {score}"));
            }
            if !known.insert(text.as_str()) {
                return Err(format!("its piece {id}, `{text}`, is there before"));
            }
        }
        Ok(())
    }

    /// A field of `trainer_spec`.
    fn trainer(&mut self, field: u64, value: Value<'_>) -> Result<(), String> {
        match field {
            3 => {
                self.algorithm = match value.number()? {
                    1 => Algorithm::Unigram,
                    2 => Algorithm::Bpe,
                    3 => Algorithm::Word,
                    4 => Algorithm::Char,
                    other => return Err(format!("it was trained by an algorithm of number {other}")),
                }
            }
            35 => self.byte_fallback = value.number()? != 0,
            40 => self.unknown.0 = value.number()?,
            41 => self.beginning.0 = value.number()?,
            42 => self.end.0 = value.number()?,
            45 => self.unknown.1 = value.text()?,
            46 => self.beginning.1 = value.text()?,
            47 => self.end.1 = value.text()?,
            _ => {}
        }
        Ok(())
    }

    /// A field of `normalizer_spec`.
    fn normalizer(&mut self, field: u64, value: Value<'_>) -> Result<(), String> {
        match field {
            2 => self.charsmap = value.bytes()?.to_vec(),
            3 => self.add_dummy_prefix = value.number()? != 0,
            4 => self.remove_extra_whitespaces = value.number()? != 0,
            5 => self.escape_whitespaces = value.number()? != 0,
            _ => {}
        }
        Ok(())
    }
}

impl Piece {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut piece = Self { text: String::new(), score: 0.0, kind: PieceKind::Normal };
        each_field(bytes, |field, value| {
            match field {
                1 => piece.text = value.text()?,
                2 => piece.score = value.float()?,
                3 => {
                    piece.kind = match value.number()? {
                        1 => PieceKind::Normal,
                        3 => PieceKind::Control,
                        4 => PieceKind::UserDefined,
                        _ => PieceKind::Other,
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(piece)
    }
}

/// Says what is wrong with a map of characters, unless it is empty: the size of a trie, the trie of 32-bit units, and texts.
fn check_charsmap(map: &[u8]) -> Result<(), String> {
    if map.is_empty() {
        return Ok(());
    }
    let Some((size, rest)) = map.split_first_chunk::<4>() else {
        return Err("its map of characters is cut short".to_owned());
    };
    let size = u32::from_le_bytes(*size);
    let trie = || format!("the trie of its map of characters is said to have {size} bytes");
    if size == 0 || !size.is_multiple_of(4) {
        return Err(format!("{}, no multiple of 4 above 0", trie()));
    }
    let Some(texts) = usize::try_from(size).ok().and_then(|size| rest.get(size..)) else {
        return Err(format!("{}, and {} are there", trie(), rest.len()));
    };
    match std::str::from_utf8(texts) {
        Ok(_) => Ok(()),
        Err(_) => Err("the texts of its map of characters are not UTF-8".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        // Lengths beyond 127 take two bytes.
        let length =
            if length < 0x80 { vec![length as u8] } else { vec![length as u8 | 0x80, (length >> 7) as u8] };
        [&[field << 3 | 2], &length[..], content].concat()
    }

    fn piece(text: &str, score: f32, kind: Option<u8>) -> Vec<u8> {
        let mut message = bytes(1, text.as_bytes());
        message.push(2 << 3 | 5);
        message.extend(score.to_le_bytes());
        if let Some(kind) = kind {
            message.extend([3 << 3, kind]);
        }
        bytes(1, &message)
    }

    #[test]
    fn what_is_there_is_read_and_the_rest_has_its_defaults() {
        // Numbers of fields beyond 15 take two bytes; -1 takes ten.
        let pad_id = [&[0xd8, 2][..], &[0xff; 9], &[1]].concat();
        let unk_id = [0xc0, 2, 3];
        let trainer = [&[3 << 3, 2][..], &[0x98, 2, 1], &unk_id, &pad_id].concat();
        let normalizer = [&bytes(2, b"\x04\0\0\0trie text")[..], &[3 << 3, 0]].concat();
        let file = [
            piece("<unk>", 0.0, Some(2)),
            piece("▁a", -1.5, None),
            piece("<s>", 0.0, Some(3)),
            bytes(2, &trainer),
            bytes(3, &normalizer),
            bytes(9, b"something of another time"),
        ]
        .concat();
        let model = ModelProto::parse(&file).unwrap();
        let kinds: Vec<PieceKind> = model.pieces.iter().map(|piece| piece.kind).collect();
        assert_eq!(kinds, [PieceKind::Other, PieceKind::Normal, PieceKind::Control]);
        assert_eq!((model.pieces[1].text.as_str(), model.pieces[1].score), ("▁a", -1.5));
        assert_eq!((model.algorithm, model.byte_fallback), (Algorithm::Bpe, true));
        assert_eq!((model.unknown, model.beginning.0), ((3, "<unk>".to_owned()), 1));
        assert_eq!((model.charsmap, model.add_dummy_prefix), (b"\x04\0\0\0trie text".to_vec(), false));
        assert!(model.remove_extra_whitespaces && model.escape_whitespaces);
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let whole = [piece("<unk>", 0.0, Some(2)), piece("▁a", -1.5, None)].concat();
        for length in 0..whole.len() {
            // A piece may be missing; half a piece may not.
            let parsed = ModelProto::parse(&whole[..length]);
            assert_eq!(parsed.is_ok(), length == piece("<unk>", 0.0, Some(2)).len(), "{length}");
        }
        for wrong in [
            &b"{\"a\": 1}"[..],
            &[0xff; 40],
            &[1 << 3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ] {
            assert!(ModelProto::parse(wrong).is_err());
        }
    }

    #[test]
    fn what_no_vocabulary_has_is_refused_by_name() {
        let with = |more: Vec<u8>| ModelProto::parse(&[piece("a", -1.0, None), more].concat());
        let refusal = |text: &str, score| with(piece(text, score, None)).unwrap_err();
        assert_eq!(refusal("a", -2.0), "its piece 1, `a`, is there before");
        assert_eq!(with(piece("a", 0.0, Some(3))).unwrap_err(), "its piece 1, `a`, is there before");
        assert_eq!(refusal("", -2.0), "its piece 1 is empty");
        assert_eq!(refusal("b", f32::NAN), "its piece 1, `b`, has the score NaN");
        assert_eq!(refusal("b", f32::NEG_INFINITY), "its piece 1, `b`, has the score -inf");
        let long = "é".repeat(512);
        assert_eq!(with(piece(&long, -2.0, None)).unwrap().pieces[1].text, long);
        assert_eq!(
            refusal(&format!("{long}a"), -2.0),
            "its piece 1, `éééééééééééééééé…`, has 1,025 bytes, and at most 1,024 are read"
        );
    }

    #[test]
    fn a_map_of_characters_that_is_none_is_refused() {
        let parse = |map: &[u8]| {
            let normalizer = bytes(3, &bytes(2, map));
            ModelProto::parse(&[piece("a", -1.0, None), normalizer].concat())
        };
        for good in [&b""[..], b"\x04\0\0\0trie", "\u{4}\0\0\0trieé\0".as_bytes()] {
            assert_eq!(parse(good).unwrap().charsmap, good);
        }
        let trie = |what: &str| format!("the trie of its map of characters is said to have {what}");
        for (map, expected) in [
            (&b"\x04"[..], "its map of characters is cut short".to_owned()),
            (b"\0\0\0\0", trie("0 bytes, no multiple of 4 above 0")),
            (b"\x02\0\0\0trie", trie("2 bytes, no multiple of 4 above 0")),
            (b"\x08\0\0\0trie", trie("8 bytes, and 4 are there")),
            (b"\xfc\xff\xff\xff\0\0\0\0", trie("4294967292 bytes, and 4 are there")),
            (b"\x04\0\0\0trie\xff", "the texts of its map of characters are not UTF-8".to_owned()),
        ] {
            assert_eq!(parse(map).unwrap_err(), expected);
        }
    }
}
