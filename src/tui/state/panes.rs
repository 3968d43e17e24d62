//! Where the parts of the page stand: shared by the app, which counts rows, and the view, which draws them.

use crate::domain::Dates;
use crate::domain::key::fields::Columns;

/// The smallest screen that the page works on.
pub const SMALLEST: (u16, u16) = (40, 10);

/// Columns of details beside the list.
pub const DETAILS: u16 = 46;

/// On a screen of fewer columns the details never open by themselves.
const DETAILS_OPEN_FROM: u16 = 150;

/// The details open by themselves, and beside the list, on a screen of so many columns: the list keeps those that it
/// has without them.
pub(super) fn details_open_from(columns: &Columns, dates: Dates) -> u16 {
    u16::try_from(columns.cells(dates)).map_or(u16::MAX, |cells| cells.saturating_add(DETAILS).max(DETAILS_OPEN_FROM))
}

/// A list of so many columns may have room for the strips of use.
pub(super) const WIDE_LIST: u16 = 120;

/// Rows and columns of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panes {
    /// Rows of the heading: breadcrumb and title, or the title alone.
    pub heading: u16,
    /// Rows of keys.
    pub list: u16,
    /// Columns of the list.
    pub list_width: u16,
    pub details: DetailsPane,
}

/// Where the details of the selected key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetailsPane {
    /// Closed.
    None,
    /// Below the list, with this many rows.
    Below(u16),
    /// Beside the list, with this many columns.
    Beside(u16),
    /// In place of the list, on a small screen.
    Instead,
}

impl Panes {
    /// The parts of a screen of this size. One row each goes to filter, column names, status and hints.
    pub const fn new(width: u16, height: u16, details: Option<u16>) -> Self {
        let heading = if height < 16 { 1 } else { 2 };
        let body = height.saturating_sub(heading + 4);
        let details = match details {
            None => DetailsPane::None,
            // Below a list of some rows its columns stay, and the facts are whole.
            Some(from) if width >= from || width >= 120 && body < 22 => DetailsPane::Beside(DETAILS),
            Some(_) if body >= 22 => DetailsPane::Below(14),
            Some(_) if body >= 17 => DetailsPane::Below(body - 8),
            Some(_) if body >= 15 => DetailsPane::Below(9),
            Some(_) => DetailsPane::Instead,
        };
        let (list, list_width) = match details {
            DetailsPane::Below(rows) => (body - rows, width),
            DetailsPane::Beside(columns) => (body, width - columns),
            _ => (body, width),
        };
        Self { heading, list, list_width, details }
    }

    /// Of so many rows of a screen of events those that tell the selected one.
    pub const fn event_rows(list: u16) -> u16 {
        match list {
            0..6 => 0,
            6..12 => 3,
            _ => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_where_the_list_keeps_its_columns() {
        let from = details_open_from(&Columns::default(), Dates::Relative);
        assert_eq!(from, 197);
        let details = |width, height| Panes::new(width, height, Some(from)).details;
        assert_eq!(details(from, 60), DetailsPane::Beside(46));
        assert_eq!(details(from - 1, 60), DetailsPane::Below(14));
        assert_eq!(details(150, 24), DetailsPane::Beside(46));
        assert_eq!(details(120, 40), DetailsPane::Below(14));
        assert_eq!(details(120, 24), DetailsPane::Beside(46));
        assert_eq!(details(80, 24), DetailsPane::Below(10));
        assert_eq!(details(50, 14), DetailsPane::Instead);
    }
}
