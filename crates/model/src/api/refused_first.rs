//! The order of an answer about offsets: what Kafka refuses before it asks the group comes first.

use fencepost_ids::ErrorCode;

/// Puts the partitions of topics that do not exist, or of ids that are not known, before the others;
/// then those of one topic stand under its first entry (TXOFF-11, TXOFF-56, TXOFF-62). A topic
/// without partitions counts as refused.
pub(super) fn refused_first<T: Clone, P>(
    topics: &[T],
    is_same: impl Fn(&T, &T) -> bool,
    partitions: impl Fn(&mut T) -> &mut Vec<P>,
    code: impl Fn(&P) -> i16,
) -> Vec<T> {
    let unknown = [ErrorCode::UnknownTopicOrPartition, ErrorCode::UnknownTopicId];
    let unknown = unknown.map(ErrorCode::code);
    let mut ordered: Vec<T> = Vec::new();
    for are_refused in [true, false] {
        let joins = are_refused || !ordered.is_empty();
        for topic in topics {
            let mut topic = topic.clone();
            let is_empty = partitions(&mut topic).is_empty();
            partitions(&mut topic).retain(|it| unknown.contains(&code(it)) == are_refused);
            if partitions(&mut topic).is_empty() && !(is_empty && are_refused) {
                continue;
            }
            match ordered.iter_mut().find(|other| joins && is_same(other, &topic)) {
                Some(other) => partitions(other).append(partitions(&mut topic)),
                None => ordered.push(topic),
            }
        }
    }
    ordered
}
