//! Groups of features, whose importance is measured together.

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use crate::text;

/// Features whose importance is measured together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureGroup {
    /// What the group is called.
    pub name: String,
    /// Names of features; `*` in one stands for any characters (`subj_*`).
    pub members: Vec<String>,
}

impl FeatureGroup {
    /// The columns among `features` that the group means, ascending.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownInGroup`] where a member means no feature.
    pub(crate) fn columns(&self, features: &[String]) -> Result<Vec<usize>> {
        let mut columns = Vec::new();
        for member in &self.members {
            let before = columns.len();
            columns.extend((0..features.len()).filter(|&k| matches(member, &features[k])));
            if columns.len() == before {
                let known = features.iter().map(String::as_str);
                return Err(Error::UnknownInGroup {
                    group: self.name.clone(),
                    member: member.clone(),
                    near: text::near_matches(member.trim_matches('*'), known)
                        .into_iter()
                        .map(str::to_owned)
                        .collect(),
                });
            }
        }
        columns.sort_unstable();
        columns.dedup();
        Ok(columns)
    }
}

/// Whether `name` is `pattern`, where `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, mut pattern)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(head) else { return false };
    // Taking the first match of every part is enough; the last part must end the name.
    while let Some((part, after)) = pattern.split_once('*') {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
        pattern = after;
    }
    rest.ends_with(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name) in [
            ("subj_*", "subj_number"),
            ("*_number", "subj_number"),
            ("*", "x"),
            ("s*_n*r", "subj_number"),
            ("a", "a"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("subj_*", "obj_number"), ("*_number", "number_x"), ("a", "ab"), ("ab*b", "ab")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_group_finds_its_features_or_says_which_were_meant() {
        let features = ["subj_number", "verb", "subj_gender"].map(str::to_owned);
        let group = |members: &[&str]| FeatureGroup {
            name: "noun".to_owned(),
            members: members.iter().map(|&member| member.to_owned()).collect(),
        };
        assert_eq!(group(&["subj_*", "subj_gender"]).columns(&features).unwrap(), [0, 2]);
        let error = group(&["verbs"]).columns(&features).unwrap_err();
        assert_eq!(error.to_string(), "group `noun`: no feature is called `verbs`");
        assert!(error.hint().unwrap().contains("`verb`"));
    }
}
