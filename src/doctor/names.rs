//! Names of users and groups, from the local files alone: a directory service that is away must not hold up a doctor.

use std::fs;

/// A user's name, or the number.
pub(super) fn user(uid: u32) -> String {
    name("/etc/passwd", uid)
}

/// A group's name, or the number.
pub(super) fn group(gid: u32) -> String {
    name("/etc/group", gid)
}

fn name(file: &str, id: u32) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    in_table(&text, id).map_or_else(|| id.to_string(), str::to_owned)
}

/// passwd(5) and group(5) agree in their first three fields: name, password, number.
fn in_table(text: &str, id: u32) -> Option<&str> {
    let id = id.to_string();
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_finds_its_name() {
        let table = "root:x:0:0:root:/root:/bin/sh\nsealdrop:x:998:\n";
        assert_eq!(in_table(table, 998), Some("sealdrop"));
        assert_eq!(in_table(table, 1), None);
    }
}
