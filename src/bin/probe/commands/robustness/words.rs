//! A recorded command, with an option set or taken away.

/// Options that take no value, or one behind `=` alone.
const FLAGS: [&str; 7] =
    ["--no-special-tokens", "--all", "--per-unit", "--controls", "--force", "--json", "--quiet"];

/// Takes the option `name` away wherever `words` give it, and gives it `value`; an empty one for a flag. A `+` before the name leaves what
/// is there.
pub fn set(words: &mut Vec<String>, name: &str, value: Option<&str>) {
    if let (Some(name), Some(value)) = (name.strip_prefix('+'), value) {
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.insert(end, format!("{name}={value}"));
        return;
    }
    let is_flag = FLAGS.contains(&name);
    let with_value = format!("{name}=");
    let short = if name == "--out" { Some("-o") } else { None };
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let rest = words.split_off(end);
    let mut kept = Vec::with_capacity(words.len() + 1);
    let mut before = std::mem::take(words).into_iter();
    while let Some(word) = before.next() {
        if word == name || short == Some(word.as_str()) {
            if !is_flag {
                before.next();
            }
        } else if !word.starts_with(&with_value) && !short.is_some_and(|short| word.starts_with(short)) {
            kept.push(word);
        }
    }
    kept.extend(value.map(|value| if is_flag { name.to_owned() } else { format!("{name}={value}") }));
    kept.extend(rest);
    *words = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(line: &str, name: &str, value: Option<&str>) -> String {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        set(&mut words, name, value);
        words.join(" ")
    }

    #[test]
    fn an_option_is_given_once_however_it_was_given() {
        for line in ["probe g --seed 3 --all", "probe g --seed=3 --all", "probe g --seed=1 --all --seed 3"] {
            assert_eq!(with(line, "--seed", Some("4")), "probe g --all --seed=4");
        }
        assert_eq!(with("probe g --seed 3 --all", "--all", None), "probe g --seed 3");
        assert_eq!(with("probe --controls g", "--controls", None), "probe g");
        assert_eq!(with("probe g --controls=shuffled --seed 3", "--controls", None), "probe g --seed 3");
        assert_eq!(with("probe g", "--no-special-tokens", Some("")), "probe g --no-special-tokens");
        assert_eq!(with("probe fit -oa a.csv b.npy", "--out", Some("x")), "probe fit a.csv b.npy --out=x");
        assert_eq!(with("probe fit -o a a.csv b.npy", "--out", None), "probe fit a.csv b.npy");
        assert_eq!(
            with("probe fit --seed 1 -- a.csv b.npy", "--seed", Some("2")),
            "probe fit --seed=2 -- a.csv b.npy"
        );
        assert_eq!(with("probe g --drop a --drop=b,c", "--drop", Some("d")), "probe g --drop=d");
    }
}
