//! What a page shows against what the program prints: equal up to what differs from run to run.

use std::sync::LazyLock;

use fancy_regex::Regex;

/// What stands for any lines, none among them.
const ANY: &str = "…";

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rate = r"\b[0-9][0-9.,]*( [a-z]+)?/s\b";
    let time = r"(< ?)?\b[0-9][0-9.,]* ?(ms|s|min|h)\b";
    [(rate, "RATE"), (time, "TIME")].map(|(pattern, name)| (Regex::new(pattern).unwrap(), name)).into()
});

/// What stands on stderr every so often, where work takes long: `fit 6/7 (85%), 1.2/s, 3s left`.
static PROGRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\S.* [0-9,]+/[0-9,]+ \([0-9]+%\)").unwrap());

/// The lines of a text without those of progress, and without blank ones around them, with times, rates and the version as words. Where a time stands in a
/// line, how many blanks part its columns depends on the time's width.
pub fn plain(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let mut now = line.trim_end().replace(env!("CARGO_PKG_VERSION"), "VERSION");
        for (pattern, name) in PATTERNS.iter() {
            if pattern.is_match(&now).unwrap() {
                now = pattern.replace_all(&now, *name).split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
        now
    };
    let lines = text.trim_matches('\n').lines().filter(|line| !PROGRESS.is_match(line).unwrap());
    lines.map(line).collect()
}

/// Whether `printed` is what is `shown`.
pub fn is_shown(shown: &str, printed: &str) -> bool {
    fits(&plain(shown), &plain(printed))
}

fn fits(shown: &[String], printed: &[String]) -> bool {
    // `reached[j]`: the lines of `shown` so far fit the first j of `printed`.
    let mut reached = vec![false; printed.len() + 1];
    reached[0] = true;
    for line in shown {
        let mut next = vec![false; reached.len()];
        if line.trim() == ANY {
            let first = reached.iter().position(|&ok| ok).unwrap_or(reached.len());
            next[first..].fill(true);
        } else {
            for (j, there) in printed.iter().enumerate() {
                next[j + 1] = reached[j] && there == line;
            }
        }
        reached = next;
    }
    reached[printed.len()]
}

/// Whether every line of `shown` without digits stands in `printed`, in this order: what is left of tables of other weights.
pub fn has_the_headings(shown: &str, printed: &str) -> bool {
    let headings = |text: &str| -> Vec<String> {
        let lines = plain(text).into_iter();
        let lines = lines.filter(|line| !line.is_empty() && !line.contains(|c: char| c.is_ascii_digit()));
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let printed = headings(printed);
    let mut rest = printed.iter();
    headings(shown).iter().filter(|line| *line != ANY).all(|line| rest.any(|there| there == line))
}

/// The lines that are shown and not printed, and the other way round.
pub fn difference(shown: &str, printed: &str) -> String {
    let (shown, printed) = (plain(shown), plain(printed));
    let only = |these: &[String], those: &[String], mark: &str| -> Vec<String> {
        let lines = these.iter().filter(|line| line.trim() != ANY && !those.contains(line));
        lines.take(20).map(|line| format!("    {mark} {line}")).collect()
    };
    let found = [only(&shown, &printed, "page:   "), only(&printed, &shown, "printed:")].concat();
    if found.is_empty() {
        "    the same lines, in another order or number".to_owned()
    } else {
        found.join("\n")
    }
}

#[test]
fn times_and_rates_differ_and_nothing_else() {
    assert!(is_shown("1,024 stimuli in 1.1 s: 3,776 stimuli/s", "1,024 stimuli in 22 ms: 4 stimuli/s"));
    assert!(is_shown("a  12 s  b\n", "a 1.5 min b"));
    assert!(is_shown("probe 0.1.0".replace("0.1.0", env!("CARGO_PKG_VERSION")).as_str(), "probe VERSION"));
    assert!(is_shown("a\nb", "a\nfit 6/7 (85%), 1.94/s, 12s left\nb"));
    for (shown, printed) in
        [("2 layers", "3 layers"), ("a  b", "a b"), ("p < .05", "p < .01"), (".537 ± .024", ".537 ± .025")]
    {
        assert!(!is_shown(shown, printed), "{shown}");
    }
}

#[test]
fn dots_stand_for_any_lines() {
    for (shown, printed, fit) in [
        ("a\n…\nc", "a\nb\nb\nc", true),
        ("a\n…\nc", "a\nc", true),
        ("…\nc\nd", "c\nb\nc\nd", true),
        ("a\n…", "a\nb", true),
        ("a\n  …\n", "a\nb", true),
        ("a\n…\nc", "a\nb", false),
        ("a", "a\nb", false),
        ("a\nb", "a", false),
        ("…\nb\n…", "a\nc", false),
    ] {
        assert_eq!(is_shown(shown, printed), fit, "{shown:?} {printed:?}");
    }
}
