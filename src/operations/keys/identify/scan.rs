//! Looks through files of any size for secrets and access tokens, in little memory.

use std::fs::{self, OpenOptions};
use std::io;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};
use zeroize::Zeroizing;

use crate::domain::{Leak, LeakFinder};
use crate::platform::regular_file;

/// How much is read at once.
const BLOCK: usize = 1 << 20;
/// A file with a NUL among so many bytes at its beginning has no lines.
const SAMPLE: usize = 8 << 10;

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: Arc<Path>,
    /// In bytes, from 0.
    pub offset: u64,
    /// Line and column, each from 1, of a text; columns are bytes.
    pub line: Option<(u64, u64)>,
}

/// What a scan comes upon.
#[derive(Debug)]
pub enum Scanned {
    Found(Place, Leak),
    Unreadable(PathBuf, io::Error),
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub files: u64,
    pub bytes: u64,
}

/// Whether to go on.
pub type GoesOn = bool;

/// Looks through a file, or through all files in a folder and those in it, in the order of their names; symbolic links
/// there are not followed. `-` is standard input. Ends early where `each` says so.
pub fn scan(root: &Path, mut each: impl FnMut(Scanned) -> GoesOn) -> Extent {
    let (finder, mut extent) = (LeakFinder::new(), Extent::default());
    let mut look = |path: &Path, reader: io::Result<Box<dyn Read>>, each: &mut dyn FnMut(Scanned) -> GoesOn| {
        let path: Arc<Path> = path.into();
        extent.files += 1;
        let read = reader.and_then(Units::begin).and_then(|(units, reader)| {
            let mut read = 0;
            let done = read_through(reader, &finder, &mut read, &mut |offset, line, leak| {
                let offset = units.offset(offset);
                each(Scanned::Found(Place { path: Arc::clone(&path), offset, line }, leak))
            });
            extent.bytes += units.offset(read);
            done
        });
        read.unwrap_or_else(|error| {
            extent.files -= 1;
            each(Scanned::Unreadable(path.to_path_buf(), error))
        })
    };
    if root == Path::new("-") {
        look(Path::new("-"), Ok(Box::new(io::stdin())), &mut each);
        return extent;
    }
    if !root.is_dir() {
        // Named by the user: a link or a pipe is as good.
        let opened = fs::File::open(root).map(|file| Box::new(file) as Box<dyn Read>);
        look(root, opened, &mut each);
        return extent;
    }
    // The next one last.
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let kind = if path == root { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
        let goes_on = match kind.map(|about| about.file_type()) {
            Ok(kind) if kind.is_dir() => match entries(&path) {
                Ok(entries) => {
                    waiting.extend(entries);
                    true
                }
                Err(error) => each(Scanned::Unreadable(path, error)),
            },
            Ok(kind) if kind.is_file() => {
                let opened = regular_file::open_no_follow(OpenOptions::new().read(true), &path);
                look(&path, opened.map(|file| Box::new(file) as Box<dyn Read>), &mut each)
            }
            Ok(_) => true,
            Err(error) => each(Scanned::Unreadable(path, error)),
        };
        if !goes_on {
            break;
        }
    }
    extent
}

/// What a file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Units {
    Bytes,
    /// UTF-16, as its byte order mark says: PowerShell writes that.
    Utf16 {
        is_big: bool,
    },
}

impl Units {
    /// Looks at the beginning of a file, and gives its characters: of UTF-16 one byte each, since secrets and tokens are
    /// ASCII, and what is not becomes a byte that neither has.
    fn begin(mut reader: Box<dyn Read>) -> io::Result<(Self, Box<dyn Read>)> {
        let mut mark = Vec::with_capacity(2);
        reader.by_ref().take(2).read_to_end(&mut mark)?;
        Ok(match *mark {
            [0xff, 0xfe] => (Self::Utf16 { is_big: false }, Box::new(Utf16::new(reader, false))),
            [0xfe, 0xff] => (Self::Utf16 { is_big: true }, Box::new(Utf16::new(reader, true))),
            _ => (Self::Bytes, Box::new(io::Cursor::new(mark).chain(reader))),
        })
    }

    /// The offset in the file of a place in what is read of it.
    const fn offset(self, read: u64) -> u64 {
        match self {
            Self::Bytes => read,
            Self::Utf16 { .. } => 2 + 2 * read,
        }
    }
}

/// The characters of a text in UTF-16 behind its mark.
struct Utf16<R> {
    units: io::BufReader<R>,
    is_big: bool,
}

impl<R: Read> Utf16<R> {
    fn new(reader: R, is_big: bool) -> Self {
        Self { units: io::BufReader::with_capacity(BLOCK, reader), is_big }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut pairs = Zeroizing::new(vec![0; 2 * into.len()]);
        let mut length = self.units.read(&mut pairs)?;
        if length % 2 == 1 {
            // Half a unit at the end of the file is none.
            length += self.units.read(&mut pairs[length..=length])?;
        }
        let units = pairs[..length].as_chunks::<2>().0;
        for (place, unit) in into.iter_mut().zip(units) {
            let unit = if self.is_big { u16::from_be_bytes(*unit) } else { u16::from_le_bytes(*unit) };
            *place = u8::try_from(unit).unwrap_or(u8::MAX);
        }
        Ok(units.len())
    }
}

/// What is in a folder, the first one last.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable_by(|one, other| other.cmp(one));
    Ok(entries)
}

/// Reads to the end, and tells of each with its offset and its line and column.
fn read_through(
    mut reader: impl Read,
    finder: &LeakFinder,
    bytes: &mut u64,
    each: &mut dyn FnMut(u64, Option<(u64, u64)>, Leak) -> GoesOn,
) -> io::Result<GoesOn> {
    let mut buffer = Zeroizing::new(vec![0; LeakFinder::BEHIND + LeakFinder::AHEAD + BLOCK]);
    // What is in the buffer; from where on it was not looked at; how much of the file is before it.
    let (mut length, mut from, mut before) = (0, 0, 0_u64);
    let mut lines: Option<Lines> = None;
    loop {
        let is_end = fill(&mut reader, &mut buffer, &mut length, bytes)?;
        if before == 0 && from == 0 {
            lines = memchr(0, &buffer[..length.min(SAMPLE)]).is_none().then(Lines::default);
        }
        // The last ones may not be whole yet.
        let to = if is_end { length } else { length - LeakFinder::AHEAD };
        let mut counted = from;
        for (at, leak) in finder.find(&buffer[..length], from..to) {
            let offset = before + at as u64;
            let line = lines.as_mut().map(|lines| {
                lines.count(&buffer[counted..at], before + counted as u64);
                (lines.number, offset - lines.begins_at + 1)
            });
            counted = at;
            if !each(offset, line, leak) {
                return Ok(false);
            }
        }
        if is_end {
            return Ok(true);
        }
        if let Some(lines) = &mut lines {
            lines.count(&buffer[counted..to], before + counted as u64);
        }
        let kept = to.saturating_sub(LeakFinder::BEHIND);
        buffer.copy_within(kept..length, 0);
        (length, from, before) = (length - kept, to - kept, before + kept as u64);
    }
}

/// Fills the buffer; says whether that was the end.
fn fill(reader: &mut impl Read, buffer: &mut [u8], length: &mut usize, bytes: &mut u64) -> io::Result<bool> {
    while *length < buffer.len() {
        match reader.read(&mut buffer[*length..]) {
            Ok(0) => return Ok(true),
            Ok(read) => {
                *length += read;
                *bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// The line that has been come to.
struct Lines {
    number: u64,
    /// The offset of its first byte.
    begins_at: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self { number: 1, begins_at: 0 }
    }
}

impl Lines {
    /// Counts the lines that end in the next bytes, which begin at `offset`.
    fn count(&mut self, bytes: &[u8], offset: u64) {
        if let Some(last) = memrchr(b'\n', bytes) {
            self.number += memchr_iter(b'\n', bytes).count() as u64;
            self.begins_at = offset + last as u64 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::domain::key::HexKind;
    use crate::domain::{KeyFormat, SecretKey};

    fn secret(byte: u8) -> String {
        SecretKey::from_random(&Zeroizing::new([byte; 32]), KeyFormat::Prefixed).expose().to_owned()
    }

    /// A reader that gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let some = self.0.len().min(self.1).min(into.len());
            into[..some].copy_from_slice(&self.0[..some]);
            self.0 = &self.0[some..];
            Ok(some)
        }
    }

    fn places(bytes: &[u8], at_once: usize) -> Vec<(u64, Option<(u64, u64)>)> {
        let mut found = Vec::new();
        let finder = LeakFinder::new();
        let mut read = 0;
        let done = read_through(Slow(bytes, at_once), &finder, &mut read, &mut |offset, line, _| {
            found.push((offset, line));
            true
        });
        assert!(done.unwrap() && read == bytes.len() as u64);
        found
    }

    #[test]
    fn nothing_is_lost_where_two_blocks_meet() {
        let (secret, whole) = (secret(1), LeakFinder::BEHIND + LeakFinder::AHEAD + BLOCK);
        for end in [whole, whole - LeakFinder::AHEAD, 2 * whole - LeakFinder::AHEAD - LeakFinder::BEHIND] {
            for at in (end - 60..end + 10).step_by(3) {
                let mut bytes = vec![b'x'; end + 5000];
                bytes[at - 1] = b'\n';
                bytes[at..at + 52].copy_from_slice(secret.as_bytes());
                assert_eq!(places(&bytes, usize::MAX), [(at as u64, Some((2, 1)))], "{at}");
            }
        }
        let mut bytes = vec![b' '; whole - 20];
        bytes.extend(secret.as_bytes());
        assert_eq!(places(&bytes, 4096).len(), 1, "at the end of the file");
    }

    /// Wherever they are, and however the file is read.
    #[test]
    fn what_is_found_in_blocks_is_what_is_found_in_the_whole() {
        let header = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
        let token = |claims: usize| format!("{header}.eyJzdWIiOi{}.{}", "a".repeat(claims), "s_-".repeat(14) + "x");
        let hex = HexKind::Secret.encode(&[7; 28]);
        let mut random = 1_u64;
        let mut below = |end: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % end
        };
        for _ in 0..40 {
            let mut bytes = vec![b' '; 2 * BLOCK + below(2 * LeakFinder::AHEAD)];
            for _ in 0..60 {
                let planted = [secret(1), token(120), token(1900), hex.to_string()][below(4)].clone();
                let around = [BLOCK, 2 * BLOCK][below(2)] - 2 * LeakFinder::AHEAD;
                let at = (around + below(6 * LeakFinder::AHEAD)).min(bytes.len() - planted.len());
                bytes[at..at + planted.len()].copy_from_slice(planted.as_bytes());
            }
            let whole = LeakFinder::new().find(&bytes, 0..bytes.len());
            let whole: Vec<_> = whole.into_iter().map(|(at, _)| (at as u64, Some((1, at as u64 + 1)))).collect();
            assert_eq!(places(&bytes, 1 + below(2 * BLOCK)), whole);
            assert!(whole.len() > 10);
        }
    }

    #[test]
    fn lines_and_columns_are_told_of_texts_and_offsets_of_the_rest() {
        let (one, two) = (secret(1), secret(2));
        let text = format!("é {one}\n\nx {two} {one}");
        let at = |offset| (offset, None);
        assert_eq!(places(text.as_bytes(), 7), [(3, Some((1, 4))), (59, Some((3, 3))), (112, Some((3, 56)))]);
        let binary = format!("\0 {one}\n{two}");
        assert_eq!(places(binary.as_bytes(), 1000), [at(2), at(55)]);
    }

    /// At their places in the file.
    #[test]
    fn texts_in_utf_16_are_read_as_their_mark_says() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("\u{feff}é 監\n{}\n", secret(1));
        let at = text.chars().position(|c| c == 's').unwrap() as u64 * 2;
        let bytes = |of: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(of).collect::<Vec<u8>>();
        for whole in [bytes(u16::to_le_bytes), bytes(u16::to_be_bytes)] {
            for odd in [None, Some(b'x')] {
                let path = folder.path().join("out.txt");
                fs::write(&path, whole.iter().copied().chain(odd).collect::<Vec<_>>()).unwrap();
                let mut found = Vec::new();
                let extent = scan(&path, |scanned| {
                    let Scanned::Found(place, Leak::Secret(_)) = scanned else { panic!("{scanned:?}") };
                    found.push((place.offset, place.line));
                    true
                });
                assert_eq!(found, [(at, Some((2, 1)))]);
                assert_eq!(extent, Extent { files: 1, bytes: whole.len() as u64 });
            }
        }
        assert_eq!(places(&[], 1), []);
    }

    #[test]
    fn folders_are_gone_through_and_links_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (root, secret) = (folder.path(), secret(1));
        let path = |name: &str| root.join(name);
        fs::create_dir_all(path("b/c")).unwrap();
        for name in ["z", "b/c/deep", "a"] {
            fs::write(path(name), &secret).unwrap();
        }
        symlink(root, path("b/round")).unwrap();
        symlink(path("a"), path("link")).unwrap();
        fs::write(path("none"), "nothing").unwrap();
        let all = |root: &Path| {
            let (mut found, mut failed) = (Vec::new(), Vec::new());
            let extent = scan(root, |scanned| {
                match scanned {
                    Scanned::Found(place, _) => found.push(place.path.display().to_string()),
                    Scanned::Unreadable(path, _) => failed.push(path),
                }
                true
            });
            (found, failed, extent)
        };
        let names = |names: &[&str]| names.iter().map(|name| path(name).display().to_string()).collect::<Vec<_>>();
        let (found, failed, extent) = all(root);
        assert_eq!((found, failed), (names(&["a", "b/c/deep", "z"]), Vec::new()));
        assert_eq!(extent, Extent { files: 4, bytes: 3 * 52 + 7 });
        assert_eq!(all(&path("link")).0, names(&["link"]), "one that is named is followed");
        assert_eq!(all(&path("missing")).1, [path("missing")]);
        if !rustix::process::geteuid().is_root() {
            fs::set_permissions(path("a"), fs::Permissions::from_mode(0o000)).unwrap();
            assert_eq!(all(root).1, [path("a")]);
        }
        let mut count = 0;
        scan(root, |_| {
            count += 1;
            false
        });
        assert_eq!(count, 1, "it ends when that is asked for");
    }
}
