use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::response::Parts;
use mainstay_kernel::{Answer, Error, Outcome, Request, Result, Tx};

use super::kept;
use super::perform::{Extract, admitted};
use super::spec::{Replay, Spec};
use super::{Boxed, RequestCx};
use crate::error::ApiError;

type Handle<A> = for<'t> fn(&'t mut Tx, A) -> Boxed<'t, Result<Response>>;

/// Runs an endpoint that asks for a transaction: what it writes, its answer and what is kept of it for a repeat
/// commit together. An error, or an answer whose status is one, undoes everything. When another transaction gets
/// in the way it is run again, with its arguments read from the request anew.
pub fn writes<'c, A: Send + 'static>(
    cx: &'c mut RequestCx,
    spec: &'static Spec,
    extract: Extract<A>,
    handle: Handle<A>,
) -> Boxed<'c, Response> {
    Box::pin(async move {
        let prepared = async {
            let request = admitted(cx, spec).await.map_err(IntoResponse::into_response)?;
            let body = cx.bytes().await.map_err(IntoResponse::into_response)?;
            let arguments = extract(cx).await?;
            Ok((request, body, arguments))
        };
        let (request, body, arguments) = match prepared.await {
            Ok(prepared) => prepared,
            Err(refusal) => return refusal,
        };
        let typed = Typed { arguments: Mutex::new(Some(arguments)), extract, handle };
        let run = Run {
            cx: tokio::sync::Mutex::new(cx.hand_over()),
            body,
            answered: Mutex::default(),
            typed: Box::new(typed),
        };
        run.owned(request, spec).await
    })
}

/// The part of a run that knows the arguments' types.
trait Work: Send + Sync {
    /// Reads the arguments, unless they are there and were not used yet.
    fn prepare<'c>(&'c self, cx: &'c mut RequestCx) -> Boxed<'c, Result<(), Response>>;
    /// Gives them to the endpoint.
    fn run<'t>(&self, tx: &'t mut Tx) -> Boxed<'t, Result<Response>>;
    /// Whether there are arguments.
    fn is_prepared(&self) -> bool;
}

struct Typed<A> {
    arguments: Mutex<Option<A>>,
    extract: Extract<A>,
    handle: Handle<A>,
}

impl<A: Send + 'static> Work for Typed<A> {
    fn prepare<'c>(&'c self, cx: &'c mut RequestCx) -> Boxed<'c, Result<(), Response>> {
        Box::pin(async move {
            let arguments = (self.extract)(cx).await?;
            *lock(&self.arguments) = Some(arguments);
            Ok(())
        })
    }

    fn run<'t>(&self, tx: &'t mut Tx) -> Boxed<'t, Result<Response>> {
        match lock(&self.arguments).take() {
            Some(arguments) => (self.handle)(tx, arguments),
            None => {
                Box::pin(std::future::ready(Err(Error::internal("an endpoint ran without its arguments"))))
            }
        }
    }

    fn is_prepared(&self) -> bool {
        lock(&self.arguments).is_some()
    }
}

/// One request's runs of its endpoint.
struct Run {
    cx: tokio::sync::Mutex<RequestCx>,
    body: Bytes,
    /// What the last run answered, when that is not what the database keeps: a response whole, or the head of one.
    answered: Mutex<Option<Answered>>,
    typed: Box<dyn Work>,
}

enum Answered {
    /// It is committed: its head and body.
    Fresh(Parts, Bytes),
    /// It undid the transaction.
    Refused(Response),
}

impl Run {
    /// Runs to the end, also when the client goes away meanwhile.
    async fn owned(self, request: Option<Request>, spec: &'static Spec) -> Response {
        let site = self.cx.lock().await.site().clone();
        let db = site.db().clone();
        let answered = site.owned(spec.name, async move {
            let keep = |error: &Error| kept::kept_error(error, spec.replay);
            let outcome = db.once(request.as_ref(), keep, async || {
                db.write_prepared(
                    request.as_ref(),
                    || Box::pin(self.prepare()),
                    |tx, _| Box::pin(self.attempt(tx, spec.replay)),
                )
                .await
            });
            let outcome = outcome.await;
            Ok(self.response(outcome))
        });
        answered.await.unwrap_or_else(|error| ApiError::from(error).into_response())
    }

    async fn prepare(&self) -> Result<()> {
        if self.typed.is_prepared() {
            return Ok(());
        }
        let mut cx = self.cx.lock().await;
        cx.put_body(Body::from(self.body.clone()));
        self.typed.prepare(&mut cx).await.map_err(|refusal| self.refused(refusal))
    }

    async fn attempt(&self, tx: &mut Tx, replay: Replay) -> Result<Answer> {
        *lock(&self.answered) = None;
        let response = self.typed.run(tx).await?;
        if response.status().is_client_error() || response.status().is_server_error() {
            return Err(self.refused(response));
        }
        let (parts, (answer, body)) = kept::kept(response, replay).await?;
        *lock(&self.answered) = Some(Answered::Fresh(parts, body));
        Ok(answer)
    }

    /// An error that stands for a response, so that the transaction is undone.
    fn refused(&self, response: Response) -> Error {
        *lock(&self.answered) = Some(Answered::Refused(response));
        Error::internal("the endpoint answered with an error of its own")
    }

    fn response(&self, outcome: Result<Outcome>) -> Response {
        let answered = lock(&self.answered).take();
        match (outcome, answered) {
            (Ok(outcome), _) if outcome.replayed => kept::replayed(outcome),
            (Ok(_), Some(Answered::Fresh(parts, body))) => Response::from_parts(parts, Body::from(body)),
            (Ok(outcome), _) => kept::response(outcome),
            (Err(_), Some(Answered::Refused(response))) => response,
            (Err(error), _) => ApiError::from(error).into_response(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
