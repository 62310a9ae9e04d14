//! The tokens of msgpack.

use rmp::Marker;

use crate::codec::Problem;

/// One token: a scalar with its content, or the head of an array or map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'a [u8]),
    Bin(&'a [u8]),
    Array(usize),
    Map(usize),
    Ext(i8, &'a [u8]),
    Reserved,
}

impl Token<'_> {
    /// What it is, for messages.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Bool(_) => "a bool",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "a number",
            Self::Str(_) => "a string",
            Self::Bin(_) => "binary data",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Ext(..) => "an unknown value",
            Self::Reserved => "a reserved byte",
        }
    }
}

/// Reads tokens from the front of a slice.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// How many bytes are left.
    pub(super) fn remaining(&self) -> usize {
        self.0.len()
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, Problem> {
        let [byte] = self.array()?;
        Ok(match Marker::from_u8(byte) {
            Marker::Null => Token::Nil,
            Marker::True => Token::Bool(true),
            Marker::False => Token::Bool(false),
            Marker::FixPos(value) => Token::Uint(value.into()),
            Marker::FixNeg(value) => Token::Int(value.into()),
            Marker::U8 => Token::Uint(self.uint::<1>()?),
            Marker::U16 => Token::Uint(self.uint::<2>()?),
            Marker::U32 => Token::Uint(self.uint::<4>()?),
            Marker::U64 => Token::Uint(self.uint::<8>()?),
            Marker::I8 => Token::Int(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Token::Int(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Token::Int(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Token::Int(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => Token::Str(self.take(length.into())?),
            Marker::Str8 => Token::Str(self.sized::<1>()?),
            Marker::Str16 => Token::Str(self.sized::<2>()?),
            Marker::Str32 => Token::Str(self.sized::<4>()?),
            Marker::Bin8 => Token::Bin(self.sized::<1>()?),
            Marker::Bin16 => Token::Bin(self.sized::<2>()?),
            Marker::Bin32 => Token::Bin(self.sized::<4>()?),
            Marker::FixArray(length) => Token::Array(length.into()),
            Marker::Array16 => Token::Array(self.length::<2>()?),
            Marker::Array32 => Token::Array(self.length::<4>()?),
            Marker::FixMap(length) => Token::Map(length.into()),
            Marker::Map16 => Token::Map(self.length::<2>()?),
            Marker::Map32 => Token::Map(self.length::<4>()?),
            Marker::FixExt1 => self.ext(1)?,
            Marker::FixExt2 => self.ext(2)?,
            Marker::FixExt4 => self.ext(4)?,
            Marker::FixExt8 => self.ext(8)?,
            Marker::FixExt16 => self.ext(16)?,
            Marker::Ext8 => self.sized_ext::<1>()?,
            Marker::Ext16 => self.sized_ext::<2>()?,
            Marker::Ext32 => self.sized_ext::<4>()?,
            Marker::Reserved => Token::Reserved,
        })
    }

    /// Passes over one value, which nests at most `depth` levels.
    pub(super) fn skip(&mut self, depth: usize) -> Result<(), Problem> {
        let values = match self.next()? {
            Token::Array(length) => length,
            Token::Map(length) => length.saturating_mul(2),
            _ => 0,
        };
        let deeper = if values == 0 { 0 } else { depth.checked_sub(1).ok_or(Problem::TooDeep)? };
        (0..values).try_for_each(|_| self.skip(deeper))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Problem::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Problem::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// An unsigned integer of `N` bytes, at most 8.
    fn uint<const N: usize>(&mut self) -> Result<u64, Problem> {
        Ok(self.array::<N>()?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn length<const N: usize>(&mut self) -> Result<usize, Problem> {
        usize::try_from(self.uint::<N>()?).map_err(|_| Problem::TooLong)
    }

    fn sized<const N: usize>(&mut self) -> Result<&'a [u8], Problem> {
        let length = self.length::<N>()?;
        self.take(length)
    }

    fn ext(&mut self, length: usize) -> Result<Token<'a>, Problem> {
        let [code] = self.array()?;
        Ok(Token::Ext(i8::from_be_bytes([code]), self.take(length)?))
    }

    fn sized_ext<const N: usize>(&mut self) -> Result<Token<'a>, Problem> {
        let length = self.length::<N>()?;
        self.ext(length)
    }
}
