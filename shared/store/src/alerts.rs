//! What is known of rules that were broken, so that each is told once however many look at them.

use domain::alert::Rule;
use domain::{Alert, Event};
use errors::{Code, Error, Result};

use crate::schema::{LIVE, Table};
use crate::table::{Record, read};
use crate::{Store, Tx};

impl Record for Alert {
    const TABLE: Table = LIVE;
    const NAME: &'static str = "alert";

    fn key(&self) -> (String, String) {
        (partition(self.rule), Self::NAME.to_owned())
    }
}

fn partition(rule: Rule) -> String {
    format!("alert#{}", rule.as_str())
}

impl Store {
    /// What is known of every rule; nothing of one that was never broken.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn alerts(&self) -> Result<Vec<Alert>> {
        let keys = Rule::ALL.map(|rule| (LIVE, partition(rule), Alert::NAME.to_owned()));
        let found = self.get_many(&keys).await?.into_iter().map(|(_, item)| read(item));
        found.collect()
    }

    /// Notes what is known of a rule from now on, with the event that tells it; refused with `changed` where somebody else was faster.
    ///
    /// # Errors
    /// `changed`; `unavailable` when the database is.
    pub async fn note_alert(&self, alert: &Alert, event: &Event) -> Result<()> {
        let mut tx = Tx::new();
        if alert.version > 1 {
            tx.replace(self, alert, alert.version);
        } else {
            tx.insert(self, alert, || Error::new(Code::Changed, "somebody else told it"));
        }
        tx.event(self, event);
        self.commit(tx).await.map(drop)
    }
}
