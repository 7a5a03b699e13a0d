//! `#[mutation]` and `#[query]`: what the author wrote (`options`, `path`, `signature`) and what is emitted (`emit`).

mod emit;
mod options;
mod path;
mod signature;

use darling::{Error, Result};
use proc_macro2::TokenStream;
use syn::ItemFn;

use self::options::Options;
use self::signature::Signature;

/// Whether an operation writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mutation,
    Query,
}

impl Kind {
    /// The word for it in messages.
    fn word(self) -> &'static str {
        match self {
            Self::Mutation => "a mutation",
            Self::Query => "a query",
        }
    }
}

/// The expansion of `#[mutation]` and `#[query]`: a unit struct of the function's name that is an `Operation`, and
/// that can be called as the function could.
pub(crate) fn expand(kind: Kind, options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    let mut errors = Error::accumulator();
    let options = errors.handle(Options::read(kind, options));
    let params = options.as_ref().map(|it| it.path.params()).unwrap_or_default();
    let signature = errors.handle(Signature::of(kind, &params, &item));
    if let (Some(options), Some(signature)) = (&options, &signature) {
        errors.handle(signature.takes_all(&options.path));
        if let Some(cache) = &options.said.cache {
            errors.handle(signature.may_be_cached(cache, &item));
        }
    }
    errors.finish()?;
    Ok(options
        .zip(signature)
        .map(|(options, it)| emit::operation(kind, &options, &it, &item))
        .unwrap_or_default())
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
    fn a_mutation_is_a_struct_of_the_functions_name_that_runs_in_its_transaction() {
        let item = quote!(
            /// Makes a user.
            ///
            /// Once.
            pub async fn create_user(
                who: Caller,
                tx: &mut Tx,
                input: NewUser,
            ) -> Result<UserCreated, UserError> {
                todo!()
            }
        );
        let options = quote!(
            queue = "jobs",
            path = "users.create",
            auth(role = "admin"),
            retry(max = 10, backoff = "linear"),
            tags = ["users"]
        );
        let tokens = expand(Kind::Mutation, options, item).unwrap();
        holds(
            &tokens,
            &[
                "pub struct create_user ;",
                "type Input = NewUser",
                "queue : \"jobs\" , name : \"users.create\"",
                "Admits :: Roles (& [\"admin\"])",
                "Retry :: linear (10u32)",
                "summary : \"Makes a user.\"",
                "description : \"Once.\"",
                "tags : & [\"users\"]",
                "type Output = < Result < UserCreated , UserError > as :: mainstay :: queue :: operation :: Outcome > :: Output",
                "Perform :: Mutation (| tx , asked |",
                "FromAsked > :: from_asked (asked) ?",
                "asked . input :: < NewUser > () ?",
            ],
        );
    }

    #[test]
    fn a_query_takes_its_parameters_by_their_names_in_the_path() {
        let item = quote!(
            async fn get_user(user_id: Id<User>, org: Id<Org>, reader: &Reader) -> Result<Option<User>> {
                todo!()
            }
        );
        let options = quote!(path = "users.get.$userId.in.$org", cache = "10s", summary = "A user");
        let tokens = expand(Kind::Query, options, item).unwrap();
        holds(
            &tokens,
            &[
                "type Input = ()",
                "asked . param :: < Id < User > > (\"userId\") ?",
                "asked . input :: < () > () ?",
                "Cache { time : :: core :: time :: Duration :: from_millis (10000u64)",
                "summary : \"A user\"",
                "Perform :: Query (| reader , asked |",
            ],
        );
    }
}
