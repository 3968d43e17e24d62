//! Columns of text for people.

use std::io;
use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use super::one_line;
use crate::domain::Untrusted;

/// Columns of fixed width: rows can be written as they come.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    /// Its index among the cells of a row.
    cell: usize,
    title: String,
    width: usize,
    /// Whether longer text is cut. It never is where a program may read it.
    cut: bool,
}

/// Between two columns.
const GAP: usize = 2;
/// A column that gives way is no narrower.
const LEAST: usize = 8;

impl Table {
    /// Columns as wide as these first rows need. Rows that come later may be wider and then stand out.
    ///
    /// On a terminal that is `room` cells wide, the columns that come last in `order` are left out until the rest fits,
    /// and the column `gives_way` is cut.
    pub fn fitted<'a, const N: usize>(
        titles: [impl Into<String>; N],
        order: &[usize],
        gives_way: usize,
        room: Option<usize>,
        rows: impl Iterator<Item = [&'a str; N]>,
    ) -> Self {
        let titles = titles.map(Into::into);
        let mut widths = titles.each_ref().map(String::len);
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(one_line(cell).width());
            }
        }
        let mut kept = order.to_vec();
        if let Some(room) = room {
            let needed = |kept: &[usize], widths: &[usize; N]| -> usize {
                kept.iter().map(|&cell| GAP + if cell == gives_way { LEAST } else { widths[cell] }).sum()
            };
            while kept.len() > 2 && needed(&kept, &widths) > room + GAP {
                kept.pop();
            }
            let spare = (room + GAP).saturating_sub(needed(&kept, &widths)) + LEAST;
            widths[gives_way] = widths[gives_way].min(spare);
        }
        kept.sort_unstable();
        let column = |cell: usize| Column {
            cell,
            title: titles[cell].clone(),
            width: widths[cell],
            cut: room.is_some() && cell == gives_way,
        };
        Self { columns: kept.into_iter().map(column).collect() }
    }

    /// The same columns, in this order of their cells.
    #[must_use]
    pub fn in_order(mut self, order: &[usize]) -> Self {
        self.columns.sort_by_key(|column| order.iter().position(|cell| *cell == column.cell));
        self
    }

    pub fn head(&self, out: &mut impl Write) -> io::Result<()> {
        self.line(out, |column| column.title.clone())
    }

    /// Writes a row of texts from outside.
    pub fn row(&self, out: &mut impl Write, cells: &[&str]) -> io::Result<()> {
        self.line(out, |column| {
            let text = cells.get(column.cell).copied().unwrap_or_default();
            Untrusted::new(text).to_display(if column.cut { column.width } else { usize::MAX })
        })
    }

    fn line(&self, out: &mut impl Write, text: impl Fn(&Column) -> String) -> io::Result<()> {
        let mut line = String::new();
        for (n, column) in self.columns.iter().enumerate() {
            let text = text(column);
            let pad = column.width.saturating_sub(text.width());
            line.push_str(&text);
            if n + 1 < self.columns.len() {
                line.extend(std::iter::repeat_n(' ', pad + GAP));
            }
        }
        writeln!(out, "{}", line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [[&str; 3]; 2] = [["PK1", "a rather long label\u{1b}", "active"], ["PK22", "東京", "inactive"]];

    fn drawn(room: Option<usize>) -> String {
        let table = Table::fitted(["ID", "LABEL", "STATUS"], &[0, 1, 2], 1, room, ROWS.into_iter());
        let mut out = Vec::new();
        table.head(&mut out).unwrap();
        for row in ROWS {
            table.row(&mut out, &row).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_fit_a_terminal_and_are_whole_elsewhere() {
        assert_eq!(
            drawn(None),
            "ID    LABEL                  STATUS\nPK1   a rather long label^[  active\nPK22  東京                   inactive\n"
        );
        assert_eq!(
            drawn(Some(30)),
            "ID    LABEL           STATUS\nPK1   a rather long…  active\nPK22  東京            inactive\n"
        );
        assert_eq!(drawn(Some(20)), "ID    LABEL\nPK1   a rather long…\nPK22  東京\n");
        for line in drawn(Some(30)).lines() {
            assert!(line.width() <= 30, "{line}");
        }
    }

    #[test]
    fn columns_come_in_the_order_that_was_chosen() {
        let table = Table::fitted(["ID", "LABEL", "STATUS"], &[0, 2], 1, None, ROWS.into_iter()).in_order(&[2, 0]);
        let mut out = Vec::new();
        table.head(&mut out).unwrap();
        table.row(&mut out, &ROWS[0]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "STATUS    ID\nactive    PK1\n");
    }
}
