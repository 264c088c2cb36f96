//! What a terminal shows of a sheet: claims, in how many variations each holds, and the story.

use super::super::notation::{table, wrap};
use super::super::terminal::Options;
use super::super::words;
use super::story::story;
use crate::robustness::Sheet;
use crate::text;

/// The widest that a claim may be.
const CLAIM: usize = 72;
/// How many claims are shown.
const SHOWN: usize = 40;

/// The sheet for a terminal.
#[must_use]
pub fn terminal(sheet: &Sheet, options: Options) -> String {
    let width = options.width.max(40);
    let mut out = String::new();
    let title = format!(
        "{}, {} of {} made",
        text::counted(sheet.claims.len() as u128, "claim"),
        text::count(sheet.made() as u128),
        text::counted(sheet.variations.len() as u128, "variation")
    );
    wrap(&mut out, &title, width);
    out.push('\n');
    let asked: Vec<usize> = (0..sheet.claims.len())
        .filter(|&claim| sheet.claims[claim].adjacent && sheet.held(claim, None).1 > 0)
        .collect();
    if !asked.is_empty() {
        let mut rows = vec![vec!["claim".to_owned(), "holds in".to_owned(), "of".to_owned()]];
        rows.extend(asked.iter().take(SHOWN).map(|&claim| {
            let (held, asked) = sheet.held(claim, None);
            let text = words::cut(&words::visible(&sheet.claims[claim].text), CLAIM.min(width - 16));
            vec![text, held.to_string(), asked.to_string()]
        }));
        table(&mut out, &rows);
        let more = sheet.claims.len() - asked.len().min(SHOWN);
        if more > 0 {
            wrap(&mut out, &format!("… and {more} more in the tables"), width);
        }
        out.push('\n');
    }
    for sentence in story(sheet) {
        wrap(&mut out, &sentence, width);
    }
    out
}
