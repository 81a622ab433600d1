//! Those who wait until the cluster is as they want it.

use std::fmt;

use fencepost_model::Cluster;
use tokio::sync::oneshot;

use super::{Broken, Driver, State};

/// Looks at the cluster; true when there is no need to look again.
type Look = Box<dyn FnMut(&Cluster) -> bool + Send>;

/// Those who look at the cluster after every turn, so that they miss nothing that lasts from one to
/// the next.
#[derive(Default)]
pub(super) struct Waiting(Vec<Look>);

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waiting").field(&self.0.len()).finish()
    }
}

impl Waiting {
    pub(super) fn look(&mut self, cluster: &Cluster) {
        self.0.retain_mut(|look| !look(cluster));
    }
}

impl Driver {
    /// Waits until a look at the cluster finds something: now, or after a turn. Dropped, it looks no
    /// more.
    pub(crate) async fn until<T: Send + 'static>(
        &self,
        mut look: impl FnMut(&Cluster) -> Option<T> + Send + 'static,
    ) -> Result<T, Broken> {
        let (sender, found) = oneshot::channel();
        let mut sender = Some(sender);
        let look = move |cluster: &Cluster| {
            if sender.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return true;
            }
            let Some(found) = look(cluster) else { return false };
            // Nobody may want it any more.
            _ = sender.take().map(|sender| sender.send(found));
            true
        };
        {
            let mut state = self.lock()?;
            let State { engine, waiting, .. } = &mut *state;
            waiting.0.push(Box::new(look));
            waiting.look(engine.look());
        }
        found.await.map_err(|_| Broken)
    }
}
