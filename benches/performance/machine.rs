//! On what it was measured.

use super::figures::Table;
use std::fs;
use std::process::Command;

/// A table of it.
pub fn describe() -> String {
    let mut table = Table::new(&["what", "which"]);
    let mut row = |what: &str, which: String| table.row([what.to_owned(), which]);
    row("measured on", first_line("date", &["-u", "+%F %H:%M UTC"]));
    row("processor", processor());
    row("kernel", first_line("uname", &["-sr"]));
    row("MariaDB", first_line("mariadbd", &["--no-defaults", "--version"]));
    row("compiler", first_line("rustc", &["--version"]));
    row("load when it began (1 min)", load());
    table.markdown()
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |key| text.lines().filter(move |l| l.starts_with(key)).filter_map(|l| l.split(": ").nth(1));
    let cores = value("processor").count();
    format!("{}, {cores} cores", value("model name").next().unwrap_or("unknown"))
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn first_line(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().map(|o| o.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output);
    let line = text.lines().next().unwrap_or("unknown");
    line.split(" for ").next().unwrap_or(line).replace("mariadbd  Ver ", "").trim().to_owned()
}
