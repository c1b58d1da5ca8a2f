//! Blocks ```` ```console run ````: what stands behind `$ ` is typed, and says what the page shows.

use super::page::{Page, pages, root};
use super::shape::fits;
use super::shell::Shell;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// This page starts the pair that the others go on with.
const FIRST: &str = "docs/first-pool.md";
/// How long what is looked at may take to come true.
const BOUND: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// A command and what the page shows of what it says.
struct Step {
    page: String,
    line: usize,
    command: String,
    shown: String,
}

/// Set MPP_BLESS=1 to have the pages show what was said, but for what they show with `...`; then read the difference.
#[test]
fn the_sessions_of_the_pages_say_on_real_servers_what_the_pages_show() {
    let (mut first, others): (Vec<Page>, Vec<Page>) =
        pages().into_iter().partition(|page| page.name() == FIRST);
    first.extend(others);
    let mut shell = Shell::start();
    for page in first {
        let mut said = Vec::new();
        for step in steps(&page) {
            said.push(follow(&mut shell, &step));
        }
        if bless() && !said.is_empty() {
            rewrite(&page, &said);
        }
    }
}

fn bless() -> bool {
    std::env::var_os("MPP_BLESS").is_some()
}

fn steps(page: &Page) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in page.blocks("console").into_iter().filter(|block| block.info == "console run") {
        for (n, line) in block.text.lines().enumerate() {
            let (typed, goes_on) = (line.strip_prefix("$ "), line.strip_prefix("> "));
            match (typed.or(goes_on), steps.last_mut()) {
                (Some(typed), Some(step)) if goes_on.is_some() => step.command += &format!("{typed}\n"),
                (Some(typed), _) => steps.push(Step {
                    page: page.name(),
                    line: block.line + n + 1,
                    command: format!("{typed}\n"),
                    shown: String::new(),
                }),
                (None, Some(step)) => step.shown += &format!("{line}\n"),
                (None, None) => panic!("{}: a session begins with `$ `", page.name()),
            }
        }
    }
    steps
}

/// Types a command. What only looks, and what was refused, is typed again until it says what the page shows.
fn follow(shell: &mut Shell, step: &Step) -> String {
    let began = Instant::now();
    if bless() && looks(&step.command) {
        thread::sleep(Duration::from_secs(4));
    }
    loop {
        let (said, done) = shell.run(&step.command);
        if bless() || fits(&step.shown, &said) {
            return said;
        }
        let again = step.command.starts_with("mpp") && (!done || looks(&step.command));
        assert!(
            again && began.elapsed() < BOUND,
            "{}:{}: $ {}the page shows:\n{}it said:\n{said}",
            step.page,
            step.line,
            step.command,
            step.shown
        );
        thread::sleep(PAUSE);
    }
}

fn looks(command: &str) -> bool {
    let changes = ["recover", "switchover", "drain", "undrain", "pause", "resume", "ack", "reload"];
    command.starts_with("mpp") && !changes.iter().any(|word| command.split_whitespace().any(|w| w == *word))
}

/// Has the page show what was said.
fn rewrite(page: &Page, said: &[String]) {
    let mut text = page.text.clone();
    let mut from = 0;
    for (step, said) in steps(page).iter().zip(said) {
        let typed = format!("$ {}", step.command.trim_end().replace('\n', "\n> ")) + "\n";
        from += text[from..].find(&typed).expect("the command") + typed.len();
        if !step.shown.lines().any(|line| line == "..." || line.contains("[..]")) {
            text.replace_range(from..from + step.shown.len(), said);
        }
    }
    fs::write(root().join(page.name()), text).expect("written");
}
