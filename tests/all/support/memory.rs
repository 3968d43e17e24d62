//! Looks for texts in the memory of a live process: what a debugger of root's would find.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::not_tested::not_tested;

/// So long a process may take to have forgotten.
const PATIENCE: Duration = Duration::from_secs(5);
/// A piece of this many bytes is found by chance in no memory.
const PIECE: usize = 16;
const PAGE: [u8; 4096] = [0; 4096];
/// The distances at which the characters of a drawn text may lie: one cell of a screen each.
const STRIDES: [usize; 7] = [4, 24, 32, 40, 48, 56, 64];

/// One text to look for, in the forms in which it may lie about.
pub struct Wanted {
    name: String,
    text: String,
    pieces: Vec<Vec<u8>>,
}

impl Wanted {
    /// Looks for every piece of a text, for every piece of its base64, and for its characters one by one.
    pub fn text(name: &str, text: &str) -> Self {
        assert!(text.len() >= PIECE, "{name} is too short to be looked for");
        let base64 = STANDARD.encode(text);
        let mut pieces = Vec::new();
        for form in [text.as_bytes(), base64.as_bytes()] {
            pieces.extend(form.chunks_exact(PIECE).map(<[u8]>::to_vec));
        }
        Self { name: name.to_owned(), text: text.to_owned(), pieces }
    }
}

/// Whether this user may look: a test that looks at nothing proves nothing.
pub fn may_look() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        not_tested("only root may look into the memory of a program that hides it");
    }
    is_root
}

/// Where each text is, in words; empty if nowhere.
pub fn find(pid: u32, wanted: &[Wanted]) -> Vec<String> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process lives");
    let mut memory = File::open(format!("/proc/{pid}/mem")).expect("root may look into it");
    let (mut found, mut read) = (Vec::new(), 0);
    for line in maps.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let what = fields.get(5).copied().unwrap_or("memory without a name");
        // What is only read from a file (fields[4] is its inode) holds nothing but that file's content.
        let is_plain_file = !fields[1].contains('w') && fields[4] != "0";
        if !fields[1].starts_with('r') || what.starts_with("[v") || is_plain_file {
            continue;
        }
        let (from, to) = fields[0].split_once('-').unwrap();
        let bounds = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(bounds[1] - bounds[0]).unwrap()];
        memory.seek(SeekFrom::Start(bounds[0])).unwrap();
        // A mapping may have gone since its line was read.
        if memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        read += bytes.len();
        for wanted in wanted {
            look(&bytes, wanted, &mut |at, how| {
                let near = &bytes[at.saturating_sub(48)..(at + 96).min(bytes.len())];
                let (name, near) = (&wanted.name, String::from_utf8_lossy(near));
                found.push(format!("{name} ({how}) in {what} at {:x}: {near:?}", bounds[0] + at as u64));
            });
        }
    }
    assert!(read > 1 << 20, "only {read} bytes could be read");
    found
}

/// Waits until nothing is found any more.
#[track_caller]
pub fn forgets(pid: u32, wanted: &[Wanted]) {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = find(pid, wanted);
        if found.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "it still knows:\n{}", found.join("\n"));
    }
}

/// Waits until the texts are found in each of these ways: the process draws while it is read.
#[track_caller]
pub fn knows(pid: u32, wanted: &[Wanted], ways: &[&str]) {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = find(pid, wanted);
        if ways.iter().all(|way| found.iter().any(|place| place.contains(way))) {
            return;
        }
        assert!(Instant::now() < until, "the search must find what is there, {ways:?}: {found:#?}");
    }
}

fn look(bytes: &[u8], wanted: &Wanted, tell: &mut impl FnMut(usize, &str)) {
    let mut begins = [false; 256];
    wanted.pieces.iter().for_each(|piece| begins[usize::from(piece[0])] = true);
    let text = wanted.text.as_bytes();
    for (number, page) in bytes.chunks(PAGE.len()).enumerate() {
        if *page == PAGE[..page.len()] {
            continue; // most of a heap is empty
        }
        for at in (0..page.len()).filter(|at| begins[usize::from(page[*at])]).map(|at| number * PAGE.len() + at) {
            if wanted.pieces.iter().any(|piece| bytes[at..].starts_with(piece)) {
                tell(at, "a piece");
            }
            // Twelve characters in twelve cells.
            let drawn = |stride: &usize| (1..12).all(|n| bytes.get(at + n * stride) == Some(&text[n]));
            if bytes[at] == text[0] && STRIDES.iter().any(drawn) {
                tell(at, "drawn");
            }
        }
    }
}
