//! The machine that a pickle is a program for: a stack, marks in it, and a memo.

use std::collections::HashMap;
use std::io::BufRead;

use super::stream::{bytes, exactly, line};
use super::value::{Id, Pickle, Value};
use crate::text;

impl Pickle {
    /// Reads one pickle, and not a byte further.
    pub(in crate::files::torch) fn read(from: &mut impl BufRead) -> Result<Self, String> {
        Machine::default().run(from)
    }
}

#[derive(Default)]
struct Machine {
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Where in the stack the marks are.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

/// The most values of a pickle: each tensor is about twenty.
const MOST: usize = 1 << 22;

impl Machine {
    fn run(mut self, from: &mut impl BufRead) -> Result<Pickle, String> {
        loop {
            let [op] = bytes(from)?;
            if op == b'.' {
                let root = self.pop()?;
                return Ok(Pickle { values: self.values, root });
            }
            self.step(op, from)?;
            if self.values.len() > MOST {
                return Err(format!("it describes more than {} values", text::count(MOST as u128)));
            }
        }
    }

    fn step(&mut self, op: u8, from: &mut impl BufRead) -> Result<(), String> {
        match op {
            // Protocol and frame.
            0x80 => bytes::<1>(from).map(|_| ())?,
            0x95 => bytes::<8>(from).map(|_| ())?,
            // The stack and its marks.
            b'(' => self.marks.push(self.stack.len()),
            b'0' => self.pop().map(|_| ())?,
            b'1' => self.since_mark().map(|_| ())?,
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            // Constants.
            // None, and an empty set.
            b'N' | 0x8f => self.push(Value::Other),
            0x88 | 0x89 => self.push(Value::Bool(op == 0x88)),
            b'J' => self.push(Value::Int(i32::from_le_bytes(bytes(from)?).into())),
            b'K' => self.push(Value::Int(bytes::<1>(from)?[0].into())),
            b'M' => self.push(Value::Int(u16::from_le_bytes(bytes(from)?).into())),
            0x8a => self.long(u64::from(bytes::<1>(from)?[0]), from)?,
            0x8b => self.long(u64::from(u32::from_le_bytes(bytes(from)?)), from)?,
            b'I' | b'L' => {
                let text = line(from)?;
                self.push(text.trim_end_matches('L').parse().map_or(Value::Other, Value::Int));
            }
            b'F' => line(from).map(|_| self.push(Value::Other))?,
            b'G' => bytes::<8>(from).map(|_| self.push(Value::Other))?,
            // Text and bytes.
            b'X' | b'T' => self.text(u64::from(u32::from_le_bytes(bytes(from)?)), from)?,
            0x8c | b'U' => self.text(u64::from(bytes::<1>(from)?[0]), from)?,
            0x8d => self.text(u64::from_le_bytes(bytes(from)?), from)?,
            b'V' => {
                let text = line(from)?;
                self.push(Value::Text(text));
            }
            b'S' => {
                let text = line(from)?;
                self.push(Value::Text(text.trim_matches(['\'', '"']).to_owned()));
            }
            b'B' => self.skip(u64::from(u32::from_le_bytes(bytes(from)?)), from)?,
            b'C' => self.skip(u64::from(bytes::<1>(from)?[0]), from)?,
            0x8e | 0x96 => self.skip(u64::from_le_bytes(bytes(from)?), from)?,
            // What holds others.
            b')' => self.push(Value::Tuple(Vec::new())),
            0x85..=0x87 => {
                let start = self.stack.len().checked_sub(usize::from(op - 0x84)).ok_or_else(underflow)?;
                let items = self.stack.split_off(start);
                self.push(Value::Tuple(items));
            }
            b't' => {
                let items = self.since_mark()?;
                self.push(Value::Tuple(items));
            }
            b']' => self.push(Value::List(Vec::new())),
            b'l' => {
                let items = self.since_mark()?;
                self.push(Value::List(items));
            }
            b'}' => self.push(Value::Dict(Vec::new())),
            b'd' => {
                let items = pairs(&self.since_mark()?);
                self.push(Value::Dict(items));
            }
            0x91 => self.since_mark().map(|_| self.push(Value::Other))?,
            0x90 => self.since_mark().map(|_| ())?,
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.append(&items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[(key, value)])?;
            }
            b'u' => {
                let items = pairs(&self.since_mark()?);
                self.set(&items)?;
            }
            _ => return self.step_further(op, from),
        }
        Ok(())
    }

    /// Globals, calls and the memo.
    fn step_further(&mut self, op: u8, from: &mut impl BufRead) -> Result<(), String> {
        match op {
            b'c' => {
                let name = format!("{}.{}", line(from)?, line(from)?);
                self.push(Value::Global(name));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let part = |id: Id| match self.values.get(id) {
                    Some(Value::Text(text)) => Ok(text.as_str()),
                    _ => Err("a name is not a text".to_owned()),
                };
                let name = format!("{}.{}", part(module)?, part(name)?);
                self.push(Value::Global(name));
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.push(Value::Call { function, arguments, items: Vec::new() });
            }
            0x92 => {
                self.pop()?;
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.push(Value::Call { function, arguments, items: Vec::new() });
            }
            // The state of an object, which weights do without.
            b'b' => self.pop().map(|_| ())?,
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id));
            }
            b'q' => self.remember(u64::from(bytes::<1>(from)?[0]))?,
            b'r' => self.remember(u64::from(u32::from_le_bytes(bytes(from)?)))?,
            b'p' => {
                let key = number(&line(from)?)?;
                self.remember(key)?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            b'h' => self.recall(u64::from(bytes::<1>(from)?[0]))?,
            b'j' => self.recall(u64::from(u32::from_le_bytes(bytes(from)?)))?,
            b'g' => {
                let key = number(&line(from)?)?;
                self.recall(key)?;
            }
            _ => return Err(format!("byte {op:#04x} is no instruction of a pickle that holds weights")),
        }
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn top(&self) -> Result<Id, String> {
        self.stack.last().copied().ok_or_else(underflow)
    }

    fn pop(&mut self) -> Result<Id, String> {
        self.stack.pop().ok_or_else(underflow)
    }

    fn since_mark(&mut self) -> Result<Vec<Id>, String> {
        let start = self.marks.pop().filter(|&start| start <= self.stack.len()).ok_or_else(underflow)?;
        Ok(self.stack.split_off(start))
    }

    fn append(&mut self, items: &[Id]) -> Result<(), String> {
        let list = self.top()?;
        if let Some(Value::List(list)) = self.values.get_mut(list) {
            list.extend_from_slice(items);
        }
        Ok(())
    }

    fn set(&mut self, pairs: &[(Id, Id)]) -> Result<(), String> {
        let dict = self.top()?;
        if let Some(Value::Dict(items) | Value::Call { items, .. }) = self.values.get_mut(dict) {
            items.extend_from_slice(pairs);
        }
        Ok(())
    }

    fn remember(&mut self, key: u64) -> Result<(), String> {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Result<(), String> {
        let id = self.memo.get(&key).ok_or_else(|| format!("memo {key} is empty"))?;
        self.stack.push(*id);
        Ok(())
    }

    fn text(&mut self, length: u64, from: &mut impl BufRead) -> Result<(), String> {
        let bytes = exactly(length, from)?;
        self.push(String::from_utf8(bytes).map_or(Value::Other, Value::Text));
        Ok(())
    }

    fn skip(&mut self, length: u64, from: &mut impl BufRead) -> Result<(), String> {
        exactly(length, from)?;
        self.push(Value::Other);
        Ok(())
    }

    /// A whole number of `length` bytes; one that is too long is no size of anything.
    fn long(&mut self, length: u64, from: &mut impl BufRead) -> Result<(), String> {
        let stored = exactly(length, from)?;
        let value = if stored.len() <= 8 {
            let filler = if stored.last().is_some_and(|&byte| byte >= 0x80) { 0xff } else { 0 };
            let mut whole = [filler; 8];
            whole[..stored.len()].copy_from_slice(&stored);
            Value::Int(i64::from_le_bytes(whole))
        } else {
            Value::Other
        };
        self.push(value);
        Ok(())
    }
}

fn pairs(items: &[Id]) -> Vec<(Id, Id)> {
    items.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn underflow() -> String {
    "an instruction takes more than there is".to_owned()
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{}` is no number", text.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Pickle, String> {
        Pickle::read(&mut bytes)
    }

    #[test]
    fn values_of_old_and_new_protocols_are_read() {
        // pickle.dumps({"a": (1, -2)}, 0), and the same in protocol 2 and 4.
        let texts: [&[u8]; 3] = [
            b"(dp0\nVa\np1\n(I1\nI-2\ntp2\ns.",
            b"\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01J\xfe\xff\xff\xff\x86q\x02s.",
            b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94K\x01J\xfe\xff\xff\xff\x86\x94s.",
        ];
        for bytes in texts {
            let pickle = read(bytes).unwrap();
            let &[(key, value)] = pickle.items(pickle.root()).unwrap() else { panic!("one item") };
            assert_eq!(pickle.text(key), Some("a"));
            let numbers: Vec<_> =
                pickle.tuple(value).unwrap().iter().map(|&id| pickle.int(id).unwrap()).collect();
            assert_eq!(numbers, [1, -2]);
            for end in 0..bytes.len() {
                assert!(read(&bytes[..end]).is_err());
            }
        }
    }

    #[test]
    fn nothing_is_called_and_nonsense_is_an_error() {
        // os.system("echo"): a call by name, no more.
        let pickle = read(b"cos\nsystem\n(S'echo'\ntR.").unwrap();
        let (function, arguments) = pickle.call(pickle.root()).unwrap();
        assert_eq!((function, pickle.text(arguments[0])), ("os.system", Some("echo")));
        for bytes in [b"t.".as_slice(), b"e.", b"\x87.", b"R.", b"h\x07.", b"\xff.", b"gx\n.", b"(0t.", b""] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
        // A length far beyond the file asks for no memory.
        assert!(read(b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc").is_err());
    }

    #[test]
    fn deep_nesting_and_cycles_cost_no_stack() {
        let mut deep = vec![b')'];
        deep.extend(std::iter::repeat_n(0x85, 1_000_000));
        deep.push(b'.');
        assert!(read(&deep).is_ok());
        assert!(read(b"]q\x00h\x00a.").is_ok());
    }
}
