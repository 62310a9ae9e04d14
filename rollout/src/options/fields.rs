//! How spans, pauses and shares are written as attributes.

use std::str::FromStr;

use framework::attributes::Field;
use framework::field::unexpected;
use framework::schema::{Check, Shape};
use framework::{Diagnostic, Diagnostics, Number, Path, Value};

use super::strategy::{Pause, Percent};
use crate::{Span, Weight};

/// Two texts mean the same when they are read as the same.
fn same<T: FromStr + PartialEq>(a: &Value, b: &Value) -> bool {
    let read = |value: &Value| value.as_str().and_then(|text| text.parse::<T>().ok());
    read(a).is_some_and(|a| read(b) == Some(a))
}

fn parse<T: FromStr<Err: std::fmt::Display>>(value: &Value, path: &Path) -> Result<T, Diagnostics> {
    let text = value.as_str().ok_or_else(|| unexpected("a text", value, path))?;
    text.parse()
        .map_err(|error: T::Err| Diagnostic::error("Unexpected value", format!("{error}.")).at(path.clone()).into())
}

/// A span of time, such as `10m`. `60s` and `1m` mean the same.
impl Field for Span {
    fn shape() -> Shape {
        String::shape()
    }

    fn same() -> Option<fn(&Value, &Value) -> bool> {
        Some(same::<Self>)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        parse(value, path)
    }

    fn to_value(&self) -> Value {
        Value::string(self.to_string())
    }
}

impl FromStr for Pause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "approval" {
            return Ok(Self::Approval);
        }
        text.parse().map(Self::Elapsed).map_err(|error| format!("{error}; or \"approval\""))
    }
}

/// A span of time, or `approval`.
impl Field for Pause {
    fn shape() -> Shape {
        String::shape()
    }

    fn same() -> Option<fn(&Value, &Value) -> bool> {
        Some(same::<Self>)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        parse(value, path)
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Elapsed(span) => span.to_value(),
            Self::Approval => Value::string("approval"),
        }
    }
}

/// So many whole percent, from 1 to 100.
impl TryFrom<u16> for Percent {
    type Error = String;

    fn try_from(percent: u16) -> Result<Self, String> {
        let weight = percent.checked_mul(100).filter(|points| *points > 0).and_then(Weight::from_basis_points);
        weight.map(Self).ok_or_else(|| format!("a share from 1 to 100 percent expected, not {percent}"))
    }
}

/// A share in percent, from 0.01 to 100 in steps of 0.01.
impl Field for Percent {
    fn shape() -> Shape {
        Number::shape()
    }

    fn checks() -> Vec<Check> {
        // As text, for 0.01 has no exact binary form, and the nearest one is larger.
        vec![Check::Range("0.01".parse().ok(), Some(100.into()))]
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        let basis_points = f64::from_value(value, path)? * 100.0;
        let rounded = basis_points.round();
        // A percentage with two decimals is not exact in binary: it is near a whole number of basis points.
        if (basis_points - rounded).abs() > 1e-6 || !(1.0..=10_000.0).contains(&rounded) {
            return Err(unexpected("a share from 0.01 to 100 with at most two decimals", value, path));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to lie within 1 and 10,000"
        )]
        let weight = Weight::from_basis_points(rounded as u16);
        weight.map(Self).ok_or_else(|| unexpected("a share from 0.01 to 100", value, path))
    }

    fn to_value(&self) -> Value {
        self.0.percent().to_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_two_decimals() {
        let read = |text: &str| Percent::from_value(&Value::Number(text.parse().unwrap()), &Path::root());
        for (text, basis_points) in [("5", 500), ("0.01", 1), ("12.34", 1234), ("0.29", 29), ("100", 10_000)] {
            let percent = read(text).unwrap();
            assert_eq!(percent.0.basis_points(), basis_points, "{text}");
            assert_eq!(Percent::from_value(&percent.to_value(), &Path::root()), Ok(percent));
        }
        for text in ["0", "0.001", "12.345", "100.01", "-5"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(Percent::try_from(5).unwrap().0.basis_points(), 500);
        assert!([0, 101, u16::MAX].into_iter().all(|percent| Percent::try_from(percent).is_err()));
    }

    #[test]
    fn the_smallest_share_is_within_its_range() {
        let Check::Range(Some(least), _) = &Percent::checks()[0] else { panic!("a range") };
        assert_eq!(least, &"0.01".parse::<Number>().unwrap());
        let shown = Percent(Weight::from_basis_points(1234).unwrap()).to_value();
        assert_eq!(shown, Value::Number("12.34".parse().unwrap()));
    }

    #[test]
    fn spans_that_mean_the_same_are_the_same() {
        let same = Span::same().unwrap();
        assert!(same(&"60s".into(), &"1m".into()) && !same(&"60s".into(), &"61s".into()));
        let same = Pause::same().unwrap();
        assert!(same(&"approval".into(), &"approval".into()) && !same(&"approval".into(), &"1m".into()));
        assert!(!same(&"x".into(), &"x".into()), "what cannot be read means nothing");
        let error = Pause::from_value(&"soon".into(), &Path::of("pause")).unwrap_err();
        let expected = "error: pause: Unexpected value\na span of time such as \"90s\", \"10m\" or \"1h30m\" expected, at \
                        most \"3650d\", not \"soon\"; or \"approval\".";
        assert_eq!(error.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    }
}
