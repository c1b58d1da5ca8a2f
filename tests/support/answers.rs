//! Answers of servers as files: the rows of the question's three statements, readable, one value a line.
//!
//! `[N]` begins a statement's rows, `*` a row, then `COLUMN: VALUE`; `NULL` is NULL, `\n` a line's end within a value.

use mpp::poll::{Dialect, Record, Words};
use mysql::prelude::Queryable;
use mysql::{Conn, Row, Value};
use std::fmt::Write;
use std::sync::Arc;

/// Asks a server as the product does, by another client than the product's.
pub fn ask(conn: &mut Conn) -> Vec<Vec<Record>> {
    let version: String = conn.query_first("SELECT @@version").expect("an answer").expect("a version");
    let dialect = Dialect::of(&version).expect("a version that is not too old");
    let mut answer = conn.query_iter(dialect.question()).expect("an answer");
    let mut sets = Vec::new();
    while let Some(set) = answer.iter() {
        sets.push(set.map(|row| record(&row.expect("a row"))).collect());
    }
    sets
}

fn record(row: &Row) -> Record {
    let (mut columns, mut values) = (Words::new(), Words::new());
    for (n, column) in row.columns_ref().iter().enumerate() {
        columns.push(Some(column.name_ref()));
        values.push(match &row[n] {
            Value::NULL => None,
            Value::Bytes(bytes) => Some(bytes),
            other => panic!("{other:?} is no text"),
        });
    }
    Record { columns: Arc::new(columns), values }
}

/// The rows as text.
pub fn write(sets: &[Vec<Record>]) -> String {
    let mut text = String::new();
    for (n, set) in sets.iter().enumerate() {
        writeln!(text, "[{}]", n + 1).expect("memory");
        for row in set {
            text += "*\n";
            for (column, value) in row.columns.iter().zip(row.values.iter()) {
                let value = value.map_or("NULL".into(), |text| text.replace('\n', "\\n"));
                text += format!("{}: {value}", column.expect("a name")).trim_end();
                text += "\n";
            }
        }
    }
    text
}

/// The rows of a text; lines before the first `[1]` are passed over.
pub fn read(text: &str) -> Vec<Vec<Record>> {
    let sets = text.split("\n[").skip(1);
    sets.map(|set| set.split("\n*").skip(1).map(read_row).collect()).collect()
}

fn read_row(text: &str) -> Record {
    let (mut columns, mut values) = (Words::new(), Words::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no value: {line}"));
        columns.push(Some(name.as_bytes()));
        let text = value.trim_start().replace("\\n", "\n");
        values.push((text != "NULL").then_some(text.as_bytes()));
    }
    Record { columns: Arc::new(columns), values }
}

/// A value of a row; empty if there is none.
pub fn value(row: &Record, column: &str) -> String {
    row.get(column).unwrap_or_default().to_owned()
}

/// The names of the columns of each statement's rows; empty where there are none.
pub fn columns(sets: &[Vec<Record>]) -> Vec<Vec<String>> {
    let names = |row: &Record| row.columns.iter().map(|name| name.expect("a name").to_owned()).collect();
    sets.iter().map(|set| set.first().map(names).unwrap_or_default()).collect()
}
