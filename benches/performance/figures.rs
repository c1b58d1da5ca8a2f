//! What was measured, in order of size, and how it is written down.

/// Values of one kind, in one unit.
pub struct Figures(Vec<f64>);

impl Figures {
    /// Of these values, of which there is at least one.
    pub fn of(mut values: Vec<f64>) -> Figures {
        assert!(!values.is_empty(), "nothing was measured");
        values.sort_by(f64::total_cmp);
        Figures(values)
    }

    /// The value that this share of all is no larger than; 0 the smallest, 1 the largest.
    pub fn at(&self, share: f64) -> f64 {
        let last = self.0.len() - 1;
        self.0[((last as f64 * share).round() as usize).min(last)]
    }

    /// The same in another unit, which is so many of this one's.
    pub fn scaled(&self, by: f64) -> Figures {
        Figures(self.0.iter().map(|v| v * by).collect())
    }

    /// The smallest.
    pub fn floor(&self) -> f64 {
        self.at(0.0)
    }

    /// The one in the middle.
    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// The largest.
    pub fn worst(&self) -> f64 {
        self.at(1.0)
    }

    /// All of them together, by their number.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// Which share of all is at most `limit`.
    pub fn within(&self, limit: f64) -> f64 {
        self.0.partition_point(|v| *v <= limit) as f64 / self.0.len() as f64
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Floor, median, worst and their number, as cells of a table.
    pub fn cells(&self, digits: usize) -> [String; 4] {
        let text = |v: f64| format!("{v:.digits$}");
        [text(self.floor()), text(self.median()), text(self.worst()), self.count().to_string()]
    }
}

/// A table in Markdown.
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// With these columns, no row yet.
    pub fn new(columns: &[&str]) -> Table {
        let head = columns.iter().map(|c| (*c).to_owned()).collect();
        Table(vec![head, columns.iter().map(|_| "---".to_owned()).collect()])
    }

    /// One row more; shown at once, for whoever waits.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        println!("  {}", cells.join(" · "));
        self.0.push(cells);
    }

    /// The whole.
    pub fn markdown(&self) -> String {
        self.0.iter().map(|cells| format!("| {} |\n", cells.join(" | "))).collect()
    }
}

/// A name and its figures in one row, with what they should be.
pub fn row(name: &str, figures: &Figures, digits: usize, target: &str) -> Vec<String> {
    let mut cells = vec![name.to_owned()];
    cells.extend(figures.cells(digits));
    cells.push(target.to_owned());
    cells
}
