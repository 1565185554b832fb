//! Databases of rpm that are made to take long or much: small files, and much work.

use super::rpm::{AT, RELEASE};
use super::*;

/// A varint of SQLite.
fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = vec![(n & 0x7f) as u8];
    while n > 0x7f {
        n >>= 7;
        bytes.insert(0, (n & 0x7f) as u8 | 0x80);
    }
    bytes
}

/// A leaf of a table: cells one after the other, and a pointer to each as often as is asked.
fn leaf(page_bytes: usize, first: bool, cells: &[Vec<u8>], pointers: usize) -> Vec<u8> {
    let mut page = vec![0; page_bytes];
    let start = if first { 100 } else { 0 };
    page[start] = 0x0d;
    page[start + 3..start + 5].copy_from_slice(&(pointers as u16).to_be_bytes());
    let (mut end, mut at) = (page_bytes, Vec::new());
    for cell in cells {
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(cell);
        at.push(end as u16);
    }
    for n in 0..pointers {
        let place = start + 8 + 2 * n;
        page[place..place + 2].copy_from_slice(&at[n % at.len()].to_be_bytes());
    }
    page
}

fn cell(row: &[u8]) -> Vec<u8> {
    [varint(row.len() as u64), varint(1), row.to_vec()].concat()
}

/// `table`, name, name, root page 2, no text.
fn schema() -> Vec<u8> {
    [&[6, 23, 29, 29, 1, 13][..], b"table", b"Packages", b"Packages", &[2]].concat()
}

fn database(page_bytes: usize, others: &[Vec<u8>]) -> Vec<u8> {
    let mut file = leaf(page_bytes, true, &[cell(&schema())], 1);
    file[..16].copy_from_slice(b"SQLite format 3\0");
    let written = if page_bytes == 65_536 { 1 } else { page_bytes as u16 };
    file[16..18].copy_from_slice(&written.to_be_bytes());
    [file, others.concat()].concat()
}

/// A row of one blob.
fn row(blob: &[u8]) -> Vec<u8> {
    let kind = varint(blob.len() as u64 * 2 + 12);
    [varint(kind.len() as u64 + 1), kind, blob.to_vec()].concat()
}

/// A page whose one cell goes on in pages after it.
fn overflowing(page_bytes: usize, row: &[u8]) -> Vec<Vec<u8>> {
    let (most, least) = (page_bytes - 35, (page_bytes - 12) * 32 / 255 - 23);
    let kept = least + (row.len() - least) % (page_bytes - 4);
    let here = if kept <= most { kept } else { least };
    let head = [varint(row.len() as u64), varint(1), row[..here].to_vec(), 3_u32.to_be_bytes().to_vec()].concat();
    let mut pages = vec![leaf(page_bytes, false, &[head], 1)];
    let parts: Vec<_> = row[here..].chunks(page_bytes - 4).collect();
    for (n, part) in parts.iter().enumerate() {
        let next = if n + 1 < parts.len() { n as u32 + 4 } else { 0 };
        let mut page = [next.to_be_bytes().to_vec(), part.to_vec()].concat();
        page.resize(page_bytes, 0);
        pages.push(page);
    }
    pages
}

/// A header of rpm: each tag with its kind, its count and its bytes.
fn header(tags: &[(u32, u32, usize, &[u8])]) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, kind, count, bytes) in tags {
        while *kind == 4 && store.len() % 4 != 0 {
            store.push(0);
        }
        for n in [*tag, *kind, store.len() as u32, *count as u32] {
            index.extend(n.to_be_bytes());
        }
        store.extend(*bytes);
    }
    [(tags.len() as u32).to_be_bytes().to_vec(), (store.len() as u32).to_be_bytes().to_vec(), index, store].concat()
}

/// What is told of `/usr/bin/shop`.
fn told(file: &[u8]) -> Vec<String> {
    let root = tree(&[RELEASE]);
    write(root.path(), AT, file);
    ask(root.path(), &["/usr/bin/shop"])
}

const PERHAPS: &str = "/usr/bin/shop pkg:rpm/-unnamed- perhaps";

#[test]
fn a_cell_that_many_pointers_share_is_not_read_for_each() {
    let files = 2_500;
    let names = b"a\0".repeat(files);
    let folders = vec![0; files * 4];
    let blob = header(&[(1118, 8, 1, b"/x/\0"), (1117, 8, files, &names), (1116, 4, files, &folders)]);
    let page = leaf(65_536, false, &[cell(&row(&blob))], 20_000);
    let file = database(65_536, &[page]);
    let told = told(&file);
    assert!(told.contains(&PERHAPS.to_owned()), "{told:?}");
}

#[test]
fn a_long_folder_is_not_copied_for_each_of_its_files() {
    let files = 500_000;
    let names = b"a\0".repeat(files);
    let numbers = vec![0; files * 4];
    let folder = [vec![b'/'; 4 << 20], vec![0]].concat();
    let blob = header(&[(1118, 8, 1, &folder), (1117, 8, files, &names), (1116, 4, files, &numbers)]);
    let file = database(4_096, &overflowing(4_096, &row(&blob)));
    let told = told(&file);
    assert!(told.contains(&PERHAPS.to_owned()), "{told:?}");
}

#[test]
fn a_row_of_millions_of_values_costs_no_memory() {
    let values = 7 << 20;
    let row = [varint(values as u64 + 4), vec![8; values]].concat();
    let file = database(4_096, &overflowing(4_096, &row));
    let told = told(&file);
    assert_eq!(told, [PERHAPS]);
}

#[test]
fn what_does_not_say_all_of_a_package_leaves_the_answer_open() {
    let bin = b"/usr/bin/\0";
    let (own, own_folder) = (b"shop\0", [0; 4]);
    let whole = header(&[(1000, 6, 1, b"shop\0"), (1118, 8, 1, bin), (1117, 8, 1, own), (1116, 4, 1, &own_folder)]);
    let with = |blob: &[u8]| told(&database(4_096, &[leaf(4_096, false, &[cell(&row(blob))], 1)]));
    assert!(!with(&whole).contains(&PERHAPS.to_owned()), "{:?}", with(&whole));
    let fewer_folders = header(&[(1118, 8, 1, bin), (1117, 8, 2, b"x\0shop\0"), (1116, 4, 1, &own_folder)]);
    let no_such_folder = header(&[(1118, 8, 1, bin), (1117, 8, 1, own), (1116, 4, 1, &[0, 0, 0, 9])]);
    for uneven in [fewer_folders, no_such_folder] {
        assert!(with(&uneven).contains(&PERHAPS.to_owned()), "{:?}", with(&uneven));
    }
}

#[test]
fn a_database_without_packages_is_no_empty_list_of_them() {
    let other = [&[6, 23, 25, 25, 1, 13][..], b"table", b"Sources", b"Sources", &[2]].concat();
    let mut file = database(4_096, &[leaf(4_096, false, &[cell(&row(b"x"))], 1)]);
    let page = leaf(4_096, true, &[cell(&other)], 1);
    file[100..4_096].copy_from_slice(&page[100..]);
    assert_eq!(told(&file), [PERHAPS]);
    // One kind for a number: a row that holds no header.
    let numbers = database(4_096, &[leaf(4_096, false, &[cell(&[2, 1, 7])], 1)]);
    assert_eq!(told(&numbers), [PERHAPS]);
}
