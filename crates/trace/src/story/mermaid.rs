//! The story as a sequence diagram of Mermaid.

use std::fmt::{self, Write};

use super::lanes::{Lanes, anchor};
use super::logs::Fate;
use super::words::{Ended, Words, lane_of, moves_coordinators};
use super::{Finding, Happening, Lane, Scene, Story};
use crate::event::Event;

/// Writes the diagram. What clients ask all the time is left out unless a fault met it, and so is what
/// goes on in the logs of coordinators.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, story: &Story) -> fmt::Result {
    let lanes = Lanes::of(&story.scenes);
    let findings = story.transactions.findings();
    // What JSON takes for a string, YAML does too.
    let title = serde_json::to_string(&story.title).map_err(|_| fmt::Error)?;
    writeln!(out, "---\ntitle: {title}\n---\nsequenceDiagram")?;
    for (place, lane) in lanes.iter().enumerate() {
        let kind = if matches!(lane, Lane::Client(_)) { "actor" } else { "participant" };
        writeln!(out, "    {kind} l{place} as {}", Plain(lane))?;
    }
    let last = lanes.iter().len().saturating_sub(1);
    for scene in &story.scenes {
        write_scene(out, &lanes, &findings, scene)?;
    }
    for finding in &findings {
        let parts = finding.parts.iter().map(|part| format!("<br/>{}", Plain(&part.words)));
        let parts = parts.collect::<String>();
        writeln!(out, "    Note over l0,l{last}: ✂ {}{parts}", Plain(finding))?;
    }
    Ok(())
}

fn write_scene(
    out: &mut impl Write,
    lanes: &Lanes,
    findings: &[Finding],
    scene: &Scene,
) -> fmt::Result {
    let last = lanes.iter().len().saturating_sub(1);
    let mut hit_at = 0;
    for (place, happening) in scene.shown() {
        if let Some(lane) = anchor(happening) {
            hit_at = lanes.place(&lane);
        }
        match happening {
            Happening::Asked { client, to, request, arrives, .. } => {
                let (from, to) = (lanes.client(client), lanes.place(to));
                let arrow = if *arrives { "->>" } else { "-x" };
                writeln!(out, "    l{from}{arrow}l{to}: {}", Plain(request))?;
            }
            Happening::Arrived { client, to, request, asked_in, .. } => {
                let (from, to) = (lanes.client(client), lanes.place(to));
                let request = Plain(request);
                writeln!(out, "    l{from}-)l{to}: {request}, of turn {asked_in}, arrives now")?;
            }
            Happening::Answered { client, from, answer, .. } => {
                let (to, from) = (lanes.client(client), lanes.place(from));
                writeln!(out, "    l{from}-->>l{to}: {}", Plain(answer))?;
            }
            Happening::Said { from, to, brokers, what, is_answer, failed } => {
                let (from, to) = (lanes.place(from), lanes.place(to));
                let (line, head) = (if *is_answer { "--" } else { "-" }, failed.is_some());
                let head = if head { "x" } else { ">>" };
                let what = Plain(what);
                let brokers = format!("broker {} → {}", brokers.0, brokers.1);
                write!(out, "    l{from}{line}{head}l{to}: {what}, {brokers}")?;
                match failed {
                    Some(why) => writeln!(out, " ✕ {}", Plain(why))?,
                    None => writeln!(out)?,
                }
            }
            Happening::Closed { client, reason } => {
                let at = lanes.client(client);
                writeln!(out, "    Note over l{at}: closed: {}", Plain(reason))?;
            }
            Happening::Command { what } => {
                writeln!(out, "    Note over l0,l{last}: {}", Plain(what))?;
            }
            Happening::Reset { snapshot } => {
                let snapshot = Plain(snapshot);
                writeln!(out, "    Note over l0,l{last}: reset to snapshot {snapshot}")?;
            }
            Happening::TopicDeleted { topic } => {
                writeln!(out, "    Note over l0,l{last}: topic {} deleted", Plain(topic))?;
            }
            Happening::Hit { fault, .. } => {
                writeln!(out, "    Note over l{hit_at}: ⚡ {}", Plain(fault))?;
            }
            Happening::Event(event) if moves_coordinators(event) => {
                let (lane, words) = (Plain(lane_of(event)), Plain(Words(event)));
                writeln!(out, "    Note over l0,l{last}: {lane}: {words}")?;
            }
            Happening::Event(event) => {
                let (at, sign) = (lanes.place(&lane_of(event)), sign(event));
                let ended = Ended(scene.ended.get(&place));
                let is_torn = findings.iter().any(|finding| finding.is_about(event));
                let torn = if is_torn { " ✂" } else { "" };
                writeln!(out, "    Note over l{at}: {sign}{}{ended}{torn}", Plain(Words(event)))?;
            }
        }
    }
    Ok(())
}

/// A colour for what becomes of records, and a sign for those who see none.
const fn sign(event: &Event) -> &'static str {
    let fate = match event {
        Event::BatchAppended(append) if append.is_transactional => Fate::Open,
        Event::BatchAppended(_) => Fate::Plain,
        Event::MarkerAppended { commits, .. } => Fate::of_marker(*commits),
        Event::OffsetPending(_) => Fate::Open,
        Event::OffsetMaterialised(_) => Fate::Committed,
        Event::OffsetDropped(_) => Fate::Aborted,
        _ => return "",
    };
    match fate {
        Fate::Plain | Fate::Gone => "🟦 • ",
        Fate::Open => "🟨 ○ ",
        Fate::Committed => "🟩 ✓ ",
        Fate::Aborted => "🟥 ✗ ",
    }
}

/// Text that means nothing to Mermaid.
struct Plain<T>(T);

impl<T: fmt::Display> fmt::Display for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            match character {
                '#' | ';' | '<' | '>' | '&' | '"' | '%' => write!(f, "#{};", u32::from(character))?,
                it if it.is_control() => f.write_char(' ')?,
                it => f.write_char(it)?,
            }
        }
        Ok(())
    }
}
