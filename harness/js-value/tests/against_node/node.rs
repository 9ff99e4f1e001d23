//! A Node that answers questions.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Long enough for one batch on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// A Node process that runs `answer.cjs`. It ends with this value, or when it takes too long over a
/// batch.
pub(crate) struct Node {
    child: Arc<Mutex<Child>>,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    unanswered: usize,
    /// Which classes it has that not every version has.
    pub(crate) features: String,
    /// Told of every sign of life.
    alive: Sender<()>,
}

impl Node {
    /// Starts the Node that the variable `NODE` names, or else the one on the PATH.
    pub(crate) fn start() -> Self {
        let program = std::env::var_os("NODE").unwrap_or_else(|| "node".into());
        let spawned = Command::new(&program)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/against_node/answer.cjs"))
            .env_remove("NODE_OPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = spawned else {
            panic!(
                "install Node.js 18 or newer as `node` on the PATH, or set NODE to its program \
                 ({} does not start)",
                program.display()
            );
        };
        let questions = child.stdin.take().expect("stdin is piped");
        let answers = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let child = Arc::new(Mutex::new(child));
        let (alive, life) = mpsc::channel();
        let watched = Arc::clone(&child);
        thread::spawn(move || {
            while life.recv_timeout(DEADLINE).is_ok() {}
            end(&watched);
        });
        let features = String::new();
        let mut node = Self { child, questions, answers, unanswered: 0, features, alive };
        node.features = node.answer();
        node
    }

    /// Asks a batch of questions. All answers to the one before must have been received: neither
    /// side reads while it writes.
    pub(crate) fn send(&mut self, questions: &[String]) {
        assert_eq!(self.unanswered, 0, "one batch after the other");
        let batch = format!("{}\n\n", questions.join("\n"));
        let written = self.questions.write_all(batch.as_bytes());
        assert!(written.is_ok(), "Node ended or did not answer for {DEADLINE:?}");
        self.unanswered = questions.len();
    }

    /// The answers to the batch, a line each.
    pub(crate) fn receive(&mut self) -> Vec<String> {
        let unanswered = std::mem::take(&mut self.unanswered);
        (0..unanswered).map(|_| self.answer()).collect()
    }

    /// The answer to one question.
    pub(crate) fn ask(&mut self, question: &str) -> String {
        let _answers = self.receive();
        self.send(&[question.to_owned()]);
        self.receive().remove(0)
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line).expect("answers are UTF-8");
        assert!(read > 0, "Node ended or did not answer for {DEADLINE:?}");
        let _watched = self.alive.send(());
        assert_eq!(line.pop(), Some('\n'), "an answer is a line");
        line
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        end(&self.child);
    }
}

fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    let _killed = child.kill();
    let _status = child.wait();
}
