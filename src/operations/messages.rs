//! The sentences that more than one front end says, by subject.
