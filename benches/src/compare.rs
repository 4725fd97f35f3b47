//! Timing contenders in turn, so that a machine whose speed drifts slows all of them alike.

use std::hint::black_box;
use std::time::Instant;

/// One thing to time.
pub struct Contender<'a> {
    pub name: &'static str,
    pub run: Box<dyn FnMut() + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new<T>(name: &'static str, mut run: impl FnMut() -> T + 'a) -> Self {
        Self { name, run: Box::new(move || drop(black_box(run()))) }
    }
}

/// Times all contenders for `rounds` rounds of about a millisecond each, and prints the fastest round of each,
/// the median, and the median's ratio to the first's.
pub fn compare(title: &str, rounds: usize, contenders: Vec<Contender<'_>>) {
    println!("\n{title:<46} {:>10} {:>10}    ratio", "fastest", "median");
    let mut contenders: Vec<_> = contenders.into_iter().map(Timed::new).collect();
    for _ in 0..rounds {
        for contender in &mut contenders {
            contender.round();
        }
    }
    for contender in &mut contenders {
        contender.nanos.sort_by(f64::total_cmp);
    }
    let first = contenders[0].median();
    for contender in &contenders {
        let (fastest, median) = (contender.nanos[0] / 1000.0, contender.median() / 1000.0);
        println!(
            "  {:<44} {fastest:>7.3} µs {median:>7.3} µs {:>7.2}×",
            contender.contender.name,
            median * 1000.0 / first
        );
    }
}

struct Timed<'a> {
    contender: Contender<'a>,
    repeat: u32,
    nanos: Vec<f64>,
}

impl<'a> Timed<'a> {
    fn new(mut contender: Contender<'a>) -> Self {
        let started = Instant::now();
        let mut calls = 0_u32;
        while started.elapsed().as_millis() < 20 {
            (contender.run)();
            calls += 1;
        }
        Self { contender, repeat: (calls / 20).max(1), nanos: Vec::new() }
    }

    fn round(&mut self) {
        let started = Instant::now();
        for _ in 0..self.repeat {
            (self.contender.run)();
        }
        self.nanos.push(started.elapsed().as_nanos() as f64 / f64::from(self.repeat));
    }

    /// Of rounds that are sorted.
    fn median(&self) -> f64 {
        self.nanos[self.nanos.len() / 2]
    }
}
