//! Tests of the inbox.

use js_value::json;

use super::*;

fn push(inbox: &mut Inbox, mut bytes: &[u8], found: &mut Vec<Result<Vec<u8>, Vec<u8>>>) {
    while !bytes.is_empty() {
        let room = inbox.room();
        let count = room.len().min(bytes.len());
        room[..count].copy_from_slice(&bytes[..count]);
        inbox.filled(count);
        bytes = &bytes[count..];
        while let Some(piece) = inbox.next_piece() {
            found.extend(match piece {
                Piece::Whole(place) => Some(Ok(inbox.bytes(&place).to_vec())),
                Piece::TooLong { start, .. } => Some(Err(start)),
                Piece::Skipped => None,
            });
        }
        inbox.tidy(true);
    }
}

fn check_every_chop(
    serialization: Serialization,
    limit: Option<usize>,
    stream: &[u8],
    expected: &[Result<&[u8], &[u8]>],
) {
    let expected: Vec<Result<Vec<u8>, Vec<u8>>> =
        expected.iter().map(|piece| piece.map(<[u8]>::to_vec).map_err(<[u8]>::to_vec)).collect();
    for at in 0..=stream.len() {
        let mut inbox = Inbox::new(serialization, limit);
        let mut found = Vec::new();
        push(&mut inbox, &stream[..at], &mut found);
        push(&mut inbox, &stream[at..], &mut found);
        assert_eq!(found, expected, "split at {at}");
    }
    let mut inbox = Inbox::new(serialization, limit);
    let mut found = Vec::new();
    for byte in stream {
        push(&mut inbox, &[*byte], &mut found);
    }
    assert_eq!(found, expected, "byte by byte");
}

#[test]
fn lines_end_at_lf_only() {
    check_every_chop(
        Serialization::Json,
        None,
        "a\r\n\nb\u{2028}\u{85}c\nrest".as_bytes(),
        &[Ok(b"a\r"), Ok(b""), Ok("b\u{2028}\u{85}c".as_bytes())],
    );
}

#[test]
fn long_lines_are_reported_once_and_skipped() {
    check_every_chop(
        Serialization::Json,
        Some(4),
        b"1234\n12345678\n\n12345\nok\n123456",
        &[Ok(b"1234"), Err(b"1234"), Ok(b""), Err(b"1234"), Ok(b"ok"), Err(b"1234")],
    );
    check_every_chop(Serialization::Json, Some(0), b"\nx\n\n", &[Ok(b""), Err(b"x"), Ok(b"")]);
}

#[test]
fn frames_have_their_length_before_them() {
    check_every_chop(
        Serialization::Advanced,
        None,
        b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01\n\0\0\0\x09rest",
        &[Ok(b"ab"), Ok(b""), Ok(b"\n")],
    );
    check_every_chop(Serialization::Advanced, None, b"\xff\xff\xff\xffabc", &[]);
}

#[test]
fn long_frames_are_reported_once_and_skipped() {
    let mut stream = b"\0\0\0\x02ab\0\0\x01\0".to_vec();
    stream.extend([b'x'; 256]);
    stream.extend(b"\0\0\0\x01c\xff\xff\xff\xff");
    stream.extend([b'y'; 300]);
    check_every_chop(
        Serialization::Advanced,
        Some(2),
        &stream,
        &[Ok(b"ab"), Err(b"xx"), Ok(b"c"), Err(b"yy")],
    );
    check_every_chop(
        Serialization::Advanced,
        Some(0),
        b"\0\0\0\x01c\0\0\0\0",
        &[Err(b"c"), Ok(b"")],
    );
}

#[test]
fn a_skipped_frame_takes_no_room() {
    let mut inbox = Inbox::new(Serialization::Advanced, Some(1000));
    let mut found = Vec::new();
    push(&mut inbox, &u32::MAX.to_be_bytes(), &mut found);
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..1000 {
        push(&mut inbox, &chunk, &mut found);
    }
    assert_eq!(found.len(), 1);
    assert!(inbox.buffer.capacity() <= 4 * READ_BYTES, "{}", inbox.buffer.capacity());
}

#[test]
fn a_large_message_takes_less_than_twice_its_size_and_short_ones_give_it_back() {
    let mut inbox = Inbox::new(Serialization::Json, None);
    let mut found = Vec::new();
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..256 {
        push(&mut inbox, &chunk, &mut found);
    }
    assert_eq!(inbox.end - inbox.cut, 256 * chunk.len());
    assert!(inbox.buffer.capacity() < 2 * 256 * chunk.len());
    push(&mut inbox, b"\n", &mut found);
    assert_eq!(found.len(), 1);
    let large = inbox.buffer.capacity();
    for short in 1..=16 {
        assert_eq!(inbox.buffer.capacity(), large, "for another large one, after {short}");
        push(&mut inbox, b"short\n", &mut found);
    }
    assert!(inbox.buffer.capacity() <= KEEP_BYTES);
}

#[test]
fn bytes_stay_until_they_are_released() {
    let mut inbox = Inbox::new(Serialization::Json, None);
    let mut places = Vec::new();
    for number in 0..100_000 {
        let line = format!("{number}\n");
        inbox.room()[..line.len()].copy_from_slice(line.as_bytes());
        inbox.filled(line.len());
        let Some(Piece::Whole(place)) = inbox.next_piece() else { panic!("no line") };
        places.push(place);
        if number % 3 == 0 {
            let taken = places.remove(0);
            assert!(!inbox.bytes(&taken).is_empty());
            inbox.take(&taken);
        }
        inbox.tidy(false);
    }
    let last = places.last().unwrap();
    assert_eq!(inbox.bytes(last), b"99999");
    inbox.tidy(true);
    assert_eq!((inbox.start, inbox.end), (0, 0));
}

/// What is known of a line that comes in pieces of this size, which must be true.
fn check_known(line: &[u8], piece: usize) -> Range<usize> {
    let mut inbox = Inbox::new(Serialization::Json, None);
    let mut found = None;
    for bytes in [line, b"\n"].into_iter().flat_map(|bytes| bytes.chunks(piece)) {
        inbox.room()[..bytes.len()].copy_from_slice(bytes);
        inbox.filled(bytes.len());
        found = found.or_else(|| inbox.next_piece());
    }
    let Some(Piece::Whole(place)) = found else { panic!("no line") };
    inbox.take(&place);
    let known = match (inbox.payload(&place), str::from_utf8(line)) {
        (Payload::Text { text, plain }, Ok(expected)) => {
            assert!(text == expected);
            assert_eq!(json::plain_length(&line[plain.clone()]), plain.len());
            plain
        }
        (Payload::Broken(bytes), Err(_)) => {
            assert!(bytes == line);
            0..0
        }
        (payload, expected) => panic!("{} for {}", kind(&payload), expected.is_ok()),
    };
    inbox.tidy(true);
    assert!(inbox.known.is_none(), "its bytes may be others now");
    known
}

fn kind(payload: &Payload<'_>) -> &'static str {
    match payload {
        Payload::Text { .. } => "text",
        Payload::Broken(_) => "no text",
        Payload::Frame(_) => "a frame",
    }
}

#[test]
fn a_long_line_is_known_when_it_is_whole() {
    for unit in ["x", "\u{e9}", "\u{20ac}", "\u{1f600}"] {
        let plain = unit.repeat(2 * LONG_BYTES / unit.len());
        for piece in [READ_BYTES, 65_521, 20_011] {
            for line in [format!("\"{plain}\""), format!("{{\"a\":\"{plain}\",\"b\":\"{unit}\"}}")]
            {
                let known = check_known(line.as_bytes(), piece);
                let missed = line.len() - known.len();
                assert!(missed <= LONG_BYTES + 2 * READ_BYTES, "{missed} of {unit}");
            }
            let escaped = check_known(plain.replace(unit, &format!("{unit}\\n")).as_bytes(), piece);
            assert!(escaped.len() < 8);
        }
    }
}

#[test]
fn a_long_line_that_is_no_utf8_is_known_to_be_none() {
    for at in [0, 5, LONG_BYTES - 1, LONG_BYTES, LONG_BYTES + 70_000, 2 * LONG_BYTES - 1] {
        for broken in [&b"\xff"[..], b"\xe2\x82", b"\xf0\x9f\x98", b"\x80"] {
            let mut line = vec![b'x'; 2 * LONG_BYTES];
            line.splice(at..at, broken.iter().copied());
            check_known(&line, READ_BYTES);
            check_known(&line, 65_521);
        }
    }
}

#[test]
fn what_is_known_of_a_line_is_of_no_other() {
    let mut inbox = Inbox::new(Serialization::Json, Some(3 * LONG_BYTES));
    let mut found = Vec::new();
    let long = |byte: u8, size: usize| {
        let mut line = vec![byte; size];
        line.push(b'\n');
        line
    };
    // Too long, then long and broken, then long and whole, then short.
    push(&mut inbox, &long(b'x', 4 * LONG_BYTES), &mut found);
    push(&mut inbox, &long(0xff, 2 * LONG_BYTES), &mut found);
    push(&mut inbox, &vec![b'y'; 2 * LONG_BYTES], &mut found);
    inbox.forget_unfinished();
    assert_eq!(found.len(), 2);
    let mut places = Vec::new();
    for line in [long(b'"', 2 * LONG_BYTES), long(b'z', 2 * LONG_BYTES), long(0xfe, 3)] {
        for bytes in line.chunks(READ_BYTES) {
            inbox.room()[..bytes.len()].copy_from_slice(bytes);
            inbox.filled(bytes.len());
            places.extend(inbox.next_piece());
        }
    }
    let payloads: Vec<Payload<'_>> = places
        .iter()
        .map(|piece| match piece {
            Piece::Whole(place) => inbox.payload(place),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        matches!(&payloads[0], Payload::Text { text, plain } if text.starts_with("\"") && plain.is_empty())
    );
    assert!(
        matches!(&payloads[1], Payload::Text { text, plain } if text.starts_with("z") && plain.len() > LONG_BYTES)
    );
    assert!(matches!(&payloads[2], Payload::Broken(b"\xfe\xfe\xfe")));
}

#[test]
fn nothing_is_known_of_a_line_from_one_that_was_too_long() {
    let limit = 2 * LONG_BYTES;
    // The last read brings what is too much and the LF: it was looked at nearly to its end.
    for valid in [5, LONG_BYTES + 5, limit - 10] {
        let mut too_long = vec![b'x'; limit + 2];
        too_long[valid] = 0xff;
        too_long.push(b'\n');
        for size in [LONG_BYTES, LONG_BYTES + 10, LONG_BYTES + READ_BYTES + 10, limit] {
            let mut line = vec![b'y'; size];
            line[..6].copy_from_slice(b"\"\xff\"y\xfe\"");
            let mut inbox = Inbox::new(Serialization::Json, Some(limit));
            let mut pieces = Vec::new();
            let mut whole = line.clone();
            whole.push(b'\n');
            for bytes in too_long.chunks(limit).chain(whole.chunks(READ_BYTES)) {
                for bytes in bytes.chunks(READ_BYTES) {
                    inbox.room()[..bytes.len()].copy_from_slice(bytes);
                    inbox.filled(bytes.len());
                    pieces.extend(std::iter::from_fn(|| inbox.next_piece()));
                }
            }
            let [Piece::TooLong { .. }, Piece::Skipped, Piece::Whole(place)] = &pieces[..] else {
                panic!("{pieces:?}")
            };
            assert!(matches!(inbox.payload(place), Payload::Broken(bytes) if bytes == line));
        }
    }
}
