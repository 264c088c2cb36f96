//! What the entries of subjects' axes are called, so that they can be matched: without the subject that stands before them.

use std::collections::BTreeSet;

use super::Run;
use crate::profile::Summary;

/// Words before a mark that are a part of a brain, never a subject.
const SIDES: [&str; 8] = ["left", "right", "lh", "rh", "l", "r", "hemi-l", "hemi-r"];

/// Of each of `subjects`, the names by which its layers, times or regions are matched, in the order of its tables: `V1` for `sub-01/V1`
/// beside `sub-02/V1`.
#[must_use]
pub fn entry_names(subjects: &[Run]) -> Vec<Vec<String>> {
    let summaries: Vec<Summary> = subjects.iter().map(|run| Summary::of(&run.profile)).collect();
    matched(&summaries)
}

/// The same of their summaries.
pub(super) fn matched(summaries: &[Summary]) -> Vec<Vec<String>> {
    let names = |summary: &Summary| (0..summary.layers.len()).map(|i| summary.layer_name(i)).collect();
    without_subject(summaries.iter().map(names).collect())
}

/// The names of entries without what stands before all names of one subject (`sub-01/V1`, `sub-01/V4`), where that alone sets subjects
/// apart, or where more entries are alike without it.
fn without_subject(names: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let set = |names: &Vec<String>| names.iter().cloned().collect::<BTreeSet<String>>();
    let alike = |names: &[Vec<String>]| names.iter().all(|other| set(other) == set(&names[0]));
    if alike(&names) {
        return names;
    }
    let shorter: Vec<Vec<String>> = names.iter().map(|names| without_beginning(names)).collect();
    if alike(&shorter) {
        return shorter;
    }
    let distinct = |names: &[Vec<String>]| names.iter().flatten().collect::<BTreeSet<_>>().len();
    let found = ["/", ", ", "_"].iter().filter_map(|mark| without_head(&names, mark));
    found.into_iter().find(|shorter| distinct(shorter) < distinct(&names)).unwrap_or(names)
}

/// `names` without what stands before the first `mark`, in subjects all of whose names have the same there; none where two subjects have
/// the same, or it is no subject.
fn without_head(names: &[Vec<String>], mark: &str) -> Option<Vec<Vec<String>>> {
    let head = |names: &Vec<String>| -> Option<String> {
        let (head, _) = names.first()?.split_once(mark)?;
        let all = names.iter().all(|name| name.split_once(mark).is_some_and(|(other, _)| other == head));
        (all && !head.trim().is_empty()).then(|| head.to_owned())
    };
    let heads: Vec<Option<String>> = names.iter().map(head).collect();
    let known: Vec<&String> = heads.iter().flatten().collect();
    let is_side = |head: &&String| SIDES.contains(&head.to_lowercase().as_str());
    if known.iter().collect::<BTreeSet<_>>().len() < known.len() || known.iter().any(is_side) {
        return None;
    }
    let rest = |(names, head): (&Vec<String>, &Option<String>)| -> Vec<String> {
        let from = head.as_ref().map_or(0, |head| head.len() + mark.len());
        names.iter().map(|name| name[from..].to_owned()).collect()
    };
    Some(names.iter().zip(&heads).map(rest).collect())
}

/// `names` without the beginning that they share, up to a mark in it that sets words apart.
fn without_beginning(names: &[String]) -> Vec<String> {
    let Some((first, rest)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return names.to_vec();
    };
    let shared = |a: &str, b: &str| {
        a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
    };
    let length = rest.iter().map(|name| shared(first, name)).min().unwrap_or(0usize);
    // What sets a subject apart from the rest of a name, the surest first.
    let marks = ["/", ", ", "_", ".", ":", "|", " ", "-"];
    let from =
        marks.iter().find_map(|mark| first[..length].rfind(mark).map(|at| at + mark.len())).unwrap_or(0);
    names.iter().map(|name| name[from..].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(names: &[&[&str]]) -> Vec<String> {
        let names = names.iter().map(|names| names.iter().map(|&name| name.to_owned()).collect()).collect();
        without_subject(names).into_iter().map(|names| names.join(" ")).collect()
    }

    #[test]
    fn a_subject_before_the_names_is_left_out_though_some_lack_entries() {
        let uneven: [&[&str]; 3] =
            [&["sub-01/IFG", "sub-01/STG", "sub-01/MTG"], &["sub-02/STG", "sub-02/IFG"], &["sub-03/IFG"]];
        assert_eq!(stripped(&uneven), ["IFG STG MTG", "STG IFG", "IFG"]);
        // One entry each, marks in the rest of a name, and other marks.
        assert_eq!(stripped(&[&["s1/V1"], &["s2/V1"]]), ["V1", "V1"]);
        assert_eq!(
            stripped(&[&["s1/lh/V1", "s1/lh/V4"], &["s2/lh/V1", "s2/rh/V1"]]),
            ["lh/V1 lh/V4", "lh/V1 rh/V1"]
        );
        assert_eq!(stripped(&[&["s1_V1", "s1_V4"], &["s2_V1"]]), ["V1 V4", "V1"]);
        assert_eq!(stripped(&[&["subject 0, V1", "subject 0, V4"], &["subject 1, V1"]]), ["V1 V4", "V1"]);
        // One that has no subject before its names.
        assert_eq!(stripped(&[&["s1/V1", "s1/V4"], &["V1"]]), ["V1 V4", "V1"]);
    }

    #[test]
    fn what_is_no_subject_stays() {
        let kept: [&[&[&str]]; 4] = [
            &[&["lh/V1", "rh/V1"], &["lh/V1"]],
            &[&["left_V1", "left_V4"], &["right_V1"]],
            &[&["s1/V1"], &["s1/V1", "s1/V4"]],
            &[&["s1/V1", "s1/V4"], &["s2/A1"]],
        ];
        for names in kept {
            let same: Vec<String> = names.iter().map(|names| names.join(" ")).collect();
            assert_eq!(stripped(names), same);
        }
    }
}
