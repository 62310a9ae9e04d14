//! Exact decimal numbers, as HCL has them.

use std::fmt;
use std::str::FromStr;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, ToPrimitive, Zero};

/// An exact decimal number of bounded size.
///
/// Terraform's own numbers carry 512 bits; a `Number` holds up to [`Number::MAX_DIGITS`] significant digits, so every
/// number that terraform can print survives a round trip unchanged. Equality and order are by value: `1.50` equals `1.5`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigDecimal);

/// Why a text or a float is not a [`Number`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not a decimal number, or the float is infinite or not a number.
    #[error("not a decimal number")]
    Malformed,
    /// More digits, or a larger exponent, than the bounds of [`Number`] allow.
    #[error("more than {} digits", Number::MAX_DIGITS)]
    TooLarge,
}

impl Number {
    /// The most digits that a number has when it is written out without an exponent.
    pub const MAX_DIGITS: usize = 2048;

    /// The number as `i64`, if it is an integer in that range.
    pub fn to_i64(&self) -> Option<i64> {
        self.is_integer().then(|| self.0.to_i64()).flatten()
    }

    /// The number as `u64`, if it is an integer in that range.
    pub fn to_u64(&self) -> Option<u64> {
        self.is_integer().then(|| self.0.to_u64()).flatten()
    }

    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        // The conversion of the crate is not always to the nearest; the standard library's parser is.
        self.0.to_scientific_notation().parse().unwrap_or(f64::NAN)
    }

    /// The number as `f64`, only if that is exactly the same number.
    pub fn to_f64_exact(&self) -> Option<f64> {
        let float = Some(self.to_f64()).filter(|float| float.is_finite())?;
        (Self::try_from(float).as_ref() == Ok(self)).then_some(float)
    }

    /// Whether the number has no fraction.
    pub fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    fn bounded(decimal: BigDecimal) -> Result<Self, NumberError> {
        let decimal = if decimal.is_zero() { BigDecimal::zero() } else { decimal };
        let (digits, scale) = (decimal.digits(), decimal.fractional_digit_count());
        let written_out = digits.saturating_add(scale.unsigned_abs());
        if usize::try_from(written_out).is_ok_and(|length| length <= Self::MAX_DIGITS) {
            Ok(Self(decimal.normalized()))
        } else {
            Err(NumberError::TooLarge)
        }
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if text.len() > Self::MAX_DIGITS + 32 {
            return Err(NumberError::TooLarge);
        }
        let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        if !text.chars().all(plain) {
            return Err(NumberError::Malformed);
        }
        Self::bounded(BigDecimal::from_str(text).map_err(|_| NumberError::Malformed)?)
    }
}

impl TryFrom<f64> for Number {
    type Error = NumberError;

    fn try_from(float: f64) -> Result<Self, NumberError> {
        Self::bounded(BigDecimal::try_from(float).map_err(|_| NumberError::Malformed)?)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(integer: $integer) -> Self {
                Self(BigDecimal::from(BigInt::from(integer)).normalized())
            }
        }
    )*};
}
from_integer!(i8, i16, i32, i64, u8, u16, u32, u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().expect("a number")
    }

    #[test]
    fn equal_by_value_and_printed_plainly() {
        assert_eq!(number("1.50"), number("15e-1"));
        assert_eq!(number("1e3").to_string(), "1000");
        assert_eq!(number("-0.0"), Number::from(0));
        assert_eq!(number("0.1").to_string(), "0.1");
    }

    #[test]
    fn conversions_are_exact_or_absent() {
        assert_eq!(number("9223372036854775807").to_i64(), Some(i64::MAX));
        assert_eq!(number("9223372036854775808").to_i64(), None);
        assert_eq!(number("1.5").to_i64(), None);
        assert_eq!(number("0.5").to_f64_exact(), Some(0.5));
        assert_eq!(number("0.1").to_f64_exact(), None);
    }

    #[test]
    fn size_is_bounded() {
        for text in ["1e999999999", "1e-999999999", "1e99999999999999999999"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
        assert_eq!("inf".parse::<Number>(), Err(NumberError::Malformed));
        assert_eq!(Number::try_from(f64::NAN), Err(NumberError::Malformed));
    }

    proptest::proptest! {
        #[test]
        fn a_float_survives(float in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            if let Ok(number) = Number::try_from(float) {
                proptest::prop_assert_eq!(number.to_f64_exact(), Some(float + 0.0));
            }
        }

        #[test]
        fn text_never_panics(text in "[-+0-9.eE]{0,24}") {
            if let Ok(number) = text.parse::<Number>() {
                proptest::prop_assert_eq!(number.to_string().parse::<Number>(), Ok(number));
            }
        }
    }
}
