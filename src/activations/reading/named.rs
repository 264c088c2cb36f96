//! The words and numbers of an array's name.

/// Words that a number of a layer stands behind.
const LAYER: [&str; 27] = [
    "layer",
    "layers",
    "block",
    "blocks",
    "blk",
    "h",
    "hs",
    "hidden",
    "state",
    "states",
    "arr",
    "array",
    "resid",
    "l",
    "stage",
    "stages",
    "encoder",
    "decoder",
    "depth",
    "act",
    "acts",
    "activation",
    "activations",
    "embeddings",
    "feats",
    "features",
    "output",
];
/// Words of what comes before the first block.
const BEGIN: [&str; 7] = ["embed", "embeds", "embedding", "embeddings", "embd", "emb", "wte"];
/// Words of what comes after the last block.
const END: [&str; 7] = ["norm", "layernorm", "ln", "lnf", "rmsnorm", "final", "last"];
/// Words that say more than the others tell of.
const ELSEWHERE: [&str; 10] =
    ["pos", "position", "positional", "positions", "wpe", "unembed", "head", "logits", "pooler", "pooled"];
/// Words of windows and points of time.
const TIME: [&str; 8] = ["t", "time", "times", "ms", "s", "tmin", "sec", "epoch"];
/// A longer number is a text: nothing is counted so far.
const DIGITS: usize = 15;

/// A name, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named {
    /// What stands before, between and behind the numbers, in small letters.
    texts: Vec<String>,
    pub(super) numbers: Vec<Number>,
}

/// A number in a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// Whether it is a whole number as it is written, from 0 on.
    pub(super) counts: bool,
}

/// Where something with no number stands beside numbered layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

impl Named {
    pub(super) fn of(name: &str) -> Self {
        let chars: Vec<char> = name.to_lowercase().chars().collect();
        let digits = |from: usize| chars[from..].iter().take_while(|c| c.is_ascii_digit()).count();
        let (mut texts, mut numbers, mut text) = (Vec::new(), Vec::new(), String::new());
        let mut at = 0;
        while at < chars.len() {
            let whole = digits(at);
            if whole == 0 || whole > DIGITS {
                text.extend(&chars[at..at + whole.max(1)]);
                at += whole.max(1);
                continue;
            }
            let before = at.checked_sub(1).map(|before| chars[before]);
            let further = at.checked_sub(2).map(|before| chars[before]);
            // A sign, and no hyphen between two words.
            let negative =
                matches!(before, Some('-' | '−')) && further.is_none_or(|c| !c.is_alphanumeric() && c != ')');
            if negative {
                text.pop();
            }
            let mut end = at + whole;
            if is_fraction(&chars, at, end, negative) {
                end += 1 + digits(end + 1);
            }
            let written: String = chars[at..end].iter().collect();
            let value = written.parse::<f64>().unwrap_or_default() * if negative { -1.0 } else { 1.0 };
            numbers.push(Number { value, counts: !negative && end == at + whole });
            texts.push(std::mem::take(&mut text));
            at = end;
        }
        texts.push(text);
        Self { texts, numbers }
    }

    /// The same for names that differ in their numbers alone.
    pub(super) fn template(&self) -> String {
        self.texts.join("\u{0}")
    }

    /// `blocks.*.mlp`.
    pub(super) fn pattern(name: &str, number: usize) -> String {
        let mut at = 0;
        let mut pattern = String::new();
        let mut digits = false;
        for c in name.chars() {
            if c.is_ascii_digit() {
                if !digits {
                    at += 1;
                }
                digits = true;
                if at == number + 1 {
                    if !pattern.ends_with('*') {
                        pattern.push('*');
                    }
                    continue;
                }
            } else {
                digits = false;
            }
            pattern.push(c);
        }
        pattern
    }

    /// The positions of its numbers that stand behind a word for layers, or are all of the name.
    pub(super) fn layer_numbers(&self) -> Vec<usize> {
        let bare = |text: &str| !text.chars().any(char::is_alphanumeric);
        (0..self.numbers.len())
            .filter(|&at| {
                let before = &self.texts[at];
                if bare(before) && at == 0 {
                    return self.texts.iter().all(|text| bare(text)) || self.texts[1].starts_with(['.', '/']);
                }
                let word = before.trim_end_matches(|c: char| !c.is_alphanumeric());
                let start = word.rfind(|c: char| !c.is_alphabetic()).map_or(0, |at| at + 1);
                LAYER.contains(&word.get(start..).unwrap_or_default())
            })
            .collect()
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().flat_map(|text| text.split(|c: char| !c.is_alphabetic())).filter(|w| !w.is_empty())
    }

    /// Whether its last number is that of a module in a list, `net.trunk.3`, behind two words at least.
    pub(super) fn is_in_list(&self) -> bool {
        let Some(last) = self.numbers.len().checked_sub(1) else { return false };
        let (before, after) = (&self.texts[last], &self.texts[last + 1]);
        let path = before.strip_suffix('.').is_some_and(|path| path.contains('.') && !path.ends_with('.'));
        path && (after.is_empty() || after.starts_with('.')) && self.numbers[last].counts
    }

    /// Whether it speaks of time.
    pub(super) fn is_of_time(&self) -> bool {
        self.words().any(|word| TIME.contains(&word))
    }

    /// Where it stands beside numbered layers, if its words say so.
    pub(super) fn end(&self) -> Option<End> {
        let has = |known: &[&str]| self.words().any(|word| known.contains(&word));
        if has(&ELSEWHERE) || !self.numbers.is_empty() {
            return None;
        }
        let last = self.words().any(|word| word == "final" || word == "last");
        match (has(&BEGIN), has(&END)) {
            (true, _) if !last => Some(End::First),
            (false, true) => Some(End::Last),
            _ => None,
        }
    }
}

/// Whether the digits from `at` to `end` are those before the point of a decimal number: numbers of modules have points between
/// them, too.
fn is_fraction(chars: &[char], at: usize, end: usize, negative: bool) -> bool {
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    if chars.get(end) != Some(&'.') || !digit(end + 1) {
        return false;
    }
    let mut after = end + 1;
    while digit(after) {
        after += 1;
    }
    let is_said = negative || at.checked_sub(1).is_some_and(|before| chars[before] == '=');
    let ends = matches!(chars.get(after), None | Some('s' | 'm' | ' ')) && chars.get(after) != Some(&'.');
    is_said && !(chars.get(after) == Some(&'.') && digit(after + 1)) || at == 0 && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(name: &str) -> Vec<f64> {
        Named::of(name).numbers.iter().map(|number| number.value).collect()
    }

    #[test]
    fn numbers_are_found_with_their_signs_and_fractions() {
        assert_eq!(numbers("blocks.10.hook_resid_post"), [10.0]);
        assert_eq!(numbers("-1"), [-1.0]);
        assert_eq!(numbers("layer_-2"), [-2.0]);
        assert_eq!(numbers("layer-2"), [2.0]);
        assert_eq!(numbers("0-50ms"), [0.0, 50.0]);
        assert_eq!(numbers("t=-0.25"), [-0.25]);
        assert_eq!(numbers("0.1s"), [0.1]);
        assert_eq!(numbers("h.0.1"), [0.0, 1.0]);
        assert_eq!(numbers("layer1.10.conv2"), [1.0, 10.0, 2.0]);
        assert!(numbers("12345678901234567890").is_empty());
    }

    #[test]
    fn words_tell_layers_from_versions_and_from_ends() {
        let layers = |name: &str| Named::of(name).layer_numbers();
        assert_eq!(layers("gpt2.h.3.mlp"), [1]);
        assert_eq!(layers("arr_0"), [0]);
        assert_eq!(layers("3"), [0]);
        assert_eq!(layers("v1"), [] as [usize; 0]);
        let end = |name: &str| Named::of(name).end();
        assert_eq!(end("hook_embed"), Some(End::First));
        assert_eq!(end("transformer.wte"), Some(End::First));
        assert_eq!(end("embeddings.LayerNorm"), Some(End::First));
        assert_eq!(end("ln_final.hook_normalized"), Some(End::Last));
        assert_eq!(end("ln_f"), Some(End::Last));
        assert_eq!(end("last_hidden_state"), Some(End::Last));
        for name in ["hook_pos_embed", "unembed", "pooler_output", "something", "final_embedding"] {
            assert_eq!(end(name), None, "{name}");
        }
        assert_eq!(Named::pattern("gpt2.h.13.mlp", 1), "gpt2.h.*.mlp");
    }
}
