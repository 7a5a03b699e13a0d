use async_nats::HeaderMap;

/// The first value of the header of this name, however it is cased: clients differ in that.
pub(crate) fn header<'h>(headers: Option<&'h HeaderMap>, name: &str) -> Option<&'h str> {
    let mut all = headers?.iter();
    let (_, values) = all.find(|(it, _)| it.to_string().eq_ignore_ascii_case(name))?;
    values.first().map(|it| it.as_str())
}

/// Each header with its first value.
pub(crate) fn each(headers: Option<&HeaderMap>) -> impl Iterator<Item = (String, &str)> {
    headers
        .into_iter()
        .flat_map(|it| it.iter())
        .filter_map(|(name, values)| Some((name.to_string(), values.first()?.as_str())))
}
