//! Sets of characters by their names, as Oniguruma has them.

/// Members of a class: letters, marks, decimal digits, connecting punctuation.
const WORD: &str = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}";

/// The members of `\w`: those of a word, and the fractions and powers of Latin-1.
pub(super) const WORD_LETTER: &str = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}²³¹¼½¾";

/// Members of the class that `[:NAME:]` names.
pub(super) fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "alnum" => r"\p{Alphabetic}\p{Nd}",
        "alpha" => r"\p{Alphabetic}",
        "ascii" => r"\x00-\x7F",
        "blank" => r"\p{Zs}\t",
        "cntrl" => r"\p{Cc}",
        "digit" => r"\p{Nd}",
        "graph" => r"[^\s\p{Cc}\p{Cn}]",
        "lower" => r"\p{Lowercase}",
        "print" => r"[^\s\p{Cc}\p{Cn}]\p{Zs}",
        "punct" => r"\p{P}\p{S}",
        "space" => r"\s",
        "upper" => r"\p{Uppercase}",
        "xdigit" => "0-9A-Fa-f",
        "word" => WORD,
        _ => return None,
    })
}

/// General categories, by their short and long names.
const CATEGORIES: &[(&str, &str)] = &[
    ("L", "letter"),
    ("Lu", "uppercaseletter"),
    ("Ll", "lowercaseletter"),
    ("Lt", "titlecaseletter"),
    ("LC", "casedletter"),
    ("Lm", "modifierletter"),
    ("Lo", "otherletter"),
    ("M", "mark"),
    ("Mn", "nonspacingmark"),
    ("Mc", "spacingmark"),
    ("Me", "enclosingmark"),
    ("N", "number"),
    ("Nd", "decimalnumber"),
    ("Nl", "letternumber"),
    ("No", "othernumber"),
    ("P", "punctuation"),
    ("Pc", "connectorpunctuation"),
    ("Pd", "dashpunctuation"),
    ("Ps", "openpunctuation"),
    ("Pe", "closepunctuation"),
    ("Pi", "initialpunctuation"),
    ("Pf", "finalpunctuation"),
    ("Po", "otherpunctuation"),
    ("S", "symbol"),
    ("Sm", "mathsymbol"),
    ("Sc", "currencysymbol"),
    ("Sk", "modifiersymbol"),
    ("So", "othersymbol"),
    ("Z", "separator"),
    ("Zs", "spaceseparator"),
    ("Zl", "lineseparator"),
    ("Zp", "paragraphseparator"),
    ("C", "other"),
    ("Cc", "control"),
    ("Cf", "format"),
    ("Cn", "unassigned"),
    ("Co", "privateuse"),
];

/// Scripts that are named alike in both.
const SCRIPTS: &str = "Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew \
    Hiragana Kannada Katakana Khmer Lao Latin Malayalam Mongolian Myanmar Sinhala Tamil Telugu Thai Tibetan";

/// Members of the class that `\p{NAME}` names. Case, blanks, `-` and `_` do not count.
pub(super) fn property(name: &str) -> Option<String> {
    let plain: String =
        name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect::<String>().to_ascii_lowercase();
    let category =
        CATEGORIES.iter().find(|(short, long)| short.eq_ignore_ascii_case(&plain) || *long == plain);
    if let Some((short, _)) = category {
        return Some(match *short {
            "LC" => r"\p{Lu}\p{Ll}\p{Lt}".to_owned(),
            short => format!(r"\p{{{short}}}"),
        });
    }
    if let Some(script) = SCRIPTS.split_whitespace().find(|script| script.eq_ignore_ascii_case(&plain)) {
        return Some(format!(r"\p{{{script}}}"));
    }
    let named = match plain.as_str() {
        "alphabetic" => r"\p{Alphabetic}",
        "whitespace" => r"\s",
        "uppercase" => r"\p{Uppercase}",
        "lowercase" => r"\p{Lowercase}",
        "any" => r"\x{0}-\x{10FFFF}",
        "punct" => r"\p{P}",
        "posixpunct" => r"\p{P}\p{S}",
        other => posix(other)?,
    };
    Some(named.to_owned())
}
