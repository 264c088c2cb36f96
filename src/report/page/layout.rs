//! What every page has around its sections: its policy, style and script, the figures, and the foot.

use base64::Engine;
use minijinja::{Environment, UndefinedBehavior, value::Serde};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::Result;

const LAYOUT: &str = include_str!("../../../assets/page/layout.html");
const SCRIPT: &str = include_str!("../../../assets/page/page.js");
const STYLE: &str = include_str!("../../../assets/page/page.css");
/// The colours and strokes of the figures.
pub(in super::super) const FIGURE_STYLE: &str = include_str!("../../../assets/page/figure.css");

/// What the layout is filled with, and what a page adds.
#[derive(Serialize)]
struct Whole<'a, P> {
    version: &'a str,
    script_hash: String,
    style: String,
    script: &'static str,
    #[serde(flatten)]
    page: P,
}

/// The page of `version` of this program that `template`, which extends the layout, makes of `page`.
pub(in super::super) fn fill(template: &str, version: &str, page: impl Serialize) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("layout.html", LAYOUT)?;
    environment.add_template("page.html", template)?;
    let whole = Whole {
        version,
        script_hash: base64::engine::general_purpose::STANDARD.encode(Sha256::digest(SCRIPT)),
        style: [STYLE, FIGURE_STYLE].concat(),
        script: SCRIPT,
        page,
    };
    Ok(environment.get_template("page.html")?.render(Serde(whole))?)
}
