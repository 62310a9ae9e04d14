//! What a [`World`] is told to do wrong.

use super::World;

/// What an engine asks of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    /// To say what would happen.
    Plan,
    /// To make an object.
    Create,
    /// To change an object.
    Update,
    /// To remove an object.
    Delete,
    /// To look at an object.
    Read,
    /// To find the object that an id names.
    Import,
    /// To find what a creation made whose answer was lost.
    Locate,
    /// To read a data source.
    ReadData,
}

/// What becomes of a request that does not go well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    Fail(String),
    FailHalfWay(String),
    LoseAnswer,
    LoseRequest,
    Disconnect,
    Hang,
    HangAfter,
    Panic,
}

/// Requests of which a [`World`] is told what becomes of them: all that [`World::on`] names, less what the methods that
/// narrow it leave out. Nothing is changed before one of the others is called, such as [`Order::fail`].
#[must_use = "nothing goes wrong until it is said what"]
pub struct Order<'w> {
    world: &'w World,
    pub(super) standing: Standing,
}

/// An order that was given.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    request: Request,
    type_name: Option<String>,
    address: Option<String>,
    /// How many fitting requests go well before.
    spare: usize,
    /// How many it is for; all when absent.
    left: Option<usize>,
    trouble: Trouble,
}

impl Standing {
    /// What becomes of this request by this order.
    pub(super) fn meets(&mut self, request: Request, type_name: &str, address: Option<&str>) -> Option<Trouble> {
        let fits = self.request == request
            && self.type_name.as_deref().is_none_or(|expected| expected == type_name)
            && self.address.as_deref().is_none_or(|expected| address == Some(expected))
            && self.left != Some(0);
        if !fits {
            return None;
        }
        if self.spare > 0 {
            self.spare -= 1;
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(self.trouble.clone())
    }
}

impl<'w> Order<'w> {
    pub(super) fn new(world: &'w World, request: Request) -> Self {
        let trouble = Trouble::Hang;
        let standing = Standing { request, type_name: None, address: None, spare: 0, left: None, trouble };
        Self { world, standing }
    }

    /// Only those about resources of this type.
    pub fn of(mut self, type_name: impl Into<String>) -> Self {
        self.standing.type_name = Some(type_name.into());
        self
    }

    /// Only those about the resource at this address.
    pub fn at(mut self, address: impl Into<String>) -> Self {
        self.standing.address = Some(address.into());
        self
    }

    /// Only those after the first `requests`.
    pub fn after(mut self, requests: usize) -> Self {
        self.standing.spare = requests;
        self
    }

    /// Only the first.
    pub fn once(mut self) -> Self {
        self.standing.left = Some(1);
        self
    }

    /// They fail, and change nothing.
    pub fn fail(self, reason: impl Into<String>) {
        self.give(Trouble::Fail(reason.into()));
    }

    /// They are done, and said to have failed on the way: an object that was made is tainted.
    pub fn fail_half_way(self, reason: impl Into<String>) {
        self.give(Trouble::FailHalfWay(reason.into()));
    }

    /// They are done, and the connection is lost before the answer comes.
    pub fn lose_answer(self) {
        self.give(Trouble::LoseAnswer);
    }

    /// They are sent, and the connection is lost before anything is done: to who asks, it looks like
    /// [`Order::lose_answer`].
    pub fn lose_request(self) {
        self.give(Trouble::LoseRequest);
    }

    /// They are never sent, for there is no connection.
    pub fn disconnect(self) {
        self.give(Trouble::Disconnect);
    }

    /// They change nothing and are never answered.
    pub fn hang(self) {
        self.give(Trouble::Hang);
    }

    /// They are done and never answered.
    pub fn hang_after(self) {
        self.give(Trouble::HangAfter);
    }

    /// The provider panics before anything is done.
    pub fn panic(self) {
        self.give(Trouble::Panic);
    }

    fn give(mut self, trouble: Trouble) {
        self.standing.trouble = trouble;
        self.world.inner().orders.push(self.standing);
    }
}
