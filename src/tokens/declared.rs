//! Tokens that are declared beside `tokenizer.json`: by their ids, by their roles, or in a list.
//!
//! The order and what goes before what are those of transformers (`PreTrainedTokenizerBase._from_pretrained` and
//! `TokenizersBackend.__init__` of 5.24, `PreTrainedTokenizerFast.__init__` of 4.57).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::class::{Class, Kind, ROLES, Search};
use super::document::{AddedToken, Document};
use super::error::{Error, Result};
use super::io;
use super::settings::{EXTRA, MORE, SETTINGS, Settings, TOKENIZER};
use crate::text;

/// The tokens that have a role, as far as there are any.
pub(super) type Roles = BTreeMap<&'static str, String>;

/// How many sentinels may be asked for.
const MOST_SENTINELS: u64 = 100_000;

/// A token, and where it is declared.
struct Declared {
    token: AddedToken,
    /// Whether it is said where the token is looked for; else a special one is looked for in the text as it is written.
    decided: bool,
    from: String,
}

impl Declared {
    /// Makes it a special one.
    fn make_special(&mut self) {
        self.token.special = true;
        self.token.normalized &= self.decided;
    }
}

/// What the settings declare.
struct Declarations<'a> {
    settings: &'a Settings<'a>,
    class: &'a Class,
    /// By their ids: those of the settings, else of `added_tokens.json` and `tokenizer.json`.
    by_id: BTreeMap<u64, Declared>,
    /// Whether the settings list tokens by their ids: then no other file beside `tokenizer.json` is read.
    listed: bool,
}

/// Adds every token that is declared beside `document` to it. Gives the tokens with a role, and says what was added, by file.
pub(super) fn add(
    document: &mut Document<'_>,
    settings: &Settings<'_>,
    class: &Class,
) -> Result<(Roles, Vec<(String, String)>)> {
    let wrong = |what: String| io::bad(settings.folder, TOKENIZER, what);
    let listed = settings.general.contains_key("added_tokens_decoder");
    let mut declarations = Declarations { settings, class, by_id: BTreeMap::new(), listed };
    let extras = declarations.extras()?;
    declarations.read_ids(document)?;
    let named = declarations.named()?;
    let mut wanted: Vec<Declared> = Vec::new();
    for declared in std::mem::take(&mut declarations.by_id).into_values() {
        if document.find(&declared.token.content) != Some(&declared.token) {
            wanted.push(declared);
        }
    }
    let is_named = |content: &str| named.iter().any(|(_, declared)| declared.token.content == content);
    for declared in &mut wanted {
        if is_named(&declared.token.content) {
            declared.make_special();
        }
    }
    let mut roles = Roles::new();
    for (role, declared) in named {
        if let Some(role) = ROLES.into_iter().find(|known| *known == role) {
            roles.insert(role, declared.token.content.clone());
        }
        push(document, &mut wanted, declared);
    }
    for declared in extras {
        push(document, &mut wanted, declared);
    }
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Declared { token, from, .. } in
        wanted.into_iter().filter(|declared| !declared.token.content.is_empty())
    {
        let content = token.content.clone();
        let was = document.find(&content).is_some();
        let (id, changed) = document.add(token).map_err(wrong)?;
        if changed {
            let what = if was { "now with other properties" } else { "found whole" };
            said.entry(from).or_default().push(format!("`{content}` ({id}, {what})"));
        }
    }
    Ok((roles, said.into_iter().map(|(from, tokens)| (listing(&tokens), from)).collect()))
}

/// Keeps a token, unless one of its name is there or is to be added.
fn push(document: &Document<'_>, wanted: &mut Vec<Declared>, declared: Declared) {
    let content = declared.token.content.as_str();
    if document.find(content).is_none() && wanted.iter().all(|other| other.token.content != content) {
        wanted.push(declared);
    }
}

/// `tokens A, B and 3 more`.
fn listing(tokens: &[String]) -> String {
    let shown = &tokens[..tokens.len().min(6)];
    let more = tokens.len() - shown.len();
    let more = if more > 0 { format!(" and {} more", text::count(more as u128)) } else { String::new() };
    format!("token{} {}{more}", if tokens.len() == 1 { "" } else { "s" }, shown.join(", "))
}

impl Declarations<'_> {
    fn refused(&self, file: &str, what: String) -> Error {
        io::bad(self.settings.folder, file, what)
    }

    /// A token as a file writes it: a text, or an object with its properties, some of which may be left out.
    fn token(&self, file: &str, name: &str, value: &Value, special: Option<bool>) -> Result<Declared> {
        let no_token = || self.refused(file, format!("`{name}` is {value}, which is no token"));
        let from = file.to_owned();
        if let Value::String(content) = value {
            return Ok(Declared { token: AddedToken::special(content), decided: true, from });
        }
        let content = value.get("content").and_then(Value::as_str).ok_or_else(no_token)?;
        let flag = |property: &str| match value.get(property) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(no_token()),
        };
        let special = special.map_or_else(|| flag("special"), |special| Ok(Some(special)))?.unwrap_or(false);
        let normalized = flag("normalized")?;
        let token = AddedToken {
            content: content.to_owned(),
            single_word: flag("single_word")?.unwrap_or(false),
            lstrip: flag("lstrip")?.unwrap_or(false),
            rstrip: flag("rstrip")?.unwrap_or(false),
            normalized: normalized.unwrap_or(!special),
            special,
        };
        Ok(Declared { token, decided: normalized.is_some(), from })
    }

    /// A list of tokens.
    fn list(
        &self,
        file: &'static str,
        name: &str,
        value: &Value,
        special: Option<bool>,
    ) -> Result<Vec<Declared>> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::Array(tokens) => tokens
                .iter()
                .map(|value| {
                    let mut declared = self.token(file, name, value, special)?;
                    declared.make_special();
                    Ok(declared)
                })
                .collect(),
            _ => Err(self.refused(file, format!("`{name}` is no list of tokens"))),
        }
    }

    /// The special tokens without a role, or with one that only this checkpoint has.
    fn extras(&self) -> Result<Vec<Declared>> {
        let Self { settings, class, .. } = self;
        let general = &settings.general;
        let mut lists: Vec<Declared> = Vec::new();
        let mut given = false;
        let extra = general.get(EXTRA).filter(|extra| !is_empty(extra));
        match extra {
            Some(Value::Object(by_name)) => {
                for (name, value) in by_name {
                    if value.is_string() || value.get("content").is_some() {
                        let mut declared = self.token(SETTINGS[0], name, value, None)?;
                        declared.make_special();
                        lists.push(declared);
                    }
                }
            }
            Some(list) => {
                lists.extend(self.list(SETTINGS[0], EXTRA, list, None)?);
                given = true;
            }
            None => {}
        }
        if !given && let Some(more) = general.get(MORE) {
            lists.extend(self.list(SETTINGS[0], MORE, more, None)?);
            given = !more.is_null();
        }
        if !self.listed {
            for name in [MORE, EXTRA] {
                if let Some(more) = settings.special.get(name)
                    && !more.is_object()
                {
                    lists.extend(self.list(SETTINGS[1], name, more, Some(true))?);
                    given |= !more.is_null();
                }
            }
        }
        let from = format!("the {} itself", class.name);
        let own = |token: String| Declared {
            token: AddedToken::special(&token),
            decided: true,
            from: from.clone(),
        };
        match class.kind {
            Kind::T5 if !lists.iter().any(|declared| declared.token.content.contains("<extra_id_")) => {
                let asked = general.get("extra_ids");
                let count = asked.map_or(Some(100), Value::as_u64).filter(|count| *count <= MOST_SENTINELS);
                let count = count.ok_or_else(|| {
                    let (asked, most) = (asked.unwrap_or(&Value::Null), text::count(MOST_SENTINELS.into()));
                    let what =
                        format!("`extra_ids` is {asked}, which is not a whole number from 0 to {most}");
                    self.refused(SETTINGS[0], what)
                })?;
                lists.extend((0..count).map(|id| own(format!("<extra_id_{id}>"))));
            }
            Kind::Nllb if given => {}
            _ => lists.extend(class.languages().into_iter().map(|code| own(code.to_owned()))),
        }
        if class.name == "CamembertTokenizer" && !given {
            lists.extend(["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"].map(|token| own(token.to_owned())));
        }
        Ok(lists)
    }

    /// The tokens that have an id: those of the settings, or else of the older files and of `tokenizer.json` itself.
    fn read_ids(&mut self, document: &Document<'_>) -> Result<()> {
        let mut by_id = BTreeMap::new();
        if self.listed {
            let file = SETTINGS[0];
            let decoder = self.settings.general.get("added_tokens_decoder").and_then(Value::as_object);
            let none =
                || self.refused(file, "`added_tokens_decoder` is no list of tokens by their ids".to_owned());
            for (id, value) in decoder.ok_or_else(none)? {
                let id: u64 = id.parse().map_err(|_| none())?;
                if !value.is_object() {
                    return Err(none());
                }
                by_id.insert(id, self.token(file, "added_tokens_decoder", value, None)?);
            }
        } else {
            let file = SETTINGS[2];
            let special = self.plain_names();
            for (content, id) in &self.settings.added {
                let number = id.as_u64().ok_or_else(|| {
                    self.refused(file, format!("`{content}` has the id {id}, which is no whole number"))
                })?;
                let special = special.contains(&content.as_str());
                let token = AddedToken { special, normalized: !special, ..AddedToken::special(content) };
                by_id.insert(number, Declared { token, decided: true, from: file.to_owned() });
            }
            for added in &document.added {
                let (token, from) = (added.token.clone(), TOKENIZER.to_owned());
                by_id.insert(added.id, Declared { token, decided: true, from });
            }
        }
        self.by_id = by_id;
        Ok(())
    }

    /// The special tokens that the files name: those that `tokenizer_config.json` writes as texts, and all of `special_tokens_map.json`.
    /// One of `added_tokens.json` that is not among them is looked for after the text is normalized.
    fn plain_names(&self) -> Vec<&str> {
        let Settings { general, special, .. } = self.settings;
        let both = ROLES
            .iter()
            .flat_map(|role| [general.get(*role).and_then(Value::as_str), special.get(*role).map(text_of)]);
        let lists = [MORE, EXTRA].into_iter().flat_map(|name| [general.get(name), special.get(name)]);
        let listed = lists.flatten().filter_map(Value::as_array).flatten();
        both.flatten().chain(listed.filter_map(Value::as_str)).collect()
    }

    /// What the files say of a role; `special_tokens_map.json` goes first where it is read.
    fn written(&self, role: &str) -> Option<&Value> {
        let special = if self.listed { None } else { self.settings.special.get(role) };
        special.or_else(|| self.settings.general.get(role))
    }

    /// The tokens with a role, of the class or of this checkpoint alone, in the order in which they are added.
    fn named(&self) -> Result<Vec<(String, Declared)>> {
        let mut named = Vec::new();
        for role in ROLES {
            if let Some(declared) = self.role(role)? {
                named.push((role.to_owned(), declared));
            }
        }
        let own = |map: &Map<String, Value>| -> Vec<String> {
            let is_token = |value: &Value| value.is_string() || value.get("__type").is_some();
            let own = map.iter().filter(|(name, value)| name.ends_with("_token") && is_token(value));
            own.map(|(name, _)| name.clone()).filter(|name| !ROLES.contains(&name.as_str())).collect()
        };
        for name in own(&self.settings.general) {
            let mut declared = self.token(SETTINGS[0], &name, &self.settings.general[&name], None)?;
            declared.make_special();
            named.push((name, declared));
        }
        Ok(named)
    }

    /// The token of a role.
    fn role(&self, role: &'static str) -> Result<Option<Declared>> {
        let by_name = |content: &str, from: &str| {
            let known = self.by_id.values().find(|declared| declared.token.content == content)?;
            Some(Declared { token: known.token.clone(), decided: known.decided, from: from.to_owned() })
        };
        let plain =
            |content: &str, from: String| Declared { token: self.plain(role, content), decided: true, from };
        let Some(value) = self.written(role) else {
            let own = self.class.role(role);
            return Ok(own.map(|content| plain(content, format!("the {} itself", self.class.name))));
        };
        let mapped = !self.listed && self.settings.special.contains_key(role);
        let file = SETTINGS[usize::from(mapped)];
        let mut declared = match value {
            Value::Null => return Ok(None),
            Value::String(content) => {
                by_name(content, file).unwrap_or_else(|| plain(content, file.to_owned()))
            }
            other => {
                if !mapped && other.get("__type").is_none() {
                    return Err(self.refused(file, format!("`{role}` is {other}, which is no token")));
                }
                let declared = self.token(file, role, other, mapped.then_some(true))?;
                by_name(&declared.token.content, file).unwrap_or(declared)
            }
        };
        declared.make_special();
        Ok(Some(declared))
    }

    /// A token that is given as a text alone, as the class makes it.
    fn plain(&self, role: &str, content: &str) -> AddedToken {
        let mask = self.class.mask.filter(|_| role == "mask_token");
        let normalized = mask == Some(Search::Normalized);
        AddedToken { lstrip: mask.is_some(), normalized, ..AddedToken::special(content) }
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().or_else(|| value.get("content")?.as_str()).unwrap_or_default()
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(Map::is_empty)
        || value.as_str().is_some_and(str::is_empty)
}
