//! Feeds a fuzz target on the stable toolchain: mutations of seeds, and noise. See `README.md`.

use std::{
    env, thread,
    time::{Duration, Instant},
};

/// Longest input of noise, in bytes; a mutation is at most twice its seed and this.
const LONGEST: u64 = 4096;
/// Bytes that mean something to parsers, and so reach further than noise does.
const MARKS: &[u8] = b"[]{}()<>\"'\\/%&=?#+-.,:;@$*_ \t\r\n\0\x7f\x80\xc3\xff0019aAzZeE";

/// Calls `target` with one input after another, for `MAINSTAY_FUZZ_SECONDS` (1 when unset), at least once for
/// each of `seeds`. `MAINSTAY_FUZZ_SEED` (0 when unset) chooses the sequence of inputs.
///
/// # Panics
/// When `target` does; the input and the seed are printed.
pub(crate) fn drive(seeds: &[&[u8]], target: impl Fn(&[u8])) {
    let seconds = number("MAINSTAY_FUZZ_SECONDS").unwrap_or(1);
    let seed = number("MAINSTAY_FUZZ_SEED").unwrap_or(0);
    let end = Instant::now() + Duration::from_secs(seconds);
    for input in seeds {
        feed(input, seed, &target);
    }
    let mut random = Random(seed);
    let mut inputs = seeds.len();
    while Instant::now() < end {
        feed(&random.input(seeds), seed, &target);
        inputs += 1;
    }
    println!("{inputs} inputs in {seconds} s, seed {seed}");
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is `{text}`, expected a whole number")))
}

fn feed(input: &[u8], seed: u64, target: impl Fn(&[u8])) {
    let shown = ShownOnPanic { input, seed };
    target(input);
    drop(shown);
}

struct ShownOnPanic<'a> {
    input: &'a [u8],
    seed: u64,
}

impl Drop for ShownOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("failed on b\"{}\", seed {}", self.input.escape_ascii(), self.seed);
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and any seed will do.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `end`, which is not included; 0 where `end` is.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end as u64).max(1)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        match self.below(4) {
            0 => self.next().to_le_bytes()[0],
            _ => MARKS[self.below(MARKS.len())],
        }
    }

    fn input(&mut self, seeds: &[&[u8]]) -> Vec<u8> {
        if seeds.is_empty() || self.below(8) == 0 {
            let bits = self.next() % LONGEST.ilog2() as u64;
            let length = self.below(2 << bits);
            return (0..length).map(|_| self.byte()).collect();
        }
        let mut input = seeds[self.below(seeds.len())].to_vec();
        for _ in 0..=self.below(6) {
            self.mutate(&mut input, seeds);
        }
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>, seeds: &[&[u8]]) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(16)).min(input.len());
        match self.below(7) {
            0 => input.insert(at, self.byte()),
            1 => input.truncate(at),
            2 => drop(input.drain(at..end)),
            3 if at < input.len() => input[at] = self.byte(),
            4 if at < input.len() => input[at] ^= 1 << self.below(8),
            5 => {
                let other = seeds[self.below(seeds.len())];
                let from = self.below(other.len());
                input.splice(at..end, other[from..].iter().copied());
            }
            _ => {
                let times = 1 << self.below(8);
                let repeated = input[at..end].repeat(times);
                input.splice(at..at, repeated);
            }
        }
    }
}
