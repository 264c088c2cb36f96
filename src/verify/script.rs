//! The Python script that freezes what transformers makes of sentences.

use serde_json::Value;

use crate::models::Part;

const TEMPLATE: &str = include_str!("../../assets/verify.py");

/// What a script is of.
#[derive(Debug, Clone, Copy)]
pub struct Script<'a> {
    /// What transformers calls the model: an id of the Hub, or a folder.
    pub model: &'a str,
    /// The revision of the id.
    pub revision: Option<&'a str>,
    /// The folder of the model inside that; empty where it is the same.
    pub subfolder: &'a str,
    /// The part of an encoder–decoder.
    pub part: Part,
    /// The sentences.
    pub sentences: &'a [String],
    /// The name of the script, for its own docs.
    pub name: &'a str,
    /// The file that it writes.
    pub out: &'a str,
}

/// The text of a script.
#[must_use]
pub fn script(of: Script<'_>) -> String {
    let Script { model, revision, subfolder, part, sentences, name, out } = of;
    let sentences = Value::from(sentences.to_vec()).to_string();
    // What is written in is never looked at again for places to write something.
    let mut text = String::new();
    let mut rest = TEMPLATE;
    while let Some(start) = rest.find('@') {
        let Some(length) = rest[start + 1..].find('@') else { break };
        text.push_str(&rest[..start]);
        let key = &rest[start + 1..start + 1 + length];
        match key {
            "MODEL" => text.push_str(&literal(model)),
            "REVISION" => text.push_str(&revision.map_or("None".to_owned(), literal)),
            "SUBFOLDER" => text.push_str(&literal(subfolder)),
            "PART" => text.push_str(&literal(part.name())),
            "OUT" => text.push_str(&literal(out)),
            "SENTENCES" => text.push_str(&literal(&sentences)),
            "SCRIPT" => text.push_str(&name.replace(['\\', '"', '\n', '\r'], "_")),
            other => {
                text.push('@');
                text.push_str(other);
                text.push('@');
            }
        }
        rest = &rest[start + 1 + length + 1..];
    }
    text.push_str(rest);
    text
}

/// A text as Python writes it, of printable ASCII alone.
fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            c => {
                let code = u32::from(c);
                let digits = if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") };
                out.push_str(&digits);
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_holds_its_texts_and_nothing_of_them_is_code() {
        let sentences = ["a \"b\" @MODEL@ \\".to_owned(), "é\n".to_owned()];
        let of = Script {
            model: "m\"\nimport os",
            revision: None,
            subfolder: "",
            part: Part::Encoder,
            sentences: &sentences,
            name: "v.py",
            out: "o.safetensors",
        };
        let text = script(of);
        assert!(
            text.contains("MODEL = \"m\\\"\\u000aimport os\"\nREVISION = None\nSUBFOLDER = \"\"\nPART = \"encoder\"\nOUT = \"o.safetensors\"\n"),
            "{text}"
        );
        assert!(
            text.contains(r#"SENTENCES = json.loads("[\"a \\\"b\\\" @MODEL@ \\\\\",\"\u00e9\\n\"]")"#),
            "{text}"
        );
        assert!(text.contains("python v.py\n") && text.is_ascii());
        assert!(script(Script { revision: Some("main"), ..of }).contains("REVISION = \"main\""));
    }
}
