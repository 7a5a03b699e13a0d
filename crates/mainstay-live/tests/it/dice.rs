//! Numbers that look random and are the same in every run.

/// A sequence that its seed decides.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// One of these, or nothing.
    pub(crate) fn pick<T: Clone>(&mut self, some: &[T]) -> Option<T> {
        let at = self.below(some.len() + 1);
        some.get(at).cloned()
    }

    /// One of these.
    pub(crate) fn one<T: Clone>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())].clone()
    }

    /// From 0 to `end`, which is not included.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll(end as u64)).unwrap_or(0)
    }
}
