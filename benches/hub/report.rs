//! The table: figures of both sides, their ratio, what it has to be and whether it is.

use std::fmt::Write as _;

/// One line of the table.
pub struct Row {
    /// Name in the machine-readable line.
    pub key: &'static str,
    /// What was measured.
    pub what: &'static str,
    /// Unit of both sides' figures.
    pub unit: &'static str,
    /// The hub's figures, round by round.
    pub hub: Vec<f64>,
    /// The comparison's, round by round; empty where the figure stands alone.
    pub comparison: Vec<f64>,
    /// What is to be reached.
    pub goal: Goal,
    /// Why it is not reached whatever the figures say, such as a lost stream.
    pub obstacle: Option<String>,
    /// What else was seen.
    pub note: String,
}

/// What a row has to reach.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// Hub divided by comparison is at most this.
    Ratio(f64),
    /// Comparison divided by hub is at least this.
    TimesFaster(f64),
    /// The hub's own figure is at most this.
    Figure(f64),
    /// Nothing: the ratio is reported.
    None,
}

impl Row {
    /// The median of the rounds' ratios, not the ratio of the medians: the two measurements of a round are neighbours in
    /// time, so what the machine does besides disturbs both alike.
    fn ratio(&self) -> Option<f64> {
        let ratios = self
            .hub
            .iter()
            .zip(&self.comparison)
            .map(|(hub, comparison)| match self.goal {
                Goal::TimesFaster(_) => comparison / hub,
                _ => hub / comparison,
            });
        median(&ratios.collect::<Vec<f64>>())
    }

    fn reached(&self) -> &'static str {
        let good = match (self.goal, self.ratio()) {
            (Goal::None, _) => return "-",
            (Goal::Ratio(limit), Some(ratio)) => ratio <= limit,
            (Goal::TimesFaster(limit), Some(ratio)) => ratio >= limit,
            (Goal::Figure(limit), _) => median(&self.hub).is_some_and(|figure| figure <= limit),
            _ => false,
        };
        if good && self.obstacle.is_none() { "yes" } else { "no" }
    }

    fn target(&self) -> String {
        match self.goal {
            Goal::Ratio(limit) => format!("<= {limit}"),
            Goal::TimesFaster(times) => format!(">= {times} x faster"),
            Goal::Figure(limit) => format!("<= {limit} {}", self.unit),
            Goal::None => "report".to_owned(),
        }
    }

    fn cells(&self) -> [String; 6] {
        let figure =
            |values: &[f64]| median(values).map_or("-".to_owned(), |value| format!("{value:.2} {}", self.unit));
        [
            self.what.to_owned(),
            figure(&self.hub),
            figure(&self.comparison),
            self.ratio().map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            self.target(),
            self.reached().to_owned(),
        ]
    }

    /// One line for programs: `bench` and `name=value` separated by tabs.
    fn machine_line(&self) -> String {
        let figure = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
        let rounds = |values: &[f64]| {
            let texts: Vec<String> = values.iter().map(|value| format!("{value:.3}")).collect();
            texts.join(",")
        };
        format!(
            "bench\tkey={}\tunit={}\thub={}\tcomparison={}\tratio={}\ttarget={}\treached={}\thub_rounds={}\tcomparison_rounds={}\tnote={}",
            self.key,
            self.unit,
            figure(median(&self.hub)),
            figure(median(&self.comparison)),
            figure(self.ratio()),
            self.target(),
            self.reached(),
            rounds(&self.hub),
            rounds(&self.comparison),
            self.remark(),
        )
    }

    fn remark(&self) -> String {
        match &self.obstacle {
            Some(obstacle) => format!("{obstacle}; {}", self.note),
            None => self.note.clone(),
        }
    }
}

/// The whole report: a Markdown table, the notes of each row, the machine-readable lines.
pub fn render(rows: &[Row]) -> String {
    let header = ["what", "hub", "comparison", "ratio", "target", "reached"].map(str::to_owned);
    let mut table = vec![header];
    table.extend(rows.iter().map(Row::cells));
    let width = |column: usize| {
        table
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut text = String::new();
    // Writing to a String cannot fail.
    for (index, row) in table.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text.push_str("|\n");
        if index == 0 {
            for width in &widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text.push_str("|\n");
        }
    }
    text.push('\n');
    for row in rows.iter().filter(|row| !row.remark().is_empty()) {
        let _ = writeln!(text, "{}: {}", row.key, row.remark());
    }
    text.push('\n');
    for row in rows {
        let _ = writeln!(text, "{}", row.machine_line());
    }
    text
}

/// The middle value; of an even number of values the mean of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}
