//! Options that take several names, separated by commas: a name that has a comma itself stands in double quotes, as in CSV.

use clap::builder::TypedValueParser;

/// What one use of an option lists; an option may be used several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(Vec<T>);

/// Names of features, columns, labels.
pub type Names = List<String>;

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> List<T> {
    /// What it lists, in its order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

/// All that `lists` name, in their order.
pub fn all<T: Clone>(lists: &[List<T>]) -> Vec<T> {
    lists.iter().flatten().cloned().collect()
}

/// Whether one of `lists` names `name`.
pub fn has(lists: &[Names], name: &str) -> bool {
    lists.iter().flatten().any(|other| other == name)
}

/// A parser of names: `a,b` is two, `"a, b",c` too.
pub fn names() -> impl TypedValueParser<Value = Names> {
    of(|name| Ok(name.to_owned()))
}

/// A parser of a list of what `each` reads.
pub fn of<T: Clone + Send + Sync + 'static>(
    each: impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static,
) -> impl TypedValueParser<Value = List<T>> {
    move |text: &str| -> Result<List<T>, String> {
        split(text)?.iter().map(|item| each(item)).collect::<Result<_, _>>().map(List)
    }
}

/// The names in `text`: separated by commas, without the blanks around them; one in double quotes is as it stands there, and two such
/// quotes in it are one.
pub fn split(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = text.trim();
    loop {
        let name = if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut parts = quoted;
            loop {
                let Some(end) = parts.find('"') else {
                    return Err(format!("a quote is not closed: {rest}"));
                };
                name.push_str(&parts[..end]);
                parts = &parts[end + 1..];
                let Some(more) = parts.strip_prefix('"') else { break };
                name.push('"');
                parts = more;
            }
            rest = parts.trim_start();
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err(format!("`\"{name}\"` is followed by {rest}, and not by a comma"));
            }
            name
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let name = rest[..end].trim().to_owned();
            rest = &rest[end..];
            name
        };
        if name.is_empty() {
            return Err("a name is missing: separate names by one comma each".to_owned());
        }
        names.push(name);
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return Ok(names),
        }
    }
}

/// `names` as [`split`] reads them.
pub fn joined<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let quoted = |name: T| {
        let name = name.as_ref();
        if name.contains([',', '"']) || name.trim() != name {
            format!("\"{}\"", name.replace('"', "\"\""))
        } else {
            name.to_owned()
        }
    };
    names.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_quotes_is_of_a_name() {
        for (text, found) in [
            ("a", &["a"][..]),
            ("a, b ,c", &["a", "b", "c"]),
            ("\"a, b\",c", &["a, b", "c"]),
            ("c , \"a, b\" ", &["c", "a, b"]),
            ("\"say \"\"a\"\", b\"", &["say \"a\", b"]),
            ("\" a\"", &[" a"]),
            ("size in \"B\",x", &["size in \"B\"", "x"]),
            ("ä,\"日, 本\"", &["ä", "日, 本"]),
        ] {
            assert_eq!(split(text).unwrap(), found, "{text}");
            assert_eq!(split(&joined(found)).unwrap(), found, "{text}");
        }
        for (text, said) in [
            ("\"a, b", "a quote is not closed: \"a, b"),
            ("a,\"b", "a quote is not closed: \"b"),
            ("\"a\"b", "`\"a\"` is followed by b"),
            ("\"a\" \"b\"", "is followed by \"b\""),
            ("a,,b", "a name is missing"),
            ("a,", "a name is missing"),
            ("", "a name is missing"),
            ("\"\"", "a name is missing"),
        ] {
            assert!(split(text).unwrap_err().contains(said), "{text}: {:?}", split(text));
        }
    }
}
