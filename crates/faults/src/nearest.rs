//! What was perhaps meant.

/// The candidate that is nearest to a misspelt name, if one is near enough to be meant.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    // A misspelt name of a plan is short; a text of any length is not.
    if name.len() > 64 {
        return None;
    }
    let name = name.to_lowercase();
    candidates
        .map(|candidate| (distance(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The letters to insert, delete or change to come from one text to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// ` (did you mean ...?)`, or nothing.
pub(crate) fn suggestion<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    nearest(name, candidates)
        .map(|candidate| format!("; did you mean `{candidate}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_found_and_a_far_one_is_not() {
        let names = || ["EndTxn", "AddOffsetsToTxn", "Fetch"].into_iter();
        assert_eq!(nearest("EndTx", names()), Some("EndTxn"));
        assert_eq!(nearest("endtxn", names()), Some("EndTxn"));
        assert_eq!(nearest("AddOffsetToTxn", names()), Some("AddOffsetsToTxn"));
        assert_eq!(nearest("Commit", names()), None);
    }
}
