//! The subjects whose cuts an index holds, for a store that lists its marks by subject.

/// Subjects in one string, one behind the other.
///
/// An index knows a subject by a hash, so that a store which must write a cut again needs the subject from
/// elsewhere. This takes 4 bytes more than the text of each, and no verify reads it.
#[derive(Debug, Clone, Default)]
pub(super) struct SubjectList {
    text: String,
    lengths: Vec<u32>,
    /// How many subjects there were after the last [`retain`](Self::retain).
    retained: usize,
}

impl SubjectList {
    /// How much longer the list may become before those that are not held any more are dropped.
    const SLACK: usize = 1024;

    pub(super) fn push(&mut self, subject: &str) {
        let Ok(length) = u32::try_from(subject.len()) else { return };
        self.text.push_str(subject);
        self.lengths.push(length);
    }

    /// Appends all of another list.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.text.push_str(&other.text);
        self.lengths.append(&mut other.lengths);
        other.text.clear();
    }

    /// Drops the subjects that are not held any more, where the list has doubled since that was last done.
    pub(super) fn prune(&mut self, is_held: impl Fn(&str) -> bool) {
        if self.lengths.len() < 2 * self.retained + Self::SLACK {
            return;
        }
        let mut kept = Self::default();
        self.iter().filter(|subject| is_held(subject)).for_each(|subject| kept.push(subject));
        kept.retained = kept.lengths.len();
        *self = kept;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.text.as_str();
        self.lengths.iter().map_while(move |length| {
            let (subject, behind) = rest.split_at_checked(*length as usize)?;
            rest = behind;
            Some(subject)
        })
    }

    /// Bytes on the heap.
    pub(super) fn memory(&self) -> usize {
        self.text.capacity() + self.lengths.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_drops_subjects_that_are_not_held() {
        let mut list = SubjectList::default();
        let subjects: Vec<_> = (0..2 * SubjectList::SLACK).map(|nth| format!("user-{nth}é")).collect();
        for subject in &subjects {
            list.push(subject);
        }
        assert!(list.iter().eq(subjects.iter().map(String::as_str)));
        list.prune(|subject| subject.starts_with("user-10"));
        let held: Vec<_> = subjects.iter().filter(|subject| subject.starts_with("user-10")).collect();
        assert!(list.iter().eq(held.iter().map(|subject| subject.as_str())));
        let memory = list.memory();
        list.prune(|_| false);
        assert_eq!(list.memory(), memory, "a short list is left alone");
    }
}
