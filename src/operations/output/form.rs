//! The forms of a list.

use crate::operations::format::Format;

/// The form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    Csv,
    Tsv,
    /// One object a line.
    JsonLines,
    /// One array, with one key a line.
    Json,
    /// Columns for people.
    Table,
}

impl ListForm {
    /// The word for a list that another program will read, for the trail; a person only looks.
    pub const fn exported(self) -> Option<&'static str> {
        match self {
            Self::Csv => Some("csv"),
            Self::Tsv => Some("tsv"),
            Self::JsonLines | Self::Json => Some("json"),
            Self::Table => None,
        }
    }
}

impl From<Format> for ListForm {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
            Format::Tsv => Self::Tsv,
        }
    }
}

/// The forms in which the page and plain lines export a list, or a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    Csv,
    JsonLines,
    Table,
}

impl ExportForm {
    pub const ALL: [Self; 3] = [Self::Csv, Self::JsonLines, Self::Table];

    /// Its name, as it is typed and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
            Self::Table => "table",
        }
    }

    /// What the name of such a file ends with.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Table => "txt",
        }
    }
}

impl From<ExportForm> for ListForm {
    fn from(form: ExportForm) -> Self {
        match form {
            ExportForm::Csv => Self::Csv,
            ExportForm::JsonLines => Self::JsonLines,
            ExportForm::Table => Self::Table,
        }
    }
}
