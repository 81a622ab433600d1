//! Bodies of requests, with names and earlier answers filled in.

use super::Play;
use crate::path;

impl Play<'_> {
    /// A text in which `@` stands for what names begin with.
    pub(super) fn named(&self, text: &str) -> String {
        text.replace('@', &self.prefix)
    }

    /// A body with names and references to earlier answers filled in, such as
    /// `$p.producer_epoch+1`.
    pub(super) fn filled_in(&self, body: &str) -> Result<String, String> {
        let body = self.named(body);
        let mut out = String::new();
        let mut rest = body.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let is_quoted = out.matches(['\'', '"']).count() % 2 == 1;
            if is_quoted {
                out.push('$');
                rest = after;
                continue;
            }
            let (reference, tail) = after.split_at(end_of_reference(after));
            let (name, path) = reference.split_once(['.']).unwrap_or((reference, ""));
            let value = self
                .answers
                .get(name)
                .and_then(|answer| path::look(answer, path))
                .ok_or_else(|| format!("nothing is known of `${reference}`"))?;
            let (offset, tail) = offset(tail);
            match (offset, value.as_i64()) {
                (0, _) => out.push_str(&value.to_string()),
                (offset, Some(number)) => out.push_str(&(number + offset).to_string()),
                (_, None) => return Err(format!("`${reference}` is no number")),
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Where a reference ends: a bracket that it did not open is no part of it.
fn end_of_reference(text: &str) -> usize {
    let mut open = 0_u32;
    let ends = |it: char| match it {
        '[' => {
            open += 1;
            false
        }
        ']' if open > 0 => {
            open -= 1;
            false
        }
        it => !(it.is_ascii_alphanumeric() || "_.".contains(it)),
    };
    text.find(ends).unwrap_or(text.len())
}

/// `+1` or `-1` after a reference.
fn offset(tail: &str) -> (i64, &str) {
    let Some(digits) = tail.strip_prefix(['+', '-']) else { return (0, tail) };
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    match digits[..end].parse::<i64>() {
        Ok(number) if tail.starts_with('-') => (-number, &digits[end..]),
        Ok(number) => (number, &digits[end..]),
        Err(_) => (0, tail),
    }
}
