use base64::Engine;
use sha2::{Digest, Sha256};

use super::super::fixtures;
use super::*;

/// The elements of the page's markup, by name: whatever a user wrote must not have become one.
fn elements(page: &str) -> Vec<&str> {
    page.split('<')
        .skip(1)
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        .map(|rest| &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len())])
        .collect()
}

#[test]
fn the_page_of_a_large_run_is_small_enough_and_the_same_every_time() {
    let run = fixtures::realistic(13, 4096, true);
    assert_eq!(run.profile.importances.len(), 13 * 5 * 91);
    let page = render(run.input()).unwrap();
    assert!(page.len() <= 3_000_000, "{} bytes", page.len());
    assert_eq!(page, render(run.input()).unwrap());
}

#[test]
fn nothing_a_user_wrote_becomes_markup() {
    let page = render(fixtures::hostile().input()).unwrap();
    let found = elements(&page);
    assert_eq!(found.iter().filter(|&&name| name == "script").count(), 2, "the data and the script");
    assert!(!found.contains(&"img"));
    assert!(!page.contains("<svg onload") && !page.contains("<i>sentence") && !page.contains("<b>\""));
    let drawn = page.split("<script").next().unwrap();
    assert!(!drawn.contains("NaN") && !drawn.contains("inf\""), "a number that is none is drawn as one");
    // minijinja fills the template once: what looks like a template in a name stays as it is.
    assert!(page.contains("{{ 7 * 7 }}"));
}

#[test]
fn the_page_asks_for_nothing_from_elsewhere() {
    let page = render(fixtures::realistic(7, 64, false).input()).unwrap();
    for loads in ["src=", "@import", "url(", "<link rel=\"stylesheet", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(loads), "{loads}");
    }
    let outside = page.matches("http://").count() + page.matches("https://").count();
    assert_eq!(outside, page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
}

#[test]
fn the_policy_names_the_script_that_is_there() {
    let page = render(fixtures::realistic(1, 64, false).input()).unwrap();
    let script = page.rsplit("<script>").next().unwrap().split("</script>").next().unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")));
}

#[test]
fn every_figure_has_a_text_alternative_a_table_and_data() {
    let page = render(fixtures::realistic(7, 64, true).input()).unwrap();
    let figures = page.matches("<figure").count();
    assert_eq!(figures, 9);
    // A wide and a narrow drawing each; the map has a canvas beside its figure.
    assert_eq!(page.matches("role=\"img\" aria-label=").count(), 2 * figures + 1);
    assert_eq!(page.matches("<caption").count(), figures);
    assert_eq!(page.matches("data-save=\"csv\"").count(), figures);
    assert!(page.contains("data-file=\"importance.csv\"") && page.contains("data-file=\"weights.csv\""));
    assert!(page.contains("clause peaks at layer 0, ."));
}
