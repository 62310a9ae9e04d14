//! One figure beside its peer's.

use std::fmt::Write as _;

use serde_json::json;

/// A figure, the same figure of a peer, and what is aimed at.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// What was measured.
    pub(crate) name: String,
    /// In which unit.
    pub(crate) unit: &'static str,
    /// Our figure.
    pub(crate) ours: f64,
    /// The peer's, and which peer.
    pub(crate) peer: Peer,
    /// What is aimed at.
    pub(crate) aim: Aim,
}

/// Whom a figure stands beside.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    /// This one, whose figure is so.
    Of(&'static str, f64),
    /// This one, which was stopped for it took too long, and whose figure was so by then. The text says how far it got.
    Stopped(&'static str, f64, String),
    /// This one, but it is not on this machine, so that nothing was compared.
    Missing(&'static str),
    /// There is none to compare with.
    None,
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
    /// Nothing: the figure is to be known.
    None,
}

impl Record {
    fn peer(&self) -> Option<f64> {
        match self.peer {
            Peer::Of(_, figure) | Peer::Stopped(_, figure, _) => Some(figure),
            Peer::Missing(_) | Peer::None => None,
        }
    }

    fn peer_name(&self) -> &'static str {
        match self.peer {
            Peer::Of(name, _) | Peer::Stopped(name, ..) | Peer::Missing(name) => name,
            Peer::None => "none",
        }
    }

    /// How far a peer got that was stopped.
    fn stopped(&self) -> Option<&str> {
        if let Peer::Stopped(_, _, note) = &self.peer { Some(note) } else { None }
    }

    fn is_skipped(&self) -> bool {
        matches!(self.peer, Peer::Missing(_))
    }

    fn ratio(&self) -> Option<f64> {
        self.peer().map(|peer| self.ours / peer)
    }

    /// None if nothing is aimed at or could be compared.
    fn met(&self) -> Option<bool> {
        match self.aim {
            Aim::Ours(limit) => Some(self.ours <= limit),
            Aim::RatioAtMost(limit) => self.ratio().map(|ratio| ratio <= limit),
            Aim::RatioAtLeast(limit) => self.ratio().map(|ratio| ratio >= limit),
            Aim::None => None,
        }
    }

    fn aim(&self) -> String {
        match self.aim {
            Aim::Ours(limit) => format!("<= {limit} {}", self.unit),
            Aim::RatioAtMost(limit) => format!("ratio <= {limit}"),
            Aim::RatioAtLeast(limit) => format!("ratio >= {limit}"),
            Aim::None => "none".to_owned(),
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
                    "peer": record.peer(),
                    "peer_name": record.peer_name(),
                    "ratio": record.ratio(),
                    "aim": record.aim(),
                    "met": record.met(),
                    "skipped": record.is_skipped(),
                    "peer_stopped": record.stopped(),
                })
            })
            .collect();
        format!("{:#}\n", json!(records))
    }
}

/// The records for people.
pub(crate) fn table(records: &[Record]) -> String {
    let mut text = format!(
        "{:<46} {:>10} {:>10} {:<8} {:>7}  {:<14} {}\n",
        "figure", "ours", "peer", "unit", "ratio", "aim", "met  (peer)"
    );
    let number =
        |figure: Option<f64>, digits: usize| figure.map_or("-".to_owned(), |figure| format!("{figure:.digits$}"));
    for record in records {
        let met = match record.met() {
            Some(true) => "yes",
            Some(false) => "NO",
            None if record.is_skipped() => "SKIPPED",
            None => "-",
        };
        let _ = writeln!(
            text,
            "{:<46} {:>10.2} {:>10} {:<8} {:>7}  {:<14} {met:<4} ({}{})",
            record.name,
            record.ours,
            number(record.peer(), 2),
            record.unit,
            number(record.ratio(), 3),
            record.aim(),
            record.peer_name(),
            record.stopped().map_or(String::new(), |note| format!(", {note}"))
        );
    }
    text
}
