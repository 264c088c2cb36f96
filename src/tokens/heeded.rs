//! Settings that the class of a tokenizer heeds: letter case and accents, a space before the text, the language, what stands
//! around the sentence.

use serde_json::{Map, Value, json};

use super::class::{Class, Kind};
use super::declared::Roles;
use super::document::Document;
use super::error::{Error, Result};
use super::io;
use super::settings::{SETTINGS, Settings, TOKENIZER};
use super::template::{Token, around, template};

/// What was done, and what is not certain about it.
#[derive(Default)]
pub(super) struct Heeded {
    /// What, and which file says so.
    pub(super) applied: Vec<(String, String)>,
    pub(super) doubts: Vec<String>,
}

/// A tokenizer that is being made what its class makes of it.
struct Making<'a, 'b> {
    document: &'a mut Document<'b>,
    settings: &'a Settings<'a>,
    class: &'a Class,
    roles: &'a Roles,
    heeded: Heeded,
}

/// Applies what the class heeds of the settings, and what it has by default.
pub(super) fn apply(
    document: &mut Document<'_>,
    settings: &Settings<'_>,
    class: &Class,
    roles: &Roles,
) -> Result<Heeded> {
    let mut making = Making { document, settings, class, roles, heeded: Heeded::default() };
    match class.kind {
        Kind::Bert | Kind::Mpnet => making.letters()?,
        Kind::Prefix => making.prefix()?,
        Kind::Roberta => {
            making.prefix()?;
            making.trimmed()?;
        }
        Kind::Neox => {
            making.prefix()?;
            making.both_ends()?;
        }
        Kind::Llama => making.blank()?,
        Kind::Mbart | Kind::Mbart50 | Kind::Nllb => making.language()?,
        Kind::AsIs | Kind::T5 | Kind::M2m100 => {}
    }
    making.unheeded_ends()?;
    Ok(making.heeded)
}

impl Making<'_, '_> {
    fn say(&mut self, what: String, given: bool) {
        let from = if given { SETTINGS[0].to_owned() } else { format!("the {} itself", self.class.name) };
        self.heeded.applied.push((what, from));
    }

    /// Sets a key of an object; true where that changes it.
    fn set(object: &mut Map<String, Value>, key: &str, value: &Value) -> bool {
        let changed = object.get(key) != Some(value);
        if changed {
            object.insert(key.to_owned(), value.clone());
        }
        changed
    }

    /// Letter case, accents, Chinese characters.
    fn letters(&mut self) -> Result<()> {
        let lower = self.settings.switch("do_lower_case")?;
        let accents = self.settings.switch("strip_accents")?;
        let chinese = self.settings.switch("tokenize_chinese_chars")?;
        // Any other normalizer has none of these, and stays.
        let Some(normalizer) = of_type(&mut self.document.normalizer, "BertNormalizer") else {
            return Ok(());
        };
        let mut wanted = vec![
            ("lowercase", Value::from(lower.unwrap_or(true)), lower.is_some(), "do_lower_case"),
            ("strip_accents", Value::from(accents), accents.is_some(), "strip_accents"),
        ];
        if self.class.kind == Kind::Bert {
            wanted.push((
                "handle_chinese_chars",
                Value::from(chinese.unwrap_or(true)),
                chinese.is_some(),
                "tokenize_chinese_chars",
            ));
        }
        let mut said = Vec::new();
        for (key, value, given, name) in wanted {
            if Self::set(normalizer, key, &value) {
                said.push((format!("{name} = {value}"), given));
            }
        }
        self.document.changed |= !said.is_empty();
        for (what, given) in said {
            self.say(what, given);
        }
        Ok(())
    }

    /// A space before the text, where bytes are all that it is cut by.
    fn prefix(&mut self) -> Result<()> {
        let given = self.settings.switch("add_prefix_space")?;
        let wanted = Value::from(given.unwrap_or(false));
        let Some(bytes) = of_type(&mut self.document.pre_tokenizer, "ByteLevel") else { return Ok(()) };
        if Self::set(bytes, "add_prefix_space", &wanted) {
            self.document.changed = true;
            self.say(format!("add_prefix_space = {wanted}"), given.is_some());
        }
        Ok(())
    }

    /// How offsets are trimmed.
    fn trimmed(&mut self) -> Result<()> {
        let prefix = self.settings.switch("add_prefix_space")?.unwrap_or(false);
        let given = self.settings.switch("trim_offsets")?;
        let Some(post) = self.document.post_processor.as_object_mut() else { return Ok(()) };
        if post.get("add_prefix_space").is_some_and(|value| *value != Value::from(prefix)) {
            post.insert("add_prefix_space".to_owned(), prefix.into());
            self.document.changed = true;
        }
        let trim = given.unwrap_or(true);
        if post.get("trim_offsets").is_some_and(|value| *value != Value::from(trim)) {
            post.insert("trim_offsets".to_owned(), trim.into());
            self.document.changed = true;
            self.say(format!("trim_offsets = {trim}"), given.is_some());
        }
        Ok(())
    }

    /// A space before the text, where blanks are written `▁`. Only what the settings say outright is heeded: what this class does
    /// when they say nothing depends on its release, and the file says it too.
    fn blank(&mut self) -> Result<()> {
        let Some(wanted) = self.settings.switch("add_prefix_space")? else { return Ok(()) };
        let legacy = self.settings.switch("legacy")?.unwrap_or(true);
        let has_prepend = |value: &Value| value.get("type").is_some_and(|kind| kind == "Prepend");
        let steps = self.document.normalizer.get("normalizers").and_then(Value::as_array);
        let prepends = has_prepend(&self.document.normalizer)
            || steps.is_some_and(|steps| steps.iter().any(has_prepend));
        let scheme = of_type(&mut self.document.pre_tokenizer, "Metaspace")
            .and_then(|metaspace| metaspace.get("prepend_scheme")?.as_str().map(str::to_owned));
        let has = prepends || matches!(scheme.as_deref(), Some("always" | "first"));
        if has == wanted {
            return Ok(());
        }
        if let Some(metaspace) = of_type(&mut self.document.pre_tokenizer, "Metaspace") {
            let scheme = match (wanted, legacy) {
                (false, _) => "never",
                (true, true) => "always",
                (true, false) => "first",
            };
            metaspace.insert("prepend_scheme".to_owned(), scheme.into());
        } else if wanted {
            if !self.document.pre_tokenizer.is_null() {
                return Err(self.refused(
                    "`add_prefix_space` is true, and nothing in tokenizer.json says how blanks are written",
                ));
            }
            let scheme = if legacy { "always" } else { "first" };
            self.document.pre_tokenizer =
                json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": false});
        }
        if !wanted && prepends {
            if has_prepend(&self.document.normalizer) {
                self.document.normalizer = Value::Null;
            } else if let Some(steps) =
                self.document.normalizer.get_mut("normalizers").and_then(Value::as_array_mut)
            {
                steps.retain(|step| !has_prepend(step));
            }
        }
        self.document.changed = true;
        self.say(format!("add_prefix_space = {wanted}"), true);
        Ok(())
    }

    fn refused(&self, what: &str) -> Error {
        self.settings.refusal(SETTINGS[0], what.to_owned())
    }

    /// The token of a role and its id.
    fn token(&self, role: &str) -> Result<Option<Token>> {
        let Some(content) = self.roles.get(role) else { return Ok(None) };
        let id = self.document.id(content).map_err(|what| io::bad(self.settings.folder, TOKENIZER, what))?;
        Ok(id.map(|id| (content.clone(), id)))
    }

    fn required(&self, role: &str, why: &str) -> Result<Token> {
        let none = || self.refused(&format!("{why}, and there is no {}", role.replace('_', " ")));
        self.token(role)?.ok_or_else(none)
    }

    /// Puts these tokens before the sentence and after it, and says so where others stood there.
    fn surround(&mut self, before: &[Token], after: &[Token], why: &str, given: bool) {
        let names = |tokens: &[Token]| tokens.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let (was_before, was_after) = around(&self.document.post_processor);
        let same = names(before) == was_before && names(after) == was_after;
        if same {
            return;
        }
        let words = |before: &[String], after: &[String]| {
            let all: Vec<&str> = before
                .iter()
                .map(String::as_str)
                .chain(["…"])
                .chain(after.iter().map(String::as_str))
                .collect();
            all.join(" ")
        };
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let was = words(&owned(was_before), &owned(was_after));
        let now = words(&names(before), &names(after));
        self.document.post_processor = template(before, after);
        self.document.changed = true;
        self.say(format!("{why}: the sentence stands as `{now}`, where tokenizer.json has `{was}`"), given);
    }

    /// Beginning and end, which this class puts only where the settings ask for them.
    fn both_ends(&mut self) -> Result<()> {
        let begin = self.settings.switch("add_bos_token")?;
        let end = self.settings.switch("add_eos_token")?;
        let one = |making: &Self, wanted: Option<bool>, role: &str, name: &str| -> Result<Vec<Token>> {
            if wanted != Some(true) {
                return Ok(Vec::new());
            }
            Ok(vec![making.required(role, &format!("`{name}` is true"))?])
        };
        let before = one(self, begin, "bos_token", "add_bos_token")?;
        let after = one(self, end, "eos_token", "add_eos_token")?;
        self.surround(&before, &after, "add_bos_token, add_eos_token", begin.or(end).is_some());
        Ok(())
    }

    /// The language that the text is in.
    fn language(&mut self) -> Result<()> {
        let default = if self.class.kind == Kind::Nllb { "eng_Latn" } else { "en_XX" };
        let given = match self.settings.general.get("src_lang") {
            None | Some(Value::Null) => None,
            Some(Value::String(code)) => Some(code.clone()),
            Some(other) => {
                return Err(self.refused(&format!("`src_lang` is {other}, which names no language")));
            }
        };
        let code = given.clone().unwrap_or_else(|| default.to_owned());
        let id = self.document.id(&code).map_err(|what| io::bad(self.settings.folder, TOKENIZER, what))?;
        let Some(id) = id else {
            return Err(self.refused(&format!("`src_lang` is {code}, which is no language of it")));
        };
        let end = self.required("eos_token", "the sentence has an end")?;
        let language = (code.clone(), id);
        let legacy = self.settings.switch("legacy_behaviour")?;
        let last = match self.class.kind {
            Kind::Mbart => true,
            Kind::Nllb => legacy.unwrap_or(false),
            _ => false,
        };
        let (before, after) = if last { (vec![], vec![end, language]) } else { (vec![language], vec![end]) };
        let how = legacy.map(|legacy| format!(", legacy_behaviour = {legacy}")).unwrap_or_default();
        self.surround(
            &before,
            &after,
            &format!("src_lang = {code}{how}"),
            given.or(legacy.map(|_| String::new())).is_some(),
        );
        Ok(())
    }

    /// Says where the settings ask for a beginning or an end that `tokenizer.json` does not put, or the other way round.
    fn unheeded_ends(&mut self) -> Result<()> {
        if self.class.kind == Kind::Neox {
            return Ok(());
        }
        let (before, after) = around(&self.document.post_processor);
        let mut doubts = Vec::new();
        for (setting, role, there) in
            [("add_bos_token", "bos_token", before), ("add_eos_token", "eos_token", after)]
        {
            let Some(wanted) = self.settings.switch(setting)? else { continue };
            let Some(token) = self.roles.get(role) else { continue };
            if there.contains(&token.as_str()) != wanted {
                let does = if wanted { "does not put" } else { "puts" };
                doubts.push(format!(
                    "tokenizer_config.json has {setting} = {wanted}, and tokenizer.json {does} `{token}`: tokenizer.json is followed, as \
                     transformers 5 does"
                ));
            }
        }
        self.heeded.doubts.extend(doubts);
        Ok(())
    }
}

/// The object, if it is of this type.
fn of_type<'v>(value: &'v mut Value, kind: &str) -> Option<&'v mut Map<String, Value>> {
    let object = value.as_object_mut()?;
    (object.get("type").and_then(Value::as_str) == Some(kind)).then_some(object)
}
