//! Characters drawn by a recipe: `{hex:40}` is forty hexadecimal digits, everything else stands for itself, and `|` for
//! nothing. Comes in: a recipe and dice. Goes out: a text that looks like a token and belongs to nobody. A recipe keeps the
//! prefixes of tokens apart, so that nobody takes the file that it stands in for a leak.

use super::Dice;

const SETS: &[(&str, &[u8])] = &[
    ("alnum", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
    ("lower", b"abcdefghijklmnopqrstuvwxyz0123456789"),
    ("upper", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("hex", b"0123456789abcdef"),
    ("digit", b"0123456789"),
    ("letter", b"abcdefghijklmnopqrstuvwxyz"),
    ("url", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
    ("b64", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
];

/// The text of a recipe. Braces that name no set of characters stand for themselves.
pub fn filled(recipe: &str, dice: &mut Dice) -> String {
    let mut out = String::with_capacity(recipe.len());
    let mut rest = recipe;
    while let Some(at) = rest.find(['{', '|']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        rest = tail;
        if recipe.as_bytes()[recipe.len() - tail.len() - 1] == b'|' {
            continue;
        }
        match drawn(tail) {
            Some((set, count, after)) => {
                out.extend((0..count).map(|_| char::from(dice.pick(set))));
                rest = after;
            }
            None => out.push('{'),
        }
    }
    out.push_str(rest);
    out
}

/// The set and the number behind an opening brace, and what follows the closing one.
fn drawn(tail: &str) -> Option<(&'static [u8], usize, &str)> {
    let (spec, after) = tail.split_once('}')?;
    let (name, count) = spec.split_once(':')?;
    let (_, set) = SETS.iter().find(|(set, _)| *set == name)?;
    Some((set, count.parse().ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_filled_the_same_way_from_the_same_dice() {
        let of = |seed| filled("AB|C-{hex:8}.{digit:2}", &mut Dice::new(seed));
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!((of(1).len(), of(1).starts_with("ABC-")), (15, true));
        assert_eq!(filled("{ .Values } {x:2}", &mut Dice::new(1)), "{ .Values } {x:2}");
    }
}
