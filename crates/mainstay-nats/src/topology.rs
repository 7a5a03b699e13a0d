//! The streams and consumers that the broker must have: made where they are missing, compared where they are there, and
//! never changed or deleted.

use std::time::Duration;

use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use mainstay_kernel::{Error, Result};

use crate::Nats;

/// How long a message is ours that nothing is said of; then another process is given it.
pub(crate) const HELD: Duration = Duration::from_secs(6);

/// What all processes take messages by.
const CONSUMER: &str = "mainstay";

/// How many messages may be on their way to processes at the same time, over all of these.
const ON_THEIR_WAY: i64 = 20_000;

/// How long one call for messages stands open.
const OPEN: Duration = Duration::from_secs(10);

/// For how long the broker knows ids of requests: as shortly as it can. Whoever repeats one is to be answered, and it is
/// we who see to it that it happens once.
const UNKNOWN: Duration = Duration::from_millis(100);

/// For how long the broker knows ids that it has seen: the server's default, said so that it can be compared.
const KNOWN: Duration = Duration::from_secs(120);

/// How long a pointer is worth anything: long after that its task has been claimed in the database.
const POINTERS_ARE_KEPT: Duration = Duration::from_secs(60);

/// How long messages are kept for whoever subscribes and is away.
const MESSAGES_ARE_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// The consumer of a queue's requests.
pub(crate) async fn requests(nats: &Nats, queue: &str) -> Result<consumer::PullConsumer> {
    let subject = nats.namespace().queue(queue);
    let stream = stream(
        nats,
        stream::Config {
            name: nats.namespace().stream(queue),
            subjects: vec![format!("{subject}.>")],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            duplicate_window: UNKNOWN,
            num_replicas: 1,
            ..stream::Config::default()
        },
    );
    consumer(&stream.await?, CONSUMER, "").await
}

/// The requests of a queue as they come, so many ahead of what is taken.
pub(crate) async fn messages(nats: &Nats, queue: &str, ahead: usize) -> Result<pull::Stream> {
    deliver(&requests(nats, queue).await?, ahead).await
}

async fn deliver(consumer: &consumer::PullConsumer, ahead: usize) -> Result<pull::Stream> {
    let stream = consumer.stream().max_messages_per_batch(ahead).expires(OPEN).heartbeat(OPEN / 4);
    stream.messages().await.map_err(|error| Error::internal("no messages can be asked for").caused_by(error))
}

/// The consumer of the pointers to tasks of a queue.
pub(crate) async fn pointers(nats: &Nats, queue: &str) -> Result<consumer::PullConsumer> {
    let stream = pointer_stream(nats).await?;
    let subject = nats.namespace().pointers(queue);
    consumer(&stream, &format!("{CONSUMER}-{queue}"), &subject).await
}

/// Messages under the subjects of a subscription as they come: from whichever stream keeps them, else from one that is
/// made for them.
pub(crate) async fn subscription(
    nats: &Nats,
    pattern: &str,
    name: &str,
    ahead: usize,
) -> Result<pull::Stream> {
    let subject = nats.namespace().queue(pattern);
    let found = match nats.jetstream().stream_by_subject(&subject).await {
        Ok(kept) => nats.jetstream().get_stream(&kept).await.map_err(|error| {
            Error::internal(format!("the stream `{kept}` cannot be looked for")).caused_by(error)
        })?,
        Err(_) => {
            stream(
                nats,
                stream::Config {
                    name: nats.namespace().messages(pattern),
                    subjects: vec![subject.clone()],
                    retention: RetentionPolicy::Limits,
                    storage: StorageType::File,
                    discard: DiscardPolicy::Old,
                    max_age: MESSAGES_ARE_KEPT,
                    duplicate_window: KNOWN,
                    num_replicas: 1,
                    ..stream::Config::default()
                },
            )
            .await?
        }
    };
    deliver(&consumer(&found, name, &subject).await?, ahead).await
}

/// Up to so many messages, as many as come in a while.
pub(crate) async fn some(consumer: &consumer::PullConsumer, most: usize) -> Result<pull::Batch> {
    let batch = consumer.batch().max_messages(most).expires(OPEN).messages();
    batch.await.map_err(|error| Error::internal("no messages can be asked for").caused_by(error))
}

/// In memory: what is lost of them is found in the database.
async fn pointer_stream(nats: &Nats) -> Result<Stream> {
    stream(
        nats,
        stream::Config {
            name: nats.namespace().pointer_stream(),
            subjects: vec![nats.namespace().pointers("*")],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::Memory,
            discard: DiscardPolicy::Old,
            max_age: POINTERS_ARE_KEPT,
            max_messages: 100_000,
            duplicate_window: POINTERS_ARE_KEPT,
            num_replicas: 1,
            ..stream::Config::default()
        },
    )
    .await
}

/// The stream, made if it is not there.
async fn stream(nats: &Nats, asked: stream::Config) -> Result<Stream> {
    let jetstream = nats.jetstream();
    let away = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::internal(format!("the stream `{}` cannot be looked for", asked.name)).caused_by(error)
    };
    let (mut found, made) = match jetstream.get_stream(&asked.name).await {
        Ok(found) => (found, false),
        Err(error) if is_missing(&error.kind()) => {
            let made = jetstream.create_stream(&asked).await.map_err(|error| {
                Error::internal(format!("the stream `{}` cannot be made", asked.name)).caused_by(error)
            })?;
            (made, true)
        }
        Err(error) => return Err(away(Box::new(error))),
    };
    let info = found.info().await.map_err(|error| away(Box::new(error)))?;
    let differences = differing(&asked, &info.config);
    if differences.is_empty() {
        return Ok(found);
    }
    let version = nats.client().server_info().version;
    let (name, differences) = (&asked.name, differences.join(", "));
    Err(Error::internal(match made {
        true => format!(
            "the stream `{name}` was made, and NATS {version} made it otherwise than asked: {differences}"
        ),
        false => format!(
            "the stream `{name}` is there, and is another than is needed: {differences}; change it by \
             `nats stream edit {name}`, or give this environment subjects of its own by NATS_PREFIX"
        ),
    }))
}

fn is_missing(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == async_nats::jetstream::ErrorCode::STREAM_NOT_FOUND)
}

/// What is otherwise than asked. How many replicas there are, and how much the stream may hold, is the operator's.
fn differing(asked: &stream::Config, found: &stream::Config) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, asked: String, found: String| {
        if asked != found {
            differences.push(format!("its {what} is {found}, not {asked}"));
        }
    };
    compare("retention", format!("{:?}", asked.retention), format!("{:?}", found.retention));
    compare("storage", format!("{:?}", asked.storage), format!("{:?}", found.storage));
    compare("subjects", asked.subjects.join(" "), found.subjects.join(" "));
    compare(
        "duplicate window",
        format!("{:?}", asked.duplicate_window),
        format!("{:?}", found.duplicate_window),
    );
    differences
}

/// The consumer, made if it is not there.
async fn consumer(stream: &Stream, name: &str, filter: &str) -> Result<consumer::PullConsumer> {
    let asked = pull::Config {
        durable_name: Some(name.to_owned()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: HELD,
        max_deliver: -1,
        filter_subject: filter.to_owned(),
        max_ack_pending: ON_THEIR_WAY,
        ..pull::Config::default()
    };
    let found = stream.get_or_create_consumer(name, asked.clone()).await;
    let found = found.map_err(|error| {
        Error::internal(format!("the consumer `{name}` cannot be made or found")).caused_by(error)
    })?;
    let has = &found.cached_info().config;
    let same = has.ack_policy == AckPolicy::Explicit
        && has.ack_wait == asked.ack_wait
        && has.max_deliver == asked.max_deliver
        && has.filter_subject == asked.filter_subject;
    if same {
        return Ok(found);
    }
    let stream = &found.cached_info().stream_name;
    Err(Error::internal(format!(
        "the consumer `{name}` of the stream `{stream}` is there, and is another than is needed: expected explicit \
         acknowledgement within {HELD:?}, as many deliveries as it takes, of `{}`; it has {:?} within {:?}, {} deliveries, of `{}`",
        asked.filter_subject, has.ack_policy, has.ack_wait, has.max_deliver, has.filter_subject
    )))
}
