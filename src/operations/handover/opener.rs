//! Under which name this computer has opened a secret that is handed over: it may open it again under that name until it
//! has arrived, and knows from then on where it is. No credential without the code.

use std::fs;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::{ConfigError, Folder};
use crate::domain::HandoverCode;
use crate::operations::failure::{Exit, Failure};
use crate::platform::regular_file::open_no_follow;

/// The longest that a server knows a code: until then, its use under another name raises an alarm.
const KEPT: Duration = Duration::from_secs(15 * 24 * 60 * 60);
/// The longest note: with the path of a file.
const MOST_NOTE: u64 = 8192;

/// The name for one code, noted in the state folder.
pub(super) struct Opener {
    pub(super) name: String,
    note: PathBuf,
}

impl Opener {
    /// That of an earlier run, or a new one.
    ///
    /// # Errors
    ///
    /// An earlier run has received the secret. The name can't be noted, so the secret could not be opened again; or the operating system gives no random numbers.
    pub(super) fn of(code: &HandoverCode, state: &Folder) -> Result<Self, Failure> {
        let state = state.as_deref().map_err(|missing| Failure::from(ConfigError::from(missing.clone())))?;
        let folder = state.join("receiving");
        forget(&folder);
        let note = folder.join(base16ct::lower::encode_string(&code.lookup_digest()[..8]));
        let mut noted = String::new();
        let file = open_no_follow(OpenOptions::new().read(true), &note);
        let read = file.and_then(|file| file.take(MOST_NOTE).read_to_string(&mut noted));
        if let Some((_, received)) = noted.split_once('\n') {
            return Err(Failure::new(Exit::NotGood, format!("You have received this secret already: {received}."))
                .next("If you don't have it any more, ask for another key."));
        }
        if read.is_ok() && noted.len() >= 16 {
            return Ok(Self { name: noted, note });
        }
        let mut random = [0; 18];
        let drawn = getrandom::fill(&mut random);
        drawn.map_err(|error| Failure::new(Exit::Mistake, format!("No random numbers available: {error}.")))?;
        let name = URL_SAFE_NO_PAD.encode(random);
        write(&folder, &note, &name).map_err(|error| {
            let words = format!("{} cannot be written to: {error}. Nothing was opened.", folder.display());
            Failure::new(Exit::Mistake, words).next(
                "It is where latchkey notes that this computer may open the secret again: set XDG_STATE_HOME to a folder \
                of yours.",
            )
        })?;
        Ok(Self { name, note })
    }

    /// The secret has arrived, as `received` says, and the server has deleted it.
    pub(super) fn settle(&self, received: &str) {
        if let Some(folder) = self.note.parent() {
            let _ = write(folder, &self.note, &format!("{}\n{received}", self.name));
        }
    }
}

fn write(folder: &Path, note: &Path, name: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut options = OpenOptions::new();
    open_no_follow(options.write(true).create(true).truncate(true).mode(0o600), note)?.write_all(name.as_bytes())
}

/// Deletes names that are of no use any more.
fn forget(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|about| about.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
