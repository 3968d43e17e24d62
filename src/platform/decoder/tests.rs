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
        "\x1b]l“dy” Übersicht\x1b\\".as_bytes(),
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[?1u",
        b"\x1b(d",
        b"\x1b(B\x1b%G\x1b#8\x1b F\x1b/Z",
        b"\x1b[4u",
        b"\x1b[3u",
        b"\x1b[:::u",
        b"\x1b[1:1;2u",
    ] {
        let mut bytes = answer.to_vec();
        bytes.push(b'q');
        assert_eq!(keys(&bytes), [KeyCode::Char('q')], "{:?}", String::from_utf8_lossy(answer));
    }
}

/// A slow link cuts an answer: its rest presses nothing, and neither does Alt with a key that begins one.
#[test]
fn the_parts_of_an_answer_may_come_seconds_apart() {
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    let parts = [&b"\x1b[?62;2"[..], b"2c", b"\x1b[48;24;80", b";600;800t", b"\x1b]11;rgb:dddd/dd", b"dd/dddd\x1b\\"];
    for parts in parts.chunks(2) {
        decoder.feed(parts[0], &mut events);
        assert!(decoder.patience() >= Some(Duration::from_secs(5)), "{parts:?}");
        decoder.feed(parts[1], &mut events);
        assert_eq!((decoder.patience(), &events), (None, &VecDeque::new()), "{parts:?}");
    }
    for key in [&b"\x1b]"[..], b"\x1b[", b"\x1bP", b"\x1b(", b"\x1b-", b"\x1b "] {
        decoder.feed(key, &mut events);
        assert!(decoder.patience() <= Some(Duration::from_millis(250)));
        decoder.give_up(&mut events);
        assert!(events.is_empty());
    }
    decoder.feed(b"\x1b]ab\x03", &mut events);
    assert_eq!(events, [press(KeyCode::Char('c'), KeyModifiers::CONTROL)]);
}

#[test]
fn a_paste_that_is_not_utf_8_is_refused_and_one_that_is_too_long_is_cut_at_a_character() {
    assert_eq!(after(&[b"\x1b[200~M\xfcller\x1b[201~"]), [press(NOT_UTF8, KeyModifiers::NONE)]);
    let long = ["\x1b[200~x", &"é".repeat(MAX_PASTE), "\x1b[201~"].concat();
    assert!(matches!(&after(&[long.as_bytes()])[..], [Event::Paste(text)] if text.len() == MAX_PASTE - 1));
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
    // A text that holds both codes: nothing of it is pressed, nor pasted, until there is silence.
    for reads in [
        &[&b"\x1b[200~x\x1b[201~dq\r\x1b[200~y\x1b[201~"[..]][..],
        &[b"\x1b[200~x\x1b[201~", b"d", b"q\r\x1b[200", b"~y\x1b[201~s\x1b[200~", b"\x1b[201~q"],
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

/// One press for each sequence, as the documentation of terminals has it.
#[test]
fn every_sequence_is_one_press() {
    use KeyCode::{
        BackTab, Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Insert, Left, PageUp, Right, Tab, Up,
    };
    let (none, shift, alt, control) =
        (KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::ALT, KeyModifiers::CONTROL);
    let table: &[(&str, KeyCode, KeyModifiers)] = &[
        // xterm: cursor keys in both modes, with modifiers, and as old versions write these
        ("\x1b[A", Up, none),
        ("\x1bOA", Up, none),
        ("\x1b[1;2B", Down, shift),
        ("\x1b[1;3C", Right, alt),
        ("\x1b[1;5D", Left, control),
        ("\x1b[1;8H", Home, shift.union(alt).union(control)),
        ("\x1bO5A", Up, control),
        ("\x1bO1;5P", F(1), control),
        ("\x1b[3;5~", Delete, control),
        ("\x1b[15;2~", F(5), shift),
        ("\x1b[Z", BackTab, shift),
        ("\x1b[1;2Z", BackTab, shift),
        // its keypad in application mode, and PuTTY's
        ("\x1bOq", Char('1'), none),
        ("\x1bOp", Char('0'), none),
        ("\x1bOy", Char('9'), none),
        ("\x1bOj", Char('*'), none),
        ("\x1bOk", Char('+'), none),
        ("\x1bOl", Char(','), none),
        ("\x1bOm", Char('-'), none),
        ("\x1bOn", Char('.'), none),
        ("\x1bOo", Char('/'), none),
        ("\x1bOM", Enter, none),
        ("\x1bOX", Char('='), none),
        ("\x1bOP", F(1), none),
        ("\x1bOS", F(4), none),
        // modifyOtherKeys
        ("\x1b[27;5;99~", Char('c'), control),
        ("\x1b[27;2;65~", Char('A'), none),
        ("\x1b[27;2;33~", Char('!'), none),
        ("\x1b[27;3;127~", Backspace, alt),
        ("\x1b[27;5;13~", Enter, control),
        ("\x1b[27;1;27~", Esc, none),
        // kitty, foot, WezTerm, Ghostty, iTerm2, Windows Terminal: CSI u
        ("\x1b[99;5u", Char('c'), control),
        ("\x1b[67;6u", Char('c'), control),
        ("\x1b[97u", Char('a'), none),
        ("\x1b[97;2u", Char('A'), none),
        ("\x1b[97:65;2u", Char('A'), none),
        ("\x1b[49:33;2u", Char('!'), none),
        ("\x1b[97;65u", Char('A'), none),
        ("\x1b[97;129u", Char('a'), none),
        ("\x1b[233;1u", Char('é'), none),
        ("\x1b[27u", Esc, none),
        ("\x1b[27;1:1u", Esc, none),
        ("\x1b[13;3u", Enter, alt),
        ("\x1b[9;2u", BackTab, shift),
        ("\x1b[9u", Tab, none),
        ("\x1b[127;3u", Backspace, alt),
        ("\x1b[57400u", Char('1'), none),
        ("\x1b[57414u", Enter, none),
        ("\x1b[57421u", PageUp, none),
        ("\x1b[1;5:2A", Up, control),
        ("\x1b[3;1:1~", Delete, none),
        // urxvt
        ("\x1b[7~", Home, none),
        ("\x1b[8~", End, none),
        ("\x1b[7$", Home, shift),
        ("\x1b[8$", End, shift),
        ("\x1b[3$", Delete, shift),
        ("\x1b[7^", Home, control),
        ("\x1b[3@", Delete, shift.union(control)),
        ("\x1b[a", Up, shift),
        ("\x1bOa", Up, control),
        ("\x1b[23~", F(11), none),
        // the Linux console
        ("\x1b[[A", F(1), none),
        ("\x1b[[E", F(5), none),
        ("\x1b[1~", Home, none),
        ("\x1b[2~", Insert, none),
        // st
        ("\x1b[P", Delete, none),
        ("\x1b[2J", Home, shift),
        ("\x1b[K", End, shift),
        ("\x1b[J", End, control),
        ("\x1b[2K", Delete, shift),
        ("\x19", Char('y'), control), // its wheel
        ("\x05", Char('e'), control),
        // Alt, as almost all send it
        ("\x1b\x7f", Backspace, alt),
        ("\x1b\x08", Backspace, alt),
        ("\x1b\r", Enter, alt),
        ("\x1b\t", Tab, alt),
        ("\x1bq", Char('q'), alt),
        ("\x1bé", Char('é'), alt),
        ("\x1b\x03", Char('c'), alt.union(control)),
        // Alt as PuTTY, Terminal.app and urxvt send it before a sequence
        ("\x1b\x1b[A", Up, alt),
        ("\x1b\x1bOA", Up, alt),
        ("\x1b\x1b[3~", Delete, alt),
    ];
    for (sequence, code, modifiers) in table {
        let mut bytes = sequence.as_bytes().to_vec();
        bytes.push(b'q');
        let expected = [press(*code, *modifiers), press(Char('q'), none)];
        assert_eq!(decode(&bytes), expected, "{sequence:?}");
    }
}

#[test]
fn reports_and_releases_are_no_presses() {
    for report in [
        &b"\x1b[M \x64\x30"[..],    // X10 mouse
        b"\x1b[M \xc3\xa9\xc2\xb0", // the same in UTF-8
        b"\x1b[M \x80\x30",         // beyond column 95
        b"\x1b[M \xbf\x80",
        b"\x1b[M \xe0\xff",
        b"\x1b[M \xdf0", // a byte that begins two in UTF-8
        b"\x1b[M 0\xc3",
        b"\x1b[M#!!\x1b[M !!", // a click
        b"\x1b[t!!",           // highlighting
        b"\x1b[T!!!!!!",
        b"\x1b[<0;100;16M\x1b[<0;100;16m",
        b"\x1b[32;100;16M",
        b"\x1b[99;5:3u", // kitty: a release
        b"\x1b[1;1:3A",
        b"\x1b[57441;2u", // kitty: Shift itself
        b"\x1b[97;9u",    // with Super
        b"\x1b[?0u",
        b"\x1b[>4;2m",
        b"\x1b[1;80R",
        b"\x1b[8;24;80t",
        b"\x1b[4;2$y",
        b"\x1b[99999999999;5u",
        b"\x1b[+7~",
    ] {
        let mut bytes = report.to_vec();
        bytes.push(b'q');
        assert_eq!(keys(&bytes), [KeyCode::Char('q')], "{:?}", String::from_utf8_lossy(report));
    }
}

#[test]
fn what_is_not_utf8_is_said_and_nothing_of_it_taken() {
    let notice = press(NOT_UTF8, KeyModifiers::NONE);
    let m = press(KeyCode::Char('M'), KeyModifiers::NONE);
    let q = press(KeyCode::Char('q'), KeyModifiers::NONE);
    for bytes in [&b"M\xfcller"[..], b"M\xe9tro", b"M\x9ecd", b"M\x9bcd", b"M\xf5\x80", b"M\xed\xa0\x80c", b"M\xe4\xb8"]
    {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.feed(bytes, &mut events);
        decoder.give_up(&mut events);
        assert_eq!(Vec::from(events), [m.clone(), notice.clone()], "{bytes:?}");
        let mut events = VecDeque::new();
        decoder.feed(b"q", &mut events);
        assert_eq!(events.pop_front().as_ref(), Some(&q));
    }
}

#[test]
fn escape_pressed_twice_is_escape() {
    assert_eq!(after(&[b"\x1b\x1b"]), [press(KeyCode::Esc, KeyModifiers::NONE)]);
    assert_eq!(after(&[b"\x1b\x1b\x1b"]).len(), 2);
}

/// The answer about the background, however it is cut, presses nothing, and other strings are not kept.
#[test]
fn the_background_is_taken_from_its_answer_alone() {
    for (answer, background) in [
        (&b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07"[..], Some(Background::Dark)),
        (b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\", Some(Background::Light)),
        (b"\x1b]10;rgb:ffff/ffff/ffff\x07", None),
        (b"\x1b]1;1;rgb:ffff/ffff/ffff\x07", None),
        (b"\x1bP11;rgb:ffff/ffff/ffff\x1b\\", None),
        (b"\x1b]11;?\x07", None),
        (b"\x1b]11;rgb:ffff/ffff/ffff\x18", None),
        (b"\x1b]11;rgb:ffff/ffff/fff0000000000000000000000000000000000000000000000000000f\x07", None),
    ] {
        for cut in 0..answer.len() {
            let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
            decoder.expect(true);
            decoder.feed(&answer[..cut], &mut events);
            // The link is slow: what waits less than seconds is given up.
            if decoder.patience().is_some_and(|patience| patience < STALL) {
                decoder.give_up(&mut events);
            }
            decoder.feed(&answer[cut..], &mut events);
            assert_eq!(decoder.take_background(), if answer[1] == b'P' && cut == 1 { None } else { background });
            events.retain(|event| *event != press(KeyCode::Esc, KeyModifiers::NONE));
            assert!(events.is_empty() || answer[1] == b'P', "cut at {cut}: {events:?}");
            assert_eq!(decoder.take_background(), None);
        }
    }
    // Where none is to come, an Esc is a press and what follows it another.
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    decoder.feed(b"\x1b", &mut events);
    decoder.give_up(&mut events);
    decoder.feed(b"]", &mut events);
    assert_eq!(events.len(), 2);
}
