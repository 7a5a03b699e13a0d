//! Tables in Markdown.

/// Prints a table.
pub(crate) fn print(title: &str, heads: &[&str], rows: &[Vec<String>]) {
    println!("\n**{title}**\n");
    println!("| {} |", heads.join(" | "));
    println!("|{}", "---|".repeat(heads.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}

/// Prints a line under a table.
pub(crate) fn note(text: impl AsRef<str>) {
    println!("\n{}", text.as_ref());
}
