//! What every page has around its sections: its policy, style and script, the figures, and the foot.

use base64::Engine;
use minijinja::{Environment, UndefinedBehavior, value::Serde};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::Result;

const LAYOUT: &str = include_str!("../../../assets/page/layout.html");
/// One function, so that nothing of it is a name of the page's.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("../../../assets/page/js/core.js"),
    include_str!("../../../assets/page/js/charts.js"),
    include_str!("../../../assets/page/js/matrices.js"),
    include_str!("../../../assets/page/js/map.js"),
    include_str!("../../../assets/page/js/stimuli.js"),
    include_str!("../../../assets/page/js/save.js"),
    "})();\n",
);
const STYLE: &str = include_str!("../../../assets/page/page.css");
/// The colours and strokes of the figures.
pub(in super::super) const FIGURE_STYLE: &str = include_str!("../../../assets/page/figure.css");

/// What the layout is filled with, and what a page adds.
#[derive(Serialize)]
struct Whole<'a, P> {
    version: &'a str,
    script_hash: String,
    style: &'static str,
    figure_style: &'static str,
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
        style: STYLE,
        figure_style: FIGURE_STYLE,
        script: SCRIPT,
        page,
    };
    Ok(environment.get_template("page.html")?.render(Serde(whole))?)
}
