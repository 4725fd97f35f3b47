//! What of a `User-Agent` header stays the same while the software updates itself.

mod words;

use std::fmt;

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
        let marks = words::marks_of(&header[..header.len().min(words::MOST_BYTES)]);
        Self { family: words::family(marks), platform: words::platform(marks) }
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

#[cfg(test)]
mod tests;
