//! Where a secret or a list went, or why it did not get there.

use std::path::{Path, PathBuf};

use crate::domain::{Untrusted, sentence};
use crate::platform::delivery::{CommandOutput, NotSaved};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Stdout,
    File(PathBuf),
    /// A file descriptor; its number.
    Descriptor(u32),
    /// A command, which finished successfully.
    Command,
    /// The terminal, as the user chose.
    Terminal,
    /// A private file of ours, since the destination failed; with what went wrong.
    Rescued(PathBuf, String),
}

impl Delivery {
    /// The word of the JSON result.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::File(_) => "file",
            Self::Descriptor(_) => "descriptor",
            Self::Command => "command",
            Self::Terminal => "terminal",
            Self::Rescued(..) => "rescue_file",
        }
    }

    /// The file that holds it, if one does.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Rescued(path, _) => Some(path),
            Self::Stdout | Self::Descriptor(_) | Self::Command | Self::Terminal => None,
        }
    }
}

/// Where a secret is, as far as it is known. *Close* asks unless the user has it for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Nowhere but here.
    Nowhere,
    /// It was sent to a clipboard that does not confirm, or to a command that repeated it.
    Sent,
    /// The user has it: it was shown, is on a desktop's clipboard, or was saved.
    Kept,
}

/// A secret or a list that reached a file, a descriptor or a command.
#[derive(Debug)]
pub struct Saved {
    pub to: Delivery,
    /// What the command printed, if that was kept.
    pub output: CommandOutput,
}

impl Saved {
    /// Without output of a command.
    pub fn at(to: Delivery) -> Self {
        Self { to, output: CommandOutput::default() }
    }

    /// A command that repeats a secret may have done nothing else with it.
    pub const fn fate(&self) -> Fate {
        if self.output.had_secret { Fate::Sent } else { Fate::Kept }
    }

    /// Where it is, in sentences of at most `cells` for each foreign text.
    pub fn sentences(&self, cells: usize) -> String {
        match &self.to {
            Delivery::File(path) => {
                let path = Untrusted::new(&path.to_string_lossy()).to_display(cells);
                format!("Saved to {path} (readable only by you).")
            }
            Delivery::Descriptor(number) => format!("Written to file descriptor {number}."),
            _ if self.output.had_secret => {
                "The command finished successfully. Its output contains the secret, so it isn't shown. Nothing shows \
                 that it was stored."
                    .to_owned()
            }
            _ => format!("The command finished successfully.{}", printed(&self.output.words, cells)),
        }
    }
}

impl NotSaved {
    /// What went wrong, in sentences of at most `cells` for each foreign text; `still` says that the secret is still
    /// here.
    pub fn sentences(&self, still: &str, cells: usize) -> String {
        let why = Untrusted::new(&sentence(&self.why)).to_display(cells);
        let between = |text: &str| if text.is_empty() { String::new() } else { format!(" {text}") };
        format!("{why}{}{}{}", between(self.next), between(still), printed(&self.output, cells))
    }
}

/// The output of a command, behind a sentence: in its line if it is one, else in lines of its own.
fn printed(output: &Untrusted, cells: usize) -> String {
    match &output.lines(cells)[..] {
        [] => String::new(),
        [line] => format!(" Output: {line}"),
        lines => format!(" Output:\n{}", lines.join("\n")),
    }
}
