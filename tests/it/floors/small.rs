//! The reader of imports and the rules, on small texts.

use std::collections::BTreeMap;

use super::library::{Arrow, Library};
use super::rules;
use super::tokens::tokens;

fn library(files: &[(&str, &str)], with_tests: bool) -> Library {
    let texts: BTreeMap<String, String> =
        files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    Library::read(&texts, "lib.rs", with_tests)
}

/// `from:line to` of every arrow, each once.
fn arrows(files: &[(&str, &str)]) -> Vec<String> {
    let library = library(files, false);
    assert_eq!(library.unresolved(), Vec::<String>::new());
    let said = |Arrow { from, line, to, .. }: Arrow| format!("{from}:{line} {to}");
    let mut found: Vec<String> = library.arrows().into_iter().map(said).collect();
    found.dedup();
    found
}

const LIB: (&str, &str) = ("lib.rs", "mod a;\nmod b;\n");

#[test]
fn comments_and_literals_are_no_code() {
    let text = "a // crate::x\n/* b /* crate::y */ */ \"crate::z \\\" b\" 'c' '\\'' 'static r#\"d \" e\"# b\"f\" b'g' r#type h";
    let found: Vec<(String, usize)> =
        tokens(text).into_iter().map(|token| (token.text, token.line)).collect();
    let expected = [("a", 1), ("type", 2), ("h", 2)].map(|(text, line)| (text.to_owned(), line));
    assert_eq!(found, expected);
}

#[test]
fn every_way_to_name_a_file_is_seen() {
    let of_b = |text: &str| arrows(&[LIB, ("a.rs", text), ("b.rs", "pub struct B;\npub fn f() {}\n")]);
    for text in [
        "use crate::b::B;",
        "use super::b::B;",
        "use self::super::b::B;",
        "use crate::{b::B};",
        "use crate::{b::{self, f}};",
        "use crate::b as c;",
        "use crate::b::*;",
        "pub use crate::b::B;",
        "pub(crate) use super::b::B;",
        "fn f() -> crate::b::B { todo!() }",
        "fn f() { super::b::f() }",
        "fn f() { use crate::b::B; }",
        "mod inner { use super::super::b::B; }",
        "#[cfg(unix)] use crate::b::B;",
        "#[cfg(not(test))] use crate::b::B;",
        "type C = Vec<crate::b::B>;",
    ] {
        assert_eq!(of_b(text), ["a.rs:1 b.rs"], "{text}");
    }
    for text in [
        "// use crate::b::B;",
        "//! [`crate::b::B`]",
        "const C: &str = \"crate::b::B\";",
        "use ::b::B;",
        "use std::b::B;",
        "pub(in crate::b) fn f() {}",
        "#[cfg(test)] mod tests { use crate::b::B; }",
        "#[cfg(test)] pub(crate) mod tests { use crate::b::B; }",
        "#[cfg(test)] #[derive(Debug)] struct C { b: crate::b::B }",
        "#[cfg(all(test, unix))] use crate::b::B;",
        "mod inner { use super::C; } struct C;",
    ] {
        assert_eq!(of_b(text), [""; 0], "{text}");
    }
    // The line is that of the name, not of the `use`.
    assert_eq!(
        of_b("use crate::{\n    b::{\n        f,\n        B as C\n    }\n};"),
        ["a.rs:3 b.rs", "a.rs:4 b.rs"]
    );
}

#[test]
fn a_re_export_leads_to_the_file_that_it_comes_from() {
    let files = [
        LIB,
        (
            "a/mod.rs",
            "//! Docs.\nmod x;\npub mod y;\nmod z;\npub use x::{X, make as new};\npub use z::*;\npub use y::deep;\n",
        ),
        ("a/x.rs", "pub struct X;\npub fn make() {}\n"),
        ("a/y.rs", "use super::X;\nuse super::Z;\npub mod deep;\n"),
        ("a/y/deep.rs", "pub fn f() {}"),
        ("a/z.rs", "pub struct Z;"),
        ("b.rs", "use crate::a;\n\nfn f() { a::new(); a::deep::f(); a::X::default() }\n"),
    ];
    let found = arrows(&files);
    let expected =
        ["a/y.rs:1 a/x.rs", "a/y.rs:2 a/z.rs", "b.rs:1 a/mod.rs", "b.rs:3 a/x.rs", "b.rs:3 a/y/deep.rs"];
    assert_eq!(found, expected);
    let found = library(&files, false).arrows();
    let written = found.iter().find(|arrow| arrow.to == "a/y/deep.rs").unwrap();
    assert_eq!(written.absolute.first().unwrap(), "a");
}

#[test]
fn what_a_module_takes_from_its_own_files_for_itself_is_an_arrow() {
    let of = |module: &str| arrows(&[LIB, ("a/mod.rs", module), ("a/x.rs", "pub fn f() {}"), ("b.rs", "")]);
    assert_eq!(of("mod x;\npub use x::f;"), [""; 0]);
    assert_eq!(of("mod x;\npub(crate) use self::x::f;"), [""; 0]);
    assert_eq!(of("mod x;\nuse x::f;"), ["a/mod.rs:2 a/x.rs"]);
    assert_eq!(of("mod x;\nfn g() { x::f() }"), ["a/mod.rs:2 a/x.rs"]);
    assert_eq!(of("mod x;\npub use x::f;\nfn g() { self::f::<u8>() }"), ["a/mod.rs:3 a/x.rs"]);
    assert_eq!(of("mod x;\npub use x::f;\nfn g() { f() }"), ["a/mod.rs:3 a/x.rs"]);
    assert_eq!(of("mod x;\npub use x::f;\nfn f() { g.f() }"), [""; 0]);
    assert_eq!(of("mod x;\npub use x::f as F;\nstruct S(F);"), ["a/mod.rs:3 a/x.rs"]);
}

#[test]
fn files_for_tests_alone_count_only_when_asked_for() {
    let files = [
        LIB,
        ("a.rs", "#[cfg(test)]\nmod tests;\n"),
        ("a/tests.rs", "use crate::b::B;"),
        ("b.rs", "pub struct B;"),
    ];
    assert_eq!(arrows(&files), [""; 0]);
    assert!(!library(&files, false).files().contains("a/tests.rs"));
    let found = library(&files, true).arrows();
    assert_eq!(found.iter().map(|arrow| arrow.from.as_str()).collect::<Vec<_>>(), ["a/tests.rs"]);
}

#[test]
fn a_path_that_is_not_understood_is_said() {
    let files = [LIB, ("a.rs", "use crate::b::Missing;"), ("b.rs", "")];
    assert_eq!(library(&files, false).unresolved(), ["a.rs:1: crate::b::Missing"]);
    // What macros make is taken to be there.
    let files = [LIB, ("a.rs", "use crate::b::made;"), ("b.rs", "make! { made }")];
    assert_eq!(arrows(&files), ["a.rs:1 b.rs"]);
}

#[test]
fn circles_of_any_length_are_found() {
    let of = |a: &str, b: &str, c: &str| {
        let files = [("lib.rs", "mod a;\nmod b;\nmod c;"), ("a.rs", a), ("b.rs", b), ("c.rs", c)];
        rules::circles(&library(&files, false).arrows())
    };
    let item = "pub struct S;";
    assert_eq!(of("use crate::b::S;", item, "use crate::b::S;"), [""; 0]);
    let both = of("use crate::b::S; pub struct S;", "\nuse super::a::S; pub struct S;", item);
    assert_eq!(both, ["    a.rs:1 imports b.rs (crate::b::S)\n    b.rs:2 imports a.rs (super::a::S)"]);
    let three = of(
        "use crate::b::S; pub struct S;",
        "use super::c::S; pub struct S;",
        "pub struct S; fn f() { crate::a::S; }",
    );
    assert_eq!(three.len(), 1);
    assert_eq!(three[0].lines().count(), 3);
}

const TABLE: &str = "//! Docs.\n//!\n//! # Rooms, from the ground up\n//!\n//! | room | what it is |\n//! | --- | --- |\n\
    //! | `x`, `y/` | ground |\n//! | `z` | `above` |\n//!\n//! | more |\nmod x;\nmod y;\nmod z;\n";

#[test]
fn the_table_of_rooms_is_read() {
    let rooms = rules::rooms(TABLE).unwrap();
    assert_eq!(rooms, [vec!["x", "y"], vec!["z"]]);
    assert!(rules::rooms("//! No table.\nmod x;").is_none());
}

#[test]
fn an_import_from_a_room_above_is_found() {
    let of = |table: &str, x: &str, y: &str, z: &str| {
        let module = format!("{table}pub struct M;\n#[cfg(test)]\nmod tests;\n");
        let files = [
            ("lib.rs", "mod a;"),
            ("a/mod.rs", module.as_str()),
            ("a/x.rs", x),
            ("a/y/mod.rs", "mod in_y;\npub struct S;\n"),
            ("a/y/in_y.rs", y),
            ("a/z.rs", z),
            ("a/tests.rs", "use super::z::S;"),
        ];
        let [library, with_tests] = [false, true].map(|with_tests| library(&files, with_tests));
        let rooms = rules::rooms(table).unwrap();
        rules::wrong_rooms("a/mod.rs", &rooms, &library.files(), &with_tests.files(), &library.arrows())
    };
    let item = "pub struct S;";
    assert_eq!(of(TABLE, item, "use crate::a::x::S; use super::S;", "use super::{x::S as T, y};"), [""; 0]);
    let up = of(TABLE, item, "use crate::a::z::S;", item);
    assert_eq!(up, ["a/y/in_y.rs:1 imports a/z.rs (crate::a::z::S): the room `z` is above `y`"]);
    let top = of(TABLE, "use super::M;", item, item);
    assert_eq!(top, ["a/x.rs:1 imports a/mod.rs (super::M): what holds the rooms together is above them"]);
    let sideways = of(TABLE, "use super::y::S; pub struct T;", "use crate::a::x::T;", item);
    assert_eq!(sideways.len(), 1);
    assert!(sideways[0].ends_with("`y` and `x` ask each other"), "{sideways:?}");
    let missing = of(&TABLE.replace("| `z` |", "| `w` |"), item, item, item);
    assert_eq!(
        missing,
        [
            "a/mod.rs: `z` stands in no row of the table of rooms",
            "a/mod.rs: the table of rooms names `w`, which is not there"
        ]
    );
    // What is for tests alone may stand in the table, and need not.
    assert_eq!(of(&TABLE.replace("`z` |", "`z`, `tests` |"), item, item, item), [""; 0]);
}
