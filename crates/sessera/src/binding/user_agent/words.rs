//! The words that tell user agents apart, and how they are found without a branch for each.

use super::{Family, Platform};

/// Agents say what matters well before this many bytes; the rest is not read.
pub(super) const MOST_BYTES: usize = 512;

/// How many bytes of a word are compared.
const WORD: usize = 8;

/// Words by their first 4 to 8 bytes. [`Family::Other`] and [`Platform::Other`] say nothing.
const WORDS: &[(&str, Family, Platform)] = &[
    ("Windows", Family::Other, Platform::Windows),
    ("Macintos", Family::Other, Platform::MacOs),
    ("macOS", Family::Other, Platform::MacOs),
    ("iPhone", Family::Other, Platform::Ios),
    ("iPad", Family::Other, Platform::Ios),
    ("iPod", Family::Other, Platform::Ios),
    ("iOS ", Family::Other, Platform::Ios),
    ("iOS/", Family::Other, Platform::Ios),
    ("Android", Family::Other, Platform::Android),
    ("CrOS ", Family::Other, Platform::ChromeOs),
    ("Linux", Family::Other, Platform::Linux),
    ("X11;", Family::Other, Platform::Linux),
    ("Chrome/", Family::Chrome, Platform::Other),
    // Browsers on iOS name it also where they ask for desktop pages.
    ("CriOS/", Family::Chrome, Platform::Ios),
    ("Firefox/", Family::Firefox, Platform::Other),
    ("FxiOS/", Family::Firefox, Platform::Ios),
    ("Safari/", Family::Safari, Platform::Other),
    ("Edg/", Family::Edge, Platform::Other),
    ("Edge/", Family::Edge, Platform::Other),
    ("EdgA/", Family::Edge, Platform::Android),
    ("EdgiOS/", Family::Edge, Platform::Ios),
    ("OPR/", Family::Opera, Platform::Other),
    ("OPX/", Family::Opera, Platform::Other),
    ("Opera/", Family::Opera, Platform::Other),
    ("OPT/", Family::Opera, Platform::Ios),
    ("OPiOS/", Family::Opera, Platform::Ios),
    ("SamsungB", Family::Samsung, Platform::Other),
    ("MSIE ", Family::InternetExplorer, Platform::Other),
    ("Trident/", Family::InternetExplorer, Platform::Other),
    ("wv) ", Family::WebView, Platform::Other),
    ("okhttp/", Family::Okhttp, Platform::Other),
    ("Dart/", Family::Dart, Platform::Other),
    ("CFNetwor", Family::CfNetwork, Platform::Other),
    ("Alamofir", Family::CfNetwork, Platform::Other),
    ("Dalvik/", Family::Dalvik, Platform::Android),
    ("curl/", Family::Curl, Platform::Other),
    ("python-", Family::Python, Platform::Other),
    ("Python/", Family::Python, Platform::Other),
    ("Go-http-", Family::Go, Platform::Other),
    ("Java", Family::Java, Platform::Other),
    ("Apache-H", Family::Java, Platform::Other),
    ("axios/", Family::Node, Platform::Other),
    ("node", Family::Node, Platform::Other),
    ("Headless", Family::Bot, Platform::Other),
    // Crawlers say where to complain.
    ("+http", Family::Bot, Platform::Other),
    ("http", Family::Bot, Platform::Other),
];

/// On iOS, an application that shows pages says this and no browser's name.
const WEBKIT: &str = "AppleWeb";

/// Agents name all their ancestors, so that what a header means is its most special word: the first of these
/// that is there.
pub(super) const FAMILIES: [Family; 18] = [
    Family::Bot,
    Family::Edge,
    Family::Opera,
    Family::Samsung,
    Family::Firefox,
    Family::InternetExplorer,
    Family::WebView,
    Family::Chrome,
    Family::Safari,
    Family::Okhttp,
    Family::Dart,
    Family::CfNetwork,
    Family::Dalvik,
    Family::Curl,
    Family::Python,
    Family::Go,
    Family::Java,
    Family::Node,
];

/// Likewise: Android says Linux too, and iOS that it is like macOS.
pub(super) const PLATFORMS: [Platform; 6] = [
    Platform::Ios,
    Platform::Android,
    Platform::ChromeOs,
    Platform::Windows,
    Platform::MacOs,
    Platform::Linux,
];

/// A set of words as bits: a family's at its place in [`FAMILIES`], a platform's at its place in
/// [`PLATFORMS`] from [`FIRST_PLATFORM`] on, and the [`WEBKIT`] word's between them.
type Marks = u32;

const WEBKIT_MARK: Marks = 1 << FAMILIES.len();
const FIRST_PLATFORM: usize = FAMILIES.len() + 1;

pub(super) fn family(marks: Marks) -> Family {
    let otherwise = if marks & WEBKIT_MARK == 0 { Family::Other } else { Family::WebView };
    FAMILIES.get(first(marks & (WEBKIT_MARK - 1))).copied().unwrap_or(otherwise)
}

pub(super) fn platform(marks: Marks) -> Platform {
    PLATFORMS.get(first(marks >> FIRST_PLATFORM)).copied().unwrap_or(Platform::Other)
}

const fn first(marks: Marks) -> usize {
    marks.trailing_zeros() as usize
}

/// The marks of all words in the first [`MOST_BYTES`]. A word starts the text, or follows a space, an opening
/// bracket or a semicolon.
pub(super) fn marks_of(text: &[u8]) -> Marks {
    // Zeros behind the text, so that a word can be taken as 8 bytes wherever it starts.
    let mut padded = [0; MOST_BYTES + WORD];
    let length = text.len().min(MOST_BYTES);
    padded[..length].copy_from_slice(&text[..length]);
    let mut marks = look_up(eight(&padded, 0));
    for at in (0..length).step_by(8) {
        let bytes = eight(&padded, at);
        // A space and an opening bracket differ in one bit.
        let mut ends = equal(bytes | splat(0x08), b'(') | equal(bytes, b';');
        while ends != 0 {
            marks |= look_up(eight(&padded, at + ends.trailing_zeros() as usize / 8 + 1));
            ends &= ends - 1;
        }
    }
    marks
}

fn eight(text: &[u8; MOST_BYTES + WORD], at: usize) -> u64 {
    text.get(at..at + WORD).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

const fn splat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte of `bytes` that equals `byte`; no other bit.
const fn equal(bytes: u64, byte: u8) -> u64 {
    let differing = bytes ^ splat(byte);
    !(((differing & splat(0x7F)) + splat(0x7F)) | differing | splat(0x7F))
}

/// All words by a hash of their first 4 bytes, each in a slot of its own: one look-up and one comparison tell
/// a word, and no branch depends on the text.
static TABLE: [Slot; 256] = table();

/// Found by trying: no two words meet. After a change of the words the compiler asks for another.
const MULTIPLIER: u32 = 0x4CE3_DD25;

#[derive(Clone, Copy)]
struct Slot {
    name: u64,
    /// All ones where the name has bytes. An empty slot has neither mask nor marks.
    mask: u64,
    marks: Marks,
}

fn look_up(word: u64) -> Marks {
    let slot = TABLE[place(word)];
    if word & slot.mask == slot.name { slot.marks } else { 0 }
}

const fn place(word: u64) -> usize {
    let [a, b, c, d, ..] = word.to_le_bytes();
    (u32::from_le_bytes([a, b, c, d]).wrapping_mul(MULTIPLIER) >> 24) as usize
}

const fn table() -> [Slot; 256] {
    let mut table = [Slot { name: 0, mask: 0, marks: 0 }; 256];
    let mut index = 0;
    while index <= WORDS.len() {
        let (name, marks) = if index < WORDS.len() {
            (WORDS[index].0.as_bytes(), marks(WORDS[index].1, WORDS[index].2))
        } else {
            (WEBKIT.as_bytes(), WEBKIT_MARK)
        };
        assert!(name.len() >= 4 && name.len() <= WORD, "a word has 4 to 8 bytes");
        let mut bytes = [0; WORD];
        bytes.split_at_mut(name.len()).0.copy_from_slice(name);
        let slot = Slot { name: u64::from_le_bytes(bytes), mask: u64::MAX >> (64 - 8 * name.len()), marks };
        assert!(table[place(slot.name)].mask == 0, "two words meet: choose another MULTIPLIER");
        table[place(slot.name)] = slot;
        index += 1;
    }
    table
}

const fn marks(family: Family, platform: Platform) -> Marks {
    let mut marks = 0;
    let mut place = 0;
    while place < FAMILIES.len() {
        if FAMILIES[place] as u8 == family as u8 {
            marks |= 1 << place;
        }
        place += 1;
    }
    place = 0;
    while place < PLATFORMS.len() {
        if PLATFORMS[place] as u8 == platform as u8 {
            marks |= 1 << (FIRST_PLATFORM + place);
        }
        place += 1;
    }
    marks
}
