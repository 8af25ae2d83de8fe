//! Campaigns on the wire. No number of a phone is part of them.

use std::collections::BTreeMap;

use domain::campaign::{CampaignText, Filter};
use domain::message::Channel;
use domain::text::{Line, Name};
use domain::{Campaign, CampaignId, LocationId, OfferingId, Permission, Role, User};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Access, Asked, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Reply, Result, Route, Signed,
    State, get, post,
};

use crate::App;
use crate::campaigns::{self, Draft};

pub(crate) fn routes() -> Vec<Route<App>> {
    let sends = Access::Needs(Permission::SendCampaigns);
    let reads = Access::Needs(Permission::ReadMessages);
    vec![
        post("/campaigns", sends, create)
            .named("createCampaign", "Send one text to everybody of an audience who wants such texts")
            .keyed(Key::Required)
            .takes::<NewCampaign>()
            .answers::<CampaignView>(201),
        post("/campaigns/preview", sends, preview)
            .named("previewCampaign", "How many people an audience has, and some of them, masked")
            .takes::<PreviewBody>()
            .answers::<PreviewView>(200),
        get("/campaigns", reads, list)
            .named("listCampaigns", "List campaigns, latest first")
            .paged()
            .answers::<Vec<CampaignView>>(200),
        get("/campaigns/{id}", reads, show)
            .named("readCampaign", "Read a campaign and how far it is")
            .answers::<ProgressView>(200),
        post("/campaigns/{id}/cancel", sends, cancel)
            .named("cancelCampaign", "Call a campaign off: what has not gone stays")
            .keyed(Key::Accepted)
            .answers::<CampaignView>(200),
    ]
}

/// One text to many people.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Campaign")]
pub(crate) struct CampaignView {
    id: String,
    name: String,
    /// `email`, `sms` or `whatsapp`.
    channel: String,
    text: TextBody,
    filter: FilterBody,
    /// How many phones it is for, if it is for a list of them.
    phones: Option<usize>,
    /// Messages a minute at most.
    per_minute: u32,
    starts_at: String,
    /// `scheduled`, `gathering`, `sending`, `finished` or `cancelled`.
    state: String,
    made_by: String,
    created_at: String,
    updated_at: String,
    version: u64,
}

/// A campaign and how far it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CampaignProgress")]
pub(crate) struct ProgressView {
    #[serde(flatten)]
    campaign: CampaignView,
    progress: Progress,
}

/// Each message under one heading.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Progress")]
pub(crate) struct Progress {
    /// Records of the audience that were looked at.
    seen: u64,
    /// People a message was made for.
    recipients: u64,
    /// Whether the audience goes on beyond what one campaign takes.
    cut: bool,
    /// Has neither gone nor been given up.
    due: u64,
    /// A provider has taken it.
    sent: u64,
    /// It has reached the device, where the provider tells.
    delivered: u64,
    /// It was given up.
    failed: u64,
    /// It was not sent, by why.
    skipped: BTreeMap<String, u64>,
}

impl CampaignView {
    fn of(campaign: &Campaign) -> Self {
        let phones = campaign.filter.phones.len();
        Self {
            id: campaign.id.to_string(),
            name: campaign.name.to_string(),
            channel: campaign.channel.as_str().to_owned(),
            text: TextBody::of(&campaign.text),
            filter: FilterBody::of(&campaign.filter),
            phones: (phones > 0).then_some(phones),
            per_minute: campaign.per_minute,
            starts_at: campaign.starts_at.to_string(),
            state: campaign.state.as_str().to_owned(),
            made_by: campaign.made_by.to_string(),
            created_at: campaign.created_at.to_string(),
            updated_at: campaign.updated_at.to_string(),
            version: campaign.version,
        }
    }
}

impl ProgressView {
    fn of(campaign: &Campaign, mut counts: BTreeMap<String, u64>) -> Self {
        let mut take = |heading: &str| counts.remove(heading).unwrap_or_default();
        let (due, sent, delivered, failed) = (take("due"), take("sent"), take("delivered"), take("failed"));
        let skipped = counts.into_iter().filter(|(_, count)| *count > 0);
        let why =
            |(heading, count): (String, u64)| Some((heading.strip_prefix("skipped_")?.to_owned(), count));
        Self {
            campaign: CampaignView::of(campaign),
            progress: Progress {
                seen: campaign.seen,
                recipients: campaign.recipients,
                cut: campaign.cut,
                due,
                sent,
                delivered,
                failed,
                skipped: skipped.filter_map(why).collect(),
            },
        }
    }
}

/// By which channel.
#[derive(JsonSchema)]
#[schemars(rename = "Channel", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the domain has the type")]
pub(crate) enum By {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
    /// WhatsApp.
    Whatsapp,
}

/// What a campaign says: an approved text with variables.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CampaignText")]
pub(crate) struct TextBody {
    /// The provider's own name of the approved template; WhatsApp takes nothing without.
    #[schemars(with = "Option<String>")]
    template: Option<Line>,
    /// Of a mail.
    #[schemars(with = "Option<String>")]
    subject: Option<Line>,
    /// What is read, with variables `{{1}}`, `{{2}}`, …
    body: String,
    /// What is put in for them, at most 10; `{name}` in it is the recipient's.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    values: Vec<Line>,
}

/// Whom it is for, beside that they want such texts and are reached on the channel.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "CampaignFilter")]
pub(crate) struct FilterBody {
    /// They ordered or booked here, within the range of days.
    #[schemars(with = "Option<String>")]
    location_id: Option<LocationId>,
    /// They ordered this, which is sold at the location.
    #[schemars(with = "Option<String>")]
    offering_id: Option<OfferingId>,
    /// First day, by the location's clock: of bookings that of their start, of orders that on which they were made.
    #[schemars(with = "Option<String>")]
    from: Option<Date>,
    /// Last day, at most 365 after the first.
    #[schemars(with = "Option<String>")]
    until: Option<Date>,
    /// `customer` and so on.
    #[schemars(with = "Option<String>")]
    role: Option<Role>,
    /// It is by this channel that they are told what is told by one only.
    #[schemars(with = "Option<By>")]
    preferred_channel: Option<Channel>,
}

impl TextBody {
    fn of(text: &CampaignText) -> Self {
        let CampaignText { template, subject, body, values } = text.clone();
        Self { template, subject, body, values }
    }

    fn read(self) -> CampaignText {
        let Self { template, subject, body, values } = self;
        CampaignText { template, subject, body, values }
    }
}

impl FilterBody {
    fn of(filter: &Filter) -> Self {
        Self {
            location_id: filter.location,
            offering_id: filter.offering,
            from: filter.from,
            until: filter.until,
            role: filter.role,
            preferred_channel: filter.preferred_channel,
        }
    }

    fn read(self) -> Filter {
        Filter {
            location: self.location_id,
            offering: self.offering_id,
            from: self.from,
            until: self.until,
            role: self.role,
            preferred_channel: self.preferred_channel,
            phones: Vec::new(),
        }
    }
}

web::request! {
    /// A new campaign.
    pub(crate) struct NewCampaign {
        /// As shown to those who run it.
        name: Name as String,
        channel: Channel as By,
        text: TextBody as TextBody,
        /// All accounts if not given.
        filter: Option<FilterBody> as FilterBody,
        /// Messages a minute at most: from 1 to 600.
        per_minute: u32 as u32,
        /// When it begins, within 90 days; at once if not given.
        starts_at: Option<Timestamp> as String,
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewCampaign>,
) -> Result<Reply<CampaignView>> {
    let draft = Draft {
        name: new.name,
        channel: new.channel,
        text: new.text.read(),
        filter: new.filter.unwrap_or_default().read(),
        per_minute: new.per_minute,
        starts_at: new.starts_at,
    };
    let asked = Asked { caller, if_match: IfMatch(None), idem };
    let done = campaigns::make(&app, &asked, draft).await?;
    let path = format!("/campaigns/{}", done.record.id);
    let reply = Reply::created(CampaignView::of(&done.record), path);
    Ok(reply.version(done.record.version).replayed(done.replayed))
}

web::request! {
    /// An audience.
    pub(crate) struct PreviewBody {
        channel: Channel as By,
        /// All accounts if not given.
        filter: Option<FilterBody> as FilterBody,
    }
}

/// What an audience looks like.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CampaignPreview")]
pub(crate) struct PreviewView {
    /// People who would be written to as things stand.
    recipients: usize,
    /// Whether all of the audience was looked at; if not, there may be more.
    whole: bool,
    /// Some of them, masked.
    sample: Vec<PersonView>,
}

/// Somebody of an audience, masked.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MaskedPerson")]
pub(crate) struct PersonView {
    name: String,
    email: Option<String>,
    phone: Option<String>,
}

impl PersonView {
    /// First letters, and the last two digits of a phone.
    fn of(user: &User) -> Self {
        let first = |text: &str| text.chars().take(1).collect::<String>() + "…";
        let masked = |address: &str| {
            address.split_once('@').map(|(local, domain)| format!("{}@{}", first(local), first(domain)))
        };
        Self {
            name: first(user.name.as_str()),
            email: user.email.as_ref().and_then(|email| masked(email.as_str())),
            phone: user.phone.as_ref().map(ToString::to_string),
        }
    }
}

async fn preview(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<PreviewBody>,
) -> Result<Reply<PreviewView>> {
    let filter = body.filter.unwrap_or_default().read();
    let found = campaigns::preview(&app, &caller, &filter, body.channel).await?;
    let sample = found.sample.iter().map(PersonView::of).collect();
    Ok(Reply::ok(PreviewView { recipients: found.recipients, whole: found.whole, sample }))
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
) -> Result<Listed<CampaignView>> {
    let found = campaigns::list(&app, &caller, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(|campaign| CampaignView::of(&campaign))))
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<CampaignId>,
) -> Result<Reply<ProgressView>> {
    let campaign = campaigns::show(&app, &caller, id).await?;
    let counts = app.store.campaign_counts(id).await?;
    Ok(Reply::ok(ProgressView::of(&campaign, counts)))
}

async fn cancel(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<CampaignId>,
    if_match: IfMatch,
    idem: Idempotency,
) -> Result<Reply<CampaignView>> {
    let asked = Asked { caller, if_match, idem };
    let done = campaigns::cancel(&app, &asked, id).await?;
    let reply = Reply::ok(CampaignView::of(&done.record));
    Ok(reply.version(done.record.version).replayed(done.replayed))
}
