//! Machines that are full: no space, no inodes, a bound on the size of files, folders that cannot be written, output that is closed.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use crate::child::Probe;
use crate::report::Report;

const RUN: &str = "run short_sentence --sample 80 --folds 3 --permutations 2 --bootstrap 5 --map 20 --layers 0-1 -q --threads 1 -o ";
const EXTRACT: &str = "extract s.csv -q -o ";
const GENERATE: &str = "generate relative_clause --sample 2000 -q -o ";
const COMPARE: &str = "compare r r2 -q -o ";

/// The commands, and what each is told to write in a folder.
const COMMANDS: [(&str, &str, &str); 4] =
    [("run", RUN, "t"), ("extract", EXTRACT, "t.safetensors"), ("generate", GENERATE, "t.csv"), ("compare", COMPARE, "t")];

fn shell(line: &str) -> bool {
    Command::new("/bin/sh").arg("-c").arg(line).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A disk of its own in memory, where the system lets one have it.
fn mounted(probe: &Probe, options: &str, work: impl FnOnce(&Probe)) -> bool {
    let disk = probe.home.join("disk");
    fs::create_dir_all(&disk).unwrap();
    let path = disk.display();
    if !shell(&format!("mount -t tmpfs -o {options} tmpfs '{path}'")) {
        return false;
    }
    work(probe);
    shell(&format!("umount '{path}'"));
    true
}

fn go(probe: &Probe, words: &str) -> crate::child::Outcome {
    probe.run(&words.split(' ').collect::<Vec<_>>())
}

/// Whether anything but whole files is left in `folder`.
fn litter(folder: &std::path::Path) -> Option<String> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "part") {
                return Some(format!("left behind: {}", path.display()));
            }
        }
    }
    None
}

pub fn run(probe: &Probe, sizes: u64, report: &mut Report) {
    let probe = &probe.with("PROBE_CACHE", "disk/cache").with("TMPDIR", "/tmp");
    let disk = probe.home.join("disk");
    for (command, words, name) in COMMANDS {
        // A bound on the size of files: the write fails, and says so.
        for k in 0..sizes {
            let blocks = 1 + k * k * k / 4;
            let bounded = Probe { file_size: Some(blocks), ..probe.with("PROBE_CACHE", "disk/none") };
            let _ = fs::remove_dir_all(&disk);
            fs::create_dir_all(&disk).unwrap();
            let outcome = go(&bounded, &format!("{words}disk/{name}"));
            let mut fault = outcome.fault();
            if !outcome.is_ok() && !outcome.said().contains("File too large") {
                fault = Some(format!("does not say why: {}", outcome.said()));
            }
            fault = fault.or_else(|| litter(&disk));
            let again = go(probe, &format!("{words}disk/{name}"));
            if !again.is_ok() {
                fault = Some(format!("a rerun with room fails: {}", again.said()));
            }
            report.check(&format!("ulimit -f, {command}"), fault.map(|fault| format!("{blocks} KiB: {fault}")));
        }
        for k in 0..sizes {
            let kib = 4 + k * k * k / 2;
            let done = mounted(probe, &format!("size={kib}k"), |probe| {
                let outcome = go(probe, &format!("{words}disk/{name}"));
                let mut fault = outcome.fault();
                if !outcome.is_ok() && !outcome.said().contains("No space left") {
                    fault = Some(format!("does not say why: {}", outcome.said()));
                }
                fault = fault.or_else(|| litter(&disk));
                shell(&format!("mount -o remount,size=200m '{}'", disk.display()));
                let again = go(probe, &format!("{words}disk/{name}"));
                if !again.is_ok() {
                    fault = Some(format!("a rerun with room fails: {}", again.said()));
                }
                report.check(&format!("full disk, {command}"), fault.map(|fault| format!("{kib} KiB: {fault}")));
            });
            if !done {
                println!("SKIPPED: no disk in memory can be mounted here");
                break;
            }
        }
        for inodes in 1..=sizes {
            mounted(probe, &format!("size=200m,nr_inodes={}", 1 + inodes), |probe| {
                let outcome = go(probe, &format!("{words}disk/{name}"));
                let mut fault = outcome.fault();
                if !outcome.is_ok() && !outcome.said().contains("No space left") {
                    fault = Some(format!("does not say why: {}", outcome.said()));
                }
                shell(&format!("mount -o remount,nr_inodes=10000 '{}'", disk.display()));
                let again = go(probe, &format!("{words}disk/{name}"));
                if !again.is_ok() {
                    fault = Some(format!("a rerun with room fails: {}", again.said()));
                }
                report.check(&format!("no inodes, {command}"), fault.map(|fault| format!("{inodes} inodes: {fault}")));
            });
        }
        mounted(probe, "size=50m,ro", |probe| {
            let outcome = go(probe, &format!("{words}disk/{name}"));
            let fault = if outcome.is_ok() { Some("writes nowhere and says nothing".to_owned()) } else { outcome.fault() };
            report.check(&format!("read-only, {command}"), fault);
        });
        let _ = fs::remove_dir_all(&disk);
    }
    outputs(probe, sizes, report);
}

/// Standard output that is full, closed, or read in part: of each command, and after so many bytes.
pub fn outputs(probe: &Probe, sizes: u64, report: &mut Report) {
    for words in ["check g.toml", "generate relative_clause", "report r", "models", "sweep status plan.toml", "compare r r2 -o o --json"] {
        let words: Vec<&str> = words.split(' ').collect();
        let (out, err) = (probe.home.join(".stdout"), probe.home.join(".stderr"));
        let full = File::options().write(true).open("/dev/full").unwrap();
        let outcome = probe.run_into(&words, full.into(), &out, &err);
        let fault = if outcome.is_ok() { Some("a full output goes well".to_owned()) } else { outcome.fault() };
        report.check("stdout that is full", fault);
        let closed = format!("exec >&-; exec \"$0\" {}", words.join(" "));
        let status = Command::new("/bin/sh").arg("-c").arg(closed).arg(&probe.program).current_dir(&probe.home).stderr(Stdio::null()).status();
        let fine = status.is_ok_and(|status| matches!(status.code(), Some(0..=2)));
        report.check("stdout that is closed", (!fine).then(|| words.join(" ")));
        for k in 0..sizes {
            let read = format!("set -o pipefail; \"$0\" {} | head -c {} > /dev/null", words.join(" "), 1 + k * k * k * 8);
            let status = Command::new("/bin/bash").arg("-c").arg(read).arg(&probe.program).current_dir(&probe.home).stderr(Stdio::null()).status();
            let fine = status.is_ok_and(|status| matches!(status.code(), Some(0..=2)));
            report.check("stdout that is read in part", (!fine).then(|| words.join(" ")));
        }
    }
}
