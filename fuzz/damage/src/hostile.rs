//! Texts that attack: as names, values, sentences, models and labels, in terminals, pages, drawings and scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::{Probe, raw_control};
use crate::markup::made_of;
use crate::mutate::quoted;
use crate::report::Report;

pub const PAYLOADS: [&str; 26] = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)", "javascript:alert(1)", "]]><script>alert(1)</script>", "<!--", "--><script>alert(1)</script>",
    "&lt;script&gt;", "</style><script>alert(1)</script>", "</title><script>alert(1)</script>", "{{7*7}}", "{% raw %}",
    "$(touch pwned)", "`touch pwned`", "; touch pwned;", "'; touch pwned; '", "\"; touch pwned; \"", "| touch pwned", "&& touch pwned",
    "\u{1b}[2J\u{1b}[31m", "\u{1b}]0;title\u{7}", "\u{9b}31m", "\u{202e}abc", "%s%n\\x1b[31m",
];

/// Texts that harm nobody, of which a page is made as it is to be: a short and a long one, and one that is told of.
const PLAIN: [&str; 3] = ["plain words", "plain words, and so many of them that they are cut", "(a) b: c / d"];

/// What nothing can run in.
const INERT: [&str; 8] =
    ["<section class aria-label>", "</section>", "<ul >", "</ul>", "<li >", "</li>", "<title >", "</title>"];

/// Pages and drawings, by their names, and what each is made of.
fn made(home: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut files: Vec<PathBuf> = ["x/report.html", "y/compare.html"].map(|page| home.join(page)).into();
    let drawings = fs::read_dir(home.join("x/figures")).into_iter().flatten().flatten();
    files.extend(drawings.map(|entry| entry.path()));
    files
        .into_iter()
        .filter_map(|path| Some((path.file_name()?.to_string_lossy().into_owned(), fs::read_to_string(&path).ok()?)))
        .map(|(name, text)| (name, made_of(&text)))
        .collect()
}

/// What a browser runs of `page`: none where the environment names no browser.
fn run_by_a_browser(page: &Path) -> Option<String> {
    let browser = std::env::var("PROBE_DAMAGE_BROWSER").ok()?;
    let text = fs::read_to_string(page).ok()?;
    // First of all scripts, it waits for what a text may call, and moves a pointer over everything.
    let watch = "<script>for(const name of ['alert','confirm','prompt'])window[name]=()=>document.documentElement.setAttribute('data-ran','1');\
        addEventListener('load',()=>document.querySelectorAll('*').forEach(e=>['mouseover','mouseenter','click','focus'].forEach(k=>e.dispatchEvent(new Event(k,{bubbles:true})))))</script>";
    let at = text.find("<head>").map_or(0, |at| at + 6);
    let watched = page.with_file_name("watched.html");
    fs::write(&watched, format!("{}{watch}{}", &text[..at], &text[at..])).ok()?;
    let out = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("file://{}", watched.display()))
        .output()
        .ok()?;
    let dom = String::from_utf8_lossy(&out.stdout).into_owned();
    if !dom.contains("</html>") {
        return Some("the browser shows nothing".to_owned());
    }
    dom[..dom.len().min(400)].contains("data-ran=").then(|| "a browser ran a text".to_owned())
}

pub fn run(probe: &Probe, report: &mut Report) {
    let home = &probe.home;
    // Programs of Slurm that run what they are given, and one of ours that does nothing.
    fs::create_dir_all(home.join("bin")).unwrap();
    let put = |name: &str, text: &str| {
        let path = home.join("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    put("sbatch", "#!/bin/bash\nfor last; do :; done\nSLURM_ARRAY_TASK_ID=0 PATH=\"$PWD/bin:$PATH\" bash \"$last\" >/dev/null 2>&1\necho 'Submitted batch job 7'\n");
    put("squeue", "#!/bin/sh\n");
    put("sacct", "#!/bin/sh\n");
    put("probe", "#!/bin/sh\n");
    let slurm = probe.with("PATH", &format!("{}/bin:/usr/bin:/bin", home.display()));
    let n = 40;
    let mut plain: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for payload in PLAIN.into_iter().chain(PAYLOADS) {
        let go = |words: &[&str]| probe.run(words);
        let mut faults: Vec<String> = Vec::new();
        let cell = format!("\"{}\"", payload.replace('"', "\"\""));
        let table: String = (0..n)
            .map(|i| format!("\"{} {i}\",{},{}\n", payload.replace('"', "\"\""), if i % 2 == 0 { &cell } else { "b" }, i % 3))
            .collect();
        fs::write(home.join("x.csv"), format!("sentence,{cell},k\n{table}")).unwrap();
        let mut said = Vec::new();
        let mut refused = false;
        let name = payload.replace('/', "_");
        for (what, words) in [
            ("run", vec!["run", "x.csv", "--folds", "2", "--permutations", "1", "--map", "8", "--layers", "0-1", "-o", "x", "--force"]),
            ("report", vec!["report", "x", "--figures", "svg", "--plot"]),
            ("json", vec!["report", "x", "--json"]),
            ("compare", vec!["compare", "x", "r", "--labels", &format!("{},b", payload.replace(',', "_")), "-o", "y"]),
            ("compare", vec!["compare", "x", "x", "--label", payload, "--label", "b", "-o", "y"]),
            ("model", vec!["extract", "s.csv", "--model", payload, "-o", "o.safetensors"]),
            ("grammar", vec!["check", payload]),
            ("option", vec!["fit", "x.csv", "a.npy", "-o", "z", "--features", payload]),
            ("folder", vec!["run", "short_sentence", "--sample", "16", "--folds", "2", "--map", "0", "--layers", "0", "-o", &name, "--force"]),
        ] {
            let outcome = go(&words);
            if let Some(fault) = outcome.fault() {
                faults.push(format!("{what}: {fault}"));
            }
            // A table with such characters may be taken for no table.
            refused |= what == "run" && !outcome.is_ok() && payload.chars().any(char::is_control);
            if what == "run" && !outcome.is_ok() && !refused {
                faults.push(format!("{what} is refused: {}", outcome.said()));
            }
            said.extend(outcome.stderr);
        }
        let _ = fs::remove_dir_all(home.join(&name));
        // A grammar and a plan with it.
        fs::write(
            home.join("x.toml"),
            format!(
                "summary = {0}\nname = {0}\n[lexicon.n]\nwords = [{{ form = {0}, k = {0} }}, {{ form = \"b\", k = \"y\" }}]\n[slots]\nn = \"n\"\n[[template]]\ntext = \"the {{n}}\"\n",
                quoted(payload).replace("\\u00", "\\u00")
            ),
        )
        .unwrap();
        fs::write(
            home.join("xp.toml"),
            format!("name = {0}\ngrammars = [{0}, 'short_sentence']\nmodels = ['tiny-bert']\n[options]\nsample = 16\ncategorical = [{0}]\n[slurm]\npartition = {0}\n", quoted(payload)),
        )
        .unwrap();
        for words in [&["check", "x.toml"][..], &["generate", "x.toml", "--json"], &["sweep", "status", "xp.toml"]] {
            if let Some(fault) = go(words).fault() {
                faults.push(format!("{}: {fault}", words[0]));
            }
        }
        let submitted = slurm.run(&["sweep", "run", "xp.toml", "--engine", "slurm", "-o", "xs"]);
        faults.extend(submitted.fault().map(|fault| format!("sbatch: {fault}")));
        fs::write(home.join("xq.toml"), format!("name = {0}\ngrammars = ['short_sentence']\nmodels = ['tiny-bert']\nout = {0}\n[options]\nsample = 16\n", quoted(&name))).unwrap();
        let submitted = slurm.run(&["sweep", "run", "xq.toml", "--engine", "slurm"]);
        faults.extend(submitted.fault().map(|fault| format!("sbatch: {fault}")));
        let _ = fs::remove_dir_all(home.join(&name));
        let pwned = Command::new("find").arg(home).args(["-name", "pwned"]).output().unwrap();
        if !pwned.stdout.is_empty() {
            faults.push("a script ran what a text says".to_owned());
            for path in String::from_utf8_lossy(&pwned.stdout).lines() {
                let _ = fs::remove_file(path);
            }
        }
        let found = made(home);
        if PLAIN.contains(&payload) {
            for (name, parts) in found {
                plain.entry(name).or_default().extend(parts);
            }
        } else {
            for (name, parts) in &found {
                let more = plain.get(name).map_or_else(Vec::new, |plain| parts.difference(plain).collect());
                // Paragraphs, lists and titles do nothing: there is another where something is told, or a name is cut.
                let more: Vec<&String> = more.into_iter().filter(|part| !INERT.contains(&part.as_str())).collect();
                if !more.is_empty() {
                    faults.push(format!("{name} is made of more: {more:?}"));
                }
            }
            if found.len() < plain.len() && !refused {
                faults.push("a page or a drawing is missing".to_owned());
            }
            for page in ["x/report.html", "y/compare.html"] {
                faults.extend(run_by_a_browser(&home.join(page)).map(|fault| format!("{page}: {fault}")));
            }
        }
        for entry in fs::read_dir(home.join("x/figures")).into_iter().flatten().flatten() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            if raw_control(text.as_bytes()).is_some_and(|c| c != '\r') {
                faults.push(format!("{}: a raw control character", entry.path().display()));
            }
        }
        for made in ["x", "y", "z", "xs"] {
            let _ = fs::remove_dir_all(home.join(made));
        }
        report.check("hostile texts", (!faults.is_empty()).then(|| format!("{payload:?}: {}", faults.join("; "))));
    }
}
