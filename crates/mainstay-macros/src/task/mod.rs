//! `#[worker]` and `#[cron]`: what the author wrote (`options`, `signature`) and what is emitted (`emit`).

mod emit;
mod expression;
mod options;
mod signature;

pub(crate) use self::emit::worker as worker_of;
pub(crate) use self::options::{Options, task_name};
pub(crate) use self::signature::Signature;

use darling::{Error, Result};
use proc_macro2::TokenStream;
use syn::ItemFn;

use self::options::CronOptions;

/// The expansion of `#[worker]`: a unit struct of the function's name that is a `Worker`, and that can be called as
/// the function could.
pub(crate) fn worker(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    let mut errors = Error::accumulator();
    let options = errors.handle(Options::read(options));
    let batch = options.as_ref().and_then(|it: &Options| it.batch);
    let signature = errors.handle(Signature::of_worker(&item, batch));
    errors.finish()?;
    Ok(options.zip(signature).map(|(options, it)| emit::worker(&options, &it, &item)).unwrap_or_default())
}

/// The expansion of `#[cron]`: a worker that is a `Cron`, too.
pub(crate) fn cron(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    let mut errors = Error::accumulator();
    let options = errors.handle(CronOptions::read(options));
    let signature = errors.handle(Signature::of_cron(&item));
    errors.finish()?;
    Ok(options.zip(signature).map(|(options, it)| emit::cron(&options, &it, &item)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn holds(tokens: &TokenStream, parts: &[&str]) {
        let tokens = tokens.to_string();
        for part in parts {
            assert!(tokens.contains(part), "{part} is not in {tokens}");
        }
    }

    #[test]
    fn a_worker_is_a_struct_of_the_functions_name_that_runs_in_its_transaction() {
        let item = quote!(
            /// Sends the order
            /// on its way.
            ///
            /// More.
            pub async fn ship_order(order: Order, cx: &TaskCx, tx: &mut Tx) -> Result<()> {
                Ok(())
            }
        );
        let options = quote!(queue = "mail", retry = 5, base = "1s", timeout = "60s", concurrency = 4);
        let tokens = worker(options, item).unwrap();
        holds(
            &tokens,
            &[
                "pub struct ship_order ;",
                "type Input = Order",
                "queue : \"mail\" , name : \"ship-order\"",
                "Retry :: exponential (5u32) . base (:: core :: time :: Duration :: from_millis (1000u64))",
                "timeout : :: core :: time :: Duration :: from_millis (60000u64)",
                "concurrency : :: core :: option :: Option :: Some (4u32)",
                "summary : \"Sends the order on its way.\"",
                "Run :: InTx (| tx , cx |",
                "Self :: run (cx . input :: < Order > () ? , cx , tx)",
            ],
        );
    }

    #[test]
    fn a_worker_without_a_transaction_runs_free() {
        let item = quote!(
            async fn ping() {}
        );
        let tokens = worker(quote!(name = "health.ping", backoff = wait), item).unwrap();
        holds(
            &tokens,
            &[
                "type Input = ()",
                "name : \"health.ping\"",
                "Retry :: by (3u32 , wait)",
                "Run :: Free (| _ |",
                "Self :: run ()",
            ],
        );
    }

    #[test]
    fn a_cron_is_a_worker_of_the_crons_queue_that_is_not_tried_again() {
        let item = quote!(
            pub async fn clean_up(tx: &mut Tx) -> Result<()> {
                Ok(())
            }
        );
        let options = quote!("0 3 * * *", timezone = "Europe/Berlin", overlap = queue, missed = all);
        let tokens = cron(options, item).unwrap();
        holds(
            &tokens,
            &[
                "queue : :: mainstay :: queue :: cron :: QUEUE , name : \"clean-up\"",
                "Retry :: exponential (0u32)",
                "expression : \"0 3 * * *\"",
                "timezone : \"Europe/Berlin\"",
                "Overlap :: Queue",
                "Missed :: RunAll",
                "Run :: InTx (| tx , _ |",
            ],
        );
        for expression in ["@daily", "@reboot", "rate(10 minutes)"] {
            let item = quote!(
                async fn tick() {}
            );
            assert!(cron(quote!(#expression), item).is_ok(), "{expression}");
        }
    }
}
