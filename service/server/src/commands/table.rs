//! Tables of plain text: what lists print for people.

/// The widest cell of a table in a terminal, in characters.
const CELL_MAX: usize = 44;

/// Columns under their heads: numbers to the right, the rest to the left; what is wider than a column is cut in the middle.
pub(super) fn columns<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let cells: Vec<[String; N]> = rows.iter().map(|r| std::array::from_fn(|c| cut(&r[c]))).collect();
    let width = |c: usize| cells.iter().map(|r| r[c].chars().count()).chain([head[c].len()]).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let is_number = |cell: &str| cell.chars().all(|c| c.is_ascii_digit() || c == ',');
    let numbers: [bool; N] = std::array::from_fn(|c| cells.iter().all(|r| is_number(&r[c])));
    let line = |row: [&str; N]| {
        let aligned = |c: usize| {
            let w = widths[c];
            if numbers[c] { format!("{:>w$}  ", row[c]) } else { format!("{:w$}  ", row[c]) }
        };
        format!("{}\n", (0..N).map(aligned).collect::<String>().trim_end())
    };
    let body = cells.iter().map(|r| line(std::array::from_fn(|c| r[c].as_str())));
    std::iter::once(line(head)).chain(body).collect()
}

/// A text on one line: a name may hold a break, which would look like a row of its own.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str) -> String {
    let text = &one_line(text);
    let n = text.chars().count();
    if n <= CELL_MAX {
        return text.to_owned();
    }
    let head: String = text.chars().take(CELL_MAX / 2 - 2).collect();
    let tail: String = text.chars().skip(n - CELL_MAX / 2 + 2).collect();
    format!("{head}[..]{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_break_makes_no_row_of_its_own() {
        let table = columns(["NAME"], &[["ann\nroot".to_owned()]]);
        assert_eq!(table.lines().collect::<Vec<_>>(), ["NAME", "ann root"]);
    }

    #[test]
    fn numbers_stand_to_the_right_and_long_names_lose_their_middle() {
        let rows = [["a".to_owned(), "1,000".to_owned()], ["x".repeat(60), "7".to_owned()]];
        let lines: Vec<String> = columns(["NAME", "N"], &rows).lines().map(str::to_owned).collect();
        assert!(lines[0].starts_with("NAME ") && lines[0].ends_with("    N"), "{lines:?}");
        assert!(lines[1].ends_with("1,000") && lines[2].ends_with("    7"), "{lines:?}");
        assert!(lines[2].contains("xx[..]xx") && lines[2].len() == lines[1].len(), "{lines:?}");
    }
}
