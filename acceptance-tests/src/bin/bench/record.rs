//! One figure beside its peer's.

use std::fmt::Write as _;

use serde_json::json;

/// A figure, the same figure of a peer, and what is aimed at.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// What was measured.
    pub(crate) name: &'static str,
    /// In which unit.
    pub(crate) unit: &'static str,
    /// Our figure.
    pub(crate) ours: f64,
    /// The peer's.
    pub(crate) peer: f64,
    /// Which peer.
    pub(crate) peer_name: &'static str,
    /// What is aimed at.
    pub(crate) aim: Aim,
}

/// What is aimed at. `ratio` is ours divided by the peer's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    /// Our figure at most this, in its unit.
    Ours(f64),
    /// The ratio at most this.
    RatioAtMost(f64),
    /// The ratio at least this.
    RatioAtLeast(f64),
}

impl Record {
    fn ratio(&self) -> f64 {
        self.ours / self.peer
    }

    fn met(&self) -> bool {
        match self.aim {
            Aim::Ours(limit) => self.ours <= limit,
            Aim::RatioAtMost(limit) => self.ratio() <= limit,
            Aim::RatioAtLeast(limit) => self.ratio() >= limit,
        }
    }

    fn aim(&self) -> String {
        match self.aim {
            Aim::Ours(limit) => format!("<= {limit} {}", self.unit),
            Aim::RatioAtMost(limit) => format!("ratio <= {limit}"),
            Aim::RatioAtLeast(limit) => format!("ratio >= {limit}"),
        }
    }

    /// All records as a JSON array.
    pub(crate) fn to_json(records: &[Self]) -> String {
        let records: Vec<_> = records
            .iter()
            .map(|record| {
                json!({
                    "name": record.name,
                    "unit": record.unit,
                    "ours": record.ours,
                    "peer": record.peer,
                    "peer_name": record.peer_name,
                    "ratio": record.ratio(),
                    "aim": record.aim(),
                    "met": record.met(),
                })
            })
            .collect();
        format!("{:#}\n", json!(records))
    }
}

/// The records for people.
pub(crate) fn table(records: &[Record]) -> String {
    let mut text = format!(
        "{:<34} {:>10} {:>10} {:<8} {:>7}  {:<14} {}\n",
        "figure", "ours", "peer", "unit", "ratio", "aim", "met  (peer)"
    );
    for record in records {
        let met = if record.met() { "yes" } else { "NO" };
        let _ = writeln!(
            text,
            "{:<34} {:>10.2} {:>10.2} {:<8} {:>7.3}  {:<14} {met:<4} ({})",
            record.name,
            record.ours,
            record.peer,
            record.unit,
            record.ratio(),
            record.aim(),
            record.peer_name
        );
    }
    text
}
