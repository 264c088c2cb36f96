//! A pickle as a tree of values.

/// Where a value stands in a [`Pickle`].
pub(in crate::files::torch) type Id = usize;

/// A value of a pickle.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::files::torch) enum Value {
    /// None, numbers with a point, bytes, sets and what else no weights are made of.
    Other,
    Bool(bool),
    Int(i64),
    Text(String),
    /// `module.name`.
    Global(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// What calling something would make, and the items that would be set in it.
    Call {
        function: Id,
        arguments: Id,
        items: Vec<(Id, Id)>,
    },
    /// What the program that reads is to know by this.
    Persistent(Id),
}

/// A whole pickle.
#[derive(Debug)]
pub(in crate::files::torch) struct Pickle {
    pub(super) values: Vec<Value>,
    pub(super) root: Id,
}

impl Pickle {
    /// The value itself.
    pub(in crate::files::torch) fn root(&self) -> Id {
        self.root
    }

    pub(in crate::files::torch) fn get(&self, id: Id) -> &Value {
        self.values.get(id).unwrap_or(&Value::Other)
    }

    pub(in crate::files::torch) fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(items) | Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(in crate::files::torch) fn int(&self, id: Id) -> Option<i64> {
        match self.get(id) {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub(in crate::files::torch) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(in crate::files::torch) fn global(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Global(name) => Some(name),
            _ => None,
        }
    }

    /// The function and the arguments of a call.
    pub(in crate::files::torch) fn call(&self, id: Id) -> Option<(&str, &[Id])> {
        match self.get(id) {
            Value::Call { function, arguments, .. } => {
                Some((self.global(*function)?, self.tuple(*arguments)?))
            }
            _ => None,
        }
    }

    /// The items of a dictionary, ordered or not.
    pub(in crate::files::torch) fn items(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.get(id) {
            Value::Dict(items) => Some(items),
            Value::Call { function, items, .. } => {
                (self.global(*function) == Some("collections.OrderedDict")).then_some(items)
            }
            _ => None,
        }
    }
}
