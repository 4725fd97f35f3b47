//! What of a `User-Agent` header stays the same while the software updates itself.

use std::fmt;

/// Browsers put what matters well before this many bytes; the rest is not read.
const MOST_BYTES: usize = 512;

/// The family and the platform of a user agent, without any version: `chrome/windows`.
///
/// An update of the browser or the system never changes it. A release of this library that learns a new family
/// does, once, for those who were `other` before. What the header says is the client's own word.
///
/// ```
/// use sessera::binding::UserAgent;
///
/// let agent = UserAgent::of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
/// assert_eq!(agent.to_string(), "firefox/linux");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserAgent {
    /// The software.
    pub family: Family,
    /// The system that it runs on.
    pub platform: Platform,
}

/// The kind of software. Its number is bound into tokens and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Family {
    /// None of the others.
    Other = 0,
    /// Crawlers, previews, and browsers driven without a window.
    Bot = 1,
    /// Microsoft Edge.
    Edge = 2,
    /// Opera.
    Opera = 3,
    /// Samsung Internet.
    Samsung = 4,
    /// Firefox.
    Firefox = 5,
    /// Internet Explorer.
    InternetExplorer = 6,
    /// A web view inside an application.
    WebView = 7,
    /// Chrome, and browsers that do not tell themselves apart from it.
    Chrome = 8,
    /// Safari.
    Safari = 9,
    /// `OkHttp`: most Android applications.
    Okhttp = 10,
    /// Dart: Flutter applications.
    Dart = 11,
    /// Apple's own networking: applications on iOS and macOS.
    CfNetwork = 12,
    /// Android's own HTTP client.
    Dalvik = 13,
    /// curl.
    Curl = 14,
    /// Python's HTTP clients.
    Python = 15,
    /// Go's HTTP client.
    Go = 16,
    /// Java's HTTP clients.
    Java = 17,
    /// Node's HTTP clients.
    Node = 18,
}

/// The operating system. Its number is bound into tokens and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Platform {
    /// None of the others, or the header does not say.
    Other = 0,
    /// Windows.
    Windows = 1,
    /// macOS, and iPads that ask for desktop pages.
    MacOs = 2,
    /// iOS and iPadOS.
    Ios = 3,
    /// Android.
    Android = 4,
    /// Linux, and other systems with an X server.
    Linux = 5,
    /// `ChromeOS`.
    ChromeOs = 6,
}

impl UserAgent {
    /// Reads the first 512 bytes of a `User-Agent` header, once and without allocating. Any text is fine.
    pub fn of(header: &str) -> Self {
        let header = header.as_bytes();
        let mut marks = Marks::default();
        for_each_word(&header[..header.len().min(MOST_BYTES)], |word| marks.add(word));
        Self { family: marks.family(), platform: marks.platform() }
    }

    /// Two bytes that stand for the value in a binding.
    pub const fn to_bytes(self) -> [u8; 2] {
        [self.family as u8, self.platform as u8]
    }
}

impl fmt::Display for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family.as_str(), self.platform.as_str())
    }
}

impl Family {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Bot => "bot",
            Self::Edge => "edge",
            Self::Opera => "opera",
            Self::Samsung => "samsung",
            Self::Firefox => "firefox",
            Self::InternetExplorer => "ie",
            Self::WebView => "webview",
            Self::Chrome => "chrome",
            Self::Safari => "safari",
            Self::Okhttp => "okhttp",
            Self::Dart => "dart",
            Self::CfNetwork => "cfnetwork",
            Self::Dalvik => "dalvik",
            Self::Curl => "curl",
            Self::Python => "python",
            Self::Go => "go",
            Self::Java => "java",
            Self::Node => "node",
        }
    }
}

impl Platform {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Windows => "windows",
            Self::MacOs => "macos",
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Linux => "linux",
            Self::ChromeOs => "chromeos",
        }
    }
}

/// Browsers name all their ancestors, so that what a header means is its most special word: the first of
/// these that is there.
const FAMILIES: [Family; 18] = [
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

/// Likewise: Android says Linux too, and iOS says it is like macOS.
const PLATFORMS: [Platform; 6] = [
    Platform::Ios,
    Platform::Android,
    Platform::ChromeOs,
    Platform::Windows,
    Platform::MacOs,
    Platform::Linux,
];

/// The words seen, as bits by [`Family`] and [`Platform`] number.
#[derive(Default)]
struct Marks {
    families: u32,
    platforms: u32,
    webkit: bool,
}

impl Marks {
    #[inline]
    fn add(&mut self, word: &[u8]) {
        let is = |name: &[u8]| word.starts_with(name);
        let (family, platform) = match word.first() {
            Some(b'A') if is(b"AppleWebKit/") => {
                self.webkit = true;
                return;
            }
            Some(b'A') if is(b"Android") => (Family::Other, Platform::Android),
            Some(b'A') if is(b"Alamofire/") => (Family::CfNetwork, Platform::Other),
            Some(b'A') if is(b"Apache-HttpClient/") => (Family::Java, Platform::Other),
            Some(b'C') if is(b"Chrome/") => (Family::Chrome, Platform::Other),
            Some(b'C') if is(b"CriOS/") => (Family::Chrome, Platform::Ios),
            Some(b'C') if is(b"CrOS ") => (Family::Other, Platform::ChromeOs),
            Some(b'C') if is(b"CFNetwork/") => (Family::CfNetwork, Platform::Other),
            Some(b'D') if is(b"Dart/") => (Family::Dart, Platform::Other),
            Some(b'D') if is(b"Dalvik/") => (Family::Dalvik, Platform::Android),
            Some(b'E') if is(b"Edg/") || is(b"Edge/") => (Family::Edge, Platform::Other),
            Some(b'E') if is(b"EdgA/") => (Family::Edge, Platform::Android),
            Some(b'E') if is(b"EdgiOS/") => (Family::Edge, Platform::Ios),
            Some(b'F') if is(b"Firefox/") => (Family::Firefox, Platform::Other),
            Some(b'F') if is(b"FxiOS/") => (Family::Firefox, Platform::Ios),
            Some(b'G') if is(b"Go-http-client/") => (Family::Go, Platform::Other),
            Some(b'H') if is(b"HeadlessChrome/") => (Family::Bot, Platform::Other),
            Some(b'J') if is(b"Java/") || is(b"Java-http-client/") => (Family::Java, Platform::Other),
            Some(b'L') if is(b"Linux") => (Family::Other, Platform::Linux),
            Some(b'M') if is(b"Macintosh") => (Family::Other, Platform::MacOs),
            Some(b'M') if is(b"MSIE ") => (Family::InternetExplorer, Platform::Other),
            Some(b'O') if is(b"OPR/") || is(b"Opera") || is(b"OPX/") => (Family::Opera, Platform::Other),
            Some(b'O') if is(b"OPT/") || is(b"OPiOS/") => (Family::Opera, Platform::Ios),
            Some(b'P') if is(b"Python/") => (Family::Python, Platform::Other),
            Some(b'S') if is(b"Safari/") => (Family::Safari, Platform::Other),
            Some(b'S') if is(b"SamsungBrowser/") => (Family::Samsung, Platform::Other),
            Some(b'T') if is(b"Trident/") => (Family::InternetExplorer, Platform::Other),
            Some(b'W') if is(b"Windows") => (Family::Other, Platform::Windows),
            Some(b'X') if is(b"X11") => (Family::Other, Platform::Linux),
            Some(b'a') if is(b"axios/") => (Family::Node, Platform::Other),
            Some(b'c') if is(b"curl/") => (Family::Curl, Platform::Other),
            Some(b'i') if is(b"iPhone") || is(b"iPad") || is(b"iPod") || is(b"iOS") => {
                (Family::Other, Platform::Ios)
            }
            Some(b'm') if is(b"macOS") => (Family::Other, Platform::MacOs),
            Some(b'n') if is(b"node") => (Family::Node, Platform::Other),
            Some(b'o') if is(b"okhttp/") => (Family::Okhttp, Platform::Other),
            Some(b'p') if is(b"python-") => (Family::Python, Platform::Other),
            Some(b'w') if is(b"wv)") => (Family::WebView, Platform::Other),
            // Crawlers say where to complain.
            Some(b'+' | b'h') if is(b"+http") || is(b"http") => (Family::Bot, Platform::Other),
            _ => return,
        };
        self.families |= 1 << family as u8;
        self.platforms |= 1 << platform as u8;
    }

    fn family(&self) -> Family {
        // An application on iOS shows pages with WebKit, and does not say Safari.
        let otherwise = if self.webkit { Family::WebView } else { Family::Other };
        FAMILIES.into_iter().find(|family| self.families & 1 << *family as u8 != 0).unwrap_or(otherwise)
    }

    fn platform(&self) -> Platform {
        let found = PLATFORMS.into_iter().find(|platform| self.platforms & 1 << *platform as u8 != 0);
        found.unwrap_or(Platform::Other)
    }
}

/// Calls back with the text from the start of each word on. A word starts the text, or follows a space, an
/// opening bracket or a semicolon. Eight bytes at a time.
#[inline]
fn for_each_word(text: &[u8], mut word: impl FnMut(&[u8])) {
    word(text);
    for (index, chunk) in text.chunks(8).enumerate() {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        let bytes = u64::from_le_bytes(bytes);
        // A space and an opening bracket differ in one bit.
        let mut found = equal(bytes | splat(0x08), b'(') | equal(bytes, b';');
        while found != 0 {
            let at = index * 8 + found.trailing_zeros() as usize / 8;
            word(&text[at + 1..]);
            found &= found - 1;
        }
    }
}

const fn splat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte of `bytes` that equals `byte`; no other bit.
const fn equal(bytes: u64, byte: u8) -> u64 {
    let differing = bytes ^ splat(byte);
    !(((differing & splat(0x7F)) + splat(0x7F)) | differing | splat(0x7F))
}

#[cfg(test)]
mod tests;
