//! The limits: the same bytes over a socket pair with nothing between.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::message;
use crate::plan::{Mode, Plan, Serialization};
use crate::usage::{Measured, Usage};

/// One read or write of a side that does not go message by message.
const CHUNK: usize = 65_536;

/// Sends the bytes of the plan to a child of this program and prints what that took.
pub(crate) fn parent() -> anyhow::Result<()> {
    let plan = Plan::from_env()?;
    let (mut ours, theirs) = UnixStream::pair()?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("bare-child")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::piped())
        .spawn()?;
    let message = bytes(&plan);
    let mut ready = [0];
    let mut answer = vec![0; message.len()];
    let (mut before, mut begun) = (Usage::now(), Instant::now());
    ours.read_exact(&mut ready)?;
    for count in [plan.warm_up, plan.count] {
        (before, begun) = (Usage::now(), Instant::now());
        match plan.mode {
            Mode::PingPong => {
                for _ in 0..count {
                    ours.write_all(&message)?;
                    ours.read_exact(&mut answer)?;
                }
            }
            Mode::OneWay => {
                for part in parts(&plan, &message, count) {
                    ours.write_all(part)?;
                }
            }
        }
        ours.read_exact(&mut ready)?;
    }
    let elapsed = begun.elapsed().as_nanos() as f64;
    let ours = Usage::now().since(before);
    let mut answer = String::new();
    child.stdout.take().context("the child's answer")?.read_to_string(&mut answer)?;
    let theirs: Usage = serde_json::from_str(&answer)?;
    child.wait()?;
    Measured::new(elapsed, [ours, theirs]).print()
}

/// Reads what [`parent`] sends.
pub(crate) fn child() -> anyhow::Result<()> {
    let plan = Plan::from_env()?;
    let mut socket = UnixStream::from(rustix::io::dup(std::io::stdin())?);
    let length = bytes(&plan).len();
    let (mut message, mut buffer) = (vec![0; length], vec![0; CHUNK]);
    let mut before = Usage::now();
    socket.write_all(b"r")?;
    for count in [plan.warm_up, plan.count] {
        before = Usage::now();
        if plan.mode == Mode::PingPong {
            for _ in 0..count {
                socket.read_exact(&mut message)?;
                socket.write_all(&message)?;
            }
        } else {
            let total = length as u64 * count;
            let (mut read, mut lines) = (0, 0);
            while read < total {
                let count = socket.read(&mut buffer)?;
                if count == 0 {
                    bail!("the peer ended after {read} of {total} bytes");
                }
                read += count as u64;
                if plan.bare.scan {
                    lines += memchr::memchr_iter(b'\n', &buffer[..count]).count() as u64;
                }
            }
            if plan.bare.scan && lines != count {
                bail!("{lines} lines instead of {count}");
            }
        }
        socket.write_all(b"d")?;
    }
    println!("{}", serde_json::to_string(&Usage::now().since(before))?);
    Ok(())
}

/// Writes lines made beforehand to a socket, past the library, as fast as its peer takes them.
pub(crate) fn feed(socket: impl std::os::fd::AsFd, plan: &Plan, count: u64) -> anyhow::Result<()> {
    let message = bytes(plan);
    for part in parts(plan, &message, count) {
        let mut rest = part;
        while !rest.is_empty() {
            match rustix::io::write(&socket, rest) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::AGAIN) => {
                    poll(&mut [PollFd::new(&socket, PollFlags::OUT)], None)?;
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// The message as it is on the wire.
fn bytes(plan: &Plan) -> Vec<u8> {
    match plan.serialization {
        Serialization::Json => (message::text(plan.size) + "\n").into_bytes(),
        Serialization::Advanced => {
            let graph = message::graph(plan.size, plan.serialization);
            let mut frame = vec![0; 4];
            let options = js_value::clone::WriteOptions::default();
            js_value::clone::write(&graph, graph.root(), &options, &mut frame)
                .expect("plain data has a structured clone");
            let length = u32::try_from(frame.len() - 4).expect("a frame of less than 4 GiB");
            frame[..4].copy_from_slice(&length.to_be_bytes());
            frame
        }
    }
}

/// What is written with one system call each.
fn parts<'a>(plan: &Plan, message: &'a [u8], count: u64) -> impl Iterator<Item = &'a [u8]> {
    // Leaked: the process ends with the measurement.
    let copies = if plan.bare.single { 1 } else { (CHUNK / message.len()).max(1) as u64 };
    let chunk: &'static [u8] = Vec::leak(message.repeat(copies as usize));
    let rest: &'static [u8] = &chunk[..(count % copies) as usize * message.len()];
    let whole = std::iter::repeat_n(chunk, (count / copies) as usize);
    whole.chain(std::iter::once(rest).filter(|rest| !rest.is_empty()))
}
