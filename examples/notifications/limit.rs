//! Second stage: not too many for one user.

use noex::prelude::*;

use crate::notification::Notification;

/// Passes on what its user has a budget for. The policy is all there is to it: what is too much is refused on the
/// caller's side and never gets here.
#[genserver(name = "limit")]
pub(crate) struct Limit {}

#[genserver]
impl Limit {
    #[init]
    fn open() -> Self {
        Limit {}
    }

    /// The notification, as it came. It is counted once, however often it is tried to deliver it.
    #[call(job)]
    #[rate_limit(100 per 1min, key = notification.user)]
    pub(crate) fn check(&self, notification: Notification) -> Notification {
        notification
    }
}
