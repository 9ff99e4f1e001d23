//! Any sequence of operations, with handles, on both ends.

use std::io::Read;
use std::os::unix::net::UnixStream;

use proptest::prelude::*;

use super::*;
use crate::handle::Counted;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Send {
        bytes: usize,
    },
    SendHandle {
        keep_open: bool,
    },
    /// The kernel passes on so much; a descriptor may get lost.
    Carry {
        bytes: usize,
        keep: bool,
    },
    Take,
    Disconnect,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (0_usize..300).prop_map(|bytes| Operation::Send { bytes }),
        3 => any::<bool>().prop_map(|keep_open| Operation::SendHandle { keep_open }),
        6 => (1_usize..200, prop::bool::weighted(0.9))
            .prop_map(|(bytes, keep)| Operation::Carry { bytes, keep }),
        2 => Just(Operation::Take),
        1 => Just(Operation::Disconnect),
    ]
}

/// One end with all that it sent and got.
#[derive(Default)]
struct Account {
    /// Numbers of messages in the order of `send()`, with the other end of the handle.
    sent: Vec<(u64, Option<UnixStream>)>,
    /// Numbers of messages that came, each with what its handle said.
    got: Vec<(u64, Option<u64>)>,
    completed: Vec<u64>,
    failed: Vec<u64>,
    refused: Vec<u64>,
    unanswered: Vec<u64>,
    disconnected: usize,
}

fn take(connection: &mut Connection, account: &mut Account) {
    while let Some(event) = connection.poll_event() {
        assert_eq!(account.disconnected, 0, "the disconnect comes last");
        match event {
            Event::Message(message) => {
                let number = message.value.view().get("n").unwrap().as_f64().unwrap() as u64;
                let said = message.handle.map(|handle| {
                    let mut stream = Counted::<UnixStream>::try_from(handle).unwrap();
                    let mut said = [0; 8];
                    stream.read_exact(&mut said).unwrap();
                    u64::from_ne_bytes(said)
                });
                account.got.push((number, said));
            }
            Event::Sent { id, result: Ok(()) } => account.completed.push(id.number()),
            Event::Sent { id, result: Err(_) } => account.failed.push(id.number()),
            Event::HandleRefused { id, handle } => {
                account.refused.push(id.number());
                drop(handle);
            }
            Event::HandleUnanswered { id, .. } => account.unanswered.push(id.number()),
            Event::Disconnected => account.disconnected += 1,
            Event::Reserved(_) | Event::Invalid(InvalidMessage::Handle(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn message(number: u64, bytes: usize) -> Graph {
    parse(&format!(r#"{{"n":{number},"text":"{}"}}"#, "x".repeat(bytes)))
}

fn play(serialization: Serialization, operations: &[(bool, Operation)]) {
    let mut pair = Pair::of(serialization, Limits::none());
    let mut accounts = [Account::default(), Account::default()];
    for (by_parent, operation) in operations {
        let (this, other) = match by_parent {
            true => (&mut pair.parent, &mut pair.child),
            false => (&mut pair.child, &mut pair.parent),
        };
        let account = &mut accounts[usize::from(!by_parent)];
        let number = account.sent.len() as u64;
        match *operation {
            Operation::Send { bytes } => {
                if let Ok(id) = this.send(&message(number, bytes)) {
                    assert_eq!(id.number(), number);
                    account.sent.push((number, None));
                }
            }
            Operation::SendHandle { keep_open } => {
                let (given, mut kept) = UnixStream::pair().unwrap();
                std::io::Write::write_all(&mut kept, &number.to_ne_bytes()).unwrap();
                let options = SendOptions::default().keep_open(keep_open);
                if this.send_with(&message(number, 0), given.into(), &options).is_ok() {
                    account.sent.push((number, Some(kept)));
                }
            }
            Operation::Carry { bytes, keep } => {
                if !this.transmit().is_empty() {
                    carry_once(this, other, bytes, keep);
                }
            }
            Operation::Take => take(this, account),
            Operation::Disconnect => {
                let _again = this.disconnect();
            }
        }
        spread_the_end(&mut pair);
    }
    while carry(&mut pair.parent, &mut pair.child, usize::MAX, 100)
        + carry(&mut pair.child, &mut pair.parent, usize::MAX, 100)
        > 0
    {
        spread_the_end(&mut pair);
    }
    pair.parent.receive_end();
    pair.child.receive_end();
    take(&mut pair.parent, &mut accounts[0]);
    take(&mut pair.child, &mut accounts[1]);
    check(&accounts[0], &accounts[1]);
    check(&accounts[1], &accounts[0]);
}

/// An end that closes is noticed by the other when it has read everything.
fn spread_the_end(pair: &mut Pair) {
    if pair.parent.is_closed() {
        pair.child.receive_end();
    }
    if pair.child.is_closed() {
        pair.parent.receive_end();
    }
}

fn check(sender: &Account, receiver: &Account) {
    assert_eq!(sender.disconnected, 1);
    // Each message completes once, in order.
    let mut all = [&sender.completed[..], &sender.failed].concat();
    all.sort_unstable();
    assert_eq!(all, (0..sender.sent.len() as u64).collect::<Vec<_>>());
    assert!(sender.completed.is_sorted() && sender.failed.is_sorted());
    // What arrives was sent, arrives in order, and with its own handle.
    assert!(receiver.got.is_sorted_by(|a, b| a.0 < b.0), "{:?}", receiver.got);
    for (number, said) in &receiver.got {
        let with_handle = sender.sent[*number as usize].1.is_some();
        assert_eq!(*said, with_handle.then_some(*number));
        assert!(!sender.refused.contains(number));
    }
    // What was written and not refused has arrived, unless an end closed before it was read.
    let arrived = |number: &u64| receiver.got.iter().any(|(got, _)| got == number);
    let missing = sender.completed.iter().find(|n| !sender.refused.contains(n) && !arrived(n));
    if let Some(first) = missing {
        assert!(!receiver.got.iter().any(|(number, _)| number > first), "{first} was lost");
    }
    // Every handle has arrived, or come back.
    for (number, _) in sender.sent.iter().filter(|(_, kept)| kept.is_some()) {
        let came_back = sender.refused.contains(number) || sender.unanswered.contains(number);
        assert!(arrived(number) || came_back, "the handle of {number} vanished");
    }
    // Every handle is closed by now.
    for (number, kept) in &sender.sent {
        if let Some(mut kept) = kept.as_ref() {
            kept.set_nonblocking(true).unwrap();
            assert!(matches!(kept.read(&mut [0; 9]), Ok(0) | Err(_)), "{number}");
            let open = matches!(kept.read(&mut [0; 9]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
            assert!(!open, "the handle of {number} leaked");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn handles_and_messages_in_any_order(
        operations in prop::collection::vec((any::<bool>(), operation()), 0..60),
        advanced in any::<bool>(),
    ) {
        let serialization = match advanced {
            true => Serialization::Advanced,
            false => Serialization::Json,
        };
        play(serialization, &operations);
    }
}
