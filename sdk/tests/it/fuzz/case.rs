//! A case: what is recorded, what is done with it, and what goes wrong. Plain data, whose `Debug` form is close to source.

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    /// What is recorded.
    pub(crate) recorded: Vec<Recorded>,
    /// Whether a first `up` of what is recorded brings it in order.
    pub(crate) settled: bool,
    /// What vanished from the world behind the engine's back, by position in `recorded`.
    pub(crate) vanished: Vec<usize>,
    /// Whether the provider can find what a lost creation made.
    pub(crate) locates: bool,
    /// What the program declares.
    pub(crate) program: Vec<Thing>,
    /// What is run.
    pub(crate) verb: Verb,
    pub(crate) refresh: bool,
    pub(crate) targets: Vec<Place>,
    pub(crate) excludes: Vec<Place>,
    pub(crate) replaces: Vec<Place>,
    /// How many operations run at once.
    pub(crate) parallel: usize,
    /// What goes wrong.
    pub(crate) flaky: Vec<Flake>,
    /// Where the run is killed.
    pub(crate) kill: Option<Kill>,
}

/// Where something is declared: the names of the components around it, and its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) inside: Vec<u8>,
    pub(crate) name: u8,
    pub(crate) component: bool,
}

/// Something that is declared, or was. What it needs is named by name, and left out when nothing of that name comes before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thing {
    pub(crate) place: Place,
    /// What its text is made of.
    pub(crate) uses: Vec<u8>,
    pub(crate) depends_on: Vec<u8>,
    pub(crate) deleted_with: Option<u8>,
    /// Another kind needs another object.
    pub(crate) kind: u8,
    pub(crate) text: u8,
    pub(crate) options: Vec<Flag>,
    pub(crate) aliases: Vec<Place>,
}

/// Options that are given or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flag {
    Protect,
    Retain,
    DeleteFirst,
    IgnoreText,
    ReplaceOnText,
    OtherProvider,
}

/// Something that is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) thing: Thing,
    pub(crate) status: Status,
}

/// What is recorded of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Live,
    /// It was replaced, and is yet to be removed.
    Outgoing,
    /// Its creation failed half-way.
    Tainted,
    /// Its object is gone, and it waits to be made again.
    Vacant,
    /// A creation that never ended; whether it made something.
    Creating(bool),
    /// An update that never ended.
    Updating,
    /// A removal that never ended; whether it removed it.
    Deleting(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Up,
    Preview,
    Refresh,
    Destroy,
}

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flake {
    pub(crate) place: Place,
    pub(crate) method: Method,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Plan,
    Create,
    Update,
    Delete,
    Read,
    Locate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fails,
    FailsHalfWay,
    LosesAnswer,
    LosesRequest,
    Disconnects,
    Panics,
}

/// Where a run is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kill {
    /// After this many records.
    Records(usize),
    /// In the request of this kind after so many others, before it is done.
    Before(Method, usize),
    /// The same, after it was done.
    After(Method, usize),
}

impl Place {
    /// The address, as the engine spells it.
    pub(crate) fn address(&self) -> String {
        let own = if self.component { format!("c{}", self.name) } else { format!("test_thing.t{}", self.name) };
        self.inside.iter().rev().fold(own, |inner, outer| format!("c{outer}/{inner}"))
    }
}

impl Thing {
    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.options.contains(&flag)
    }

    /// The provider instance that manages it.
    pub(crate) fn provider(&self) -> &'static str {
        if self.is(Flag::OtherProvider) { "other" } else { "test" }
    }

    /// The names of what must be there before it.
    pub(crate) fn needs(&self) -> impl Iterator<Item = u8> {
        self.uses.iter().chain(&self.depends_on).chain(self.place.inside.last()).copied()
    }
}
