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

/// Times all contenders for `rounds` rounds of about a millisecond each, and prints medians and their
/// ratio to the first.
pub fn compare(title: &str, rounds: usize, contenders: Vec<Contender<'_>>) {
    println!("\n{title}");
    let mut contenders: Vec<_> = contenders.into_iter().map(Timed::new).collect();
    for _ in 0..rounds {
        for contender in &mut contenders {
            contender.round();
        }
    }
    let first = contenders[0].median();
    for contender in &mut contenders {
        let median = contender.median();
        println!("  {:<44} {:>10.3} µs  {:>7.2}×", contender.contender.name, median / 1000.0, median / first);
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

    fn median(&mut self) -> f64 {
        self.nanos.sort_by(f64::total_cmp);
        self.nanos[self.nanos.len() / 2]
    }
}
