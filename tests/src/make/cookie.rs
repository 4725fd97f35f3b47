use super::steps::{bare, case};
use crate::format::{Arguments, Case, Step, Verb};

fn of(verb: Verb, text: &str) -> Step {
    bare(verb).with(Arguments { text: Some(text.to_owned()), ..Arguments::default() })
}

fn read(header: &str) -> Step {
    of(Verb::ReadCookie, header)
}

fn set(value: &str) -> Step {
    of(Verb::SetCookie, value)
}

pub(super) fn cases() -> Vec<Case> {
    let found = [
        "__Host-session=x",
        "a=b; __Host-session=x",
        "__Host-session=x; a=b",
        "a=b;__Host-session=x;c=d",
        "a; __Host-session=x",
        "a=\"q; __Host-session=x",
    ];
    let not_ours = [
        "",
        "__host-session=x",
        "session=x",
        "__Host-session2=x",
        " __Host-session=x",
        "a=b;  __Host-session=x",
        "__Host-session =x",
        "=__Host-session=x",
        "__Host-session",
        "__Host-session=",
        "a=__Host-session=x",
    ];
    let twice = [
        "__Host-session=x; __Host-session=y",
        "__Host-session=x; __Host-session=x",
        "__Host-session=; __Host-session=x",
    ];
    let wrong = ["\"x\"", "x y", "x,y", "x\\y", "x\ty", "é", "x\u{7f}"];
    let attributes = "; Path=/; Secure; HttpOnly; SameSite=Lax";
    vec![
        case("our_cookie_is_found_wherever_it_stands", found.map(|header| read(header).text("x"))),
        case("a_value_may_hold_equals_signs", [read("__Host-session=a=b==").text("a=b==")]),
        case("another_name_is_not_ours", not_ours.map(read)),
        case("our_cookie_twice_is_refused", twice.map(|header| read(header).code("cookie_invalid"))),
        case(
            "a_value_outside_the_grammar_is_refused",
            wrong.map(|value| read(&format!("__Host-session={value}")).code("cookie_invalid")),
        ),
        case(
            "a_header_over_16_kib_is_too_large",
            [
                read(&format!("__Host-session=x; a={}", "b".repeat(16 * 1024 - 20))).text("x"),
                read(&format!("__Host-session=x; a={}", "b".repeat(16 * 1024 - 19))).code("too_large"),
            ],
        ),
        case(
            "the_cookie_that_is_set_is_a_host_cookie",
            [set("a.b.c").text(&format!("__Host-session=a.b.c{attributes}"))],
        ),
        case(
            "a_cookie_over_4096_bytes_is_refused",
            [
                set(&"x".repeat(4082)).text(&format!("__Host-session={}{attributes}", "x".repeat(4082))),
                set(&"x".repeat(4083)).code("cookie_invalid"),
            ],
        ),
        case(
            "a_value_that_could_write_another_header_is_refused",
            [
                set("a; Domain=evil.example").code("cookie_invalid"),
                set("a\r\nSet-Cookie: b=c").code("cookie_invalid"),
                set("é").code("cookie_invalid"),
            ],
        ),
    ]
}
