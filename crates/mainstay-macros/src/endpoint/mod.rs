//! `#[endpoint]`: what the author wrote (`options`, `arguments`) and what is emitted (`emit`).

mod arguments;
mod emit;
mod options;

use darling::{Error, Result};
use proc_macro2::TokenStream;
use syn::ItemFn;

use self::arguments::Signature;
use self::options::Options;

/// The expansion of `#[endpoint]`: a unit struct of the function's name that is an `Endpoint`, and that can be
/// called as the function could.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    let mut errors = Error::accumulator();
    let options = errors.handle(Options::read(options));
    let signature = errors.handle(Signature::of(&item));
    errors.finish()?;
    Ok(options.zip(signature).map(|(options, it)| emit::endpoint(&options, &it, &item)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn an_endpoint_is_a_struct_of_the_functions_name_with_what_it_says() {
        let item = quote!(
            /// Publishes a post.
            ///
            /// Its author alone may.
            pub async fn publish(tx: &mut Tx, Path(id): Path<Id<Post>>) -> Result<()> {
                Ok(())
            }
        );
        let options =
            quote!(post, "/posts/{id}/publish", auth(role = "editor"), replay = never, tags = ["x"]);
        let tokens = expand(options, item).unwrap().to_string();
        for part in [
            "pub struct publish ;",
            "Method :: Post , \"/posts/{id}/publish\"",
            "Admits :: Roles (& [\"editor\"])",
            "Replay :: Never",
            "summary : \"Publishes a post.\"",
            "description : \"Its author alone may.\"",
            "writes (",
        ] {
            assert!(tokens.contains(part), "{part} is not in {tokens}");
        }
    }
}
