//! Contenders take turns, A B A B …, so that a noisy moment meets all of them; what is compared are
//! the ratios within each round.

use std::fmt;

use anyhow::{Context as _, Result};

use crate::Options;

/// One of those that are compared.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut() -> Result<Sample> + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'static str, run: impl FnMut() -> Result<Sample> + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What one contender did in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Operations in a second.
    pub(crate) rate: f64,
    /// Processor time of the server for each, in microseconds; `None` where it is not apart.
    pub(crate) cpu_micros: Option<f64>,
}

/// What one contender did in all rounds.
#[derive(Clone, Debug)]
pub(crate) struct Series(Vec<Sample>);

/// The ratio of two contenders over all rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    median: f64,
    least: f64,
    most: f64,
}

/// Lets each contender run once to warm up, then in turns.
pub(crate) fn take_turns(options: &Options, mut contenders: Vec<Contender<'_>>) -> Result<Vec<Series>> {
    let mut series: Vec<_> = contenders.iter().map(|_| Series(Vec::new())).collect();
    for round in 0..=options.rounds {
        for (contender, series) in contenders.iter_mut().zip(&mut series) {
            let name = contender.name;
            let sample = (contender.run)().with_context(|| format!("measuring {name}"))?;
            eprintln!("  round {round}: {name} {}", rate(sample.rate));
            if round > 0 {
                series.0.push(sample);
            }
        }
    }
    Ok(series)
}

impl Series {
    pub(crate) fn rate(&self) -> f64 {
        median(self.0.iter().map(|it| it.rate))
    }

    /// This one's rate divided by the other's.
    pub(crate) fn over(&self, other: &Self) -> Ratio {
        let ratios = || self.0.iter().zip(&other.0).map(|(ours, theirs)| ours.rate / theirs.rate);
        Ratio {
            median: median(ratios()),
            least: ratios().fold(f64::INFINITY, f64::min),
            most: ratios().fold(0.0, f64::max),
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", rate(self.rate()))?;
        let micros: Vec<f64> = self.0.iter().filter_map(|it| it.cpu_micros).collect();
        if micros.is_empty() { Ok(()) } else { write!(f, " · {:.0} µs", median(micros.into_iter())) }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}–{:.2})", self.median, self.least, self.most)
    }
}

/// The middle one; of an even number, the mean of the two.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

fn rate(rate: f64) -> String {
    if rate >= 1000.0 { format!("{:.1}k/s", rate / 1000.0) } else { format!("{rate:.0}/s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn a_ratio_is_that_of_each_round() {
        let series =
            |rates: [f64; 3]| Series(rates.iter().map(|&rate| Sample { rate, cpu_micros: None }).collect());
        let ratio = series([1.0, 10.0, 4.0]).over(&series([2.0, 10.0, 2.0]));
        assert_eq!(ratio.to_string(), "1.00 (0.50–2.00)");
    }
}
