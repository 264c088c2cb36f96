//! A page of the documentation as text: its files, its commands with what they are shown to print, and the commands in its sentences.

/// One thing that a reader of a page does or sees.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// A block behind "Save this as `NAME`:".
    File { name: String, content: String },
    /// A line of a shell, and what stands below it.
    Command { line: usize, text: String, shown: Option<String> },
    /// A command in a sentence or in the cell of a table.
    Inline { line: usize, text: String },
    /// A block in which nothing is run: its kind and its text.
    Text { line: usize, kind: String, content: String },
}

/// What a page has, in its order.
pub fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut prose = String::new();
    let (mut from, mut saved_as) = (1, None);
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let open = ["```", "~~~"].into_iter().find(|fence| line.trim_start().starts_with(fence));
        let Some(fence) = open else {
            saved_as =
                line.strip_prefix("Save this as `").and_then(|rest| rest.split('`').next()).or(saved_as);
            if prose.is_empty() {
                from = at + 1;
            }
            prose.push_str(line);
            prose.push('\n');
            continue;
        };
        inline(&prose, from, &mut steps);
        prose.clear();
        let content: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| !line.trim_start().starts_with(fence))
            .collect();
        let (first, content) = (at + 2, content.join("\n") + "\n");
        let kind = line.trim_start().trim_start_matches(fence).split_whitespace().next().unwrap_or("none");
        match (saved_as.take(), kind) {
            (Some(name), _) => steps.push(Step::File { name: name.to_owned(), content }),
            (None, "sh") => shell(&content, first, &mut steps),
            (None, "console" | "text") if content.starts_with("$ ") => console(&content, first, &mut steps),
            (None, kind) => steps.push(Step::Text { line: first, kind: kind.to_owned(), content }),
        }
    }
    inline(&prose, from, &mut steps);
    steps
}

/// A block of commands, a line each; a `\` at the end of a line goes on, and a loop goes up to its end.
fn shell(block: &str, first: usize, steps: &mut Vec<Step>) {
    let (mut command, mut open) = (String::new(), 0);
    for (line, text) in (first..).zip(block.lines()) {
        command.push_str(text);
        command.push('\n');
        match text.split_whitespace().next() {
            Some("for" | "while" | "if") => open += 1,
            Some("done" | "fi") => open -= 1,
            _ => {}
        }
        if !text.ends_with('\\') && open == 0 {
            let whole = command.trim();
            if !whole.is_empty() && !whole.starts_with('#') {
                steps.push(Step::Command { line, text: whole.to_owned(), shown: None });
            }
            command.clear();
        }
    }
}

/// A block of commands behind `$ `, and what each prints.
fn console(block: &str, first: usize, steps: &mut Vec<Step>) {
    for (line, text) in (first..).zip(block.lines()) {
        if let Some(command) = text.strip_prefix("$ ") {
            steps.push(Step::Command { line, text: command.to_owned(), shown: None });
        } else if let Some(Step::Command { shown, .. }) = steps.last_mut() {
            let shown = shown.get_or_insert_default();
            shown.push_str(text);
            shown.push('\n');
        }
    }
    // Blank lines part the commands of a block.
    for step in steps {
        if let Step::Command { shown, .. } = step {
            *shown = shown.take().filter(|shown| !shown.trim().is_empty());
        }
    }
}

/// Code in running text that names the program; a bar in a table is written `\|`.
fn inline(prose: &str, first: usize, steps: &mut Vec<Step>) {
    let mut at = 0;
    for (piece, text) in prose.split('`').enumerate() {
        if piece % 2 == 1 {
            let line = first + prose[..at].matches('\n').count();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("\\|", "|");
            if text.split(' ').any(|word| word == "probe") && text != "probe" || text.starts_with("--") {
                steps.push(Step::Inline { line, text });
            }
        }
        at += text_length(prose, at);
    }
}

/// Bytes from `at` up to and with the next backtick.
fn text_length(prose: &str, at: usize) -> usize {
    prose[at..].find('`').map_or(prose.len() - at, |end| end + 1)
}

/// A command of the program as people run it who have just fetched its source, as one of `probe`.
pub fn as_probe(command: &str) -> String {
    command
        .strip_prefix("cargo run --release -- ")
        .map_or_else(|| command.to_owned(), |rest| format!("probe {rest}"))
}

/// A command without the comment behind it.
pub fn bare(command: &str) -> String {
    as_probe(command.split(" #").next().unwrap_or_default().trim())
}

/// The command of a step that shows what it prints.
pub fn with_output(step: &Step) -> Option<String> {
    match step {
        Step::Command { text, shown: Some(_), .. } => Some(bare(text)),
        _ => None,
    }
}

/// How code in a sentence is to be taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Spoken {
    /// A command that can be run as it stands.
    Whole,
    /// A subcommand that is spoken of, or a command with something to fill in: its subcommands and options.
    Form(Vec<String>, Vec<String>),
}

/// Subcommands that run without anything behind them.
const ALONE: [&str; 3] = ["models", "grammars", "cache ls"];

/// Tells a whole command from one that is spoken of. `subcommand` knows the program's.
pub fn spoken(command: &str, subcommand: impl Fn(&str) -> bool) -> Spoken {
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let mut names: Vec<&str> = Vec::new();
    let mut rest = &words[..];
    while let [first, behind @ ..] = rest {
        let all = first.split('|').all(|name| subcommand(&[&names[..], &[name]].concat().join(" ")));
        if !all {
            break;
        }
        names.push(first);
        rest = behind;
    }
    let placeholder = |word: &&str| {
        let capital = |part: &str| part.len() > 1 || part == "N" || word.contains(',');
        word.contains(['…', '|', '[', '{'])
            || word.split([',', '/', '@', '=']).any(|part| {
                let part = part.trim_end_matches("...");
                !part.is_empty()
                    && part.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                    && (capital(part))
            })
    };
    let begins = rest.first().is_some_and(|word| !word.starts_with('-'));
    let whole = !words.iter().any(placeholder)
        && (begins || (rest.is_empty() && ALONE.contains(&names.join(" ").as_str())));
    if whole {
        return Spoken::Whole;
    }
    let first: Vec<String> = names.first().map_or_else(
        || vec!["run".to_owned()],
        |first| first.split('|').map(|name| [&[name], &names[1..]].concat().join(" ")).collect(),
    );
    Spoken::Form(first, words.iter().filter_map(|word| option(word)).collect())
}

/// The name of an option: `--name`, without a value.
pub fn option(word: &str) -> Option<String> {
    let name: String =
        word.strip_prefix("--")?.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    (!name.is_empty()).then(|| format!("--{name}"))
}

#[test]
fn a_page_is_its_files_and_commands() {
    let page = "A `probe check a.toml`, a\n`probe fit\nX Y`.\n\nSave this as `a.toml`:\n\n```toml\nx = 1\n```\n\n```sh\nprobe a \\\n  b  # c\n\n```\n\
                ```text\n$ one\nit prints\n\n$ two\n```\n```json\n{}\n```\n~~~sh\nfor x in 1 2; do\n  probe $x\ndone\n~~~\n";
    let command = |line, text: &str, shown: Option<&str>| Step::Command {
        line,
        text: text.to_owned(),
        shown: shown.map(str::to_owned),
    };
    let wanted = [
        Step::Inline { line: 1, text: "probe check a.toml".to_owned() },
        Step::Inline { line: 2, text: "probe fit X Y".to_owned() },
        Step::File { name: "a.toml".to_owned(), content: "x = 1\n".to_owned() },
        command(13, "probe a \\\n  b  # c", None),
        command(17, "one", Some("it prints\n\n")),
        command(20, "two", None),
        Step::Text { line: 23, kind: "json".to_owned(), content: "{}\n".to_owned() },
        command(28, "for x in 1 2; do\n  probe $x\ndone", None),
    ];
    assert_eq!(steps(page), wanted);
}

#[test]
fn a_whole_command_is_told_from_one_that_is_spoken_of() {
    let known = |name: &str| {
        ["fit", "run", "generate", "sweep", "sweep run", "models", "cache", "cache ls"].contains(&name)
    };
    for whole in [
        "probe fit a.csv b.npy -o out",
        "probe mine.toml --model A1",
        "probe sweep run plan.toml",
        "probe models",
        "probe cache ls",
    ] {
        assert_eq!(spoken(whole, known), Spoken::Whole, "{whole}");
    }
    let form = |command: &str| match spoken(command, known) {
        Spoken::Form(names, options) => (names.join(","), options.join(",")),
        Spoken::Whole => panic!("{command}"),
    };
    assert_eq!(form("probe fit"), ("fit".to_owned(), String::new()));
    assert_eq!(form("probe run|fit --null N"), ("run,fit".to_owned(), "--null".to_owned()));
    assert_eq!(form("probe --model A,B GRAMMAR"), ("run".to_owned(), "--model".to_owned()));
    assert_eq!(form("probe generate --pairs x"), ("generate".to_owned(), "--pairs".to_owned()));
    assert_eq!(form("probe fit … --repeat ACTIVATIONS"), ("fit".to_owned(), "--repeat".to_owned()));
    assert_eq!(form("probe sweep run"), ("sweep run".to_owned(), String::new()));
}
