//! A strict reader of JSON objects (RFC 8259), for text that a stranger may have written.
//!
//! It reads in one pass and builds nothing: the caller is shown each member of the outermost object as its
//! name and the raw text of its value. Stricter than most readers, as tokens demand (RFC 7515 §4, RFC 7519
//! §4): a member name may stand only once in an object, at any depth and however it is spelled; depth,
//! members, strings and numbers have limits; lone surrogates and numbers that no `f64` holds are refused.

use std::borrow::Cow;

use crate::error::{ErrorKind, Result, SessionError};

/// How much a document may hold. Its length in bytes is for the caller to limit, before decoding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Objects and arrays inside one another, the outermost included.
    pub(crate) depth: usize,
    /// Members of the outermost object; at most [`MOST_MEMBERS`], as every object within may have.
    pub(crate) members: usize,
    /// Bytes of one string as written, quotes not counted.
    pub(crate) string: usize,
}

impl Limits {
    /// For headers and claims.
    pub(crate) const TOKEN: Self = Self { depth: 8, members: MOST_MEMBERS, string: 1024 };
    /// For key sets. Other parties put certificates and members of their own beside a key.
    pub(crate) const KEYS: Self = Self { depth: 16, members: MOST_MEMBERS, string: 16 * 1024 };
}

/// No object may have more members than this, whatever the [`Limits`].
pub(crate) const MOST_MEMBERS: usize = 64;

/// Longest number, in bytes as written. The longest that serialisers write for an `f64` is 24.
const LONGEST_NUMBER: usize = 32;

/// The JSON type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    /// `true`, `false` or `null`.
    Literal,
}

/// One value, as it stands in the text. Made only by the reader, so it is well-formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    /// The text of the value, quotes or brackets included.
    pub(crate) raw: &'a str,
    pub(crate) kind: Kind,
}

impl<'a> Value<'a> {
    /// The text of a string; `None` for a value of another type.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        (self.kind == Kind::String).then(|| unescape(&self.raw[1..self.raw.len() - 1]))
    }

    /// A number written as plain digits and below 2^53; `None` for anything else.
    pub(crate) fn integer(self) -> Option<u64> {
        if self.kind != Kind::Number || self.raw.len() > 16 || !self.raw.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.raw.parse().ok().filter(|number| *number < 1 << 53)
    }

    /// A `NumericDate` (RFC 7519 §2) without its fraction: a number from 0 and below 2^53, however it is written;
    /// `None` for anything else.
    pub(crate) fn whole_seconds(self) -> Option<u64> {
        /// 2^53.
        const END: f64 = 9_007_199_254_740_992.0;
        if self.kind != Kind::Number {
            return None;
        }
        let seconds: f64 = self.raw.parse().ok()?;
        // Within these bounds the cast only cuts the fraction.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (0.0..END).contains(&seconds).then_some(seconds as u64)
    }
}

/// Reads one object and shows each of its members, in order, to `member`.
///
/// What `member` is shown may still turn out to be part of an ill-formed document: use it only when this
/// function has returned `Ok`.
///
/// # Errors
/// `malformed` for what is not strict JSON or not an object, `too_large` over a limit, and what `member`
/// returns.
pub(crate) fn read_object<'a>(
    text: &'a [u8],
    limits: Limits,
    mut member: impl FnMut(Cow<'a, str>, Value<'a>) -> Result<()>,
) -> Result<()> {
    let text = std::str::from_utf8(text).map_err(|_| malformed("the JSON is not UTF-8"))?;
    let mut reader = Reader { text, at: 0, limits };
    reader.skip_space();
    reader.object(1, &mut |name, value| member(name, value))?;
    reader.end()
}

/// Reads what is left of an object whose first members were read already, from `at`, which stands at the
/// comma before the next member or at the closing brace.
///
/// # Errors
/// As [`read_object`]. Names that the first members had are for the caller to refuse.
pub(crate) fn read_rest_of_object<'a>(
    text: &'a str,
    at: usize,
    limits: Limits,
    mut member: impl FnMut(Cow<'a, str>, Value<'a>) -> Result<()>,
) -> Result<()> {
    let mut reader = Reader { text, at, limits };
    if reader.take(b',') {
        reader.members(1, &mut |name, value| member(name, value))?;
    } else if !reader.take(b'}') {
        return Err(malformed("a comma or a closing brace is missing in the JSON"));
    }
    reader.end()
}

/// Reads one array and shows each of its elements.
pub(crate) fn read_array<'a>(
    raw: &'a str,
    limits: Limits,
    mut element: impl FnMut(Value<'a>) -> Result<()>,
) -> Result<()> {
    let mut reader = Reader { text: raw, at: 0, limits };
    reader.array(1, &mut |value| element(value))?;
    reader.end()
}

fn malformed(message: &'static str) -> SessionError {
    SessionError::new(ErrorKind::Malformed, message)
}

fn too_large(message: &'static str) -> SessionError {
    SessionError::new(ErrorKind::TooLarge, message)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    limits: Limits,
}

type OnMember<'f, 'a> = &'f mut dyn FnMut(Cow<'a, str>, Value<'a>) -> Result<()>;
type OnElement<'f, 'a> = &'f mut dyn FnMut(Value<'a>) -> Result<()>;

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn end(&mut self) -> Result<()> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(malformed("text follows the JSON")) }
    }

    fn object(&mut self, depth: usize, on_member: OnMember<'_, 'a>) -> Result<()> {
        if !self.take(b'{') {
            return Err(malformed("the JSON is not an object"));
        }
        if depth > self.limits.depth {
            return Err(too_large("the JSON is nested too deeply"));
        }
        self.skip_space();
        if self.take(b'}') { Ok(()) } else { self.members(depth, on_member) }
    }

    /// The members up to and including the closing brace; at least one.
    fn members(&mut self, depth: usize, on_member: OnMember<'_, 'a>) -> Result<()> {
        let most = if depth == 1 { self.limits.members } else { MOST_MEMBERS };
        let mut names = Names::of(self.text);
        loop {
            self.skip_space();
            let name_at = self.at + 1;
            let name = self.string()?;
            if names.count == most {
                return Err(too_large("a JSON object has too many members"));
            }
            if !names.add(name_at, name) {
                return Err(malformed("a member name stands twice in a JSON object"));
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(malformed("a colon is missing in the JSON"));
            }
            self.skip_space();
            let value = self.value(depth)?;
            on_member(unescape(name), value)?;
            self.skip_space();
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(malformed("a comma or a closing brace is missing in the JSON"));
            }
        }
    }

    fn array(&mut self, depth: usize, on_element: OnElement<'_, 'a>) -> Result<()> {
        if !self.take(b'[') {
            return Err(malformed("the JSON is not an array"));
        }
        if depth > self.limits.depth {
            return Err(too_large("the JSON is nested too deeply"));
        }
        self.skip_space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.skip_space();
            on_element(self.value(depth)?)?;
            self.skip_space();
            if self.take(b']') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(malformed("a comma or a closing bracket is missing in the JSON"));
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => self.string().map(|_| Kind::String)?,
            Some(b'{') => self.object(depth + 1, &mut |_, _| Ok(())).map(|()| Kind::Object)?,
            Some(b'[') => self.array(depth + 1, &mut |_| Ok(())).map(|()| Kind::Array)?,
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number)?,
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            _ => return Err(malformed("a value is missing in the JSON")),
        };
        Ok(Value { raw: &self.text[start..self.at], kind })
    }

    fn literal(&mut self, word: &str) -> Result<Kind> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(Kind::Literal)
        } else {
            Err(malformed("a value is missing in the JSON"))
        }
    }

    /// A string; returns what stands between its quotes, still escaped.
    fn string(&mut self) -> Result<&'a str> {
        if !self.take(b'"') {
            return Err(malformed("a quote is missing in the JSON"));
        }
        let start = self.at;
        loop {
            self.at += plain_length(&self.text.as_bytes()[self.at..]);
            if self.at - start > self.limits.string {
                return Err(too_large("a string in the JSON is too long"));
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at - 1]);
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(malformed("a control character stands in a JSON string")),
                None => return Err(malformed("a string in the JSON does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<()> {
        const WRONG: &str = "an escape in the JSON is not one";
        self.at += 1;
        let escaped = self.peek().ok_or_else(|| malformed(WRONG))?;
        self.at += 1;
        match escaped {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.hex4()? {
                0xD800..=0xDBFF => {
                    let paired =
                        self.take(b'\\') && self.take(b'u') && (0xDC00..=0xDFFF).contains(&self.hex4()?);
                    if paired { Ok(()) } else { Err(malformed("a surrogate in the JSON has no partner")) }
                }
                0xDC00..=0xDFFF => Err(malformed("a surrogate in the JSON has no partner")),
                _ => Ok(()),
            },
            _ => Err(malformed(WRONG)),
        }
    }

    fn hex4(&mut self) -> Result<u16> {
        let digits =
            self.text.as_bytes().get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.ok_or_else(|| malformed("an escape in the JSON is not one"))?;
        self.at += 4;
        Ok(hex(digits))
    }

    fn number(&mut self) -> Result<()> {
        const WRONG: &str = "a number in the JSON is not one";
        let start = self.at;
        self.take(b'-');
        let zero_first = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (zero_first && digits > 1) {
            return Err(malformed(WRONG));
        }
        let fraction = self.take(b'.');
        if fraction && self.digits() == 0 {
            return Err(malformed(WRONG));
        }
        let exponent = self.take(b'e') || self.take(b'E');
        if exponent {
            let _sign = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(malformed(WRONG));
            }
        }
        if self.at - start > LONGEST_NUMBER {
            return Err(too_large("a number in the JSON is too long"));
        }
        // Without an exponent, 32 digits are far below the largest f64.
        let finite = !exponent || self.text[start..self.at].parse::<f64>().is_ok_and(f64::is_finite);
        if finite { Ok(()) } else { Err(malformed("a number in the JSON is too large")) }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }
}

/// The names that one object has had so far, as where they stand in the text: small, because every object
/// makes such a list.
struct Names<'a> {
    text: &'a str,
    spans: [(u32, u32); MOST_MEMBERS],
    count: usize,
    /// Whether any of them holds an escape, so that equal names may be spelled differently.
    escaped: bool,
}

impl<'a> Names<'a> {
    const fn of(text: &'a str) -> Self {
        Self { text, spans: [(0, 0); MOST_MEMBERS], count: 0, escaped: false }
    }

    /// Adds the name that stands there, as written; false when it was there before. Never called beyond
    /// [`MOST_MEMBERS`].
    fn add(&mut self, at: usize, name: &'a str) -> bool {
        self.escaped |= name.contains('\\');
        let mut earlier = self.spans[..self.count].iter().map(|span| self.name(*span));
        let twice = if self.escaped {
            let plain = unescape(name);
            earlier.any(|other| unescape(other) == plain)
        } else {
            earlier.any(|other| other == name)
        };
        // No text is over 4 GiB; were one, its names would be taken for equal.
        let place = |at: usize| u32::try_from(at).unwrap_or(0);
        self.spans[self.count] = (place(at), place(at + name.len()));
        self.count += 1;
        !twice
    }

    fn name(&self, (start, end): (u32, u32)) -> &'a str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// How many bytes at the front are neither a quote, a backslash nor a control character. Eight at a time.
pub(crate) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // A byte of `zeros(v)` has its high bit set where the byte of `v` is zero; bytes above the first such
    // one may be set by its borrow, which is why only the lowest is used.
    let zeros = |v: u64| v.wrapping_sub(ONES) & !v & HIGHS;
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..at + 8).and_then(|chunk| chunk.try_into().ok()) {
        let word = u64::from_le_bytes(chunk);
        let quote = zeros(word ^ (ONES * u64::from(b'"')));
        let backslash = zeros(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let special = quote | backslash | control;
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + bytes[at..].iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

/// Resolves the escapes of a string that the reader has accepted.
fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = &rest.as_bytes()[at + 1..];
        let (character, length) = match escape[0] {
            b'b' => ('\u{8}', 1),
            b'f' => ('\u{c}', 1),
            b'n' => ('\n', 1),
            b'r' => ('\r', 1),
            b't' => ('\t', 1),
            b'u' => unescape_unicode(escape),
            other => (char::from(other), 1),
        };
        text.push(character);
        rest = &rest[at + 1 + length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character of `uXXXX` or `uXXXX\uXXXX`, and how many bytes that took.
fn unescape_unicode(escape: &[u8]) -> (char, usize) {
    let first = hex(&escape[1..5]);
    let pair = (0xD800..0xDC00).contains(&first);
    let units = [first, if pair { hex(&escape[7..11]) } else { 0 }];
    let character = char::decode_utf16(units).next().and_then(Result::ok);
    (character.unwrap_or(char::REPLACEMENT_CHARACTER), if pair { 11 } else { 5 })
}

/// Four hexadecimal digits that were checked to be such.
fn hex(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            _ => (digit | 0x20) - b'a' + 10,
        };
        value << 4 | u16::from(digit)
    })
}

#[cfg(test)]
mod tests;
