//! What becomes of presses, late answers, pastes and noise.

use super::*;

fn decode(bytes: &[u8]) -> Vec<Event> {
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    decoder.feed(bytes, &mut events);
    // The same, cut into single bytes, must give the same.
    let (mut single, mut again) = (Decoder::default(), VecDeque::new());
    for byte in bytes {
        single.feed(&[*byte], &mut again);
    }
    assert_eq!(events, again);
    events.into()
}

fn keys(bytes: &[u8]) -> Vec<KeyCode> {
    decode(bytes).into_iter().filter_map(|e| e.as_key_event().map(|k| k.code)).collect()
}

#[test]
fn presses() {
    use KeyCode::{BackTab, Backspace, Char, Delete, Down, End, Enter, Home, PageDown, PageUp, Tab, Up};
    assert_eq!(keys(b"\x1b[A\x1bOB\x1b[H\x1b[4~"), [Up, Down, Home, End]);
    assert_eq!(keys(b"\x1b[5~\x1b[6~\x1b[3~\x1b[Z"), [PageUp, PageDown, Delete, BackTab]);
    assert_eq!(keys("a\té€🔑\r\x7f".as_bytes()), [Char('a'), Tab, Char('é'), Char('€'), Char('🔑'), Enter, Backspace]);
    assert_eq!(decode(b"\x03"), [press(Char('c'), KeyModifiers::CONTROL)]);
    assert_eq!(decode(b"\x1b[1;5A"), [press(Up, KeyModifiers::CONTROL)]);
}

#[test]
fn late_answers_are_not_presses() {
    for answer in [
        &b"\x1b[?2026;2$y"[..],
        b"\x1b[?997;1n",
        b"\x1b[>1;4600;0c",
        b"\x1b[24;80R",
        b"\x1b]52;c;QUJD\x07",
        b"\x1b]11;rgb:dddd/dddd/dddd\x1b\\",
        b"\x1bP>|qdDy\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x9b?1;2c",
        b"\x1b[97;5u",
    ] {
        let mut bytes = answer.to_vec();
        bytes.push(b'q');
        assert_eq!(keys(&bytes), [KeyCode::Char('q')], "{:?}", String::from_utf8_lossy(answer));
    }
}

#[test]
fn escape_is_a_key_only_when_nothing_follows() {
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    decoder.feed(b"\x1b", &mut events);
    assert!(events.is_empty() && decoder.patience().is_some());
    decoder.give_up(&mut events);
    assert_eq!(events.pop_front(), Some(press(KeyCode::Esc, KeyModifiers::NONE)));
    assert_eq!(decoder.patience(), None);
}

#[test]
fn a_paste_is_one_event_and_ends_even_without_its_end() {
    assert_eq!(decode(b"\x1b[200~d\ny\nq\x1b[A\x1b[201~j").first(), Some(&Event::Paste("d\ny\nq\x1b[A".into())));
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    decoder.feed(b"\x1b[200~abc", &mut events);
    decoder.give_up(&mut events);
    decoder.feed(b"q", &mut events);
    assert_eq!(events.len(), 2);
    decoder.feed(b"\x1b[200~", &mut events);
    decoder.feed(&vec![b'x'; 3 * MAX_PASTE], &mut events);
    decoder.feed(PASTE_END, &mut events);
    assert!(matches!(events.back(), Some(Event::Paste(text)) if text.len() == MAX_PASTE));
}

/// The events of these reads, and then of silence.
fn after(reads: &[&[u8]]) -> Vec<Event> {
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    for bytes in reads {
        decoder.feed(bytes, &mut events);
    }
    decoder.give_up(&mut events);
    assert_eq!(decoder.patience(), None);
    events.into()
}

#[test]
fn a_paste_that_holds_the_end_of_a_paste_presses_nothing() {
    let paste = |text: &str| Event::Paste(text.into());
    let q = press(KeyCode::Char('q'), KeyModifiers::NONE);
    for reads in [
        &[&b"\x1b[200~x\x1b[201~dq\r\x1b[201~"[..]][..],
        &[b"\x1b[200~x\x1b[201~d", b"q\r\x1b[20", b"1~"],
        &[b"\x1b[200~x\x1b[201~\x1b[201~d\x1b[201~"],
    ] {
        assert_eq!(after(reads), [paste("x")], "{reads:?}");
    }
    // A press that follows a paste comes after it, a moment later.
    assert_eq!(after(&[b"\x1b[200~x\x1b[201~q"]), [paste("x"), q.clone()]);
    assert_eq!(after(&[b"\x1b[200~x\x1b[201~\x1b[200~y\x1b[201~q"]), [paste("x"), paste("y"), q.clone()]);
    // Outside of a paste the code means nothing.
    assert_eq!(after(&[b"q\x1b[201~"]), [q]);
}

#[test]
fn noise_never_panics_and_never_wedges() {
    let mut seed = 1_u32;
    for _ in 0..2000 {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        let noise: Vec<u8> = (0..64)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let alphabet = b"\x1b[]PO_\\;?~AZ0129\x07\x9b\xc3\xa9\xff q";
                alphabet[(seed >> 16) as usize % alphabet.len()]
            })
            .collect();
        decoder.feed(&noise, &mut events);
        decoder.give_up(&mut events);
        events.clear();
        decoder.feed(b"q", &mut events);
        assert_eq!(events.len(), 1, "{noise:?}");
    }
}
