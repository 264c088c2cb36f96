//! The tokens that a text has before it is cut, and those around it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::error::Result;
use super::super::settings::{EXTRA, MORE, SETTINGS};
use super::super::template::Token;
use super::added::{Added, content};
use super::families::Family;
use super::proto::PieceKind;
use super::sentencepiece::Build;

/// The special tokens by their roles.
pub(super) type Special = BTreeMap<&'static str, Token>;

impl Build<'_> {
    /// Adds every token that is found before a text is cut; gives the special ones by their roles.
    pub(super) fn add_tokens(&self, added: &mut Added<'_>) -> Result<Special> {
        let Self { settings, family, .. } = *self;
        let roles =
            ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
        let roles = roles.map(|role| (role, self.role(role)));
        let is_named =
            |token: &str| roles.iter().flat_map(|(_, named)| named).any(|named| content(named) == token);
        let more = settings.more_special()?;
        let mut listed: Vec<(u64, Value)> =
            settings.listed().into_iter().map(|(id, token)| (id, token.clone())).collect();
        if listed.is_empty() {
            let old = settings.added.iter().filter_map(|(token, id)| {
                let special = more.iter().copied().flatten().any(|more| content(more) == token);
                Some((id.as_u64()?, json!({"content": token, "normalized": !special, "special": special})))
            });
            listed.extend(old);
            listed.sort_by_key(|(id, _)| *id);
        }
        let mut known: BTreeSet<String> = BTreeSet::new();
        for (id, mut token) in listed {
            let text = content(&token).to_owned();
            known.insert(text.clone());
            let special = token.get("special") == Some(&Value::Bool(true)) || is_named(&text);
            if family == Family::Plain
                && self.proto.add_dummy_prefix
                && let Some(normalized) = token.get_mut("normalized")
            {
                *normalized = Value::Bool(false);
            }
            if added.ensure(&token, special) != Some(id) {
                let file = SETTINGS[if settings.listed().is_empty() { 2 } else { 0 }];
                return Err(settings.refusal(
                    file,
                    format!("`{text}` is listed as token {id}, which the vocabulary does not give it"),
                ));
            }
        }
        let mut special = Special::new();
        for (role, token) in &roles {
            let Some(token) = token.as_ref().filter(|token| !content(token).is_empty()) else { continue };
            let text = content(token);
            let id = if added.has(text) { added.id(text) } else { added.ensure(token, true) };
            if let Some(id) = id {
                special.insert(*role, (text.to_owned(), id));
            }
        }
        let by_name = settings.extra_by_name();
        if family == Family::M2m100 && !by_name.is_empty() {
            let what =
                format!("`{EXTRA}` lists tokens that {} may find in a way of its own", settings.whose());
            return Err(settings.refusal(SETTINGS[0], what));
        }
        for token in by_name {
            let text = content(token);
            if !text.is_empty() && !known.contains(text) && !added.has(text) {
                added.ensure(token, true);
            }
        }
        if let Some(more) = more {
            self.add_more(more, &known, is_named, added)?;
            // Beside its languages, as transformers 4.57 has it.
            if family != Family::Mbart {
                return Ok(special);
            }
        }
        let own = self.proto.pieces.iter().filter_map(|piece| match piece.kind {
            PieceKind::Control => Some((piece.text.clone(), true)),
            // As sentencepiece reads the model, its own pieces are found after the text is normalized.
            PieceKind::UserDefined if !matches!(family, Family::Plain | Family::M2m100) => {
                Some((piece.text.clone(), false))
            }
            _ => None,
        });
        let extra = match family {
            Family::T5 => self.sentinels.clone(),
            // Its languages have ids, and are not found in a text.
            Family::M2m100 => Vec::new(),
            _ => family.languages(),
        };
        // Those that are special by their names alone stay so; what the settings say of others is not heeded.
        known.extend(roles.iter().filter_map(|(_, token)| token.as_ref()?.as_str().map(str::to_owned)));
        for (token, special) in own.chain(extra.into_iter().map(|token| (token, true))) {
            if !known.contains(&token) {
                let special = special || is_named(&token);
                added.ensure(&json!({"content": token}), special);
            }
        }
        Ok(special)
    }

    /// Adds what the settings list in place of the class's own tokens, beside those that are `known` by their ids.
    fn add_more(
        &self,
        more: &[Value],
        known: &BTreeSet<String>,
        is_named: impl Fn(&str) -> bool,
        added: &mut Added<'_>,
    ) -> Result<()> {
        let Self { settings, family, .. } = *self;
        let refused = |what: String| Err(settings.refusal(SETTINGS[0], format!("`{MORE}` lists {what}")));
        for token in more {
            let text = content(token);
            let is_text = token.is_string() || token.get("__type") == Some(&"AddedToken".into());
            if text.is_empty() || !is_text {
                return refused(format!("{token}, which is no token"));
            }
            // Its tokenizer is a slow one, which is not followed in what it does around tokens of others.
            let foreign = || !added.has(text) && !family.languages().iter().any(|code| code == text);
            if family == Family::M2m100 && foreign() {
                let whose = settings.whose();
                return refused(format!("`{text}`, and {whose} may find it in a way of its own"));
            }
            // What is said here of a token with a role goes before what is said there.
            if !known.contains(text) {
                let special =
                    token.is_string() || token.get("special") == Some(&Value::Bool(true)) || is_named(text);
                let token = if token.is_string() { json!({"content": text}) } else { token.clone() };
                added.ensure(&token, special);
            }
        }
        Ok(())
    }

    /// What stands before a sentence, and after it; the vocabulary has `size` pieces.
    pub(super) fn around(
        &self,
        special: &Special,
        added: &Added<'_>,
        size: u64,
    ) -> Result<(Vec<Token>, Vec<Token>)> {
        let token = |role: &'static str| -> Result<Token> {
            let found = special.get(role).cloned();
            found.ok_or_else(|| self.refusal(format!("there is no {}", role.replace('_', " "))))
        };
        let language = |default: &str| -> Result<Token> {
            let code = self.settings.text("src_lang").unwrap_or(default);
            let (code, id) = if self.family == Family::M2m100 {
                let code = format!("__{code}__");
                let place = self.family.languages().iter().position(|language| *language == code);
                (code, place.map(|place| size + place as u64))
            } else {
                (code.to_owned(), added.id(code))
            };
            match id {
                Some(id) => Ok((code, id)),
                None => Err(self.refusal(format!("`src_lang` is {code}, which is no language of it"))),
            }
        };
        Ok(match self.family {
            Family::T5 => (vec![], vec![token("eos_token")?]),
            Family::XlmRoberta | Family::Camembert => (vec![token("bos_token")?], vec![token("eos_token")?]),
            Family::Albert | Family::DebertaV2 => (vec![token("cls_token")?], vec![token("sep_token")?]),
            Family::Mbart => (vec![], vec![token("eos_token")?, language("en_XX")?]),
            Family::Mbart50 => (vec![language("en_XX")?], vec![token("eos_token")?]),
            Family::M2m100 => (vec![language("en")?], vec![token("eos_token")?]),
            Family::Llama | Family::Gemma | Family::Plain => {
                let if_wanted = |flag: &str, role: &str| -> Vec<Token> {
                    let wanted = self.settings.flag(flag, false);
                    special.get(role).filter(|_| wanted).cloned().into_iter().collect()
                };
                (if_wanted("add_bos_token", "bos_token"), if_wanted("add_eos_token", "eos_token"))
            }
        })
    }
}
