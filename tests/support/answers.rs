//! Answers of servers as files: the rows of the question's three statements, readable, one value a line.
//!
//! `[N]` begins a statement's rows, `*` a row, then `COLUMN: VALUE`; `NULL` is NULL, `\n` a line's end within a value.

use mpp::poll::{Dialect, Set};
use mysql::prelude::Queryable;
use mysql::{Conn, Value};
use std::fmt::Write;

/// Asks a server as the product does, by another client than the product's.
pub fn ask(conn: &mut Conn) -> Vec<Set> {
    let version: String = conn.query_first("SELECT @@version").expect("an answer").expect("a version");
    let dialect = Dialect::of(&version).expect("a version that is not too old");
    let mut answer = conn.query_iter(dialect.question()).expect("an answer");
    let mut sets = Vec::new();
    while let Some(rows) = answer.iter() {
        let columns = rows.columns().as_ref().to_vec();
        let mut set = Set::of(columns.len());
        columns.iter().for_each(|column| set.push(Some(column.name_ref())));
        for value in rows.flat_map(|row| row.expect("a row").unwrap()) {
            set.push(match &value {
                Value::NULL => None,
                Value::Bytes(bytes) => Some(bytes),
                other => panic!("{other:?} is no text"),
            });
        }
        sets.push(set);
    }
    sets
}

/// The rows as text.
pub fn write(sets: &[Set]) -> String {
    let mut text = String::new();
    for (n, set) in sets.iter().enumerate() {
        writeln!(text, "[{}]", n + 1).expect("memory");
        for row in set.rows() {
            text += "*\n";
            for (column, value) in row.iter() {
                let value = value.map_or("NULL".into(), |text| text.replace('\n', "\\n"));
                text += format!("{column}: {value}").trim_end();
                text += "\n";
            }
        }
    }
    text
}

/// The rows of a text; lines before the first `[1]` are passed over.
pub fn read(text: &str) -> Vec<Set> {
    text.split("\n[").skip(1).map(read_set).collect()
}

fn read_set(text: &str) -> Set {
    let rows: Vec<Vec<(&str, &str)>> = text.split("\n*").skip(1).map(read_row).collect();
    let names = rows.first().cloned().unwrap_or_default();
    let mut set = Set::of(names.len());
    names.iter().for_each(|(name, _)| set.push(Some(name.as_bytes())));
    for (_, value) in rows.into_iter().flatten() {
        let value = value.trim_start().replace("\\n", "\n");
        set.push((value != "NULL").then_some(value.as_bytes()));
    }
    set
}

/// Names and values.
fn read_row(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.split_once(':').unwrap_or_else(|| panic!("no value: {line}"))).collect()
}

/// A value of the first row; empty if there is none.
pub fn value(set: &Set, column: &str) -> String {
    set.first().and_then(|row| row.get(column)).unwrap_or_default().to_owned()
}

/// The names of the columns of each statement's rows; empty where there are none.
pub fn columns(sets: &[Set]) -> Vec<Vec<String>> {
    let names = |set: &Set| set.columns().map(str::to_owned).collect();
    sets.iter().map(|set| if set.is_empty() { Vec::new() } else { names(set) }).collect()
}
