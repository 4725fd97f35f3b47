//! The table.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _, stdout};
use std::time::Duration;

use serde::Serialize;

use crate::app::Report;

/// How the table is shown.
pub(crate) enum View {
    /// Drawn over and over, in colour.
    Terminal,
    /// One line for each scene's end.
    Lines,
    /// One object a line for each change.
    Json,
}

#[derive(Serialize)]
struct Moment<'a> {
    at: u64,
    scene: &'a str,
    revoked: usize,
    apps: &'a [Report],
}

impl View {
    pub(crate) fn choose(json: bool) -> Self {
        match (json, stdout().is_terminal()) {
            (true, _) => Self::Json,
            (false, true) => Self::Terminal,
            (false, false) => Self::Lines,
        }
    }

    /// Shows how all are now. `last`: the scene ends.
    pub(crate) fn show(&self, at: Duration, scene: &str, revoked: usize, apps: &[Report], last: bool) {
        let text = match self {
            Self::Terminal => terminal(at, scene, revoked, apps),
            Self::Lines if last => lines(at, scene, revoked, apps),
            Self::Lines => return,
            Self::Json => {
                let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
                serde_json::to_string(&Moment { at, scene, revoked, apps }).unwrap() + "\n"
            }
        };
        // Who stopped reading has seen enough.
        let _ = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
    }
}

fn age(report: &Report) -> String {
    report.age.map_or_else(|| "-".to_owned(), |age| format!("{}.{} s", age / 1000, age % 1000 / 100))
}

fn terminal(at: Duration, scene: &str, revoked: usize, apps: &[Report]) -> String {
    // From the upper left corner, and what was there goes.
    let mut text = format!(
        "\x1b[H\x1b[J\x1b[1mSessera, a fleet of {}\x1b[0m  {:>5.1} s\n",
        apps.len(),
        at.as_secs_f64()
    );
    let _ = writeln!(text, "\x1b[36m{scene}\x1b[0m\n{revoked} sessions revoked\n");
    let _ = writeln!(
        text,
        "\x1b[2m{:<7} {:<9} {:>8} {:>8} {:>7} {:>9}  \x1b[0m",
        "", "knows", "age", "entry", "marks", "refuses"
    );
    for app in apps {
        let colour = match app.freshness.as_str() {
            "fresh" => 32,
            "stale" => 33,
            _ => 31,
        };
        let bar = "█".repeat((app.refuses * 20).checked_div(revoked).unwrap_or_default().min(20));
        let entry = app.applied;
        let _ = writeln!(
            text,
            "{:<7} \x1b[{colour}m{:<9}\x1b[0m {:>8} {entry:>8} {:>7} {:>4}/{revoked:<4} {bar:<20} \x1b[2m{}\x1b[0m",
            app.name,
            app.freshness,
            age(app),
            app.marks,
            app.refuses,
            app.problem.as_deref().unwrap_or_default().chars().take(40).collect::<String>(),
        );
    }
    text
}

fn lines(at: Duration, scene: &str, revoked: usize, apps: &[Report]) -> String {
    let mut text = format!("{:>5.1} s  {scene}\n", at.as_secs_f64());
    for app in apps {
        let _ = writeln!(
            text,
            "         {} {:<7} age {:>7}  entry {:>4}  marks {:>4}  refuses {}/{revoked}",
            app.name,
            app.freshness,
            age(app),
            app.applied,
            app.marks,
            app.refuses,
        );
    }
    text
}
