use proc_macro2::TokenStream;
use quote::quote;

use super::Model;

/// The user model as an endpoint's argument: the row of who asks.
pub(super) fn extractor(model: &Model) -> TokenStream {
    if !model.identity {
        return TokenStream::new();
    }
    let (ident, facade) = (&model.ident, &model.paths.facade);
    let (web, endpoint) = (quote!(#facade::web), quote!(#facade::web::endpoint));
    let extract = quote!(#facade::axum::extract);
    let parts = quote!(&mut #facade::axum::http::request::Parts);
    quote! {
        #[automatically_derived]
        impl #extract::FromRequestParts<#web::Site> for #ident {
            type Rejection = #web::ApiError;

            async fn from_request_parts(
                parts: #parts,
                site: &#web::Site,
            ) -> ::core::result::Result<Self, #web::ApiError> {
                #endpoint::identity(parts, site).await
            }
        }

        #[automatically_derived]
        impl #extract::OptionalFromRequestParts<#web::Site> for #ident {
            type Rejection = #web::ApiError;

            async fn from_request_parts(
                parts: #parts,
                site: &#web::Site,
            ) -> ::core::result::Result<::core::option::Option<Self>, #web::ApiError> {
                #endpoint::identified(parts, site).await
            }
        }

        #[automatically_derived]
        impl #endpoint::Documented for #ident {
            fn document(of: &mut #endpoint::Describing<'_>) {
                of.described.signed_in = true;
            }
        }
    }
}
