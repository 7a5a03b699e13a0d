//! Intervals, and those of them that have a value in them.
//!
//! A treap ordered by where intervals begin, in which each node also knows the furthest end below it (Cormen et
//! al., Introduction to Algorithms, "Interval trees"): one look takes O(log n) steps beside those for each
//! interval found, whatever the others are.

use std::cmp::Ordering;
use std::ops::Bound;

use mainstay_kernel::Value;

use super::Interval;
use super::interval::{compared, highs, lows};

/// Intervals of one column's values.
#[derive(Debug)]
pub(super) struct Ranges {
    nodes: Vec<Node>,
    free: Vec<u32>,
    root: u32,
    dice: fastrand::Rng,
}

/// No node.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Node {
    low: End,
    high: End,
    slot: u32,
    /// Greater than those below: it keeps the tree balanced, whatever order the intervals come in.
    priority: u32,
    left: u32,
    right: u32,
    /// The node with the furthest end, of this one and those below.
    furthest: u32,
    /// Its rank, so that most looks need not go there.
    reach: u64,
}

/// Where an interval begins or ends.
#[derive(Clone, Debug)]
struct End {
    /// In the order of the values, but that neighbours may share it.
    rank: u64,
    bound: Bound<Value>,
}

impl Default for Ranges {
    fn default() -> Self {
        // It decides the shape of the tree alone; a seed of its own needs no randomness of the system.
        Self { nodes: Vec::new(), free: Vec::new(), root: NONE, dice: fastrand::Rng::with_seed(1) }
    }
}

impl Ranges {
    pub(super) fn insert(&mut self, interval: &Interval, slot: u32) {
        let node = Node {
            low: End::new(&interval.low, 0),
            high: End::new(&interval.high, u64::MAX),
            slot,
            priority: self.dice.u32(..),
            left: NONE,
            right: NONE,
            furthest: NONE,
            reach: 0,
        };
        let at = self.keep(node);
        self.update(at);
        let (before, after) = self.split(self.root, at);
        let first = self.merge(before, at);
        self.root = self.merge(first, after);
    }

    pub(super) fn remove(&mut self, interval: &Interval, slot: u32) {
        let wanted = (&End::new(&interval.low, 0), &End::new(&interval.high, u64::MAX), slot);
        self.root = self.without(self.root, wanted);
    }

    /// Names those that have the value in them.
    pub(super) fn stab(&self, value: &Value, find: &mut impl FnMut(u32)) {
        if self.root != NONE {
            self.visit(self.root, rank(value), value, find);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.root == NONE
    }

    fn visit(&self, at: u32, rank: u64, value: &Value, find: &mut impl FnMut(u32)) {
        if at == NONE || !self.reaches(at, rank, value) {
            return;
        }
        let node = self.node(at);
        self.visit(node.left, rank, value, find);
        if node.low.is_begun(rank, value) {
            if node.high.is_ahead(rank, value) {
                find(node.slot);
            }
            self.visit(node.right, rank, value, find);
        }
    }

    /// Whether an interval of this part of the tree ends where the value is or after it.
    fn reaches(&self, at: u32, rank: u64, value: &Value) -> bool {
        let node = self.node(at);
        match node.reach.cmp(&rank) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => self.node(node.furthest).high.is_ahead(rank, value),
        }
    }

    /// The part of the tree before a node, and the part after it.
    fn split(&mut self, at: u32, by: u32) -> (u32, u32) {
        if at == NONE {
            return (NONE, NONE);
        }
        if self.compare(at, self.key(by)).is_lt() {
            let (before, after) = self.split(self.node(at).right, by);
            self.node_mut(at).right = before;
            self.update(at);
            (at, after)
        } else {
            let (before, after) = self.split(self.node(at).left, by);
            self.node_mut(at).left = after;
            self.update(at);
            (before, at)
        }
    }

    /// Two trees, all of the first before all of the second, as one.
    fn merge(&mut self, one: u32, other: u32) -> u32 {
        match (one, other) {
            (NONE, it) | (it, NONE) => it,
            (one, other) if self.node(one).priority >= self.node(other).priority => {
                let right = self.merge(self.node(one).right, other);
                self.node_mut(one).right = right;
                self.update(one);
                one
            }
            (one, other) => {
                let left = self.merge(one, self.node(other).left);
                self.node_mut(other).left = left;
                self.update(other);
                other
            }
        }
    }

    fn without(&mut self, at: u32, wanted: (&End, &End, u32)) -> u32 {
        if at == NONE {
            return NONE;
        }
        match self.compare(at, wanted) {
            Ordering::Equal => {
                let (left, right) = (self.node(at).left, self.node(at).right);
                self.free.push(at);
                return self.merge(left, right);
            }
            Ordering::Less => {
                let right = self.without(self.node(at).right, wanted);
                self.node_mut(at).right = right;
            }
            Ordering::Greater => {
                let left = self.without(self.node(at).left, wanted);
                self.node_mut(at).left = left;
            }
        }
        self.update(at);
        at
    }

    fn update(&mut self, at: u32) {
        let node = self.node(at);
        let mut furthest = at;
        for below in [node.left, node.right] {
            if below != NONE {
                let candidate = self.node(below).furthest;
                if self.node(candidate).high.cmp_as_high(&self.node(furthest).high).is_gt() {
                    furthest = candidate;
                }
            }
        }
        let reach = self.node(furthest).high.rank;
        let node = self.node_mut(at);
        (node.furthest, node.reach) = (furthest, reach);
    }

    fn key(&self, at: u32) -> (&End, &End, u32) {
        let node = self.node(at);
        (&node.low, &node.high, node.slot)
    }

    fn compare(&self, at: u32, (low, high, slot): (&End, &End, u32)) -> Ordering {
        let node = self.node(at);
        let lows = node.low.cmp_as_low(low);
        lows.then_with(|| node.high.cmp_as_high(high)).then_with(|| node.slot.cmp(&slot))
    }

    fn keep(&mut self, node: Node) -> u32 {
        if let Some(at) = self.free.pop() {
            self.nodes[at as usize] = node;
            return at;
        }
        self.nodes.push(node);
        u32::try_from(self.nodes.len() - 1).expect("fewer intervals than 2^32")
    }

    fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    fn node_mut(&mut self, at: u32) -> &mut Node {
        &mut self.nodes[at as usize]
    }
}

impl End {
    fn new(bound: &Bound<Value>, unbounded: u64) -> Self {
        let rank = match bound {
            Bound::Included(it) | Bound::Excluded(it) => rank(it),
            Bound::Unbounded => unbounded,
        };
        Self { rank, bound: bound.clone() }
    }

    fn cmp_as_low(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then_with(|| lows(&self.bound, &other.bound))
    }

    fn cmp_as_high(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then_with(|| highs(&self.bound, &other.bound))
    }

    /// Whether an interval that begins here has begun where the value is.
    fn is_begun(&self, rank: u64, value: &Value) -> bool {
        self.rank < rank
            || self.rank == rank
                && match &self.bound {
                    Bound::Included(it) => compared(it, value).is_le(),
                    Bound::Excluded(it) => compared(it, value).is_lt(),
                    Bound::Unbounded => true,
                }
    }

    /// Whether an interval that ends here has not ended before the value.
    fn is_ahead(&self, rank: u64, value: &Value) -> bool {
        self.rank > rank
            || self.rank == rank
                && match &self.bound {
                    Bound::Included(it) => compared(it, value).is_ge(),
                    Bound::Excluded(it) => compared(it, value).is_gt(),
                    Bound::Unbounded => true,
                }
    }
}

/// A number in the order of the values of one kind; neighbours may share one.
#[expect(clippy::cast_sign_loss, reason = "the sign is turned around, so that negative numbers come first")]
fn rank(value: &Value) -> u64 {
    const SIGN: u64 = 1 << 63;
    let whole = |it: i64| (it as u64) ^ SIGN;
    match value {
        Value::Null | Value::Json(_) => 0,
        Value::Bool(it) => u64::from(*it),
        Value::Int(it) => whole(*it),
        Value::Float(it) if it.is_nan() => u64::MAX,
        Value::Float(it) => {
            // Zero has no sign.
            let bits = (*it + 0.0).to_bits();
            if bits & SIGN == 0 { bits | SIGN } else { !bits }
        }
        Value::Text(it) => first_eight(it.as_bytes()),
        Value::Bytes(it) => first_eight(it),
        Value::Uuid(it) => first_eight(it.as_bytes()),
        Value::Timestamp(it) => whole(it.as_micros()),
        Value::Decimal(it) => whole(it.units),
        Value::Date(it) => whole(it.as_days().into()),
        Value::Enum(it) => it.index() as u64,
    }
}

fn first_eight(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = bytes.len().min(8);
    first[..length].copy_from_slice(&bytes[..length]);
    u64::from_be_bytes(first)
}
