//! `probe tokens`: what a model reads of a text, and which file of its tokenizer says so.

use std::fmt::Write as _;
use std::path::Path;

use mlem_probe::hub::{self, Hub};
use mlem_probe::models::{Encoding, Model, Part, Tokenizer};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::Stimuli;
use mlem_probe::tokens::TokenizerText;
use serde_json::{Value, json};

use super::inputs;
use crate::args::TokensArgs;
use crate::failure::Result;
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &TokensArgs, printer: &Printer) -> Result<()> {
    let mut hub = Hub::from_env();
    hub.revision.clone_from(&args.revision);
    hub.base.clone_from(&args.base);
    hub.no_adapter = args.no_adapter;
    hub.weights = false;
    let (model, text) = hub::tokenizer(&args.model, &hub, printer)?;
    let tokenizer = Tokenizer::of(&model, &text)?;
    let start = match args.part {
        Part::Encoder => None,
        // What a decoder reads first stands in config.json.
        Part::Decoder => {
            let checkpoint = hub::resolve(&args.model, &hub, printer)?;
            Model::declared_of(&checkpoint, args.part)?.decoder.map(|decoder| decoder.start)
        }
    };
    let sentences = sentences(&args.texts, args.part)?;
    let mut encoded = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let encoding = tokenizer.encode(&sentence)?;
        let encoding = start.map_or(encoding.clone(), |start| start.shift(encoding));
        encoded.push((sentence, encoding));
    }
    if printer.json() {
        return Printer::result_json(&as_json(&model, &text, &tokenizer, &encoded));
    }
    Printer::result(as_text(&model, &text, &tokenizer, &encoded))
}

/// The texts, or the sentences of the file that the only one of them is.
fn sentences(texts: &[String], part: Part) -> Result<Vec<String>> {
    if let [path] = texts
        && Path::new(path).is_file()
    {
        let stimuli = Stimuli::read(path.as_ref())?;
        let stimuli = inputs::for_part(&stimuli, part, None, &Silent)?;
        return Ok(match stimuli.targets() {
            Some(targets) if part == Part::Decoder => targets,
            _ => stimuli.sentences()?.to_vec(),
        });
    }
    Ok(texts.to_vec())
}

fn as_json(
    model: &str,
    text: &TokenizerText,
    tokenizer: &Tokenizer,
    encoded: &[(String, Encoding)],
) -> Value {
    let sentence = |(sentence, encoding): &(String, Encoding)| {
        let token = |at: usize| {
            json!({
                "id": encoding.tokens[at],
                "piece": tokenizer.piece(encoding.tokens[at]),
                "start": encoding.offsets[at].start,
                "end": encoding.offsets[at].end,
                "added": encoding.special[at],
            })
        };
        json!({"text": sentence, "tokens": (0..encoding.tokens.len()).map(token).collect::<Vec<_>>()})
    };
    json!({
        "model": model,
        "applied": text.applied,
        "doubts": text.doubts,
        "sentences": encoded.iter().map(sentence).collect::<Vec<_>>(),
    })
}

fn as_text(
    model: &str,
    text: &TokenizerText,
    tokenizer: &Tokenizer,
    encoded: &[(String, Encoding)],
) -> String {
    let mut out = format!("tokenizer of {}\n", visible(model));
    // Writing to a string cannot fail.
    for applied in &text.applied {
        let _ = writeln!(out, "  {} ({})", visible(&applied.what), visible(&applied.from));
    }
    for (sentence, encoding) in encoded {
        let _ = writeln!(out, "\n{}", visible(sentence));
        let chars: Vec<char> = sentence.chars().collect();
        let rows: Vec<[String; 3]> = (0..encoding.tokens.len())
            .map(|at| {
                let place = &encoding.offsets[at];
                let shown = if encoding.special[at] {
                    "added".to_owned()
                } else {
                    let part: String = chars.get(place.clone()).unwrap_or_default().iter().collect();
                    format!("{}-{} {}", place.start, place.end, visible(&part))
                };
                let piece = tokenizer.piece(encoding.tokens[at]).unwrap_or_default();
                [encoding.tokens[at].to_string(), visible(&piece), shown]
            })
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (ids, pieces) = (width(0), width(1));
        for [id, piece, place] in rows {
            let _ = writeln!(out, "  {id:>ids$}  {piece:pieces$}  {place}");
        }
    }
    out
}

/// A text whose control characters are written out.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let control = c.is_control();
            control.then(|| c.escape_default()).into_iter().flatten().chain((!control).then_some(c))
        })
        .collect()
}
