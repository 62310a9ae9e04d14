//! What a random value has to satisfy, from the checks of its attribute and from what is known of it.

use crate::Number;
use crate::schema::Check;
use crate::value::Refinement;

/// What a random value has to satisfy.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    pub(super) choices: Option<Vec<String>>,
    pub(super) prefix: String,
    pub(super) integer: bool,
    low: Option<i64>,
    high: Option<i64>,
    least: usize,
    most: Option<usize>,
    each: Vec<Check>,
    pub(super) exactly_one: bool,
    /// Whether there is a limit to the length of a text or collection.
    pub(super) sized: bool,
}

impl Limits {
    pub(super) fn of(checks: &[Check]) -> Self {
        let mut limits = Self::default();
        for check in checks {
            match check {
                Check::Integer => limits.integer = true,
                Check::Range(low, high) => limits.range(low.as_ref(), high.as_ref()),
                Check::OneOf(choices) => {
                    limits.choices = Some(choices.iter().map(|choice| choice.value.clone()).collect());
                }
                Check::Length(least, most) => limits.length(*least, *most),
                Check::ExactlyOne => limits.exactly_one = true,
                Check::Each(checks) => limits.each.extend(checks.iter().cloned()),
            }
        }
        limits
    }

    /// The same, within what is known of an unknown value.
    pub(super) fn within(mut self, known: &Refinement) -> Self {
        self.prefix = known.prefix.clone().unwrap_or_default();
        let bound = |bound: &Option<(Number, bool)>| bound.clone().map(|(number, _)| number);
        self.range(bound(&known.min).as_ref(), bound(&known.max).as_ref());
        if known.min_length.is_some() || known.max_length.is_some() {
            self.length(known.min_length.unwrap_or(0), known.max_length);
        }
        self
    }

    /// What an element of the collection has to satisfy.
    pub(super) fn each(&self) -> Self {
        Self::of(&self.each)
    }

    /// The least and the greatest integer, both included.
    pub(super) fn bounds(&self) -> (i64, i64) {
        const SPAN: i64 = 1000;
        let low = self.low.unwrap_or_else(|| self.high.map_or(-SPAN, |high| high.saturating_sub(SPAN)));
        (low, self.high.unwrap_or_else(|| low.saturating_add(2 * SPAN)).max(low))
    }

    /// The lengths to try: the shortest allowed ones.
    pub(super) fn lengths(&self, longest: usize) -> std::ops::RangeInclusive<usize> {
        let most = self.most.unwrap_or(usize::MAX).min(self.least.saturating_add(longest));
        self.least..=most.max(self.least)
    }

    fn range(&mut self, low: Option<&Number>, high: Option<&Number>) {
        self.low = self.low.max(low.map(|low| toward(low, f64::ceil)));
        let high = high.map(|high| toward(high, f64::floor));
        self.high = [self.high, high].into_iter().flatten().min();
    }

    fn length(&mut self, least: u64, most: Option<u64>) {
        let length = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
        self.sized = true;
        self.least = self.least.max(length(least));
        self.most = [self.most, most.map(length)].into_iter().flatten().min();
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a bound beyond i64 is as good as the largest i64")]
fn toward(bound: &Number, round: fn(f64) -> f64) -> i64 {
    bound.to_i64().unwrap_or_else(|| round(bound.to_f64()) as i64)
}
