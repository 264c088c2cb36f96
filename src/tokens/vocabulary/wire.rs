//! Protocol buffers on the wire: numbered fields, one after another.

/// A value as the wire has it.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Number(u64),
    Eight,
    Bytes(&'a [u8]),
    Four([u8; 4]),
}

impl<'a> Value<'a> {
    /// A whole number; a negative one takes all 64 bits.
    pub(super) fn number(self) -> Result<i64, String> {
        match self {
            Self::Number(number) => Ok(number as i64),
            _ => Err("a field should be a number".to_owned()),
        }
    }

    /// A number of 32 bits.
    pub(super) fn float(self) -> Result<f32, String> {
        match self {
            Self::Four(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err("a field should be a float".to_owned()),
        }
    }

    /// Bytes, among them those of a message.
    pub(super) fn bytes(self) -> Result<&'a [u8], String> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err("a field should be bytes".to_owned()),
        }
    }

    /// Text.
    pub(super) fn text(self) -> Result<String, String> {
        let text = std::str::from_utf8(self.bytes()?);
        text.map(str::to_owned).map_err(|_| "a field is not UTF-8".to_owned())
    }
}

/// Gives every field of a message to `visit`, with its number.
pub(super) fn each_field<'a>(
    mut bytes: &'a [u8],
    mut visit: impl FnMut(u64, Value<'a>) -> Result<(), String>,
) -> Result<(), String> {
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut bytes)?),
            1 => {
                take(&mut bytes, 8)?;
                Value::Eight
            }
            2 => {
                let length = varint(&mut bytes)?;
                Value::Bytes(take(&mut bytes, length)?)
            }
            5 => {
                let mut four = [0; 4];
                four.copy_from_slice(take(&mut bytes, 4)?);
                Value::Four(four)
            }
            other => return Err(format!("a field has the unknown wire type {other}")),
        };
        visit(key >> 3, value)?;
    }
    Ok(())
}

/// The next `length` bytes.
fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], String> {
    let split = usize::try_from(length).ok().and_then(|length| bytes.split_at_checked(length));
    let (taken, rest) = split.ok_or_else(|| "it is cut short".to_owned())?;
    *bytes = rest;
    Ok(taken)
}

/// A number of 7 bits a byte, the lowest first.
fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut number = 0;
    for place in 0..10 {
        let byte = take(bytes, 1)?[0];
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err("a number has more than 64 bits".to_owned())
}
