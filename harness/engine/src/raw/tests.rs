use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_plan::{DescriptorKind, RawForm, Until};

use super::descriptors::open;
use super::end::{End, Failure};
use super::pieces::{self, Style};
use super::reader::wait_until_asleep;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn pair() -> (End, UnixStream) {
    let (own, other) = UnixStream::pair().unwrap();
    (End::new(OwnedFd::from(own)).unwrap(), other)
}

/// Reads until that much is there. Gives what is recorded of it.
fn read(end: &mut End, until: Until, style: Style) -> Vec<(RawForm, String)> {
    let pieces = loop {
        if let Some(pieces) = pieces::enough(end.bytes(), until) {
            break pieces;
        }
        if end.ended().is_some() {
            break pieces::all(end.bytes(), until, style);
        }
        end.read_more(soon()).unwrap();
    };
    end.take(&pieces).0.into_iter().map(|piece| (piece.form, piece.bytes)).collect()
}

#[test]
fn what_was_waited_for_comes_with_a_read_of_its_own() {
    let (own, other) = UnixStream::pair().unwrap();
    let mut end = End::new(own.into()).unwrap();
    // Counts whole and partial reads.
    let reader = Command::new("dd")
        .args(["bs=65536", "of=/dev/null"])
        .env("LC_ALL", "C")
        .stdin(OwnedFd::from(other))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for size in (0..2000_usize).map(|n| 1 + n * 7 % 40) {
        end.watch().unwrap();
        end.write(&vec![b'x'; size], &[], soon()).unwrap();
        end.wait_until_read(soon()).unwrap();
        wait_until_asleep(reader.id(), soon()).unwrap();
    }
    drop(end);
    let said = String::from_utf8(reader.wait_with_output().unwrap().stderr).unwrap();
    assert!(said.starts_with("0+2000 records in"), "{said}");
}

#[test]
fn a_reader_that_is_gone_is_not_waited_for() {
    let (mut end, other) = pair();
    end.watch().unwrap();
    end.write(b"lost", &[], soon()).unwrap();
    drop(other);
    end.wait_until_read(soon()).unwrap();
    assert!(matches!(end.write(b"late", &[], soon()), Err(Failure::Os(_))));
}

#[test]
fn a_reader_that_stalls_is_given_up() {
    let (mut end, _other) = pair();
    let now = || Instant::now() + Duration::from_millis(10);
    end.watch().unwrap();
    end.write(b"unread", &[], soon()).unwrap();
    assert_eq!(end.wait_until_read(now()), Err(Failure::Patience));
    let much = vec![b'x'; 16 << 20];
    assert_eq!(end.write(&much, &[], now()), Err(Failure::Patience));
    assert_eq!(end.read_more(now()), Err(Failure::Patience));
}

#[test]
fn lines_frames_and_the_rest() {
    let (mut end, mut other) = pair();
    other.write_all(b"one\n\xff\n\n\0\0\0\x02ab\0\0\0\0cd\0\0\0\x09late").unwrap();
    drop(other);
    let mut next = |until| read(&mut end, until, Style::Frames);
    let is = |form, text: &str| (form, text.to_owned());
    assert_eq!(next(Until::Lines(2)), [is(RawForm::Line, "one"), is(RawForm::Hex, "ff0a")]);
    assert_eq!(next(Until::Bytes(1)), [is(RawForm::Text, "\n")]);
    assert_eq!(next(Until::Frames(2)), [is(RawForm::Frame, "6162"), is(RawForm::Frame, "")]);
    assert_eq!(next(Until::Bytes(2)), [is(RawForm::Text, "cd")]);
    assert_eq!(next(Until::End), [is(RawForm::Text, "\0\0\0\tlate")]);
    assert_eq!(end.ended(), Some("end"));
}

#[test]
fn what_is_long_is_recorded_short() {
    let (mut end, mut other) = pair();
    let writer =
        thread::spawn(move || other.write_all(&[[b'x'; 99_999].as_slice(), b"\n"].concat()));
    let pieces = read(&mut end, Until::Lines(1), Style::Lines);
    writer.join().unwrap().unwrap();
    assert_eq!(pieces[0].0, RawForm::Long);
    assert!(pieces[0].1.starts_with("100000 bytes, hash "), "{}", pieces[0].1);
}

#[test]
fn descriptors_are_recorded_with_their_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let kinds = [
        DescriptorKind::TcpListener,
        DescriptorKind::Tcp,
        DescriptorKind::TcpBound,
        DescriptorKind::UnixListener,
        DescriptorKind::Unix,
        DescriptorKind::UnixBound,
        DescriptorKind::Udp,
        DescriptorKind::Pipe,
        DescriptorKind::File,
    ];
    let opened: Vec<_> = (0..)
        .zip(kinds)
        .map(|(n, kind)| open(kind, &path(&n.to_string()), n % 2 == 0).unwrap())
        .collect();
    let (own, other) = UnixStream::pair().unwrap();
    let (from, mut to) = (End::new(own.into()).unwrap(), End::new(other.into()).unwrap());
    // Nothing of it is read until all is written: the kernel may join what has no descriptor.
    from.write(b"no\n", &[], soon()).unwrap();
    for opened in &opened {
        from.write(b"a", &[], soon()).unwrap();
        from.write(b"b", &[opened.fd.as_fd()], soon()).unwrap();
        from.write(b"c\n", &[], soon()).unwrap();
    }
    let two: Vec<_> = opened[..2].iter().map(|opened| opened.fd.as_fd()).collect();
    from.write(b"two\n", &two, soon()).unwrap();
    let wanted = Until::Lines(kinds.len() as u32 + 2);
    while pieces::enough(to.bytes(), wanted).is_none() {
        to.read_more(soon()).unwrap();
    }
    let (records, came) = to.take(&pieces::enough(to.bytes(), wanted).unwrap());
    assert!(records[0].descriptors.is_empty());
    for (n, (record, kind)) in records[1..].iter().zip(kinds).enumerate() {
        let [descriptor] = record.descriptors.as_slice() else { panic!("{record:?}") };
        assert_eq!((descriptor.kind, descriptor.at), (kind, 1));
        assert_eq!(descriptor.non_blocking, n % 2 == 1);
    }
    let last: Vec<_> = records.last().unwrap().descriptors.iter().map(|d| (d.kind, d.at)).collect();
    assert_eq!(last, [(DescriptorKind::TcpListener, 0), (DescriptorKind::Tcp, 0)]);
    assert_eq!(came.len(), kinds.len() + 2);
}

#[test]
fn nothing_can_be_opened_as_something_else() {
    let error = open(DescriptorKind::Other, "x", false).err().map(|error| error.kind());
    assert_eq!(error, Some(io::ErrorKind::InvalidInput));
}
