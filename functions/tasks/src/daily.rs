//! The daily audit: what it finds goes to the log, its numbers to `CloudWatch`.

use std::io::Write;
use std::time::Duration;

use audit::{Options, Report};
use env::Clock;
use errors::{Error, Result};
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Store, Work};

/// Before anything is repaired, indexes are given so long to show whose it is: far longer than they ever lag.
const SETTLE_TO_FIX: Duration = Duration::from_mins(1);

/// What the daily audit needs.
#[derive(Debug, Clone)]
pub struct Auditor {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// How the audit is made.
    pub options: Options,
    /// The name of the function that it runs in, by which the metrics of two installations are told apart.
    pub function: Option<String>,
}

/// What the caller on AWS may ask for.
#[derive(Debug, Deserialize)]
struct Asked {
    /// Whether to repair.
    #[serde(default)]
    fix: bool,
}

impl Auditor {
    /// On these tables, as Lambda runs it.
    pub fn on_lambda(store: Store) -> Self {
        let function = env::optional("AWS_LAMBDA_FUNCTION_NAME");
        Self { store, clock: Clock::system(), options: Options::default(), function }
    }

    /// Audits the ledger: a warning for each disagreement, which names ids only, and one line of metrics on the standard
    /// output.
    ///
    /// # Errors
    /// As [`audit::audit`].
    pub async fn audit(&self) -> Result<Report> {
        let now = self.clock.now();
        let audited = audit::audit(&self.store, now, &self.options);
        let report = self.store.working(Work::Schedule("audit"), Box::pin(audited)).await?;
        for (n, disagreement) in report.disagreements.iter().enumerate() {
            let repair = report.repairs.get(n).map(ToString::to_string);
            tracing::warn!(kind = disagreement.kind(), repair, "ledger and records disagree: {disagreement}");
        }
        for shortage in &report.shortages {
            tracing::warn!(pool = %shortage.pool, "more is claimed than there is: {shortage}");
        }
        if report.unexamined + report.unsettled > 0 {
            let (unexamined, unsettled) = (report.unexamined, report.unsettled);
            tracing::warn!(unexamined, unsettled, "an audit did not see every suspicion through");
        }
        if let Some(function) = &self.function {
            // There is nobody to tell when the standard output is gone.
            let _ = writeln!(std::io::stdout(), "{}", metrics(&report, function, now));
        }
        Ok(report)
    }

    /// What calls the function on AWS: the schedule, or an operator who wants it to repair. The answer is the report.
    ///
    /// # Errors
    /// As [`Auditor::audit`]; `internal` when the event is neither.
    pub async fn called(&self, event: LambdaEvent<Value>) -> Result<Value> {
        let asked: Asked = serde_json::from_value(event.payload).map_err(Error::internal)?;
        let mut auditor = self.clone();
        if asked.fix {
            auditor.options.fix = true;
            auditor.options.settle = self.options.settle.max(SETTLE_TO_FIX);
        }
        let report = auditor.audit().await;
        self.store.keep_work(self.clock.now()).await;
        serde_json::to_value(report?).map_err(Error::internal)
    }
}

/// The report's numbers in `CloudWatch`'s embedded metric format.
pub fn metrics(report: &Report, function: &str, now: Timestamp) -> Value {
    let names = ["LedgerDisagreements", "LedgerShortages", "LedgerAudited"];
    let metrics = names.map(|name| json!({ "Name": name, "Unit": "Count" }));
    json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [
                { "Namespace": "Holdfast", "Dimensions": [["FunctionName"]], "Metrics": metrics },
            ],
        },
        "FunctionName": function,
        "LedgerDisagreements": report.open(),
        "LedgerShortages": report.shortages.len(),
        "LedgerAudited": report.checked.claims,
    })
}
