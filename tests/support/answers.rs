//! Answers of servers as files: the rows of the question's three statements, readable, one value a line.
//!
//! `[N]` begins a statement's rows, `*` a row, then `COLUMN: VALUE`; `NULL` is NULL, `\n` a line's end within a value.

use mpp::poll::{Dialect, Record};
use mysql::consts::ColumnType;
use mysql::prelude::Queryable;
use mysql::{Column, Conn, Value};
use std::fmt::Write;

/// Asks a server as the product does.
pub fn ask(conn: &mut Conn) -> Vec<Vec<Record>> {
    let version: String = conn.query_first("SELECT @@version").expect("an answer").expect("a version");
    let dialect = Dialect::of(&version).expect("a version that is not too old");
    let mut answer = conn.query_iter(dialect.question()).expect("an answer");
    let mut sets = Vec::new();
    while let Some(set) = answer.iter() {
        sets.push(set.map(|row| row.expect("a row").into()).collect());
    }
    sets
}

/// The rows as text.
pub fn write(sets: &[Vec<Record>]) -> String {
    let mut text = String::new();
    for (n, set) in sets.iter().enumerate() {
        writeln!(text, "[{}]", n + 1).expect("memory");
        for row in set {
            text += "*\n";
            for (column, value) in row.columns.iter().zip(&row.values) {
                let value = match value {
                    Value::NULL => "NULL".into(),
                    Value::Bytes(bytes) => String::from_utf8_lossy(bytes).replace('\n', "\\n"),
                    number => number.as_sql(true),
                };
                text += format!("{}: {value}", column.name_str()).trim_end();
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
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no value: {line}"));
        columns.push(Column::new(ColumnType::MYSQL_TYPE_VAR_STRING).with_name(name.as_bytes()));
        values.push(match value.trim_start() {
            "NULL" => Value::NULL,
            text => Value::Bytes(text.replace("\\n", "\n").into_bytes()),
        });
    }
    Record { columns: columns.into(), values }
}

/// A value of a row; empty if there is none.
pub fn value(row: &Record, column: &str) -> String {
    let index = row.columns.iter().position(|c| c.name_str() == column);
    index.map(|n| row.values[n].as_sql(true).trim_matches('\'').to_owned()).unwrap_or_default()
}

/// The names of the columns of each statement's rows; empty where there are none.
pub fn columns(sets: &[Vec<Record>]) -> Vec<Vec<String>> {
    let names = |row: &Record| row.columns.iter().map(|c| c.name_str().into_owned()).collect();
    sets.iter().map(|set| set.first().map(names).unwrap_or_default()).collect()
}
