use std::collections::HashMap;
use std::hash::Hash;

/// A map of bounded size that forgets what was not asked for the longest.
///
/// There are two generations. What is put in or asked for is young; when the young ones are half of what may be kept,
/// they become old, and those that were old are forgotten. So each step costs the same, however much is kept.
///
/// ```
/// let mut map = mainstay_kernel::Generations::new(4, 1000);
/// for name in ["a", "b", "c"] {
///     map.put(name, 1, 0);
/// }
/// map.get(&"a");
/// map.put("d", 1, 0);
/// map.put("e", 1, 0);
/// assert!(map.get(&"a").is_some() && map.get(&"b").is_none());
/// ```
#[derive(Debug)]
pub struct Generations<K, V> {
    young: Generation<K, V>,
    old: Generation<K, V>,
    entries: usize,
    weight: usize,
}

#[derive(Debug)]
struct Generation<K, V> {
    values: HashMap<K, (V, usize)>,
    weight: usize,
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), weight: 0 }
    }
}

impl<K: Hash + Eq, V> Generations<K, V> {
    /// An empty one of at most so many entries, which together weigh at most so much. One that alone is heavier than
    /// half of that stays until the next is put in.
    pub fn new(entries: usize, weight: usize) -> Self {
        Self { young: Generation::default(), old: Generation::default(), entries, weight }
    }

    /// The value of this key, which is young again.
    pub fn get(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.values.contains_key(key) {
            let (key, (value, weight)) = self.old.values.remove_entry(key)?;
            self.old.weight -= weight;
            return Some(self.put(key, value, weight));
        }
        self.young.values.get_mut(key).map(|(value, _)| value)
    }

    /// Puts a value of this weight in, in place of the one that the key had.
    pub fn put(&mut self, key: K, value: V, weight: usize) -> &mut V {
        self.remove(&key);
        if self.young.values.len() >= (self.entries / 2).max(1)
            || self.young.weight + weight > self.weight / 2
        {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.weight += weight;
        &mut self.young.values.entry(key).insert_entry((value, weight)).into_mut().0
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        [&mut self.young, &mut self.old].into_iter().find_map(|generation| {
            let (value, weight) = generation.values.remove(key)?;
            generation.weight -= weight;
            Some(value)
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.young.values.len() + self.old.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What they weigh together.
    pub fn weight(&self) -> usize {
        self.young.weight + self.old.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_its_bounds_and_keeps_what_is_asked_for() {
        let mut map = Generations::new(100, 1000);
        for key in 0..10_000_u32 {
            map.put(key, key, 15);
            assert!(map.get(&0).is_some(), "{key}");
            assert!(map.len() <= 100 && map.weight() <= 1000, "{} of {}", map.len(), map.weight());
        }
        assert!(map.get(&9_999).is_some() && map.get(&5_000).is_none());
    }

    #[test]
    fn a_key_has_one_value_and_its_weight_once() {
        let mut map = Generations::new(10, 100);
        for _ in 0..50 {
            map.put("a", 1, 30);
        }
        assert_eq!((map.len(), map.weight()), (1, 30));
        assert_eq!(map.remove(&"a"), Some(1));
        assert_eq!((map.is_empty(), map.weight()), (true, 0));
    }
}
