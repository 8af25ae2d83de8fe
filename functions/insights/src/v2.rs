//! Version 2: routes.

mod audit;
pub(crate) mod campaigns;
mod exports;
pub(crate) mod figures;
pub(crate) mod house;
mod messages;
pub(crate) mod operations;
pub(crate) mod scalability;
pub(crate) mod warming;

use domain::Permission::{ReadAudit, ReadFigures, ReadMessages, ReplayMessages};
use web::{Access, Group, Key, Route, get, post};

use crate::App;
use audit::EventView;
use figures::{DeliveryView, DistributionView, MonthView, TotalsView};
use house::{ArrivalsView, NightsView, PickupView};
use messages::{DeadLettersView, MessageView, RedriveView};

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/audit", Access::Needs(ReadAudit), audit::list)
            .limited(Group::Report)
            .never_kept()
            .named(
                "readAudit",
                "What happened, oldest first: to a record, by a person, or in a range of time",
            )
            .queried::<audit::AuditQuery>()
            .paged()
            .answers::<Vec<EventView>>(200),
        get("/exports/orders", Access::Needs(ReadFigures), exports::orders)
            .limited(Group::Report)
            .never_kept()
            .named("exportOrders", "Orders made in a range of days as a table, the first one first")
            .queried::<figures::DaysQuery>()
            .paged()
            .answers_empty(200),
        get("/exports/payments", Access::Needs(ReadFigures), exports::payments)
            .limited(Group::Report)
            .never_kept()
            .named("exportPayments", "Payments begun in a range of days as a table, the first one first")
            .queried::<figures::DaysQuery>()
            .paged()
            .answers_empty(200),
        get("/exports/revenue", Access::Needs(ReadFigures), exports::revenue)
            .limited(Group::Report)
            .named("exportRevenue", "What came in and went back by month as a table")
            .queried::<figures::MonthsQuery>()
            .answers_empty(200),
        get("/figures/totals", Access::Needs(ReadFigures), figures::totals)
            .limited(Group::Report)
            .named("readTotals", "Orders made in a range of days as they stand: how many, and their money")
            .queried::<figures::DaysQuery>()
            .answers::<TotalsView>(200),
        get("/figures/revenue", Access::Needs(ReadFigures), figures::revenue)
            .limited(Group::Report)
            .named("readRevenue", "What came in and went back by month")
            .queried::<figures::MonthsQuery>()
            .answers::<Vec<MonthView>>(200),
        get("/figures/distribution", Access::Needs(ReadFigures), figures::distribution)
            .limited(Group::Report)
            .named("readDistribution", "Orders by state and by what was sold, money by its means")
            .queried::<figures::DaysQuery>()
            .answers::<DistributionView>(200),
        get("/figures/delivery", Access::Needs(ReadFigures), figures::delivery)
            .limited(Group::Report)
            .named("readDelivery", "What became of messages, by channel and provider")
            .queried::<figures::DeliveryQuery>()
            .answers::<Vec<DeliveryView>>(200),
        get("/figures/nights", Access::Needs(ReadFigures), house::nights)
            .named(
                "readNights",
                "Nights of a house by day or month: occupancy, what they bring, ADR and RevPAR",
            )
            .queried::<house::NightsQuery>()
            .answers::<Vec<NightsView>>(200),
        get("/figures/arrivals", Access::Needs(ReadFigures), house::arrivals)
            .named(
                "readArrivals",
                "Stays that begin in a range of days: lengths, lead times, cancellations, no-shows",
            )
            .queried::<figures::DaysQuery>()
            .answers::<ArrivalsView>(200),
        get("/figures/pickup", Access::Needs(ReadFigures), house::pickup)
            .named("readPickup", "Stays and nights sold and given back day by day; of one month, its pace")
            .queried::<house::PickupQuery>()
            .answers::<Vec<PickupView>>(200),
        get("/messages", Access::SignedIn, messages::list)
            .named("listMessages", "Messages to you; with the permission to anybody, waiting, or given up")
            .queried::<messages::MessagesQuery>()
            .paged()
            .answers::<Vec<MessageView>>(200),
        get("/messages/dead-letters", Access::Needs(ReadMessages), messages::dead_letters)
            .named("countDeadLetters", "How many jobs of the queue failed every time")
            .answers::<DeadLettersView>(200),
        post("/messages/dead-letters/redrive", Access::Needs(ReplayMessages), messages::redrive)
            .named("redriveDeadLetters", "Send jobs round again that failed every time")
            .takes::<messages::Redrive>()
            .answers::<RedriveView>(200),
        get("/messages/{id}", Access::SignedIn, messages::show)
            .named("readMessage", "Read a message: your own, or any with the permission")
            .answers::<MessageView>(200)
            .answers_empty(304),
        post("/messages/{id}/replay", Access::Needs(ReplayMessages), messages::replay)
            .named("replayMessage", "Send a message anew that failed, was given up or skipped")
            .keyed(Key::Accepted)
            .answers::<MessageView>(200),
    ]
}
