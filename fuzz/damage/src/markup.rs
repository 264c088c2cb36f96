//! What a page or a drawing is made of: its elements, the names of their attributes, their addresses and scripts. Texts are left out,
//! so that two pages that differ in texts alone are made of the same.

use std::collections::BTreeSet;

/// Elements whose content is no markup.
const RAW: [&str; 6] = ["script", "style", "title", "textarea", "xmp", "noscript"];

/// What `page` is made of.
pub fn made_of(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        rest = &rest[open + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            let end = comment.find("-->").unwrap_or(comment.len());
            found.insert("<!-- -->".to_owned());
            rest = &comment[end..];
            continue;
        }
        let Some(first) = rest.chars().next().filter(|c| c.is_ascii_alphabetic() || "/!?".contains(*c)) else { continue };
        let (tag, after) = element(rest);
        if first == '/' || first == '!' {
            found.insert(format!("<{}>", tag.name));
            rest = after;
            continue;
        }
        rest = after;
        let names: Vec<&str> = tag.attributes.iter().map(|(name, _)| name.as_str()).collect();
        found.insert(format!("<{} {}>", tag.name, names.join(" ")));
        for (name, value) in &tag.attributes {
            // Addresses and handlers in full; what else a value says runs nowhere.
            if ["href", "src", "action", "formaction", "xlink:href", "srcdoc"].contains(&name.as_str()) && is_odd(value)
                || name == "style" && ["url", "@", "\\", "expression"].iter().any(|mark| value.contains(mark)) || name.starts_with("on") {
                found.insert(format!("{name}={value}"));
            }
        }
        if RAW.contains(&tag.name.as_str()) {
            let end = rest.to_lowercase().find(&format!("</{}", tag.name)).unwrap_or(rest.len());
            let is_data = tag.attributes.iter().any(|(name, value)| name == "type" && value.contains("json"));
            if tag.name == "script" && !is_data {
                found.insert(format!("script of {} bytes: {}", end, &rest[..end]));
            }
            rest = &rest[end..];
        }
    }
    found
}

/// An address that is more than a place in this page, or beside it.
fn is_odd(value: &str) -> bool {
    !value.starts_with('#') && value.chars().any(|c| ":(&".contains(c) || c.is_control())
}

struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

/// The element that `text` begins with, whose `<` is gone, and what follows it.
fn element(text: &str) -> (Element, &str) {
    let name_end = text.find(|c: char| c.is_whitespace() || c == '>' || (c == '/' && !text.starts_with('/'))).unwrap_or(text.len());
    let name = text[..name_end].to_lowercase();
    let mut rest = &text[name_end..];
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        match rest.chars().next() {
            None => return (Element { name, attributes }, ""),
            Some('>') => return (Element { name, attributes }, &rest[1..]),
            Some(_) => {}
        }
        let end = rest[1..].find(|c: char| c.is_whitespace() || "=>/".contains(c)).map_or(rest.len(), |end| end + 1);
        let attribute = rest[..end].to_lowercase();
        rest = rest[end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            rest = after.trim_start();
            let quote = rest.chars().next().filter(|c| "\"'".contains(*c));
            let (content, after) = match quote {
                Some(quote) => {
                    let close = rest[1..].find(quote).map_or(rest.len(), |close| close + 1);
                    (&rest[1..close], rest.get(close + 1..).unwrap_or(""))
                }
                None => rest.split_at(rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(rest.len())),
            };
            value = content.to_owned();
            rest = after;
        }
        attributes.push((attribute, value));
    }
}
