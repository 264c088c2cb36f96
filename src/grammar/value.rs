//! The values of features: what makes two of them one, and how a table shows them.

/// A value as a grammar gives it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    /// A quantity; feature grammars have none.
    Number(f64),
    /// The digits of a feature grammar's integer. It is a name: person 1 is no nearer to 2 than to 3.
    Integer(String),
    Bool(bool),
    /// A feature grammar's `None`.
    Nothing,
    /// `{a, b}` or `(a, b)`.
    Gathered {
        kind: Gathering,
        items: Vec<Value>,
    },
}

/// What gathers several values in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gathering {
    /// Equal in any order, each value once.
    Set,
    Tuple,
}

/// What makes two values one.
pub(super) type Identity = (u8, String);

impl Value {
    /// The integer that `digits` (with a sign before them, or none) write.
    pub(super) fn integer(digits: &str) -> Self {
        let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
        match digits.trim_start_matches('0') {
            "" => Self::Integer("0".to_owned()),
            digits => Self::Integer(format!("{sign}{digits}")),
        }
    }

    /// `items` in a set or a tuple.
    pub(super) fn gathered(kind: Gathering, mut items: Vec<Self>) -> Self {
        if kind == Gathering::Set {
            // The first of those that are the same stays, as it is shown.
            let mut seen = std::collections::BTreeSet::new();
            items.retain(|item| seen.insert(item.unified()));
        }
        Self::Gathered { kind, items }
    }

    /// `parts` joined: those that are gathered in the same way give their items, the others themselves.
    pub(super) fn joined(kind: Gathering, parts: Vec<Self>) -> Self {
        let items = parts.into_iter().flat_map(|part| match part {
            Self::Gathered { kind: other, items } if other == kind => items,
            part => vec![part],
        });
        Self::gathered(kind, items.collect())
    }

    pub(super) fn display(&self) -> String {
        match self {
            Self::Text(text) | Self::Integer(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
            Self::Nothing => "None".to_owned(),
            Self::Gathered { kind, items } => {
                let mut shown: Vec<String> = items.iter().map(Self::display).collect();
                match kind {
                    Gathering::Set if shown.is_empty() => "{/}".to_owned(),
                    Gathering::Set => {
                        shown.sort_unstable();
                        format!("{{{}}}", shown.join(", "))
                    }
                    Gathering::Tuple => format!("({})", shown.join(", ")),
                }
            }
        }
    }

    /// What makes two values the same one: the number `3` is not the text `3`, nor the word `'True'` true.
    pub(super) fn identity(&self) -> Identity {
        match self {
            Self::Text(text) => (0, text.clone()),
            Self::Number(number) => (1, number.to_string()),
            Self::Integer(digits) => (2, digits.clone()),
            Self::Bool(flag) => (3, flag.to_string()),
            Self::Nothing => (4, String::new()),
            Self::Gathered { kind, items } => {
                let mut identities: Vec<Identity> = items.iter().map(Self::unified).collect();
                if *kind == Gathering::Set {
                    identities.sort_unstable();
                }
                (5, format!("{kind:?} {identities:?}"))
            }
        }
    }

    /// What makes two values unify: true and 1 do, false and 0 do, though they are written differently.
    fn unified(&self) -> Identity {
        match self {
            Self::Bool(flag) => Self::Integer(u8::from(*flag).to_string()).identity(),
            other => other.identity(),
        }
    }
}

/// The texts that a column shows for `values`, which all stand in it. Where true or false is among them, 1 and 0 are shown so
/// too, for they are the same; a text that something else in the column is shown as stands in quotes.
pub(super) fn shown(values: &[&Value]) -> Vec<String> {
    let flags = values.iter().any(|value| matches!(value, Value::Bool(_)));
    let show = |value: &Value| match value {
        Value::Integer(digits) if flags && digits == "1" => Value::Bool(true).display(),
        Value::Integer(digits) if flags && digits == "0" => Value::Bool(false).display(),
        other => other.display(),
    };
    let others: std::collections::BTreeSet<String> =
        values.iter().filter(|value| !matches!(value, Value::Text(_))).map(|value| show(value)).collect();
    values
        .iter()
        .map(|value| match value {
            Value::Text(text) if others.contains(text) => format!("'{text}'"),
            other => show(other),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_set_has_no_order_and_no_value_twice() {
        let set = |items: &[Value]| Value::gathered(Gathering::Set, items.to_vec());
        let (m, f) = (text("m"), text("f"));
        assert_eq!(
            set(&[m.clone(), f.clone()]).identity(),
            set(&[f.clone(), m.clone(), f.clone()]).identity()
        );
        assert_eq!(set(&[m.clone(), f.clone()]).display(), "{f, m}");
        let joined = Value::joined(
            Gathering::Set,
            vec![set(std::slice::from_ref(&m)), set(std::slice::from_ref(&f)), m.clone()],
        );
        assert_eq!(joined.display(), "{f, m}");
        assert_eq!(set(&[]).display(), "{/}");
        let one = Value::integer("01");
        assert_eq!(set(&[Value::Bool(true), one.clone()]).display(), "{True}");
        assert_eq!(set(&[Value::Bool(true)]).identity(), set(&[one]).identity());
        let tuple = |items: &[Value]| Value::gathered(Gathering::Tuple, items.to_vec());
        assert_ne!(tuple(&[m.clone(), f.clone()]).identity(), tuple(&[f.clone(), m.clone()]).identity());
        assert_eq!(
            Value::joined(Gathering::Tuple, vec![tuple(std::slice::from_ref(&m)), set(&[f]), m]).display(),
            "(m, {f}, m)"
        );
    }

    #[test]
    fn a_column_shows_one_value_in_one_way_and_two_in_two() {
        let (yes, one, word) = (Value::Bool(true), Value::integer("1"), text("True"));
        assert_eq!(shown(&[&yes, &one, &word]), ["True", "True", "'True'"]);
        assert_eq!(shown(&[&one, &Value::integer("-0"), &text("1")]), ["1", "0", "'1'"]);
    }
}
