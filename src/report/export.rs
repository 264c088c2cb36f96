//! Figures as files for papers: SVG as drawn, PNG and PDF with their text outlined, so that they look the same anywhere.
//!
//! A full-width figure is as wide as two columns of a page. The text of PNG and PDF is set in a font that the program
//! brings along; a script that it lacks is looked for among the fonts of the system.

use std::sync::Arc;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, WriteOptions, fontdb};
use svg2pdf::{ConversionOptions, PageOptions};

use super::figures::Figure;
use super::page::{self, Input};
use super::svg::{view_box, with_legend};
use super::{Error, Result};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text stays text.
    Svg,
    /// 300 dots per inch, on white.
    Png,
    /// Text is outlined.
    Pdf,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Svg, Self::Png, Self::Pdf];

    /// The ending of its files, which is also how it is asked for.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

/// A figure in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name: `importance.svg`, `metric-layer-3.pdf`.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Millimetres per unit of a drawing: 880 units are 175 mm, two columns of a page.
const MILLIMETRES: f64 = 175.0 / 880.0;
/// Dots per unit of a drawing at 300 dots per inch.
const DOTS: f64 = MILLIMETRES / 25.4 * 300.0;
/// Points per unit of a drawing.
const POINTS: f64 = MILLIMETRES / 25.4 * 72.0;

/// The figures of a run as files of `formats`.
///
/// # Errors
///
/// [`Error::Drawing`] where an image cannot be made.
pub fn figures(input: Input<'_>, formats: &[Format]) -> Result<Vec<File>> {
    files(&page::figures(input).0, formats)
}

/// `figures` as files of `formats`.
pub(super) fn files(figures: &[Figure], formats: &[Format]) -> Result<Vec<File>> {
    let all = figures.iter().flat_map(|figure| {
        frames(figure).into_iter().map(|(name, svg)| (name, with_legend(svg, &unnamed(figure))))
    });
    drawings(&all.collect::<Vec<_>>(), formats)
}

/// Drawings with their names as files of `formats`.
pub(super) fn drawings(drawings: &[(String, String)], formats: &[Format]) -> Result<Vec<File>> {
    let outlines = formats.iter().any(|&format| format != Format::Svg).then(Outlines::new);
    let mut files = Vec::new();
    for (name, svg) in drawings {
        let svg = standalone(svg);
        for &format in formats {
            let bytes = match (format, &outlines) {
                (Format::Png, Some(outlines)) => outlines.png(&svg, name)?,
                (Format::Pdf, Some(outlines)) => outlines.pdf(&svg, name)?,
                _ => svg.clone().into_bytes(),
            };
            files.push(File { name: format!("{name}.{}", format.extension()), bytes });
        }
    }
    Ok(files)
}

/// The curves of a figure that have a style and no name in its drawing.
fn unnamed(figure: &Figure) -> Vec<(&str, usize)> {
    let unnamed = figure.legend.iter().filter(|_| !figure.names_curves);
    unnamed.filter_map(|entry| Some((entry.name.as_str(), entry.style?))).collect()
}

/// The drawings of a figure with their names: one, or one per layer.
fn frames(figure: &Figure) -> Vec<(String, &str)> {
    if figure.exact.frames.is_empty() {
        return vec![(figure.id.to_owned(), &figure.svg.wide)];
    }
    let mut taken: Vec<String> = Vec::new();
    let mut name = |frame: &str| {
        let wanted = format!("{}-{}", figure.id, plain(frame));
        // What differs in signs alone that no file is called by keeps a file of its own.
        let numbered = (2..).map(|n| format!("{wanted}-{n}"));
        let free = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
        let free = free.unwrap_or(wanted);
        taken.push(free.clone());
        free
    };
    figure.exact.frames.iter().map(|frame| (name(&frame.name), frame.svg.as_str())).collect()
}

/// `name` as a part of the name of a file: regions and windows of time are called as people like.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "._+-".contains(c) { c } else { '-' }).collect()
}

/// A drawing of the page as a document of its own: with its size in print, and the page's styles in their light colours.
fn standalone(svg: &str) -> String {
    let (head, body) = svg.split_once('>').unwrap_or((svg, ""));
    // What is for the page alone: its script and its width there.
    let head = head.split(" tabindex=").next().unwrap_or(head);
    let size = view_box(head).map_or(String::new(), |(width, height)| {
        format!(" width=\"{:.2}mm\" height=\"{:.2}mm\"", width * MILLIMETRES, height * MILLIMETRES)
    });
    format!("{head}{size}><style>{}</style>{body}\n", light(page::FIGURE_STYLE))
}

/// `css` with every `light-dark(a, b)` replaced by `a`.
fn light(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("light-dark(") {
        out.push_str(before);
        let (pair, tail) = after.split_once(')').unwrap_or((after, ""));
        out.push_str(pair.split(',').next().unwrap_or(pair));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// Turns text into outlines: fonts, loaded once.
struct Outlines {
    options: usvg::Options<'static>,
}

impl Outlines {
    fn new() -> Self {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
        fonts.load_system_fonts();
        let options = usvg::Options {
            font_family: FAMILY.to_owned(),
            fontdb: Arc::new(fonts),
            // The page's list of fonts would pick whatever this machine has.
            style_sheet: Some(format!(
                "svg text {{ font-family: \"{FAMILY}\" !important; stroke-width: 0.25; }}"
            )),
            ..usvg::Options::default()
        };
        Self { options }
    }

    /// The drawing with its text as paths, in units of the drawing.
    fn tree(&self, svg: &str) -> std::result::Result<usvg::Tree, usvg::Error> {
        let svg = svg.replace("font-family: system-ui", &format!("font-family: \"{FAMILY}\""));
        let outlined = usvg::Tree::from_str(&svg, &self.options)?.to_string(&WriteOptions::default());
        usvg::Tree::from_str(&outlined, &self.options)
    }

    fn png(&self, svg: &str, name: &str) -> Result<Vec<u8>> {
        let failed = |message: String| Error::Drawing { figure: name.to_owned(), format: "png", message };
        let tree = self.tree(svg).map_err(|error| failed(error.to_string()))?;
        let (scale, size) = (scale(&tree, svg, DOTS), tree.size());
        let (width, height) = ((size.width() * scale).ceil() as u32, (size.height() * scale).ceil() as u32);
        let mut pixels =
            Pixmap::new(width, height).ok_or_else(|| failed(format!("{width} × {height} pixels")))?;
        pixels.fill(Color::WHITE);
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| failed(error.to_string()))
    }

    fn pdf(&self, svg: &str, name: &str) -> Result<Vec<u8>> {
        let failed = |message: String| Error::Drawing { figure: name.to_owned(), format: "pdf", message };
        let tree = self.tree(svg).map_err(|error| failed(error.to_string()))?;
        let dpi = 72.0 / scale(&tree, svg, POINTS);
        let pdf = svg2pdf::to_pdf(&tree, ConversionOptions::default(), PageOptions { dpi });
        pdf.map(|pdf| ordered(&pdf)).map_err(|error| failed(error.to_string()))
    }
}

/// `pdf` with the references of each dictionary in order. svg2pdf writes them in the order of a hash map, another one every
/// time; a dictionary has no order, and sorting lines moves no object.
fn ordered(pdf: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = pdf.split(|&byte| byte == b'\n').collect();
    let is_reference = |line: &[u8]| line.trim_ascii_start().starts_with(b"/") && line.ends_with(b" 0 R");
    for run in lines.chunk_by_mut(|a, b| is_reference(a) && is_reference(b)) {
        run.sort_unstable();
    }
    lines.join(&b'\n')
}

/// The family of the font that the program brings along.
const FAMILY: &str = "Ubuntu";

/// What the tree's units are to be multiplied by, so that a unit of the drawing becomes `per_unit`.
fn scale(tree: &usvg::Tree, svg: &str, per_unit: f64) -> f32 {
    let units = view_box(svg).map_or(f64::from(tree.size().width()), |(width, _)| width);
    (units / f64::from(tree.size().width()) * per_unit) as f32
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    #[test]
    fn every_figure_becomes_every_kind_of_file() {
        let run = fixtures::realistic(2, 64, true);
        let files = figures(run.input(), &Format::ALL).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        for name in ["importance.svg", "heatmap.png", "scores.pdf", "metric-layer-1.svg", "correlations.pdf"]
        {
            assert!(names.contains(&name), "{name} not in {names:?}");
        }
        for file in &files {
            let start: &[u8] = match file.name.rsplit('.').next() {
                Some("png") => b"\x89PNG",
                Some("pdf") => b"%PDF",
                _ => b"<svg",
            };
            assert!(file.bytes.starts_with(start), "{}", file.name);
        }
        let again = figures(run.input(), &Format::ALL).unwrap();
        let differ: Vec<&str> =
            files.iter().zip(&again).filter(|(a, b)| a != b).map(|(a, _)| a.name.as_str()).collect();
        assert!(differ.is_empty(), "{differ:?}");
    }

    #[test]
    fn references_are_ordered_and_nothing_else_moves() {
        let pdf = b"<<\n  /b 2 0 R\n  /a 1 0 R\n>>\nstream\nz\ny\n";
        assert_eq!(ordered(pdf), b"<<\n  /a 1 0 R\n  /b 2 0 R\n>>\nstream\nz\ny\n");
    }

    #[test]
    fn a_full_figure_is_two_columns_wide_at_300_dots_per_inch() {
        let run = fixtures::realistic(3, 64, false);
        let files = figures(run.input(), &[Format::Png]).unwrap();
        let png = &files.iter().find(|file| file.name == "importance.png").unwrap().bytes;
        // Width is the first number of the header chunk.
        let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert_eq!(width, (175.0_f64 / 25.4 * 300.0).ceil() as u32);
    }

    #[test]
    fn outlines_hold_no_text_and_files_no_colours_of_the_dark() {
        let run = fixtures::hostile();
        let files = figures(run.input(), &[Format::Svg]).unwrap();
        let svg = std::str::from_utf8(&files[0].bytes).unwrap();
        assert!(!svg.contains("light-dark") && svg.contains("mm\"") && !svg.contains("data-chart"));
        let outlined = Outlines::new().tree(svg).unwrap().to_string(&WriteOptions::default());
        assert!(outlined.contains("<path") && !outlined.contains("<text"));
    }
}
