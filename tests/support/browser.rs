//! Chromium without a screen, asked and told over its own protocol through two pipes: when they close, it ends.

use super::place::OwnDir;
use super::processes::start;
use nix::unistd::Uid;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(60);
/// Descriptors 3 and 4 are its protocol's.
const LAUNCH: &str = r#"exec chromium "$@" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null"#;

/// A running Chromium, with a profile of its own and one page at a time.
pub struct Browser {
    child: Child,
    _dir: OwnDir,
    wire: RefCell<Wire>,
}

/// What goes over the pipes.
struct Wire {
    to: ChildStdin,
    from: Receiver<Value>,
    asked: u64,
    /// What it told without being asked.
    told: Vec<Value>,
}

/// A page in it.
pub struct Page<'a> {
    browser: &'a Browser,
    session: String,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Dark, or light.
    pub dark: bool,
}

/// At a desk, in daylight.
pub const DESK: Look = Look { size: (1280, 800), dark: false };
/// A phone, at night.
pub const PHONE: Look = Look { size: (360, 740), dark: true };

impl Browser {
    /// Starts it.
    pub fn start() -> Browser {
        let dir = OwnDir::private("chromium");
        let mut command = Command::new("sh");
        command.args(["-c", LAUNCH, "sh", "--headless=new", "--remote-debugging-pipe", "--disable-gpu"]);
        command.args(["--no-first-run", "--disable-background-networking", "--hide-scrollbars"]);
        command.arg(format!("--user-data-dir={}", dir.display())).env("HOME", &*dir).env("TMPDIR", &*dir);
        if Uid::effective().is_root() {
            command.arg("--no-sandbox");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = start(command).expect("chromium, from Debian's chromium");
        let to = child.stdin.take().expect("its pipe");
        let mut answers = BufReader::new(child.stdout.take().expect("its pipe"));
        let (told, from) = channel();
        thread::spawn(move || {
            let mut answer = Vec::new();
            while answers.read_until(0, &mut answer).is_ok_and(|n| n > 0) {
                answer.pop();
                let Ok(value) = serde_json::from_slice(&answer) else { break };
                if told.send(value).is_err() {
                    break;
                }
                answer.clear();
            }
        });
        Browser { child, _dir: dir, wire: RefCell::new(Wire { to, from, asked: 0, told: Vec::new() }) }
    }

    /// Opens a page.
    pub fn open(&self, url: &str, look: Look) -> Page<'_> {
        let target = self.ask(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.ask(None, "Target.attachToTarget", attach)["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        let page = Page { browser: self, session };
        for room in ["Runtime", "Log", "Network", "Page"] {
            page.ask(&format!("{room}.enable"), json!({}));
        }
        page.look(look);
        page.ask("Page.navigate", json!({ "url": url }));
        page
    }

    fn ask(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let wire = &mut *self.wire.borrow_mut();
        wire.asked += 1;
        let mut request = json!({ "id": wire.asked, "method": method, "params": params });
        if let Some(session) = session {
            request["sessionId"] = session.into();
        }
        wire.to.write_all(format!("{request}\0").as_bytes()).expect("chromium reads");
        loop {
            let mut answer = wire.from.recv_timeout(BOUND).unwrap_or_else(|e| panic!("{method}: {e}"));
            if answer["id"] == wire.asked {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
            wire.told.push(answer);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // One that has died already is gone.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Page<'_> {
    fn ask(&self, method: &str, params: Value) -> Value {
        self.browser.ask(Some(&self.session), method, params)
    }

    /// Changes how it is looked at.
    pub fn look(&self, look: Look) {
        let (width, height) = look.size;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// What an expression comes to.
    pub fn evaluate(&self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.ask("Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Presses a key, by its name.
    pub fn key(&self, key: &str) {
        let text = match key {
            "Enter" => "\r",
            key if key.chars().count() == 1 => key,
            _ => "",
        };
        let code = if key == "Enter" { 13 } else { 0 };
        self.ask(
            "Input.dispatchKeyEvent",
            json!({ "type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code }),
        );
        self.ask(
            "Input.dispatchKeyEvent",
            json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code }),
        );
    }

    /// Types into what has the focus.
    pub fn types(&self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// All that can be read on it.
    pub fn text(&self) -> String {
        self.evaluate("document.body?.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Waits until what can be read on it is as wanted.
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let began = Instant::now();
        loop {
            let text = self.text();
            if wanted(&text) {
                return;
            }
            assert!(began.elapsed() < BOUND, "waited {BOUND:?} in vain: {what}\n{text}\n{:?}", self.faults());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it has these words.
    #[track_caller]
    pub fn wait_words(&self, words: &str) {
        self.wait(words, |text| text.contains(words));
    }

    /// Every address it has asked for.
    pub fn requests(&self) -> Vec<String> {
        self.told("Network.requestWillBeSent", |p| p["request"]["url"].as_str().map(str::to_owned))
    }

    /// Errors of its console, what its policy forbade, exceptions that nobody caught.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.told("Runtime.exceptionThrown", |p| Some(p.to_string()));
        faults.extend(self.told("Runtime.consoleAPICalled", |p| Some(p.to_string())));
        // That somebody did not answer is no fault of a page.
        let entry = |p: &Value| (p["entry"]["source"] != "network").then(|| p["entry"].to_string());
        faults.extend(self.told("Log.entryAdded", entry));
        faults
    }

    fn told(&self, method: &str, pick: impl Fn(&Value) -> Option<String>) -> Vec<String> {
        // What was told before the answer to this has come by then.
        self.evaluate("0");
        let wire = self.browser.wire.borrow();
        let mine = |told: &&Value| told["sessionId"] == self.session.as_str() && told["method"] == method;
        wire.told.iter().filter(mine).filter_map(|told| pick(&told["params"])).collect()
    }

    /// A picture of it, as PNG.
    pub fn picture(&self, file: &Path) {
        let answer = self.ask("Page.captureScreenshot", json!({}));
        let data = answer["data"].as_str().expect("a picture");
        let mut decode = Command::new("base64");
        decode.arg("-d").stdin(Stdio::piped()).stdout(std::fs::File::create(file).expect("a file"));
        let mut decode = decode.spawn().expect("base64 ran");
        decode.stdin.take().expect("its pipe").write_all(data.as_bytes()).expect("it reads");
        assert!(decode.wait().expect("its end").success(), "base64");
    }
}
