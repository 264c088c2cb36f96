//! Twenty sentences that hard cases of tokenizers are in: case, accents, numbers, punctuation, other scripts, spaces.

/// How many sentences are frozen at most.
pub const MOST: usize = 20;

const BUNDLED: [&str; MOST] = [
    "The cat that the dogs chased sleeps on the mat.",
    "Yesterday, Maria gave her brother a book about Ancient Rome.",
    "It wasn't the teacher's fault that nobody'd read it.",
    "NASA launched 3 rockets in 1969, 12 in 1970 and 1,024 since.",
    "¿Dónde está la biblioteca?",
    "Der Fußgänger überquerte die Straße.",
    "Le garçon naïf a mangé des crêpes à Nîmes.",
    "Zażółć gęślą jaźń.",
    "Собака спит под столом.",
    "猫がマットの上で寝ている。",
    "这本书是我的。",
    "고양이가 잔다.",
    "القط نائم.",
    "She said: \"No way!\" — and left…",
    "E-mail me at someone@example.org (or don't).",
    "antidisestablishmentarianism",
    "The price rose by 3.5% to $19.99.",
    "UPPER lower MiXeD",
    "two  spaces and a tab\there",
    "The keys to the cabinet are on the table 🙂",
];

/// The twenty sentences.
#[must_use]
pub fn bundled() -> Vec<String> {
    BUNDLED.iter().map(|&sentence| sentence.to_owned()).collect()
}

/// At most [`MOST`] of `sentences`, each once, from all over the list.
#[must_use]
pub fn some(sentences: &[String]) -> Vec<String> {
    let mut distinct: Vec<&String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    distinct
        .extend(sentences.iter().filter(|sentence| !sentence.trim().is_empty() && seen.insert(*sentence)));
    let n = distinct.len();
    (0..n.min(MOST)).map(|index| distinct[index * n / n.min(MOST)].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_taken_from_all_over() {
        let all: Vec<String> = (0..100).map(|i| format!("s{}", i / 2)).chain([String::new()]).collect();
        let taken = some(&all);
        assert_eq!((taken.len(), taken[0].as_str(), taken[19].as_str()), (20, "s0", "s47"));
        assert_eq!(some(&bundled()), bundled());
        assert!(some(&[]).is_empty());
    }
}
