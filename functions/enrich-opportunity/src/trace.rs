//! Translates an event's trace from X-Ray's form to W3C's.

/// The `traceparent` of an X-Ray trace header:
/// `Root=1-5e1b4151-5ac6c58f3e9d3b4d12345678;Parent=53995c3f42cd8ad8;Sampled=1` is
/// `00-5e1b41515ac6c58f3e9d3b4d12345678-53995c3f42cd8ad8-01`. `None` if the header has another
/// form or names no parent.
pub(crate) fn traceparent(xray: &str) -> Option<String> {
    let field = |name| {
        xray.split(';')
            .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let (time, random) = field("Root")?.strip_prefix("1-")?.split_once('-')?;
    let (trace, parent) = (format!("{time}{random}"), field("Parent")?);
    let is_hex = |text: &str, length| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let sampled = u8::from(field("Sampled") == Some("1"));
    (is_hex(&trace, 32) && is_hex(parent, 16)).then(|| format!("00-{trace}-{parent}-{sampled:02x}"))
}

#[cfg(test)]
mod tests {
    use super::traceparent;

    #[test]
    fn a_trace_header_of_x_ray_becomes_one_of_w3c() {
        let root = "Root=1-5e1b4151-5ac6c58f3e9d3b4d12345678";
        let trace = "00-5e1b41515ac6c58f3e9d3b4d12345678-53995c3f42cd8ad8";
        for (xray, traceparent_is) in [
            (
                format!("{root};Parent=53995c3f42cd8ad8;Sampled=1"),
                Some(format!("{trace}-01")),
            ),
            (
                format!("{root};Parent=53995c3f42cd8ad8;Sampled=0;Lineage=x"),
                Some(format!("{trace}-00")),
            ),
            (
                format!("Self=1-a-b; {root}; Parent=53995c3f42cd8ad8"),
                Some(format!("{trace}-00")),
            ),
            (root.to_owned(), None),
            (format!("{root};Parent=53995C3F42CD8AD8"), None),
            (
                "Root=2-5e1b4151-5ac6c58f3e9d3b4d12345678;Parent=53995c3f42cd8ad8".to_owned(),
                None,
            ),
            (String::new(), None),
        ] {
            assert_eq!(traceparent(&xray), traceparent_is, "{xray}");
        }
    }
}
