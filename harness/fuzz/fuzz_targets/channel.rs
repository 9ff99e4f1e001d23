//! Sequences of operations on both ends of a channel: every message that is taken is done with
//! once, arrives at most once and in order, and the disconnect comes last.

#![no_main]

use std::os::unix::net::UnixStream;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use node_channel::js_value::Graph;
use node_channel::proto::{Connection, Event, Limits, Role, SendOptions, Serialization};

#[derive(Arbitrary, Debug)]
struct Input {
    advanced: bool,
    operations: Vec<(bool, Operation)>,
}

#[derive(Arbitrary, Debug)]
enum Operation {
    Send { size: u8 },
    SendHandle { keep_open: bool },
    /// The kernel passes on so many bytes; a descriptor may get lost.
    Carry { bytes: u16, keep: bool },
    Take,
    WriteFails { errno: u8 },
    Disconnect,
    PeerEnds,
}

/// What became of the messages of an end.
#[derive(Default)]
struct Account {
    sent: u64,
    done: u64,
    got: Option<u64>,
    disconnected: bool,
}

fuzz_target!(|input: Input| {
    let serialization =
        if input.advanced { Serialization::Advanced } else { Serialization::Json };
    let end = |role| Connection::new(role, serialization, Limits::default());
    let mut ends = [end(Role::Parent), end(Role::Child)];
    let mut accounts = [Account::default(), Account::default()];
    for (by_child, operation) in &input.operations {
        let by = usize::from(*by_child);
        let [parent, child] = &mut ends;
        let (this, other) = if *by_child { (child, parent) } else { (parent, child) };
        match operation {
            Operation::Send { size } => {
                let text = format!("{} {}", accounts[by].sent, "x".repeat(usize::from(*size)));
                let taken = this.send(&Graph::from(text));
                count(&mut accounts[by], taken.map(|id| id.number()).ok());
            }
            Operation::SendHandle { keep_open } => {
                let Ok((given, _)) = UnixStream::pair() else { continue };
                let options = SendOptions::default().keep_open(*keep_open);
                let text = Graph::from(format!("{} ", accounts[by].sent));
                let taken = this.send_with(&text, given.into(), &options);
                count(&mut accounts[by], taken.map(|id| id.number()).ok());
            }
            Operation::Carry { bytes, keep } => carry(this, other, usize::from(*bytes), *keep),
            Operation::Take => take(this, accounts.get_disjoint_mut([by, 1 - by])),
            Operation::WriteFails { errno } => this.transmit_failed(i32::from(*errno)),
            Operation::Disconnect => {
                let _again = this.disconnect();
            }
            Operation::PeerEnds => this.receive_end(),
        }
    }
    for (by, end) in ends.iter_mut().enumerate() {
        end.receive_end();
        take(end, accounts.get_disjoint_mut([by, 1 - by]));
    }
    for account in accounts {
        assert_eq!(account.sent, account.done, "every message is done with once");
        assert!(account.disconnected);
    }
});

fn count(account: &mut Account, taken: Option<u64>) {
    if let Some(number) = taken {
        assert_eq!(number, account.sent);
        account.sent += 1;
    }
}

/// Passes on bytes as a socket would: a descriptor comes with the first of them.
fn carry(from: &mut Connection, to: &mut Connection, bytes: usize, keep: bool) {
    let waiting = from.transmit();
    let piece = waiting[..waiting.len().min(bytes)].to_vec();
    if piece.is_empty() {
        return;
    }
    let descriptor = from.transmit_descriptor().map(|fd| fd.try_clone_to_owned());
    let lost = match descriptor {
        Some(descriptor) if keep => descriptor.map(Some).unwrap_or_default(),
        Some(_) => {
            to.descriptors_lost();
            None
        }
        None => None,
    };
    from.transmitted(piece.len());
    let mut descriptors = lost.into_iter();
    for part in piece.chunks(to.room().len()) {
        to.room()[..part.len()].copy_from_slice(part);
        to.received(part.len(), descriptors.by_ref());
    }
}

/// Takes all events of the first account's end.
fn take(end: &mut Connection, accounts: Result<[&mut Account; 2], std::slice::GetDisjointMutError>) {
    let [own, peer] = accounts.expect("two ends");
    while let Some(event) = end.poll_event() {
        assert!(!own.disconnected, "the disconnect comes last");
        match event {
            Event::Message(message) => {
                let text = message.value.view().as_str().expect("only texts are sent");
                let number = text.split(' ').next().and_then(|number| number.parse().ok());
                let number: u64 = number.expect("each begins with its number");
                assert!(number < peer.sent && own.got.is_none_or(|last| last < number));
                own.got = Some(number);
            }
            Event::Sent { id, .. } => {
                assert!(id.number() < own.sent);
                own.done += 1;
            }
            Event::Disconnected => own.disconnected = true,
            _ => {}
        }
    }
}
