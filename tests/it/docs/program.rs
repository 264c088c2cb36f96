//! The program as it was built, and the help of its commands.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// Where it is.
pub fn path() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("probe")
}

/// The help of every command, `sweep run` among them.
static HELP: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut help = BTreeMap::new();
    let mut names = vec!["run".to_owned()];
    names.extend(below(&of("")));
    while let Some(name) = names.pop() {
        let text = of(&name);
        names.extend(below(&text).into_iter().map(|below| format!("{name} {below}")));
        help.insert(name, text);
    }
    help
});

fn of(name: &str) -> String {
    let output = Command::new(path()).args(name.split_whitespace()).arg("--help").output().unwrap();
    assert!(output.status.success(), "probe {name} --help");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists.
fn below(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names
        .filter_map(|line| line.split(' ').next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The help of a command, if there is one.
pub fn help(name: &str) -> Option<&'static str> {
    HELP.get(name).map(String::as_str)
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static str> {
    HELP.values().map(String::as_str)
}

/// Whether a help has an option: `--x` and no longer one.
pub fn has_option(help: &str, option: &str) -> bool {
    let longer = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    help.match_indices(option).any(|(at, _)| !longer(&help[at + option.len()..]))
}
