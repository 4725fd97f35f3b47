//! What happens to the fleet.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use sessera_servers::Link;

use crate::app::Report;
use crate::fleet::{APPS, Fleet};
use crate::table::View;

/// How often the table is drawn.
const TICK: Duration = Duration::from_millis(200);
/// How long a scene is shown at least, and how long it may take.
const SCENE: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(30);

struct Story {
    fleet: Fleet,
    view: View,
    began: Instant,
    well: bool,
}

/// Tells it, and says whether all went well.
pub(crate) fn tell(json: bool) -> ExitCode {
    let mut story =
        Story { fleet: Fleet::start(), view: View::choose(json), began: Instant::now(), well: true };
    story.fleet.log_in(80);
    story.scene("all is well: 10 sessions are revoked at app-1", |fleet| fleet.revoke(10), knows_all);
    story.scene(
        "app-6 is cut off from Redis: 10 more are revoked, and it knows how old its knowledge is",
        |fleet| {
            fleet.last.set(Link::Cut);
            fleet.revoke(10);
        },
        |app, revoked| knows_all(app, revoked) || app.name == "app-6" && app.freshness == "stale",
    );
    story.scene("app-6 is back", |fleet| fleet.last.set(Link::Open), knows_all);
    story.scene(
        "the replica is partitioned: 10 more are acknowledged that it does not have",
        |fleet| {
            fleet.between.set(Link::Stalled);
            fleet.revoke(10);
        },
        knows_all,
    );
    story.scene(
        "the primary is killed, the replica takes over without them: those who know put them back",
        |fleet| {
            fleet.primary.kill();
            fleet.replica.promote();
            fleet.name.lead_to(fleet.replica.port());
        },
        knows_all,
    );
    story.scene(
        "somebody flushes Redis: those who know put everything back",
        |fleet| fleet.replica.command(&["FLUSHALL"]),
        knows_all,
    );
    story.scene(
        "Redis is gone, and 10 more are revoked: app-1 refuses them, and everybody's knowledge grows old",
        |fleet| {
            fleet.replica.kill();
            fleet.revoke(10);
        },
        |app, revoked| app.freshness == "stale" && (app.name != "app-1" || app.refuses == revoked),
    );
    story.scene("Redis is back, and empty", |fleet| fleet.replica.restart(), knows_all);
    story.end()
}

fn knows_all(app: &Report, revoked: usize) -> bool {
    app.refuses == revoked && app.freshness == "fresh"
}

impl Story {
    /// Does something, and shows what becomes of it until every process is as it should be.
    fn scene(&mut self, name: &str, act: impl FnOnce(&mut Fleet), is_well: fn(&Report, usize) -> bool) {
        let began = Instant::now();
        act(&mut self.fleet);
        loop {
            self.fleet.listen(TICK);
            let Fleet { latest, revoked, .. } = &self.fleet;
            let well = latest.iter().all(|app| is_well(app, *revoked));
            let over = (well && began.elapsed() >= SCENE) || began.elapsed() >= PATIENCE;
            self.view.show(self.began.elapsed(), name, *revoked, latest, over);
            if over {
                self.well &= well;
                return;
            }
        }
    }

    fn end(self) -> ExitCode {
        let taken_back: usize = self.fleet.latest.iter().map(|app| app.taken_back).sum();
        let all = self.well && taken_back == 0;
        let revoked = self.fleet.revoked;
        let word = if all { "refused by all" } else { "NOT refused by all" };
        let end =
            format!("the end: {revoked} sessions revoked, {word} {APPS}, {taken_back} ever accepted again");
        self.view.show(self.began.elapsed(), &end, revoked, &self.fleet.latest, true);
        if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
