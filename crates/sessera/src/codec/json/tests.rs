use proptest::prelude::*;

use super::*;

fn check(text: &str) -> Result<(), &'static str> {
    read_object(text.as_bytes(), Limits::TOKEN, |_, _| Ok(())).map_err(|error| error.code())
}

#[test]
fn what_json_allows_is_read() {
    for text in [
        "{}",
        " { } ",
        r#"{"a":1}"#,
        "{\"a\" : [ ] ,\t\"b\":\r\n{}}",
        r#"{"a":[1,-0,0.5,1e9,-1.25E-7,true,false,null,"x",{"a":{"a":1}}]}"#,
        r#"{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","b":"é€😀"}"#,
        r#"{"":""}"#,
        "{\"\u{7f}\":\"\u{7f}\u{80}\"}",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn what_is_not_strict_json_is_malformed() {
    let texts = r#"
        { | } | [] | 1 | null | "a" | {}{} | {}x | {,} | {"a"} | {"a":} | {"a":1,} | {"a" 1} | {a:1} | {'a':1}
        {"a":1 "b":2} | {"a":[1,]} | {"a":[,]} | {"a":[1 2]} | {"a":[1} | {"a":tru} | {"a":True} | {"a":NaN}
        {"a":-} | {"a":01} | {"a":-01} | {"a":1.} | {"a":.5} | {"a":1e} | {"a":1e+} | {"a":+1} | {"a":0x1}
        {"a":1e999} | {"a":-1e400} | {"a":"x} | {"a":"\"} | {"a":"\x"} | {"a":"\u12"} | {"a":"\u12g4"}
        {"a":"\u+123"} | {"a":"\ud800"} | {"a":"\ud800x"} | {"a":"\ud800\n"} | {"a":"\ud800\ud800"}
        {"a":"\udc00"} | {}// | {/**/}"#;
    for text in texts.lines().flat_map(|line| line.split(" | ")).chain([
        "{\"a\":\"\n\"}",
        "{\"a\":\"\0\"}",
        "\u{feff}{}",
    ]) {
        assert_eq!(check(text.trim_start_matches(' ')), Err("malformed"), "{text}");
    }
    let not_utf8 =
        read_object(b"{\"a\":\"\xff\"}", Limits::TOKEN, |_, _| Ok(())).map_err(|error| error.code());
    assert_eq!(not_utf8, Err("malformed"));
}

#[test]
fn a_name_stands_once_at_any_depth_and_however_it_is_spelled() {
    for text in [
        r#"{"sid":1,"sid":1}"#,
        r#"{"sid":1,"s\u0069d":2}"#,
        r#"{"s\u0069d":1,"sid":2}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"a":[[{"b":1,"c":2,"\u0062":2}]]}"#,
        r#"{"\ud83d\ude00":1,"😀":2}"#,
    ] {
        assert_eq!(check(text), Err("malformed"), "{text}");
    }
    assert_eq!(check(r#"{"a":{"a":1},"b":{"a":1}}"#), Ok(()));
}

#[test]
fn limits_are_exact() {
    let nested = |depth: usize| r#"{"a":"#.repeat(depth - 1) + "{}" + &"}".repeat(depth - 1);
    assert_eq!((check(&nested(8)), check(&nested(9))), (Ok(()), Err("too_large")));
    assert_eq!(check(&format!("{{\"a\":{}", "[".repeat(100_000))), Err("too_large"));
    let members =
        |n: usize| format!("{{{}}}", (0..n).map(|i| format!("\"{i}\":0")).collect::<Vec<_>>().join(","));
    assert_eq!((check(&members(64)), check(&members(65))), (Ok(()), Err("too_large")));
    let string = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n));
    assert_eq!((check(&string(1024)), check(&string(1025))), (Ok(()), Err("too_large")));
    let number = |n: usize| format!("{{\"a\":{}}}", "1".repeat(n));
    assert_eq!((check(&number(32)), check(&number(33))), (Ok(()), Err("too_large")));
}

#[test]
fn an_integer_is_plain_digits_below_2_to_the_53() {
    for (text, expected) in [
        ("0", Some(0)),
        ("9007199254740991", Some((1 << 53) - 1)),
        ("9007199254740992", None),
        ("18446744073709551616", None),
        ("-1", None),
        ("1.0", None),
        ("1e3", None),
        ("\"1\"", None),
        ("null", None),
        ("true", None),
    ] {
        let mut seen = None;
        let object = format!("{{\"a\":{text}}}");
        read_object(object.as_bytes(), Limits::TOKEN, |_, value| {
            seen = value.integer();
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, expected, "{text}");
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        proptest::num::f64::NORMAL.prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn members_are_shown_as_serde_json_reads_them(
        map in prop::collection::btree_map(any::<String>(), any_json(), 0..9),
    ) {
        let text = serde_json::to_string(&map).unwrap();
        let mut seen = std::collections::BTreeMap::new();
        read_object(text.as_bytes(), Limits::TOKEN, |name, value| {
            seen.insert(name.into_owned(), serde_json::from_str::<serde_json::Value>(value.raw).unwrap());
            Ok(())
        })
        .unwrap();
        prop_assert_eq!(seen, map);
    }

    #[test]
    fn what_is_accepted_is_json_to_serde_json_too(
        text in r#"[{}\[\]":,\\u0-9a-fA-F.eE+\- tnrls\x00-\x1f]{0,40}"#,
    ) {
        let text = format!("{{\"a\":{text}}}");
        if check(&text).is_ok() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }
    }
}

#[test]
fn a_time_is_read_without_its_fraction() {
    let read = |number: &str| {
        let mut seconds = None;
        read_object(format!("{{\"a\":{number}}}").as_bytes(), Limits::TOKEN, |_, value| {
            seconds = value.whole_seconds();
            Ok(())
        })
        .unwrap();
        seconds
    };
    for (number, seconds) in [
        ("0", 0),
        ("-0", 0),
        ("-0.0", 0),
        ("0.999", 0),
        ("1700000000", 1_700_000_000),
        ("1700000000.5", 1_700_000_000),
        ("1.7E9", 1_700_000_000),
        ("17e+8", 1_700_000_000),
        ("9007199254740991", (1 << 53) - 1),
    ] {
        assert_eq!(read(number), Some(seconds), "{number}");
    }
    for number in
        ["9007199254740992", "9007199254740991.9", "1e300", "-1", "-0.1", "\"1\"", "true", "null", "[1]"]
    {
        assert_eq!(read(number), None, "{number}");
    }
}
