use axum::handler::Handler;
use axum::routing::MethodRouter;
use mainstay_kernel::Place;
use mainstay_web::Site;

/// A plain route: a method, a path below the API's prefix, and an axum handler.
pub struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) handler: MethodRouter<Site>,
    /// The path of the function that answers.
    pub(crate) name: &'static str,
    /// The names of its extractors' types.
    pub(crate) takes: &'static str,
    pub(crate) place: Place,
}

macro_rules! method {
    ($($name:ident $method:literal;)*) => {$(
        #[doc = concat!("A `", $method, "` route, to be given to [`App::route`](crate::App::route). `path` begins with a slash; `{name}` is a parameter.")]
        #[track_caller]
        pub fn $name<H, T>(path: impl Into<String>, handler: H) -> Route
        where
            H: Handler<T, Site>,
            T: 'static,
        {
            Route {
                method: $method,
                path: path.into(),
                handler: axum::routing::$name(handler),
                name: std::any::type_name::<H>(),
                takes: std::any::type_name::<T>(),
                place: Place::caller(),
            }
        }
    )*};
}

method! {
    get "GET";
    post "POST";
    put "PUT";
    patch "PATCH";
    delete "DELETE";
    head "HEAD";
    options "OPTIONS";
}
