//! What the entries of subjects' axes are called, so that they can be matched: without the subject that stands before them.

use std::collections::BTreeSet;

use super::Run;
use crate::profile::Summary;

/// Words before a mark that are a part of a brain, never a subject.
const SIDES: [&str; 8] = ["left", "right", "lh", "rh", "l", "r", "hemi-l", "hemi-r"];

/// Words before the number of a subject.
const SUBJECTS: [&str; 16] = [
    "sub",
    "subj",
    "subject",
    "s",
    "p",
    "pp",
    "participant",
    "patient",
    "pat",
    "monkey",
    "animal",
    "mouse",
    "id",
    "model",
    "seed",
    "run",
];

/// How many marks may stand before the end of a subject.
const DEPTH: usize = 3;

/// Of each of `subjects`, the names by which its layers, times or regions are matched, in the order of its tables: `V1` for `sub-01/V1`
/// beside `sub-02/V1`.
#[must_use]
pub fn entry_names(subjects: &[Run]) -> Vec<Vec<String>> {
    let names = |run: &Run| {
        let summary = Summary::of(&run.profile);
        (0..summary.layers.len()).map(|i| summary.layer_name(i)).collect()
    };
    let labels: Vec<&str> = subjects.iter().map(|run| run.label.as_str()).collect();
    without_subject(subjects.iter().map(names).collect(), &labels)
}

/// The names of entries without the subject that stands before all names of one (`sub-01/V1/left`, `sub-01/V1/right`), where more entries
/// are alike without it. Nothing else that names share is left out: `V1/left` and `V4/left` are two regions.
fn without_subject(names: Vec<Vec<String>>, labels: &[&str]) -> Vec<Vec<String>> {
    let set = |names: &Vec<String>| names.iter().cloned().collect::<BTreeSet<String>>();
    if names.iter().all(|other| set(other) == set(&names[0])) {
        return names;
    }
    let distinct = |names: &[Vec<String>]| names.iter().flatten().collect::<BTreeSet<_>>().len();
    // What sets a subject apart from the rest of a name, the surest first; and how many marks there are before its end
    // (`task_sub-01_V1`).
    let marks = ["/", ", ", "_", ".", ":", "|", " ", "-"];
    let tried = marks.iter().flat_map(|mark| (1..=DEPTH).map(move |depth| (*mark, depth)));
    let mut found = tried.filter_map(|(mark, depth)| without_head(&names, labels, mark, depth));
    found.find(|shorter| distinct(shorter) < distinct(&names)).unwrap_or(names)
}

/// `names` without what stands before mark number `depth`, in subjects all of whose names have the same there; none where two subjects
/// have the same, or it is no subject.
fn without_head(
    names: &[Vec<String>],
    labels: &[&str],
    mark: &str,
    depth: usize,
) -> Option<Vec<Vec<String>>> {
    let end = |name: &str| name.match_indices(mark).nth(depth - 1).map(|(at, _)| at);
    let head = |names: &Vec<String>| -> Option<String> {
        let first = names.first()?;
        let head = first.get(..end(first)?)?;
        let all = names.iter().all(|name| end(name).and_then(|at| name.get(..at)) == Some(head));
        (all && !head.trim().is_empty()).then(|| head.to_owned())
    };
    let heads: Vec<Option<String>> = names.iter().map(head).collect();
    let known: Vec<&String> = heads.iter().flatten().collect();
    let is_side = |head: &&String| SIDES.contains(&head.to_lowercase().as_str());
    if known.iter().collect::<BTreeSet<_>>().len() < known.len() || known.iter().any(is_side) {
        return None;
    }
    // A slash is the mark of the docs; before another one a region may stand (`V1_left`).
    let sure = ["/", ", "].contains(&mark);
    let is_subject = |(head, label): (&Option<String>, &&str)| {
        head.as_ref().is_none_or(|head| is_called_so(head, label) || reads_like_a_subject(head))
    };
    if !sure && !heads.iter().zip(labels).all(is_subject) {
        return None;
    }
    let rest = |(names, head): (&Vec<String>, &Option<String>)| -> Vec<String> {
        let from = head.as_ref().map_or(0, |head| head.len() + mark.len());
        names.iter().map(|name| name[from..].to_owned()).collect()
    };
    Some(names.iter().zip(&heads).map(rest).collect())
}

/// Whether `head` is in what the subject is called, or the other way round.
fn is_called_so(head: &str, label: &str) -> bool {
    let (head, label) = (head.to_lowercase(), label.to_lowercase());
    label.contains(&head) || (label.chars().count() > 2 && head.contains(&label))
}

/// `sub-01`, `S3`, `participant 12`, `04`; not `V1`.
fn reads_like_a_subject(head: &str) -> bool {
    let last = head.rsplit([' ', '_', '.', ':', '|']).next().unwrap_or(head).to_lowercase();
    let word = last.trim_end_matches(|c: char| c.is_ascii_digit());
    let word_alone = word.trim_end_matches('-');
    (word.len() < last.len() && (word_alone.is_empty() || SUBJECTS.contains(&word_alone)))
        || head.to_lowercase().split(' ').next().is_some_and(|first| SUBJECTS.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(names: &[&[&str]]) -> Vec<String> {
        let names = names.iter().map(|names| names.iter().map(|&name| name.to_owned()).collect()).collect();
        without_subject(names, &[""; 8]).into_iter().map(|names| names.join(" ")).collect()
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
        // Only the subject is left out: what else the names of one share is a region.
        assert_eq!(
            stripped(&[&["s1/V1/left", "s1/V1/right"], &["s2/V4/left", "s2/V4/right"], &["s3/V1/left"]]),
            ["V1/left V1/right", "V4/left V4/right", "V1/left"]
        );
        assert_eq!(
            stripped(&[&["s1_V_left", "s1_V_right"], &["s2_A_left", "s2_A_right"], &["s3_A_left"]]),
            ["V_left V_right", "A_left A_right", "A_left"]
        );
        assert_eq!(stripped(&[&["task_s1_V1", "task_s1_V4"], &["task_s2_V1"]]), ["V1 V4", "V1"]);
        // One that has no subject before its names.
        assert_eq!(stripped(&[&["s1/V1", "s1/V4"], &["V1"]]), ["V1 V4", "V1"]);
    }

    #[test]
    fn a_subject_is_called_as_its_run_or_by_a_number() {
        let names =
            |all: [&str; 2]| all.map(|name| vec![format!("{name}_V1"), format!("{name}_V4")]).to_vec();
        let plain = [["V1", "V4"], ["V1", "V4"]].map(|names| names.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(without_subject(names(["anna", "bert"]), &["anna", "bert"]), plain);
        assert_eq!(without_subject(names(["anna", "bert"]), &["ann", "ber"]), plain);
        assert_eq!(without_subject(names(["IFG", "STG"]), &["x", "y"]), names(["IFG", "STG"]));
        for subjects in [["sub-01", "sub-02"], ["S1", "S12"], ["03", "04"], ["subject 1", "subject 2"]] {
            assert_eq!(without_subject(names(subjects), &["x", "y"]), plain, "{subjects:?}");
        }
    }

    #[test]
    fn what_is_no_subject_stays() {
        let kept: [&[&[&str]]; 5] = [
            &[&["lh/V1", "rh/V1"], &["lh/V1"]],
            &[&["left_V1", "left_V4"], &["right_V1"]],
            &[&["s1/V1"], &["s1/V1", "s1/V4"]],
            &[&["s1/V1", "s1/V4"], &["s2/A1"]],
            &[&["V1_left", "V1_right"], &["V4_left", "V4_right"]],
        ];
        for names in kept {
            let same: Vec<String> = names.iter().map(|names| names.join(" ")).collect();
            assert_eq!(stripped(names), same);
        }
    }
}
